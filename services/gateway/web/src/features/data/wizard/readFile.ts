import { decode, markedEncoding, type Decoded, type Encoding } from "./encoding";

const HEAD_BYTES = 1_000_000;

/** Why a file cannot be read here; the code is also the id of its message. */
export class FileProblem extends Error {
  readonly code: "empty" | "zip" | "xml" | "parquet" | "binary" | "gzip_broken" | "header_missing" | "row_too_long";

  constructor(code: FileProblem["code"]) {
    super(code);
    this.code = code;
  }
}

/** The first megabyte as text, cut at the last whole line unless the whole file is in it. */
export interface FileHead extends Decoded {
  isGzip: boolean;
  isWhole: boolean;
}

/**
 * Reads the beginning of a file, through gzip when it is packed, in the encoding `chosen` or else in the one found.
 *
 * @throws FileProblem for files that are no delimited text.
 */
export async function readHead(file: Blob, chosen: Encoding | null = null, bytes = HEAD_BYTES): Promise<FileHead> {
  const magic = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  if (magic.length === 0) throw new FileProblem("empty");
  if (magic[0] === 0x50 && magic[1] === 0x4b) throw new FileProblem("zip");
  if (String.fromCharCode(...magic) === "PAR1") throw new FileProblem("parquet");
  const isGzip = magic[0] === 0x1f && magic[1] === 0x8b;
  const stream = isGzip ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  const { taken, isWhole } = await take(stream, bytes, isGzip);
  if (taken.length === 0) throw new FileProblem("empty");
  if (!markedEncoding(taken)?.startsWith("UTF-16") && taken.subarray(0, 4000).includes(0)) throw new FileProblem("binary");
  const { text, ...how } = decode(taken, isWhole, chosen);
  if (/^\s*<\?xml|^\s*<log\b/.test(text.slice(0, 200))) throw new FileProblem("xml");
  const lastLineEnd = text.lastIndexOf("\n");
  return { text: isWhole || lastLineEnd < 0 ? text : text.slice(0, lastLineEnd + 1), ...how, isGzip, isWhole };
}

async function take(stream: ReadableStream<Uint8Array>, most: number, isGzip: boolean): Promise<{ taken: Uint8Array; isWhole: boolean }> {
  const reader = stream.getReader();
  const taken = new Uint8Array(most);
  let length = 0;
  try {
    while (length < most) {
      const { done, value } = await reader.read();
      if (done) return { taken: taken.subarray(0, length), isWhole: true };
      const part = value.subarray(0, most - length);
      taken.set(part, length);
      length += part.length;
    }
  } catch (error) {
    if (isGzip) throw new FileProblem("gzip_broken");
    throw error;
  }
  await reader.cancel();
  return { taken, isWhole: false };
}
