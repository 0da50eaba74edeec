import { expect, it } from "vitest";
import type { User } from "@/api/types";
import { lockOf } from "./rights";

const user = (id: string, role: User["role"], is_superuser = false) => ({ id, role, is_superuser }) as User;
const [first, admin, other, analyst] = [user("1", "admin", true), user("2", "admin"), user("3", "admin"), user("4", "analyst")];

it.each([
  [first, first, "self"],
  [admin, first, null],
  [analyst, first, null],
  [first, admin, "superuser"],
  [other, admin, "admin"],
  [admin, admin, "self"],
  [analyst, admin, null],
])("knows who may change whom", (account, me, lock) => {
  expect(lockOf(account, me)).toBe(lock);
});
