import { useLocalStorage } from "@mantine/hooks";
import type { Dataset } from "@/api/types";

/** The datasets a person pinned in this browser, by id. */
export function usePins(userId: string): { pins: string[]; toggle: (id: string) => void } {
  const [stored, setPins] = useLocalStorage<unknown>({ key: `cjm-pins-${userId}`, defaultValue: [], getInitialValueInEffect: false });
  // What other code or another version wrote there must not break the page.
  const pins = Array.isArray(stored) ? stored.filter((id) => typeof id === "string") : [];
  return { pins, toggle: (id) => setPins(pins.includes(id) ? pins.filter((pin) => pin !== id) : [...pins, id]) };
}

/** Datasets by name, pinned ones before the others. */
export function pinnedFirst(datasets: readonly Dataset[], pins: readonly string[]): Dataset[] {
  const byName = new Intl.Collator();
  const rank = (dataset: Dataset): number => Number(!pins.includes(dataset.id));
  return [...datasets].sort((a, b) => rank(a) - rank(b) || byName.compare(a.name, b.name));
}
