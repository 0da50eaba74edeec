import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, apiUrl } from "@/api/client";
import { askServer } from "@/api/connection";
import type { Import } from "@/api/types";

const POLL_MS = 2000;
const isOpen = (item: Import | undefined): boolean => item?.status === "queued" || item?.status === "running";

/** True where the good rows are in the dataset, or on their way there: a check takes none, nor does what broke off. */
export const isTaken = ({ check_only, status }: Import): boolean => !check_only && status !== "failed" && status !== "cancelled";

/** One import, live while it runs: pushed by the server, polled where the stream breaks. */
export function useImport(id: string | null) {
  const client = useQueryClient();
  const item = useQuery({
    queryKey: ["imports", "one", id],
    queryFn: ({ signal }) => api.get<Import>(`/imports/${id}`, {}, signal),
    enabled: id !== null,
    refetchInterval: ({ state }) => (isOpen(state.data) ? POLL_MS : false),
  });
  const isRunning = isOpen(item.data);
  useEffect(() => {
    if (!isRunning || id === null) return;
    const stream = new EventSource(apiUrl(`/imports/${id}/progress`));
    stream.addEventListener("progress", (event) => {
      const pushed = JSON.parse((event as MessageEvent<string>).data) as Import;
      client.setQueryData<Import>(["imports", "one", id], (former) => ({ ...former, ...pushed }));
      if (!isOpen(pushed)) stream.close();
    });
    // The browser would reconnect for ever; polling goes on instead.
    stream.addEventListener("error", () => {
      stream.close();
      void askServer();
    });
    return () => stream.close();
  }, [isRunning, id, client]);
  const wasRunning = useRef(false);
  useEffect(() => {
    if (wasRunning.current && !isRunning) {
      // By whatever way the end became known, every number of the dataset is new, and a push carries no findings.
      void client.invalidateQueries({ queryKey: ["imports"] });
      void client.invalidateQueries({ queryKey: ["datasets"] });
    }
    wasRunning.current = isRunning;
  }, [isRunning, client]);
  return item;
}
