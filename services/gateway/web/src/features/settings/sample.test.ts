import { expect, it } from "vitest";
import { curlSample } from "./sample";

it("writes a command that a shell takes as it is", () => {
  expect(curlSample("https://cjm.example", "d-1", "cjm_abc", new Date("2026-11-20T04:50:08.727Z")).split("\n")).toEqual([
    "curl -X POST https://cjm.example/api/v1/datasets/d-1/events \\",
    '  -H "Authorization: Bearer cjm_abc" \\',
    '  -H "Content-Type: application/json" \\',
    `  -d '{"customer_id":"c-1042","action_type":"purchase","time":"2026-11-20T04:50:08.727Z"}'`,
  ]);
});
