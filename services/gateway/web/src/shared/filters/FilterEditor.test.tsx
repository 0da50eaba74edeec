import { screen } from "@testing-library/react";
import { beforeAll, expect, it, vi } from "vitest";
import { datasetsQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import FilterEditor from "./FilterEditor";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("filters");
});

it.each([true, false])("offers conditions on journeys to who may analyse (%s)", async (mayAnalyse) => {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [{ id: "d1", name: "Web shop", case: "customer", fields: ["device_os"], access: { can_analyse: mayAnalyse } }] as never);
  showAt("/?dataset=d1", <FilterEditor term={null} onApply={() => undefined} />, client);
  await screen.findByRole("button", { name: "Operating system" });
  expect(screen.queryByText("Goes through a step") !== null).toBe(mayAnalyse);
});
