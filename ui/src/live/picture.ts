import type { Map as MapAnswer } from "../api/types";

/** An object as pictures, trees and lists need it. */
export interface Thing {
  id: string;
  name: string;
  kind: string;
  type: string;
  host: string;
  parent: string;
  state: string;
  note: string;
  project: string;
  zone: string;
  networks: readonly string[] | null;
}

export interface Tie {
  type: string;
  source: string;
  target: string;
}

interface Field {
  name: string;
  new?: unknown;
}

/** One change as the live feed tells it. */
export interface Change {
  object?: {
    op: string; id: string; kind: string; host: string; name: string;
    type?: string; attributes?: Record<string, unknown>; fields?: Field[];
  };
  link?: { op: string; type: string; source: string; target: string };
}

/** Everything of an environment at one revision. Changed in place: whoever shows it looks at the store's version. */
export class Picture {
  readonly things = new Map<string, Thing>();
  readonly ties = new Map<string, Tie>();
  revision = 0;
  asOf = "";
  stale: readonly string[] = [];
  /** Rises when somebody comes, goes or moves: what only changed how it is does not move anything. */
  shape = 0;
  readonly #restyled = new Set<string>();

  static of(answer: MapAnswer): Picture {
    const made = new Picture();
    const ids = answer.objects.map((row) => row[0]);
    for (const [id, name, kind, type, host, parent, state, note, project, zone, networks] of answer.objects) {
      const inside = parent >= 0 ? (ids[parent] ?? "") : "";
      const known = networks === null ? null : networks.map((place) => ids[place] ?? "").filter(Boolean);
      made.things.set(id, { id, name, kind, type, host, parent: inside, state, note, project, zone, networks: known });
    }
    for (const [type, source, target] of answer.links) {
      made.tie(answer.link_types[type] ?? "", ids[source] ?? "", ids[target] ?? "");
    }
    made.revision = answer.freshness.revision;
    made.asOf = answer.freshness.as_of;
    made.stale = answer.freshness.stale ?? [];
    return made;
  }

  tie(type: string, source: string, target: string): void {
    this.ties.set(`${type}\n${source}\n${target}`, { type, source, target });
  }

  /** Ids of those whose state or note changed since this was asked last. */
  restyled(): string[] {
    const found = [...this.#restyled];
    this.#restyled.clear();
    return found;
  }

  /** Take changes over. Returns the ids they touched. */
  apply(changes: readonly Change[]): string[] {
    const touched: string[] = [];
    for (const { object, link } of changes) {
      if (object) {
        this.#object(object);
        touched.push(object.id);
      }
      if (link) {
        this.#link(link);
        touched.push(link.source, link.target);
      }
    }
    return touched;
  }

  #object(said: NonNullable<Change["object"]>): void {
    if (said.op === "removed") {
      if (this.things.delete(said.id)) this.shape++;
      return;
    }
    const known = this.things.get(said.id);
    if (said.op === "added" || !known) {
      this.things.set(said.id, added(said, known?.parent ?? ""));
      this.shape++;
      return;
    }
    const next = { ...known, kind: said.kind, host: said.host, name: said.name };
    for (const field of said.fields ?? []) change(next, field);
    const differing = FIELDS.filter((field) => next[field] !== known[field]);
    if (!differing.length) return;
    this.things.set(said.id, next);
    if (differing.every((field) => LOOKS.has(field))) this.#restyled.add(said.id);
    else this.shape++;
  }

  #link(said: NonNullable<Change["link"]>): void {
    this.shape++;
    if (said.type === "ownership") {
      const owned = this.things.get(said.target);
      if (said.op === "added" && owned) this.things.set(said.target, { ...owned, parent: said.source });
      return;
    }
    if (said.op === "added") this.tie(said.type, said.source, said.target);
    else this.ties.delete(`${said.type}\n${said.source}\n${said.target}`);
  }
}

const FIELDS = ["name", "kind", "type", "host", "parent", "state", "note", "project", "zone", "networks"] as const;
const LOOKS: ReadonlySet<string> = new Set(["state", "note"]);

function added(said: NonNullable<Change["object"]>, parent: string): Thing {
  const attributes = said.attributes ?? {};
  const text = (name: string): string => (typeof attributes[name] === "string" ? (attributes[name] as string) : "");
  return {
    id: said.id, name: said.name, kind: said.kind, type: said.type ?? "", host: said.host, parent: text("parent") || parent,
    state: text("state"), note: noteOf(attributes), project: text("project"), zone: text("availability_zone"), networks: null,
  };
}

const TEXTS: Readonly<Record<string, keyof Thing>> = {
  state: "state", type: "type", parent: "parent", project: "project", availability_zone: "zone",
};
const NOTES = new Set(["ips", "ip", "addresses", "local_ip", "tag"]);

function change(thing: Thing, field: Field): void {
  const name = TEXTS[field.name];
  if (name) (thing[name] as string) = typeof field.new === "string" ? field.new : "";
  if (field.name === "networks") thing.networks = Array.isArray(field.new) ? (field.new as string[]) : null;
  if (NOTES.has(field.name)) thing.note = noteOf({ [field.name]: field.new }) || thing.note;
}

/** The fact beside a name: as `operations/picture.py` chooses it. */
export function noteOf(attributes: Record<string, unknown>): string {
  for (const name of ["ips", "fixed_ips", "addresses"]) {
    const value = attributes[name];
    const found = Array.isArray(value) ? value.find((each) => typeof each === "string" && !/^(fe80:|127\.|::1)/.test(each)) : null;
    if (found) return found as string;
  }
  for (const name of ["ip", "local_ip", "remote_ip"]) if (typeof attributes[name] === "string") return attributes[name] as string;
  return typeof attributes["tag"] === "number" ? `tag ${attributes["tag"]}` : "";
}
