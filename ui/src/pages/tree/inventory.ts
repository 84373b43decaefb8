/** The inventory as a tree: environment, zones, hosts, kinds, objects. Pure. */
import type { Model } from "../../api/types";
import { glyphOf, labelOf, layerOf } from "../../live/kinds";
import type { Picture, Thing } from "../../live/picture";
import { severityOf, WORDS, worse, type Severity } from "../../live/severity";
import type { Branch } from "../../parts/Tree";

const natural = new Intl.Collator("en", { numeric: true });
const SILENT = new Set(["openflow_rule", "openflow_group"]);

/** Everything of an environment, hosts first; a filter keeps what holds it and all above. */
export function inventoryOf(picture: Picture, name: string, model: Model | null, stale: ReadonlySet<string>, filter: string): Branch {
  const children = new Map<string, Thing[]>();
  for (const thing of picture.things.values()) {
    const parent = picture.things.has(thing.parent) && thing.parent !== thing.id ? thing.parent : "";
    const held = children.get(parent);
    if (held) held.push(thing);
    else children.set(parent, [thing]);
  }
  const maker = new Maker(children, model, stale, filter.trim().toLowerCase());
  const tops = children.get("") ?? [];
  const hosts = tops.filter((each) => each.kind === "host");
  const zones = [...new Set(hosts.map((each) => each.zone).filter(Boolean))].sort(natural.compare);
  const zoned = zones.map((zone) => maker.zone(zone, hosts.filter((each) => each.zone === zone)));
  const bare = maker.all(hosts.filter((each) => !each.zone), 1);
  const others = maker.kinds(tops.filter((each) => each.kind !== "host"), 1, "");
  return group(`environment:${name}`, 0, "environment", name, [...zoned, ...bare, ...others].filter(present), "Environment");
}

function present(branch: Branch | null): branch is Branch {
  return branch !== null;
}

function group(id: string, level: number, glyph: string, name: string, children: Branch[], says: string): Branch {
  const severity = children.reduce<Severity>((worst, child) => worse(worst, child.severity), "ok");
  return { id, level, glyph, name, mono: false, says: `${says}, ${WORDS[severity]}, ${children.length} within`, note: "", severity, count: children.length, selectable: false, children };
}

class Maker {
  constructor(
    private readonly children: ReadonlyMap<string, readonly Thing[]>,
    private readonly model: Model | null,
    private readonly stale: ReadonlySet<string>,
    private readonly filter: string,
  ) {}

  zone(name: string, hosts: readonly Thing[]): Branch | null {
    const inside = this.all(hosts, 2);
    return inside.length ? group(`#zone:${name}`, 1, "zone", name, inside, "Availability zone") : null;
  }

  all(things: readonly Thing[], level: number): Branch[] {
    return [...things].sort((a, b) => natural.compare(a.name, b.name) || natural.compare(a.id, b.id)).map((each) => this.one(each, level)).filter(present);
  }

  one(thing: Thing, level: number): Branch | null {
    const inside = this.kinds(this.children.get(thing.id) ?? [], level + 1, thing.id);
    const matches = !this.filter || thing.name.toLowerCase().includes(this.filter) || thing.note.includes(this.filter) || thing.id.toLowerCase().includes(this.filter);
    if (!matches && !inside.length) return null;
    const own = severityOf(thing, thing.kind === "host" ? this.stale : new Set());
    const severity = inside.reduce<Severity>((worst, child) => worse(worst, child.severity), own);
    return {
      id: thing.id, level, glyph: glyphOf(thing), name: thing.name, mono: true, says: `${labelOf(this.model, thing.kind)}, ${WORDS[severity]}`, note: thing.note,
      severity, count: inside.reduce((sum, each) => sum + (each.selectable ? 1 : each.count), 0), selectable: true, children: inside,
    };
  }

  /** What something holds, by kind in the order of layers; a single one needs no heading. */
  kinds(things: readonly Thing[], level: number, parent: string): Branch[] {
    const byKind = new Map<string, Thing[]>();
    for (const each of things) {
      if (SILENT.has(each.kind)) continue;
      const held = byKind.get(each.kind);
      if (held) held.push(each);
      else byKind.set(each.kind, [each]);
    }
    const order = [...byKind.keys()].sort((a, b) => layerOf(this.model, a) - layerOf(this.model, b) || natural.compare(a, b));
    return order.flatMap((kind) => {
      const held = byKind.get(kind) as Thing[];
      if (held.length === 1) return this.all(held, level);
      const inside = this.all(held, level + 1);
      if (!inside.length) return [];
      return [group(`${parent}#${kind}`, level, glyphOf({ kind, note: "" }), labelOf(this.model, kind, true), inside, "Group")];
    });
  }
}

/** Ids of all branches above one, so that it can be shown. */
export function above(root: Branch, id: string): string[] {
  const search = (branch: Branch, trail: string[]): string[] | null => {
    if (branch.id === id) return trail;
    for (const child of branch.children) {
      const found = search(child, [...trail, branch.id]);
      if (found) return found;
    }
    return null;
  };
  return search(root, []) ?? [];
}
