import type { TokenView } from "../../api/types";

export type Scope = TokenView["scopes"][number];

/** What each scope lets a token do, for people. */
export const SCOPES: readonly { id: Scope; says: string }[] = [
  { id: "read", says: "looks" },
  { id: "write", says: "also scans, captures, marks messages" },
  { id: "admin", says: "everything, also environments, users and tokens" },
  { id: "agent", says: "delivers what an agent sees, nothing else" },
];
