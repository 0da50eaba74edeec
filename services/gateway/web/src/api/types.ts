/**
 * The shapes of the REST API under the names this page uses; generated from `openapi.json` (`npm run api-types`).
 * Times are RFC 3339 UTC texts, dates ISO texts, `_ratio` is 0 to 1.
 */
import type { components } from "./openapi.gen";

type Shapes = components["schemas"];

/** A shape with some fields said more exactly than OpenAPI does. */
type Refined<Shape, Exact> = Omit<Shape, keyof Exact> & Exact;

export type CaseNotion = Shapes["DatasetShape"]["case"];
export type ImportStatus = "queued" | "running" | "completed" | "failed" | "cancelled" | "removed";
export type AnalysisStatus = "queued" | "running" | "succeeded" | "partial" | "failed" | "cancelled";
export type AnalysisKind = "directly_follows" | "alpha" | "heuristics_net" | "inductive_tree" | "inductive_petri" | "heuristics_petri" | "dfg_petri";
export type ColumnFunction = "lower" | "upper" | "string" | "int" | "float" | "datetime" | "date";
export type ReportBy = "action_type" | "channel_type" | "device_category" | "device_os" | "device_browser" | "dataset";

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

export type FieldProblem = Shapes["FieldProblem"];
export type Problem = Refined<Shapes["Problem"], { instance?: string; errors?: FieldProblem[]; request_id?: string }>;

export type User = Refined<Shapes["UserShape"], { role: "admin" | "analyst" }>;
export type Session = Refined<Shapes["SessionShape"], { user: User }>;
export type Me = Refined<Shapes["Me"], { user: User }>;
/** `secret` comes once, with the answer that makes the token. */
export type ApiToken = Shapes["TokenShape"] & { secret?: string };
export type ReceivedEvent = Shapes["ReceivedEventShape"];
export type ReceivedEvents = Shapes["ReceivedEvents"];

export type Dataset = Shapes["DatasetShape"];
export type DatasetInput = Pick<Dataset, "name" | "is_public" | "time_zone" | "case" | "session_gap_minutes" | "goal_activity">;
export type Grant = Shapes["GrantShape"];
export type EventRow = Refined<Shapes["EventShape"], { fields: Record<string, string | number | null> }> & { dataset_id?: string };
export type ValueCount = Shapes["FieldValue"];
export type ShareCount = Shapes["ShareShape"];

export type Repair = Shapes["Repair"];
export type MappingColumn = Refined<Shapes["MappingColumn"], { function: ColumnFunction | null; repairs?: Repair[] }>;
export type MappingInput = Refined<Shapes["NewMapping"], { columns: MappingColumn[]; time_format: string | null; timezone: string; decimal_sign: "." | ","; separator: string | null }>;
export type StepRule = Shapes["StepRule"];
export type StepCount = Shapes["Step"];
export type Mapping = MappingInput & { id: string; owner: string; owner_id: string; created_at: string };
export type Failure = Shapes["ErrorShape"];
export type Finding = Shapes["Finding"];
/** One import; the detail fields come with the answer for one import only. Only a check of the import wizard, which looks at no `dataset_id`, may lack one. */
export type Import = Refined<Shapes["ImportShape"], { status: ImportStatus; mapping: MappingInput }> & Partial<Omit<Shapes["ImportDetails"], keyof Shapes["ImportShape"]>>;
export type RowError = Shapes["RejectedRow"];

export type GraphNode = Shapes["Node"];
export type GraphEdge = Shapes["Edge"];
export type DirectlyFollows = Shapes["DirectlyFollows"];
export type Variant = Shapes["VariantShape"];
export type Variants = Shapes["Variants"];
export type PathTimes = Shapes["PathTimes"];
export type JourneysCount = Shapes["JourneysCount"];
export type JourneysByDay = Shapes["JourneysByDay"];

export type AnalysisInput = Partial<Refined<Shapes["NewAnalysis"], { kind: AnalysisKind; parameters: Record<string, number> }>> & { dataset_id: string; kind: AnalysisKind };
export type Analysis = Refined<Shapes["AnalysisShape"], { kind: AnalysisKind; status: AnalysisStatus; parameters: Record<string, number> }>;
export type NewExport = Pick<Shapes["NewExport"], "object" | "format" | "address"> & Partial<Shapes["NewExport"]>;
export type JournalEntry = Shapes["JournalEntryShape"];
export type PetriResult = Shapes["PetriNetShape"];
export interface TreeNode {
  operator?: string;
  children?: TreeNode[];
  activity?: string | null;
}
export type TreeResult = Refined<Shapes["ProcessTreeShape"], { root: TreeNode }>;
export type HeuristicsResult = Shapes["HeuristicsNetShape"];

/** Without any event `from` and `to` are null; pages look at `days` first. */
export type DailyReport = Refined<Shapes["DailyReport"], { from: string; to: string }>;
export type Home = Refined<Shapes["Home"], { newest: EventRow[] }>;
export type TelegramState = Shapes["TelegramLink"];
export type TelegramCode = Shapes["LinkCode"];
