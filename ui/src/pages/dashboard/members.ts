/** What belongs to what an overview is of. Pure. */
import type { Picture, Thing } from "../../live/picture";
import { severityOf, type Severity } from "../../live/severity";

/** Zone or aggregate → names of its hosts: an attribute of theirs, no link. */
export type HostsOf = ReadonlyMap<string, readonly string[]>;

const NOWHERE: HostsOf = new Map();

/** Everything within an object: what it contains, what lies on its hosts, or in its project or zone. All without one. */
export function members(picture: Picture, id: string, hostsOf: HostsOf = NOWHERE): Thing[] {
  const of = picture.things.get(id);
  if (!of) return id ? [] : [...picture.things.values()];
  const inside = new Set([id]);
  const hosts = new Set(of.kind === "host" ? [of.name] : (hostsOf.get(id) ?? []));
  if (of.kind === "region") for (const [place, some] of hostsOf) if (place.startsWith(`${id}/`)) some.forEach((host) => hosts.add(host));
  const known = new Map<string, boolean>();
  const within = (thing: Thing, depth = 0): boolean => {
    const before = known.get(thing.id);
    if (before !== undefined) return before;
    if (inside.has(thing.id) || hosts.has(thing.host) || (of.kind === "project" && belongs(thing.project, of)) || (of.kind === "availability_zone" && belongs(thing.zone, of))) {
      known.set(thing.id, true);
      return true;
    }
    const parent = depth < 64 ? picture.things.get(thing.parent) : undefined;
    const found = parent !== undefined && within(parent, depth + 1);
    known.set(thing.id, found);
    return found;
  };
  return [...picture.things.values()].filter((thing) => thing.id !== id && within(thing));
}

function belongs(said: string, of: Thing): boolean {
  return said !== "" && (said === of.name || said === of.id || of.id.endsWith(`:${said}`));
}

export interface Group {
  kind: string;
  things: Thing[];
  counts: Partial<Record<Severity, number>>;
}

/** By kind, most first. */
export function byKind(things: readonly Thing[], stale: ReadonlySet<string>): Group[] {
  const groups = new Map<string, Group>();
  for (const thing of things) {
    const group = groups.get(thing.kind) ?? { kind: thing.kind, things: [], counts: {} };
    const severity = severityOf(thing, stale);
    group.things.push(thing);
    group.counts[severity] = (group.counts[severity] ?? 0) + 1;
    groups.set(thing.kind, group);
  }
  return [...groups.values()].sort((one, other) => other.things.length - one.things.length || one.kind.localeCompare(other.kind));
}

const OVERVIEWS = ["region", "availability_zone", "aggregate", "project", "host"] as const;

/** What within it has an overview of its own, by kind. */
export function places(things: readonly Thing[]): Map<string, Thing[]> {
  const found = new Map<string, Thing[]>();
  for (const kind of OVERVIEWS) {
    const some = things.filter((thing) => thing.kind === kind).sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
    if (some.length) found.set(kind, some);
  }
  return found;
}

export function hasOverview(kind: string | undefined): boolean {
  return (OVERVIEWS as readonly string[]).includes(kind ?? "");
}
