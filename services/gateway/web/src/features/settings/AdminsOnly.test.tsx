import { screen } from "@testing-library/react";
import { beforeAll, expect, it, vi } from "vitest";
import { meQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { AdminsOnly } from "./AdminsOnly";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("settings");
});

const person = (username: string, role: string, is_disabled = false) => ({ id: username, username, role, is_disabled });

it.each([
  [[person("Zoe", "admin"), person("Linh", "admin"), person("Ada", "admin", true), person("Bo", "analyst")], "Ask Linh for access, or for what you need from here."],
  [[], "Ask an administrator for access, or for what you need from here."],
])("names an administrator to whoever is none", async (people, sentence) => {
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: person("Bo", "analyst") } as never);
  client.setQueryData(["users"], people);
  showAt("/", <AdminsOnly>{"for administrators"}</AdminsOnly>, client);
  expect(await screen.findByText(sentence)).toBeTruthy();
  expect(screen.queryByText("for administrators")).toBeNull();
});
