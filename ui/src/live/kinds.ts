import type { Model } from "../api/types";
import type { Thing } from "./picture";

const GLYPHS = new Set([
  "environment", "region", "zone", "project", "host", "netns", "namespace", "instance", "container", "pod", "service", "vnic",
  "port", "host_pnic", "switch_pnic", "bond", "vconnector", "vedge", "ovs_bridge", "ovs_port", "switch", "otep", "network",
  "subnet", "segment", "security_group", "policy", "agent", "device",
]);
const OTHER: Readonly<Record<string, string>> = {
  availability_zone: "zone", aggregate: "zone", vservice: "service", router: "vservice-router", network_agent: "agent",
  monitoring_agent: "agent", floating_ip: "port", trunk: "port", openflow_rule: "policy", openflow_group: "policy",
};
const SERVICES: Readonly<Record<string, string>> = {
  router: "vservice-router", dhcp: "vservice-dhcp", lb: "vservice-lb", loadbalancer: "vservice-lb", load_balancer: "vservice-lb", firewall: "vservice-fw",
};
/** What has a clique of its own and talks to others. */
export const WORKLOADS: ReadonlySet<string> = new Set(["instance", "container", "pod", "vservice"]);
const PHYSICAL = new Set(["host_pnic", "bond", "switch", "switch_pnic", "host", "disk", "partition", "osd"]);

/** The glyph of a kind; services differ by what they serve. */
export function glyphOf(thing: Pick<Thing, "kind" | "note">): string {
  if (thing.kind === "vservice") return SERVICES[thing.note] ?? "service";
  return OTHER[thing.kind] ?? (GLYPHS.has(thing.kind) ? thing.kind : "device");
}

/** The ink of a kind: what users own, what the host makes, what one can touch. */
export function inkOf(kind: string): "kind-workload" | "kind-virtual" | "kind-physical" {
  if (WORKLOADS.has(kind) || kind === "project") return "kind-workload";
  return PHYSICAL.has(kind) ? "kind-physical" : "kind-virtual";
}

export function labelOf(model: Model | null, kind: string, many = false): string {
  const known = model?.kinds.find((each) => each.name === kind);
  if (!known) return kind.replace(/_/g, " ");
  return many ? known.plural : known.label;
}

/** Place in the order of layers, workload first; what is in no layer comes last. */
export function layerOf(model: Model | null, kind: string): number {
  const layer = model?.kinds.find((each) => each.name === kind)?.layer ?? -1;
  return layer < 0 ? 99 : layer;
}
