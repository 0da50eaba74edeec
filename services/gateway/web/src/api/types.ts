/** Shapes of the REST API (base /api/v1). Times are RFC 3339 UTC texts, dates ISO texts, `_ratio` is 0 to 1. */

export type CaseNotion = "customer" | "session";
export type ImportStatus = "queued" | "running" | "completed" | "failed" | "cancelled" | "removed";
export type AnalysisStatus = "queued" | "running" | "succeeded" | "partial" | "failed" | "cancelled";
export type ColumnFunction = "lower" | "upper" | "string" | "int" | "float" | "datetime" | "date";

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

export interface FieldProblem {
  field: string | null;
  row?: number | null;
  reason: string;
  detail: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance?: string;
  reason: string;
  errors?: FieldProblem[];
  request_id?: string;
}

export interface User {
  id: string;
  username: string;
  role: "admin" | "analyst";
  is_superuser: boolean;
  is_disabled: boolean;
  created_at: string;
  last_login_at: string | null;
}

export interface Session {
  user: User;
  csrf_token: string;
  expires_at: string;
}

export interface Me extends Session {
  features: { telegram: boolean; max_upload_bytes: number };
}

export interface ApiToken {
  id: string;
  name: string;
  secret_prefix: string;
  scopes: string[];
  dataset_ids: string[];
  created_by: string;
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
  secret?: string;
}

export interface Access {
  can_see: boolean;
  can_analyse: boolean;
  can_write: boolean;
  can_manage: boolean;
}

export interface Dataset {
  id: string;
  name: string;
  is_public: boolean;
  owner: string;
  owner_id: string;
  time_zone: string;
  case: CaseNotion;
  session_gap_minutes: number | null;
  goal_activity: string | null;
  created_at: string;
  events: number;
  customers: number;
  activities: number;
  first_event_at: string | null;
  last_event_at: string | null;
  version: string;
  fields: string[];
  access: Access;
  last_import_at: string | null;
}

export interface DatasetInput {
  name: string;
  is_public: boolean;
  time_zone: string;
  case: CaseNotion;
  session_gap_minutes: number | null;
  goal_activity: string | null;
}

export interface Grant {
  user_id: string;
  username: string;
  created_at: string;
}

export interface EventRow {
  event_id: string;
  customer_id: string;
  action_type: string;
  time: string;
  fields: Record<string, string | number | null>;
  properties: Record<string, unknown>;
  import_id: string | null;
  dataset_id?: string;
}

export interface ValueCount {
  value: string | null;
  count: number;
}

export interface ShareCount extends ValueCount {
  share_ratio: number;
}

export interface MappingColumn {
  field: string;
  column: string;
  function: ColumnFunction | null;
}

export interface MappingInput {
  name: string;
  columns: MappingColumn[];
  timezone: string;
  time_format: string | null;
  decimal_sign: "." | ",";
}

export interface Mapping extends MappingInput {
  id: string;
  owner: string;
  owner_id: string;
  created_at: string;
}

export interface Finding {
  reason: string;
  field: string | null;
  column: string | null;
  count: number;
  examples: { row: number; value: string | null; detail: string }[];
}

export interface Failure {
  reason: string;
  detail: string;
}

export interface Import {
  id: string;
  dataset_id: string;
  file_name: string;
  file_bytes: number;
  created_by: string;
  created_by_id: string;
  check_only: boolean;
  all_or_nothing: boolean;
  status: ImportStatus;
  rows_read: number;
  rows_accepted: number;
  rows_rejected: number;
  rows_duplicate: number;
  progress_ratio: number;
  error: Failure | null;
  errors_url: string | null;
  created_at: string;
  finished_at: string | null;
  mapping: MappingInput;
  findings?: Finding[];
  steps?: { activity: string; count: number }[];
  customers?: number;
  first_event_at?: string | null;
  last_event_at?: string | null;
}

export interface RowError {
  row: number;
  field: string | null;
  column: string | null;
  value: string | null;
  reason: string;
  detail: string;
}

export interface GraphNode {
  activity: string;
  count: number;
  cases: number;
  starts: number;
  ends: number;
  mean_rank: number;
  median_next_seconds: number | null;
}

export interface GraphEdge {
  source: string;
  target: string;
  count: number;
  cases: number;
  mean_seconds: number;
  median_seconds: number;
  p90_seconds: number;
  p95_seconds: number;
  hidden_ratio: number;
}

export interface DirectlyFollows {
  events: number;
  cases: number;
  cases_without: number;
  cases_unfiltered: number;
  variants_total: number;
  median_case_seconds: number;
  nodes: GraphNode[];
  edges: GraphEdge[];
  starts: Record<string, number>;
  ends: Record<string, number>;
  all_activities: { activity: string; count: number }[];
}

export interface Variant {
  activities: string[];
  count: number;
  share_ratio: number;
  median_seconds: number;
}

export interface Variants extends Page<Variant> {
  cases: number;
  variants_total: number;
}

export interface PathTimes {
  moves: number;
  bins: { from_seconds: number; to_seconds: number; count: number }[];
}

export type AnalysisKind =
  | "directly_follows"
  | "alpha"
  | "heuristics_net"
  | "inductive_tree"
  | "inductive_petri"
  | "heuristics_petri"
  | "dfg_petri";

export interface AnalysisInput {
  dataset_id: string;
  kind: AnalysisKind;
  case?: CaseNotion;
  session_gap_minutes?: number | null;
  from?: string;
  to?: string;
  filter?: string[];
  parameters?: Record<string, number>;
}

export interface Analysis {
  id: string;
  dataset_id: string;
  dataset_name: string;
  kind: AnalysisKind;
  case: CaseNotion;
  session_gap_minutes: number | null;
  from: string | null;
  to: string | null;
  filter: string[];
  parameters: Record<string, number>;
  status: AnalysisStatus;
  progress_ratio: number;
  error: Failure | null;
  created_by_id: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  versions: Record<string, string>;
  result_hash: string | null;
  events: number;
  cases: number;
  seed: number | null;
}

export interface PetriResult {
  places: string[];
  transitions: { id: string; label: string | null }[];
  arcs: { source: string; target: string }[];
  initial: Record<string, number>;
  final: Record<string, number>;
}

export interface TreeNode {
  operator?: string;
  children?: TreeNode[];
  activity?: string | null;
}

export interface TreeResult {
  tree: string;
  root: TreeNode;
}

export interface HeuristicsResult {
  nodes: { activity: string; count: number }[];
  edges: { source: string; target: string; count: number; dependency_ratio: number }[];
  starts: Record<string, number>;
  ends: Record<string, number>;
}

export type ReportBy = "action_type" | "channel_type" | "device_category" | "device_os" | "device_browser" | "dataset";

export interface DailyReport {
  from: string;
  to: string;
  time_zone: string;
  customers: number;
  touchpoints: number;
  days: { date: string; customers: number; touchpoints: number; by: Record<string, number>; not_set: number }[];
}

export interface Home {
  customers: number;
  touchpoints: number;
  last_event_at: string | null;
  newest: EventRow[];
  actions: ShareCount[];
  channels: ShareCount[];
  device_categories: ShareCount[];
  last_days: { date: string; customers: number; touchpoints: number }[];
}

export interface TelegramState {
  enabled: boolean;
  bot_username: string | null;
  linked: boolean;
  chat_title: string | null;
  linked_at: string | null;
  blocked: boolean;
}

export interface TelegramCode {
  code: string;
  deep_link: string;
  expires_at: string;
}
