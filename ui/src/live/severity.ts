import type { Thing } from "./picture";

/** How bad, worst last: what a closed group shows of all within it. Stale never hides an error. */
export const SEVERITIES = ["ok", "stale", "unknown", "warn", "error"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const WORDS: Readonly<Record<Severity, string>> = {
  ok: "healthy", stale: "stale", unknown: "unknown", warn: "warning", error: "error",
};

const CARRIES = new Set(["vnic", "vconnector", "vedge", "ovs_bridge", "otep", "host_pnic", "bond", "switch_pnic", "switch", "instance", "container", "pod", "vservice"]);

/** What an object's state means. A device without a role may well be down: only what carries traffic is an error then. */
export function severityOf(thing: Thing, stale: ReadonlySet<string>): Severity {
  if (thing.state === "down" && CARRIES.has(thing.kind)) return "error";
  if (thing.state === "unknown") return "unknown";
  return stale.has(thing.host) ? "stale" : "ok";
}

export function worse(one: Severity, other: Severity): Severity {
  return SEVERITIES.indexOf(one) >= SEVERITIES.indexOf(other) ? one : other;
}
