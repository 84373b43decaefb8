/** A diff as lines of a table: heads of groups, and a line for each field under them. Pure. */
import type { DiffView, LinkChange, ObjectDifference } from "../../api/types";
import { valued } from "../../state/words";

export const GROUPINGS = ["host", "kind", "second"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface Line {
  key: string;
  /** Of the group it is in; a head's own. */
  group: string;
  head: boolean;
  op: "added" | "removed" | "changed";
  id: string;
  name: string;
  kind: string;
  host: string;
  field: string;
  a: string;
  b: string;
  at: string;
  /** Of a head. */
  added: number;
  removed: number;
  changed: number;
  objects: number;
  links: number;
}

/** What an object is called and where it is, by its id. */
export type Known = (id: string) => { name: string; host: string };

const NONE = "No host";
const LINK = "link";

/** Lines in the order of their groups, an object's together; `kept` says what a filter leaves. */
export function linesOf(diff: DiffView, by: Grouping, closed: ReadonlySet<string>, kept: (line: Line) => boolean, known: Known): Line[] {
  const all = [...diff.objects.flatMap(ofObject), ...diff.links.filter((each) => each.type !== "ownership").map((each) => ofLink(each, known))].filter(kept);
  const groups = new Map<string, Line[]>();
  for (const line of all) {
    line.group = { host: line.host || NONE, kind: line.kind, second: line.at.slice(0, 19) }[by];
    const held = groups.get(line.group);
    if (held) held.push(line);
    else groups.set(line.group, [line]);
  }
  const names = [...groups.keys()].sort(by === "second" ? undefined : (one, other) => weight(groups.get(other)) - weight(groups.get(one)) || one.localeCompare(other));
  return names.flatMap((name) => {
    const lines = groups.get(name) ?? [];
    return closed.has(name) ? [headOf(name, lines)] : [headOf(name, lines), ...lines];
  });
}

function weight(lines: readonly Line[] = []): number {
  return lines.length;
}

function headOf(group: string, lines: readonly Line[]): Line {
  const objects = lines.filter((each) => each.kind !== LINK);
  const counted = objects.length ? objects : lines;
  const ids = (op: Line["op"]): number => new Set(counted.filter((each) => each.op === op).map((each) => each.id)).size;
  return {
    key: `group ${group}`, group, head: true, op: "changed", id: "", name: group, kind: "", host: lines[0]?.host ?? "", field: "", a: "", b: "", at: "",
    added: ids("added"), removed: ids("removed"), changed: ids("changed"), objects: new Set(objects.map((each) => each.id)).size, links: lines.length - objects.length,
  };
}

const EMPTY = { group: "", head: false, added: 0, removed: 0, changed: 0, objects: 0, links: 0 };

function ofObject(each: ObjectDifference): Line[] {
  const at = each.brought?.at(-1)?.at ?? "";
  const same = { ...EMPTY, op: each.op as Line["op"], id: each.id, name: each.name, kind: each.kind, host: each.host, at };
  if (each.op === "added") return [{ ...same, key: each.id, field: "", a: "absent", b: "there" }];
  if (each.op === "removed") return [{ ...same, key: each.id, field: "", a: "there", b: "absent" }];
  return (each.fields ?? []).map((field) => {
    const [a, b] = between(field.old, field.new);
    return { ...same, key: `${each.id} ${field.name}`, field: field.name, a, b };
  });
}

function ofLink(each: LinkChange, known: Known): Line {
  const added = each.op === "added";
  const [source, target] = [known(each.source), known(each.target)];
  const words = `${target.name}${target.host && target.host !== source.host ? ` on ${target.host}` : ""}`;
  return {
    ...EMPTY, op: added ? "added" : "removed", key: `${each.type} ${each.source} ${each.target}`, id: each.source, name: source.name, kind: LINK,
    host: source.host, field: each.type, a: added ? "absent" : words, b: added ? words : "absent", at: each.brought?.at(-1)?.at ?? "",
  };
}

/** Both sides of a change as text; of lists and tables only what differs, so that it is not lost among what does not. */
export function between(old: unknown, now: unknown): [string, string] {
  if (isTable(old) && isTable(now)) {
    const differing = Object.keys({ ...old, ...now }).filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name])).sort();
    const told = (side: Record<string, unknown>): string => differing.map((name) => `${name} ${valued(side[name]) || "none"}`).join(", ");
    return [told(old), told(now)];
  }
  if (!Array.isArray(old) || !Array.isArray(now)) return [valued(old) || "absent", valued(now) || "absent"];
  const [before, after] = [new Set(old.map((each) => JSON.stringify(each))), new Set(now.map((each) => JSON.stringify(each)))];
  const left = old.filter((each) => !after.has(JSON.stringify(each)));
  const came = now.filter((each) => !before.has(JSON.stringify(each)));
  if (!left.length && !came.length) return [`${old.length} in one order`, `${now.length} in another`];
  const listed = (values: readonly unknown[], otherwise: string): string => (values.length ? values.map(valued).join("; ") : otherwise);
  return [listed(left, old.length ? "without these" : "none"), listed(came, now.length ? "without these" : "none")];
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What else came about within ten seconds of a change, cause first. */
export function around(diff: DiffView, id: string): { id: string; name: string; op: string; by: number; own: boolean }[] {
  const mine = diff.objects.find((each) => each.id === id)?.brought?.at(-1);
  if (!mine) return [];
  const zero = Date.parse(mine.at);
  const found = diff.objects.flatMap((each) => {
    const near = (each.brought ?? []).filter((cause) => Math.abs(Date.parse(cause.at) - zero) <= 10_000).at(-1);
    return near ? [{ id: each.id, name: each.name, op: each.op, by: Date.parse(near.at) - zero, own: each.id === id, revision: near.revision }] : [];
  });
  return found.sort((one, other) => one.revision - other.revision);
}

export interface Bin {
  added: number;
  changed: number;
  removed: number;
}

/** How the changes of a diff spread over equal parts of time, by what last brought each. */
export function spread(diff: DiffView, from: number, to: number, bins: number): Bin[] {
  const found: Bin[] = Array.from({ length: bins }, () => ({ added: 0, changed: 0, removed: 0 }));
  for (const each of diff.objects) {
    const at = Date.parse(each.brought?.at(-1)?.at ?? "");
    const bin = found[Math.floor(((at - from) / (to - from)) * bins)];
    if (bin) bin[each.op as keyof Bin]++;
  }
  return found;
}
