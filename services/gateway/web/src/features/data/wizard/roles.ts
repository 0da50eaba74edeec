import type { MappingColumn, MappingInput, Repair, StepRule } from "@/api/types";
import { foldText } from "@/shared/text";
import { readTimes, type DayOrder } from "./times";

/** A file's column: header, and the values of the first rows. */
export interface SampleColumn {
  header: string;
  values: string[];
}

/** What each column becomes: an event field, `properties.<name>`, or null = skipped. Keyed by header. */
export type Roles = Record<string, string | null>;
export type Confidence = "sure" | "likely" | "unsure";

/** Words in headers that tell the field, most telling first; compared without case, accents and separators. */
const NAMES: Record<string, readonly string[]> = {
  customer_id: ["customerid", "customer", "clientid", "userid", "user", "client", "visitorid", "contactid", "memberid", "caseid", "case:concept:name", "makhachhang", "khachhang"],
  action_type: ["actiontype", "action", "eventname", "eventtype", "event", "activity", "concept:name", "step", "hanhdong"],
  time: ["timestamp", "time:timestamp", "eventtime", "datetime", "occurredat", "createdat", "time", "date", "thoigian", "ngay"],
  event_id: ["eventid", "touchpointid"],
  session_id: ["sessionid", "usersession", "session", "visitid"],
  channel_type: ["channeltype", "channel", "acquisitionchannel", "medium", "case:channel", "kenh"],
  device_category: ["devicecategory", "devicetype", "device", "platform", "thietbi"],
  device_os: ["deviceos", "os", "operatingsystem"],
  device_browser: ["devicebrowser", "browser"],
  traffic_source_name: ["trafficsourcename", "trafficsource", "utmsource", "source", "referrername"],
  traffic_source_url: ["trafficsourceurl", "referrer", "referer"],
  order_id: ["orderid", "ordernumber", "order", "madonhang"],
  item_id: ["itemid", "productid", "sku"],
  value: ["value", "amount", "revenue", "price", "total", "giatri"],
  currency: ["currency", "currencycode"],
  geo_country: ["geocountry", "country"],
  geo_city: ["geocity", "city"],
  geo_continent: ["continent", "geocontinent"],
  store_id: ["storeid", "store", "shopid"],
  employee_id: ["employeeid", "employee", "agentid", "org:resource"],
  webpage_url: ["webpageurl", "pageurl", "url", "pagelocation"],
  webpage_title: ["webpagetitle", "pagetitle"],
  webpage_hostname: ["webpagehostname", "hostname"],
  interact_item_type: ["interactitemtype", "itemtype", "categorycode"],
  interact_item_id: ["interactitemid"],
  interact_item_url: ["interactitemurl"],
  interact_item_content: ["interactitemcontent"],
  experience_emotion: ["experienceemotion", "emotion", "sentiment"],
  experience_score: ["experiencescore", "nps", "rating"],
  app_name: ["appname"],
  app_screen_title: ["appscreentitle", "screenname", "screen"],
};

const LOWERED_FIELDS = new Set(["channel_type", "device_category", "device_os", "device_browser"]);
const NUMBER_FIELDS = new Set(["value", "experience_score"]);

const plain = (header: string): string => foldText(header).replace(/[\s_\-.]+/g, "");

function distinctRatio(values: readonly string[]): number {
  const filled = values.filter((value) => value !== "");
  return filled.length === 0 ? 0 : new Set(filled).size / filled.length;
}

function nameScore(header: string, field: string): number {
  const place = (NAMES[field] ?? []).indexOf(plain(header));
  return place < 0 ? 0 : 100 - place;
}

/** How well a column fills a role, by name (up to 100) and, for the three needed roles, by its values. */
function fit(column: SampleColumn, field: string): number {
  const byName = nameScore(column.header, field);
  const filledRatio = column.values.filter((value) => value.trim() !== "").length / Math.max(1, column.values.length);
  if (field === "time") {
    const { readable, filled } = readTimes(column.values);
    const ratio = filled === 0 ? 0 : readable / filled;
    return ratio < 0.5 ? Math.min(byName, 20) : byName + 60 * ratio;
  }
  if (field === "action_type") {
    const repeats = 1 - distinctRatio(column.values);
    return byName + (byName > 0 ? 20 * repeats : 0);
  }
  if (field === "customer_id") return byName + (byName > 0 ? 10 * filledRatio : 0);
  return byName;
}

/**
 * Customer and step by their values: the only column of ids and the only one of words. Times, decimal numbers and
 * columns of one value are neither; any further column, or values that do not come back, leave it open.
 */
function customerAndStep(columns: readonly SampleColumn[]): [customer: SampleColumn, step: SampleColumn] | null {
  const telling = columns
    .map(({ header, values }) => ({ header, values: values.filter((value) => value.trim() !== "") }))
    .filter(({ values }) => new Set(values).size > 1 && readTimes(values).readable * 2 < values.length && !values.every((value) => /^[+-]?\d+[.,]\d+$/.test(value.trim())));
  const isId = ({ values }: SampleColumn): boolean => values.every((value) => /[\d@]/.test(value));
  const customer = telling.find(isId);
  const step = telling.find((column) => !isId(column));
  return customer && step && telling.length === 2 && telling.every(({ values }) => distinctRatio(values) <= 0.8) ? [customer, step] : null;
}

export interface Guess {
  roles: Roles;
  confidence: Record<string, Confidence>;
  /** Of the times. */
  order: DayOrder;
}

/** Guesses what every column is: fields by name, times also by value, customer and step by value when no name tells anything; the rest stays an own property. */
export function guessRoles(columns: readonly SampleColumn[]): Guess {
  // Without a prototype, because a column may be called "constructor".
  const roles = Object.create(null) as Roles;
  const confidence = Object.create(null) as Guess["confidence"];
  const names = propertyNames(columns.map(({ header }) => header));
  const pairs = columns
    .flatMap((column) => Object.keys(NAMES).map((field) => ({ header: column.header, field, score: fit(column, field) })))
    .filter((pair) => pair.score >= 50)
    .sort((a, b) => b.score - a.score);
  const taken = new Set<string>();
  for (const { header, field, score } of pairs) {
    if (header in roles || taken.has(field) || header === "") continue;
    roles[header] = field;
    taken.add(field);
    confidence[header] = score >= 100 ? "sure" : score >= 80 ? "likely" : "unsure";
  }
  if ([...taken].every((field) => field === "time")) {
    customerAndStep(columns.filter(({ header }) => header !== "" && !(header in roles)))?.forEach(({ header }, place) => {
      roles[header] = place === 0 ? "customer_id" : "action_type";
      confidence[header] = "unsure";
    });
  }
  for (const { header } of columns) {
    if (!(header in roles)) roles[header] = header.trim() === "" ? null : `properties.${names.get(header)}`;
  }
  return { roles, confidence, order: readTimes(columns.find(({ header }) => roles[header] === "time")?.values ?? []).order };
}

/** Property names of headers, each its own: "User cohort" -> "user_cohort", a second "Price" in other signs -> "price_2". */
export function propertyNames(headers: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const header of headers) {
    const plainName = foldText(header).trim().replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_+|_+$/g, "") || "column";
    let name = plainName;
    for (let number = 2; taken.has(name); number++) name = `${plainName}_${number}`;
    taken.add(name);
    names.set(header, name);
  }
  return names;
}

/** Headers as the server tells them apart: trimmed; a header that comes twice cannot be chosen. */
export function repeatedHeaders(headers: readonly string[]): string[] {
  return [...new Set(headers.filter((header, index) => header !== "" && headers.indexOf(header) !== index))];
}

export type DecimalSign = "." | ",";

/** "," when most numbers are written "1.234,50" or "3,5". */
export function guessDecimalSign(values: readonly string[]): DecimalSign {
  const comma = values.filter((value) => /^[+-]?(\d{1,3}([.\s]\d{3})+|\d+),\d+$/.test(value.trim())).length;
  const point = values.filter((value) => /^[+-]?(\d{1,3}(,\d{3})+|\d+)\.\d+$/.test(value.trim())).length;
  return comma > point ? "," : ".";
}

/** The sign in the columns that are read as numbers, or in all while there are none. */
export function foundDecimalSign(roles: Roles, columns: readonly SampleColumn[]): DecimalSign {
  const numbers = columns.filter(({ header }) => NUMBER_FIELDS.has(roles[header] ?? ""));
  return guessDecimalSign((numbers.length > 0 ? numbers : columns).flatMap((column) => column.values));
}

/** Repairs by field. */
export type Repairs = Record<string, Repair[]>;

/** What the reader chose. */
export interface Choices {
  roles: Roles;
  repairs: Repairs;
  timezone: string;
  /** Where day and month are open. */
  order: DayOrder;
  /** null = as found. */
  decimalSign: DecimalSign | null;
}

/** How the file is written, with the sample by which numbers and open dates are read. */
export interface Written {
  columns: readonly SampleColumn[];
  encoding: string;
  separator: string;
  isHeaderless: boolean;
}

/** The mapping the API takes. */
export function buildMapping(name: string, { roles, repairs, timezone, order, decimalSign }: Choices, { columns, encoding, separator, isHeaderless }: Written, stepRules: StepRule[] = []): MappingInput {
  const used: MappingColumn[] = [];
  const byHeader = new Map(columns.map((column) => [column.header, column]));
  for (const [column, field] of Object.entries(roles)) {
    if (field === null) continue;
    const reading = field === "time" ? "datetime" : LOWERED_FIELDS.has(field) ? "lower" : NUMBER_FIELDS.has(field) ? "float" : null;
    used.push({ field, column, function: reading, repairs: repairs[field] ?? [] });
  }
  const timeHeader = used.find((column) => column.field === "time")?.column;
  const times = byHeader.get(timeHeader ?? "")?.values ?? [];
  return {
    name,
    columns: used,
    timezone,
    time_format: readTimes(times).order === "ambiguous" && order !== "ambiguous" ? order : null,
    decimal_sign: decimalSign ?? foundDecimalSign(roles, columns),
    step_rules: stepRules,
    encoding,
    separator,
    headerless: isHeaderless,
  };
}
