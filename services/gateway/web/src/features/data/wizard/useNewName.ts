import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { api, ApiError } from "@/api/client";
import { useText } from "@/messages";
import { useErrorText } from "@/shared/ui";

const PAUSE_MS = 250;

/** Whether a new dataset can have a name, asked of the server when the typing pauses; null asks nothing. */
export function useNewName(name: string | null): { problem: string | null; isAsking: boolean } {
  const t = useText();
  const errorText = useErrorText();
  const wanted = name?.trim() ?? "";
  const [asked] = useDebouncedValue(wanted, PAUSE_MS);
  const answer = useQuery({
    queryKey: ["datasets", "name-check", asked],
    queryFn: ({ signal }) => api.get("/datasets/name-check", { name: asked }, signal).then(() => true),
    enabled: name !== null && asked !== "",
  });
  if (name === null) return { problem: null, isAsking: false };
  if (wanted === "") return { problem: t("wizard.name_missing"), isAsking: false };
  if (wanted !== asked || answer.isPending) return { problem: null, isAsking: true };
  // Without an answer the name is judged when the dataset is made.
  const isRefused = answer.error instanceof ApiError && [400, 409].includes(answer.error.status);
  return { problem: isRefused ? errorText(answer.error) : null, isAsking: false };
}
