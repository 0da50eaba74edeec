// @vitest-environment node
import { describe, expect, it } from "vitest";
import { decode, type Encoding } from "./encoding";

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);

/** Writes text in an encoding of one byte per character; what it lacks as letter and tone. */
function written(text: string, encoding: Encoding): Uint8Array {
  const byteOf = new Map(BYTES.map((byte) => [new TextDecoder(encoding).decode(new Uint8Array([byte])), byte]));
  const bytes = [...text].flatMap((letter) => {
    const whole = byteOf.get(letter);
    if (whole !== undefined) return [whole];
    const [base = "", ...marks] = letter.normalize("NFD");
    const tone = marks.find((mark) => byteOf.has(mark)) ?? "";
    const rest = (base + marks.filter((mark) => mark !== tone).join("")).normalize("NFC");
    return [byteOf.get(rest), byteOf.get(tone)];
  });
  return new Uint8Array(bytes.map((byte) => byte ?? expect.fail(`${encoding} cannot write ${text}`)));
}

const GERMAN = "Kunde;Schritt\nMüller;Straße öffnen\nJörg;Gutschein für 5 €\n";
const FRENCH = "client;étape\nHélène;Achat confirmé\nFrançois;Déjà payé à Orléans\n";
const PORTUGUESE = "cliente;ação\nJoão;não\nSão Paulo;pão\n";
const RUSSIAN = "Клиент;Действие\nИван;Купить\nЮля;Оплата и доставка в Москву\n";
const VIETNAMESE = "Khách hàng;Bước\nNguyễn Thị Ánh;Đặt hàng\nTrần Văn Nam;Thanh toán\nLê Hữu;ĐĂNG KÝ\n";

describe("the encoding of a file", () => {
  it.each([
    ["windows-1252", GERMAN],
    ["windows-1252", FRENCH],
    ["windows-1252", PORTUGUESE],
    ["windows-1252", "price;step\n5 €;buy\n"],
    ["windows-1251", RUSSIAN],
    ["windows-1251", "user;step\nu1;вход\nu2;Покупка\nu3;и\n"],
    ["windows-1258", VIETNAMESE],
    ["windows-1258", "khach;buoc\na;xem sản phẩm\nb;giỏ hàng\nc;tìm kiếm\n"],
  ] as const)("is guessed as %s from %j", (encoding, text) => {
    expect(decode(written(text, encoding), true, null)).toEqual({ text, encoding, isMarked: false, isGuess: true, hasUnknown: false });
  });

  it("is UTF-8 when all of it is, also with a character cut at the end of the part that was read", () => {
    const bytes = new TextEncoder().encode(VIETNAMESE + "Đ");
    expect(decode(bytes, true, null)).toEqual({ text: VIETNAMESE + "Đ", encoding: "UTF-8", isMarked: false, isGuess: false, hasUnknown: false });
    expect(decode(bytes.subarray(0, -1), false, null)).toEqual({ text: VIETNAMESE, encoding: "UTF-8", isMarked: false, isGuess: false, hasUnknown: false });
    // The same half of a character at the end of the file is a fault.
    expect(decode(bytes.subarray(0, -1), true, null)).toMatchObject({ encoding: "UTF-8", isGuess: true, hasUnknown: true });
  });

  it("stays UTF-8 when a few characters are broken", () => {
    const bytes = new Uint8Array([...new TextEncoder().encode(VIETNAMESE), 0xff, 0x0a]);
    expect(decode(bytes, true, null)).toMatchObject({ encoding: "UTF-8", isGuess: true, hasUnknown: true });
  });

  it.each([
    ["UTF-8", [0xef, 0xbb, 0xbf, 0xc3, 0xa9]],
    ["UTF-16LE", [0xff, 0xfe, 0xe9, 0x00]],
    ["UTF-16BE", [0xfe, 0xff, 0x00, 0xe9]],
  ])("is %s by the mark, whatever was chosen", (encoding, bytes) => {
    for (const chosen of [null, "windows-1251"] as const) {
      expect(decode(new Uint8Array(bytes), true, chosen)).toEqual({ text: "é", encoding, isMarked: true, isGuess: false, hasUnknown: false });
    }
  });

  it("is the one chosen, which says what it does not know", () => {
    const bytes = written(RUSSIAN, "windows-1251");
    expect(decode(bytes, true, "windows-1252")).toMatchObject({ encoding: "windows-1252", isGuess: false, hasUnknown: false });
    expect(decode(bytes, true, "UTF-8")).toMatchObject({ encoding: "UTF-8", isGuess: false, hasUnknown: true });
    expect(decode(new Uint8Array([0x98]), true, "windows-1251").hasUnknown).toBe(true);
    expect(decode(new Uint8Array([0xa4]), true, "ISO-8859-15")).toMatchObject({ text: "€", hasUnknown: false });
  });
});
