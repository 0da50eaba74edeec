import { useEffect, useReducer, useState } from "react";
import { apiUrl } from "@/api/client";
import { askServer } from "@/api/connection";
import type { ReceivedEvents } from "@/api/types";
import { NOTHING_RECEIVED, withReceived } from "./received";

/** `lost`: the browser connects again by itself; `closed`: the server refuses, `reopen` tries once more. */
export type Connection = "opening" | "open" | "lost" | "closed";

/** What is received with a token from now on. */
export function useReceived(tokenId: string, onClosed: () => void) {
  const [log, add] = useReducer(withReceived, NOTHING_RECEIVED);
  const [connection, setConnection] = useState<Connection>("opening");
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const stream = new EventSource(apiUrl(`/tokens/${tokenId}/received`));
    stream.onmessage = ({ data }: MessageEvent<string>) => {
      setConnection("open");
      add(JSON.parse(data) as ReceivedEvents);
    };
    stream.onerror = () => {
      const isClosed = stream.readyState === EventSource.CLOSED;
      setConnection(isClosed ? "closed" : "lost");
      if (isClosed) onClosed();
      void askServer();
    };
    return () => stream.close();
  }, [tokenId, attempt, onClosed]);
  function reopen() {
    setConnection("opening");
    setAttempt((former) => former + 1);
  }
  return { log, connection, reopen };
}
