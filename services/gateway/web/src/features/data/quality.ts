import { useQuery, type UseQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { components } from "@/api/openapi.gen";
import type { Dataset } from "@/api/types";

type Shapes = components["schemas"];
export type Quality = Shapes["Quality"];
export type QualityFinding = Shapes["QualityFinding"];
export type QualityExample = Shapes["QualityExample"];
export type FixInput = Shapes["FixInput"];
export type FixResult = Shapes["FixResult"];
export type StepAlias = Shapes["StepAliasShape"];
export type QualityLevel = QualityFinding["level"];
export type FieldDescriptions = Shapes["FieldDescriptions"];
export type FieldDescription = Shapes["FieldDescription"];

type Asking<Answer> = Pick<UseQueryOptions<Answer>, "enabled" | "refetchInterval">;

/** Asks again every so often while events keep changing. */
export const whileChanging = ({ state }: { state: { data?: { is_current: boolean } } }): number | false => (state.data?.is_current === false ? 10_000 : false);

/** What looks wrong in a dataset; asked again when its events change. */
export function useQuality(dataset: Dataset, asking: Asking<Quality> = {}) {
  return useQuery({
    queryKey: ["datasets", dataset.id, "quality", dataset.version],
    queryFn: ({ signal }) => api.get<Quality>(`/datasets/${dataset.id}/quality`, {}, signal),
    placeholderData: (former, asked) => (asked?.queryKey[1] === dataset.id ? former : undefined),
    ...asking,
  });
}

/** Other names of steps under which events come in; fixes leave them behind. */
export function useStepAliases(dataset: Dataset) {
  return useQuery({
    queryKey: ["datasets", dataset.id, "step-aliases"],
    queryFn: async ({ signal }) => (await api.get<Shapes["StepAliases"]>(`/datasets/${dataset.id}/step-aliases`, {}, signal)).items,
  });
}

const FIXABLE: readonly string[] = ["duplicates", "future_times", "similar_steps", "surrounding_blanks"] satisfies FixInput["kind"][];

/** The kind to fix, where a finding has something that can be fixed. */
export function fixableKind({ kind, fixable }: QualityFinding): FixInput["kind"] | null {
  return fixable > 0 && FIXABLE.includes(kind) ? (kind as FixInput["kind"]) : null;
}

/** What is in the fields of a dataset; asked again when its events change. */
export function useFieldDescriptions(dataset: Dataset) {
  return useQuery({
    queryKey: ["datasets", dataset.id, "fields", dataset.version],
    queryFn: ({ signal }) => api.get<FieldDescriptions>(`/datasets/${dataset.id}/fields`, {}, signal),
    refetchInterval: whileChanging,
  });
}

const BY_GRAVITY: QualityLevel[] = ["problem", "check", "good"];

/** Findings that found something, the gravest first, and the kinds that found nothing. */
export function sortedFindings(findings: readonly QualityFinding[]): { found: QualityFinding[]; nothing: QualityFinding[] } {
  const found = findings.filter(({ count }) => count > 0).sort((a, b) => BY_GRAVITY.indexOf(a.level) - BY_GRAVITY.indexOf(b.level));
  return { found, nothing: findings.filter(({ count }) => count === 0) };
}
