import type { CreateUser } from "../../api/types";

export type Role = NonNullable<CreateUser["role"]>;

/** What each role may, for people. */
export const ROLES: readonly { id: Role; says: string }[] = [
  { id: "viewer", says: "looks" },
  { id: "operator", says: "also scans, captures, sends packets, marks messages" },
  { id: "admin", says: "everything, also environments, users and tokens" },
];

/** Characters of a password at least; the server decides. */
export const SHORTEST = 12;

/** Why a new password will not do, as far as that is seen here; "" when nothing speaks against it. */
export function unfit(fresh: string, again: string): string {
  if (fresh && fresh.length < SHORTEST) return `${SHORTEST} characters or more; a few words are easy to keep in mind.`;
  return again && fresh !== again ? "The two are not the same." : "";
}
