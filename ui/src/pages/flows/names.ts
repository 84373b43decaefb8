import { WORKLOADS } from "../../live/kinds";
import { picture } from "../../live/store";

/** Whose end it is: what a NIC belongs to, unless that is a host. */
export function nameOf(id: string | undefined): string {
  const thing = picture.value?.things.get(id ?? "");
  const owner = thing && thing.parent !== thing.host ? picture.value?.things.get(thing.parent) : undefined;
  return owner?.name ?? thing?.name ?? "";
}

/** Where it is captured: the NIC, and what it is in. */
export function pointOf(id: string | undefined): string {
  const thing = picture.value?.things.get(id ?? "");
  if (!thing) return id ?? "";
  const owner = nameOf(id);
  return owner === thing.name ? thing.name : `${owner} ${thing.name}`;
}

/** The same in a table of all hosts, where every host has an eth0: with the host, where it is not in a workload. */
export function seenAt(id: string | undefined): string {
  const thing = picture.value?.things.get(id ?? "");
  const point = pointOf(id);
  return thing && point === thing.name && thing.host && thing.host !== thing.name ? `${thing.host} ${point}` : point;
}

/** The workload that an end belongs to, which has a clique; "" for none. */
export function workloadOf(id: string | undefined): string {
  for (let thing = picture.value?.things.get(id ?? ""); thing && thing.id !== thing.host; thing = picture.value?.things.get(thing.parent)) {
    if (WORKLOADS.has(thing.kind)) return thing.id;
  }
  return "";
}
