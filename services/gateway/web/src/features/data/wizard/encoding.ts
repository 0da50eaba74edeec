/** Encodings that a file does not name itself, so that the reader may have to; spelled as the server does. */
export const UNMARKED_ENCODINGS = ["UTF-8", "windows-1252", "windows-1251", "windows-1258", "ISO-8859-15"] as const;
export type Encoding = (typeof UNMARKED_ENCODINGS)[number] | "UTF-16LE" | "UTF-16BE";

/** Text with how it was read. */
export interface Decoded {
  text: string;
  encoding: Encoding;
  /** The file says its encoding with a byte order mark, which counts more than any choice. */
  isMarked: boolean;
  isGuess: boolean;
  /** Some bytes are no characters of the encoding; rows with them will be skipped. */
  hasUnknown: boolean;
}

const MARKS: readonly [Encoding, readonly number[]][] = [
  ["UTF-8", [0xef, 0xbb, 0xbf]],
  ["UTF-16LE", [0xff, 0xfe]],
  ["UTF-16BE", [0xfe, 0xff]],
];

/** What the byte order mark at the beginning says; null without one. */
export function markedEncoding(bytes: Uint8Array): Encoding | null {
  return MARKS.find(([, mark]) => mark.every((byte, place) => bytes[place] === byte))?.[0] ?? null;
}

/** Reads the beginning of a file (`isWhole`: all of it) by its mark, or as chosen, or as UTF-8 when it is that, or by a guess. */
export function decode(bytes: Uint8Array, isWhole: boolean, chosen: Encoding | null): Decoded {
  const marked = markedEncoding(bytes);
  if (marked) return { ...decodeAs(marked, bytes, isWhole), isMarked: true, isGuess: false };
  if (chosen) return { ...decodeAs(chosen, bytes, isWhole), isMarked: false, isGuess: false };
  const utf8 = decodeAs("UTF-8", bytes, isWhole);
  if (!utf8.hasUnknown) return { ...utf8, isMarked: false, isGuess: false };
  return { ...guess(utf8, bytes, isWhole), isMarked: false, isGuess: true };
}

type Text = Pick<Decoded, "text" | "encoding" | "hasUnknown">;

function decodeAs(encoding: Encoding, bytes: Uint8Array, isWhole: boolean): Text {
  // Streaming tolerates a character cut at the end.
  const options = { stream: !isWhole };
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes, options);
    // Browsers turn bytes that a Windows encoding does not know into control characters.
    const hasUnknown = encoding.startsWith("windows") && /[\u0080-\u009f]/.test(text);
    // Windows-1258 writes tones after the letter; the server joins them as well.
    return { text: encoding === "windows-1258" ? text.normalize("NFC") : text, encoding, hasUnknown };
  } catch {
    return { text: new TextDecoder(encoding).decode(bytes, options), encoding, hasUnknown: true };
  }
}

const TONES = /[\u0300\u0301\u0303\u0309\u0323]/g;
const SYLLABLE = /^(?:[bdđhlmrsvx]|ch?|gh?|gi|kh?|ngh?|nh?|ph?|qu?|t[hr]?)?[aăâeêioôơuưy]{1,3}(?:ch?|m|ng?|nh|p|t)?$/;
const CASE = /^(?:\p{Lu}?\p{Ll}+|\p{Lu}+)$/u;

/** Whether a word with letters beyond ASCII looks like one of the languages of the encoding; the first wins a tie. */
const LOOKS_RIGHT: readonly [Encoding, (word: string) => boolean][] = [
  ["windows-1252", (word) => CASE.test(word) && !/[^\p{ASCII}]{2}/u.test(word) && /^[a-zàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšž]+$/i.test(word)],
  ["windows-1251", (word) => CASE.test(word) && /^\p{Script=Cyrillic}+$/u.test(word)],
  [
    "windows-1258",
    (word) => {
      const parts = word.toLowerCase().normalize("NFD");
      return CASE.test(word) && (parts.match(TONES)?.length ?? 0) <= 1 && SYLLABLE.test(parts.replace(TONES, "").normalize("NFC"));
    },
  ],
];

/** UTF-8 with a few broken characters, or the Windows encoding in which most words look right; one letter tells nothing. */
function guess(utf8: Text, bytes: Uint8Array, isWhole: boolean): Text {
  const broken = utf8.text.match(/\uFFFD/g)?.length ?? 0;
  const whole = utf8.text.match(/[^\p{ASCII}\uFFFD]/gu)?.length ?? 0;
  if (whole > broken) return utf8;
  let [best, bestShare] = [decodeAs("windows-1252", bytes, isWhole), 0];
  for (const [encoding, looksRight] of LOOKS_RIGHT) {
    const read = decodeAs(encoding, bytes, isWhole);
    const words = [...new Set(read.text.match(/[\p{L}\p{M}]{2,}/gu))].filter((word) => /[^\p{ASCII}]/u.test(word));
    const share = words.filter(looksRight).length / Math.max(1, words.length);
    if (share > bestShare) [best, bestShare] = [read, share];
  }
  return best;
}
