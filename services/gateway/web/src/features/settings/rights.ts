import type { User } from "@/api/types";

/** Why an account cannot be changed by the signed-in administrator; null when it can. The server decides the same. */
export function lockOf(account: User, me: User): "self" | "superuser" | "admin" | null {
  if (account.id === me.id) return "self";
  if (account.is_superuser) return "superuser";
  if (account.role === "admin" && !me.is_superuser) return "admin";
  return null;
}
