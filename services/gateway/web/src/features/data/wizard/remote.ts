import { send } from "@/api/client";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";

/** Where the server fetches a file; the browser has only its beginning. */
export interface Remote {
  url: string;
  /** Size of the whole file; null when its server does not say. */
  bytes: number | null;
}

const HEAD_BYTES = 1 << 20;

/** Why a text is no address that can be asked for a file; the code ends the id of its message. Null when it is one. */
export function addressProblem(text: string): "missing" | "invalid" | "password" | null {
  if (text.trim() === "") return "missing";
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (!url || !["http:", "https:"].includes(url.protocol)) return "invalid";
  return url.username || url.password ? "password" : null;
}

/**
 * Lets the server read the first megabyte of the file at an address.
 *
 * @throws ApiError when it cannot be had.
 */
export async function fetchHead(url: string, signal: AbortSignal): Promise<{ file: File; remote: Remote }> {
  const answer = await send("POST", "/remote-file", { body: { url }, signal });
  const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
  const announced = answer.headers.get("X-File-Bytes");
  const head = await answer.arrayBuffer();
  const whole = head.byteLength < HEAD_BYTES ? head.byteLength : null;
  return { file: new File([head], name ? decodeURIComponent(name) : "file"), remote: { url, bytes: announced === null ? whole : Number(announced) } };
}

/** Name, origin and size of the chosen file. */
export function useFileText(): (file: File, remote: Remote | null) => string {
  const t = useText();
  const format = useFormat();
  return (file, remote) => {
    if (!remote) return t("wizard.file_chosen", { name: file.name, size: format.bytes(file.size) });
    const host = new URL(remote.url).host;
    return remote.bytes === null ? t("wizard.file_at", { name: file.name, host }) : t("wizard.file_at_sized", { name: file.name, host, size: format.bytes(remote.bytes) });
  };
}
