import type { KeyboardEvent } from "react";

/**
 * Keys of a search field above a list, all marked `data-stop`: arrow up and down go through them, Enter in the field
 * takes the first entry found. Other controls of a row are reached with Tab.
 */
export function searchListKeys(event: KeyboardEvent<HTMLElement>): void {
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-stop]")];
  const row = document.activeElement?.closest("li")?.querySelector<HTMLElement>("[data-stop]");
  const at = stops.indexOf(row ?? (document.activeElement as HTMLElement));
  if (at < 0) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    stops[Math.max(0, Math.min(stops.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))]?.focus();
  }
  if (event.key === "Enter" && event.target instanceof HTMLInputElement && event.target === stops[0] && event.target.value) {
    event.preventDefault();
    event.currentTarget.querySelector<HTMLElement>("li [data-stop]")?.click();
  }
}
