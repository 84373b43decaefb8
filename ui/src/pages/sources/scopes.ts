/** Scopes in the order an operator reads them. Pure. */
import type { ScopeView } from "../../api/types";
import type { Severity } from "../../live/severity";

/** What a scope's last look means. */
export function stateOf(scope: ScopeView): Severity {
  if (scope.stale && scope.status !== "completed") return scope.status === "failed" ? "error" : "stale";
  if (scope.stale) return "stale";
  return scope.status === "completed" ? "ok" : scope.status === "failed" ? "error" : "warn";
}

const ORDER: Readonly<Record<Severity, number>> = { error: 0, warn: 1, stale: 2, unknown: 3, ok: 4 };

/** Those that fit a filter, worst first. */
export function ordered(scopes: readonly ScopeView[], filter: string): ScopeView[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return scopes
    .filter((each) => words.every((word) => each.scope.toLowerCase().includes(word)))
    .sort((one, other) => ORDER[stateOf(one)] - ORDER[stateOf(other)] || one.scope.localeCompare(other.scope));
}
