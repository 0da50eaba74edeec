// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const source = new URL("../", import.meta.url);
const files = readdirSync(source, { recursive: true, encoding: "utf8" });
const known = new Map<string, string>();
for (const file of files.filter((name) => name.endsWith(".en.json"))) {
  const messages = JSON.parse(readFileSync(new URL(file, source), "utf8")) as Record<string, string>;
  for (const id of Object.keys(messages)) known.set(id, file);
}
const code = files.filter((name) => /\.tsx?$/.test(name) && !name.includes(".test.")).map((name) => ({ name, text: readFileSync(new URL(name, source), "utf8") }));

it("has a message for every id written in the code", () => {
  const missing = code.flatMap(({ name, text }) =>
    [...text.matchAll(/(?:\bt\(\s*|<T\s+id=|textId=)"([a-z_]+\.[\w./-]+)"/g)].map((match) => match[1] ?? "").filter((id) => !known.has(id)).map((id) => `${name}: ${id}`),
  );
  expect(missing).toEqual([]);
});

it("keeps each feature's messages under its own name", () => {
  const astray = [...known].filter(([id, file]) => file !== `messages/${id.split(".")[0]}.en.json`);
  expect(astray).toEqual([]);
});

it("has no message that no code can ask for", () => {
  const all = code.map(({ text }) => text).join("\n");
  const starts = [...all.matchAll(/[`"]([a-z_]+\.[\w./-]*?)(?:\$\{|["`])/g)].map((match) => match[1] ?? "").filter((start) => start.includes("."));
  const exact = new Set(starts);
  const open = [...new Set([...all.matchAll(/[`]([a-z_]+\.[\w./-]*)\$\{/g)].map((match) => match[1] ?? ""))];
  const unused = [...known.keys()].filter((id) => !exact.has(id) && !open.some((start) => id.startsWith(start)));
  expect(unused).toEqual([]);
});
