// @vitest-environment node
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { guessSeparator, parseCsv } from "./csv";
import { FileProblem, readHead } from "./readFile";
import type { Repair } from "@/api/types";
import { buildMapping, foundDecimalSign, guessDecimalSign, guessRoles, propertyNames, repeatedHeaders } from "./roles";
import { dayOrder, readTime, readTimes } from "./times";

describe("delimited text", () => {
  it("reads quotes, line breaks in values, both line ends and no last line end", () => {
    expect(parseCsv('a,b\r\n"x, ""y""","two\nlines"\n\n1,', ",")).toEqual([["a", "b"], ['x, "y"', "two\nlines"], ["1", ""]]);
  });

  it("ends rows at a line end of old Macs, too", () => {
    expect(parseCsv('a,b\r1,"x\ry"\r2,z\r\n', ",")).toEqual([["a", "b"], ["1", "x\ry"], ["2", "z"]]);
  });

  it.each([
    ["user;event;time\n1;a,b;2\n2;c;3", ";"],
    ["user\tevent\n1\ta", "\t"],
    ["a|b|c\n1|2|3", "|"],
    ["a,b,c\n1,2,3", ","],
    ["only\n1", ","],
  ])("finds the separator of %j", (text, separator) => {
    expect(guessSeparator(text)).toBe(separator);
  });
});

describe("the file's beginning", () => {
  const text = "user,event\n" + "1,Đặt hàng\n".repeat(50);

  it("reads plain and gzip alike", async () => {
    for (const bytes of [Buffer.from(text), gzipSync(text)]) {
      const head = await readHead(new Blob([new Uint8Array(bytes)]));
      expect(head.text).toBe(text);
      expect(head).toMatchObject({ encoding: "UTF-8", isGuess: false });
      expect(head.isWhole).toBe(true);
    }
  });

  it("cuts at a whole line", async () => {
    const head = await readHead(new Blob([text]), null, 40);
    expect(head.isWhole).toBe(false);
    expect(text.startsWith(head.text)).toBe(true);
    expect(head.text.endsWith("\n")).toBe(true);
  });

  it("reads other encodings, by their mark, by choice or by a guess", async () => {
    const western = new Blob([new Uint8Array([0x61, 0x2c, 0xe9, 0x0a, 0x62, 0x2c, 0x63, 0x0a])]);
    expect(await readHead(western)).toMatchObject({ encoding: "windows-1252", isGuess: true, text: "a,é\nb,c\n" });
    expect(await readHead(western, "windows-1251")).toMatchObject({ encoding: "windows-1251", isGuess: false, text: "a,й\nb,c\n" });
    const excel = new Blob([new Uint8Array([0xff, 0xfe]), new Uint8Array(Buffer.from("a\tđ\r\n", "utf16le"))]);
    expect(await readHead(excel)).toMatchObject({ encoding: "UTF-16LE", isMarked: true, text: "a\tđ\r\n" });
  });

  it.each([
    [[], "empty"],
    [[0x50, 0x4b, 3, 4], "zip"],
    [[0x50, 0x41, 0x52, 0x31], "parquet"],
    [[0x61, 0, 0x62, 0], "binary"],
    [[0x1f, 0x8b, 1, 2, 3], "gzip_broken"],
    [[...Buffer.from('<?xml version="1.0"?><log/>')], "xml"],
  ])("refuses what is no delimited text: %j", async (bytes, code) => {
    await expect(readHead(new Blob([new Uint8Array(bytes)]))).rejects.toMatchObject(new FileProblem(code as FileProblem["code"]));
  });
});

describe("times", () => {
  // The table is the server's: what the page takes for a time, and what not, must be the same there.
  const table = JSON.parse(readFileSync(new URL("../../../../../../ingest/tests/way_in/times.json", import.meta.url), "utf8")) as [string, string | null, boolean][];
  it.each(table)("reads %j as the server does", (text, iso, hasZone) => {
    expect(readTime(text)).toEqual(iso && { iso, hasZone, offsetMinutes: 0 });
  });

  it.each([["+02:00", 120], ["-0530", -330], ["+07", 420]])("reads how far a clock of %s is before UTC", (zone, offsetMinutes) => {
    expect(readTime(`2024-05-05T10:00${zone}`)).toEqual({ iso: "2024-05-05T10:00:00", hasZone: true, offsetMinutes });
  });

  it("sees which of day and month comes first, and when it cannot", () => {
    expect(dayOrder(["03/04/2024", "25/04/2024"])).toBe("day_first");
    expect(dayOrder(["03/04/2024", "04/25/2024"])).toBe("month_first");
    expect(dayOrder(["03/04/2024", "05/06/2024"])).toBe("ambiguous");
    expect(dayOrder(["03.04.2024", "2024-04-03"])).toBe("day_first");
    expect(dayOrder(["04/04/2024"])).toBe("day_first");
  });

  it("counts what is not a date", () => {
    expect(readTimes(["2024-01-01", "x", "", "2024-01-02"])).toMatchObject({ readable: 2, filled: 3, example: "2024-01-01", hasZone: false });
  });

  it("asks by a date that both orders read differently", () => {
    expect(readTimes(["01.02.75", "3.4.69 10:00", "01.02.68"])).toMatchObject({ readable: 1, filled: 3, example: "01.02.68" });
    expect(readTimes(["01/01/2024 10:00", "02/06/2024 10:00"])).toMatchObject({ order: "ambiguous", example: "02/06/2024 10:00" });
  });
});

describe("roles", () => {
  const column = (header: string, ...values: string[]) => ({ header, values });

  it("finds the roles of the sample web shop", () => {
    const columns = [
      column("user_id", "u1", "u1"),
      column("session_id", "s1", "s1"),
      column("event", "home", "home"),
      column("timestamp", "2024-03-13 10:21:14", "2024-03-13 10:21:28"),
      column("platform", "desktop", "desktop"),
      column("acquisition_channel", "email", "email"),
      column("user_cohort", "2024-01", "2024-01"),
    ];
    const { roles, confidence } = guessRoles(columns);
    expect(roles).toEqual({
      user_id: "customer_id",
      session_id: "session_id",
      event: "action_type",
      timestamp: "time",
      platform: "device_category",
      acquisition_channel: "channel_type",
      user_cohort: "properties.user_cohort",
    });
    expect(confidence["timestamp"]).toBe("sure");
  });

  it("does not take a column of words for the time, whatever its name", () => {
    expect(guessRoles([column("time", "morning", "evening"), column("at", "2024-01-01", "2024-01-02")]).roles["time"]).not.toBe("time");
  });

  it("finds a time column without a telling name by its values", () => {
    expect(guessRoles([column("cột a", "2024-01-01 10:00", "2024-01-02 11:00")]).roles["cột a"]).toBe("time");
  });

  const plain = {
    ids: column("Column 1", "c1", "c2", "c1", "c2", "c3"),
    words: column("Column 2", "view", "view", "buy", "cart", "view"),
    times: column("Column 3", "2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"),
    prices: column("Column 4", "1,5", "2,5", "1,5", "3,5", "2,5"),
  };

  it("guesses customer and step by their values where no name tells anything, and says that it is a guess", () => {
    const { roles, confidence } = guessRoles([plain.words, plain.ids, plain.prices, plain.times, column("Column 5", "web", "web", "web", "", "web")]);
    expect(roles).toMatchObject({ "Column 1": "customer_id", "Column 2": "action_type", "Column 3": "time", "Column 4": "properties.column_4" });
    expect([confidence["Column 1"], confidence["Column 2"]]).toEqual(["unsure", "unsure"]);
  });

  it.each([
    ["other ids", [plain.ids, plain.words, plain.times, column("Column 9", "1", "2", "1", "1", "2")]],
    ["other words", [plain.ids, plain.words, plain.times, column("Column 9", "web", "app", "web", "app", "web")]],
    ["no words", [plain.ids, plain.times]],
    ["ids that never come back", [column("Column 1", "c1", "c2", "c3", "c4", "c5"), plain.words, plain.times]],
    ["a telling name", [plain.ids, plain.words, plain.times, column("session_id", "7", "7", "8", "8", "9")]],
  ])("leaves customer and step open with %s", (_, columns) => {
    const { roles } = guessRoles(columns);
    expect([roles["Column 1"], roles["Column 2"]]).not.toContain("customer_id");
    expect(Object.values(roles)).not.toContain("action_type");
  });

  it("gives no field twice and skips a column without a header", () => {
    const { roles } = guessRoles([column("user_id", "1"), column("customer_id", "2"), column("", "3")]);
    expect(Object.values(roles).filter((role) => role === "customer_id")).toHaveLength(1);
    expect(roles[""]).toBeNull();
  });

  it("names properties and repeated headers", () => {
    expect([...propertyNames([" Mã giảm giá (%) ", "Price €", "price", "Price $", "%"]).values()]).toEqual(["ma_giam_gia", "price", "price_2", "price_3", "column"]);
    expect(Object.values(guessRoles([column("Price €", "1"), column("Price $", "2")]).roles)).not.toContain("properties.price_3");
    expect(new Set(Object.values(guessRoles([column("Net (€)", "1"), column("Net $", "2")]).roles))).toEqual(new Set(["properties.net", "properties.net_2"]));
    expect(repeatedHeaders(["a", "b", "a", "", ""])).toEqual(["a"]);
  });

  it.each(["constructor", "toString", "__proto__"])("takes a column called %s for one like any other", (name) => {
    const { roles, confidence } = guessRoles([column("user", "1"), column(name, "x", "y")]);
    expect(roles).toEqual(Object.assign(Object.create(null) as object, Object.fromEntries([["user", "customer_id"], [name, `properties.${name.toLowerCase().replaceAll("_", "")}`]])));
    expect(confidence[name]).toBeUndefined();
  });

  it("sees the decimal comma", () => {
    expect(guessDecimalSign(["1.234,50", "3,5"])).toBe(",");
    expect(guessDecimalSign(["1,234.50", "3"])).toBe(".");
    expect(guessDecimalSign(["1234,50", "12 345,5", "1\u00a0234,5", "7.5"])).toBe(",");
    expect(guessDecimalSign(["1234.50", "2024-01-01", "text, with comma"])).toBe(".");
  });

  it("finds the decimal sign in the columns of numbers before all others", () => {
    const columns = [column("price", "3,5"), column("latitude", "1.5", "2.5")];
    expect(foundDecimalSign({ price: "value", latitude: "properties.latitude" }, columns)).toBe(",");
    expect(foundDecimalSign({ price: "properties.price" }, columns)).toBe(".");
  });

  it("builds the mapping with the chosen order of day and month and the repairs of its columns", () => {
    const columns = [column("user", "1"), column("event", "a"), column("when", "03/04/2024 10:00", "05/06/2024 11:00"), column("amount", "3,50"), column("left", "x")];
    const roles = { user: "customer_id", event: "action_type", when: "time", amount: "value", left: null };
    const empty = (reason: string): Repair[] => [{ reason, action: "leave_empty", text: "" }];
    const repairs = { value: empty("not_a_number"), order_id: empty("nul_byte") };
    const choices = { roles, repairs, timezone: "Asia/Ho_Chi_Minh", order: "month_first", decimalSign: null } as const;
    const file = { columns, encoding: "windows-1258", separator: "\t", isHeaderless: false };
    expect(buildMapping("m", { ...choices, decimalSign: "." }, { ...file, isHeaderless: true })).toMatchObject({ decimal_sign: ".", headerless: true });
    expect(buildMapping("m", choices, file)).toEqual({
      name: "m",
      columns: [
        { field: "customer_id", column: "user", function: null, repairs: [] },
        { field: "action_type", column: "event", function: null, repairs: [] },
        { field: "time", column: "when", function: "datetime", repairs: [] },
        { field: "value", column: "amount", function: "float", repairs: [{ reason: "not_a_number", action: "leave_empty", text: "" }] },
      ],
      timezone: "Asia/Ho_Chi_Minh",
      time_format: "month_first",
      decimal_sign: ",",
      step_rules: [],
      encoding: "windows-1258",
      separator: "\t",
      headerless: false,
    });
  });
});
