import { useEffect, useState } from "react";

/** Tabs of this browser that show the wizard talk here, for all of them keep the one draft. */
export const CHANNEL = "cjm-import-draft";

type Word = "who" | "here" | "gone";

/** Whether another tab of this browser shows the wizard too. */
export function useOtherTab(): boolean {
  const [isElsewhere, setElsewhere] = useState(false);
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    const say = (word: Word): void => channel.postMessage(word);
    channel.onmessage = ({ data: word }: MessageEvent<Word>) => {
      setElsewhere(word !== "gone");
      // One is gone, but a third may still be there.
      if (word === "gone") say("who");
      if (word === "who") say("here");
    };
    const leave = (): void => say("gone");
    // A page that comes back out of the browser's memory asks again.
    const comeBack = (event: PageTransitionEvent): void => void (event.persisted && say("who"));
    window.addEventListener("pagehide", leave);
    window.addEventListener("pageshow", comeBack);
    say("who");
    return () => {
      window.removeEventListener("pagehide", leave);
      window.removeEventListener("pageshow", comeBack);
      leave();
      channel.close();
    };
  }, []);
  return isElsewhere;
}
