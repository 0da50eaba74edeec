import { api } from "@/api/client";
import { useChange } from "@/api/hooks";
import type { Dataset } from "@/api/types";

/** Brings a deleted dataset back, or erases it for good; whatever is shown may tell of it, so all is read again. */
export function useDeletedDataset(id: string) {
  return {
    restore: useChange(() => api.post<Dataset>(`/datasets/${id}/restore`), [[]]),
    erase: useChange(() => api.delete(`/datasets/${id}?for_good=true`), [[]]),
  };
}
