/** What a map holds, as nested boxes: who is inside whom, for each way to group. Pure. */
import type { Picture, Thing } from "../../live/picture";
import { severityOf, worse, type Severity } from "../../live/severity";

export type Grouping = "host" | "project" | "network" | "rack";
export const GROUPINGS: readonly Grouping[] = ["host", "project", "network", "rack"];

/** plate: holds boxes and may be closed. tile: an object. chip: a small one, on an edge or within a tile. */
export type Shape = "plate" | "tile" | "chip";

export interface Box {
  id: string;
  kind: string;
  name: string;
  note: string;
  shape: Shape;
  /** Which row of its parent it belongs to: wire is down, workloads are up. */
  band: number;
  children: Box[];
  thing: Thing | null;
  severity: Severity;
  /** Workloads within, for counts and for one square each. */
  workloads: number;
  ports: number;
  cut: number;
  /** Objects that have no box of their own and stand behind this one. */
  folded: number;
}

export interface Boxes {
  root: Box;
  byId: Map<string, Box>;
  parent: Map<string, string>;
  /** Object → the box that stands for it. */
  home: Map<string, string>;
}

const WORKLOADS = new Set(["instance", "container", "pod"]);
const BANDS: Readonly<Record<string, number>> = {
  instance: 0, container: 0, pod: 0, vservice: 1, netns: 1, vnic: 2, vconnector: 3, vedge: 4, ovs_bridge: 4, otep: 5,
  bond: 6, host_pnic: 6, device: 7,
};
const SILENT = new Set(["openflow_rule", "openflow_group", "segment", "subnet", "port", "disk", "partition", "osd"]);
/** Within a stale host nothing is marked once more. */
const FRESH: ReadonlySet<string> = new Set();
const FABRIC = new Set(["switch"]);
const PORT_TOP = 0;
const PORT_BOTTOM = 1;
const DOWNWARD = new Set(["patch", "vxlan", "geneve", "gre", "stt"]);

/** The boxes of a picture. `name`: of the environment. */
export function boxesOf(picture: Picture, name: string, by: Grouping, stale: ReadonlySet<string>): Boxes {
  const made = new Maker(picture, stale);
  const root = made.box(`environment:${name}`, "environment", name, "plate", 0);
  const homes = made.folding();
  const inside = containment(picture, homes, made.enslaved);
  const places = placesOf(picture, by);
  for (const thing of sorted(inside.get("") ?? [])) {
    const group = made.group(root, thing, places, by);
    made.fill(group, thing, inside);
  }
  if (by === "project" || by === "network") made.regroup(root, by);
  made.settle(root);
  return made.done(root, homes);
}

/** Parent → what it holds; what is folded is left out. */
function containment(picture: Picture, homes: Map<string, string>, enslaved: Map<string, string>): Map<string, Thing[]> {
  const inside = new Map<string, Thing[]>();
  for (const thing of picture.things.values()) {
    if (homes.has(thing.id)) continue;
    const parent = ownerOf(picture, thing, enslaved);
    const held = inside.get(parent);
    if (held) held.push(thing);
    else inside.set(parent, [thing]);
  }
  return inside;
}

/** What a thing is drawn within: its owner, else the host it is on. "" for none that is there. */
function ownerOf(picture: Picture, thing: Thing, enslaved: Map<string, string>): string {
  const owner = enslaved.get(thing.id) ?? thing.parent;
  if (owner !== thing.id && picture.things.has(owner)) return owner;
  return thing.host !== thing.id && picture.things.get(thing.host)?.kind === "host" ? thing.host : "";
}

/** Host → the switch its cables lead to, for racks. */
function placesOf(picture: Picture, by: Grouping): Map<string, string> {
  const places = new Map<string, string>();
  if (by !== "rack" && by !== "host") return places;
  for (const tie of picture.ties.values()) {
    const ends = [picture.things.get(tie.source), picture.things.get(tie.target)];
    const port = ends.find((each) => each?.kind === "switch_pnic");
    const nic = ends.find((each) => each?.kind === "host_pnic");
    if (port && nic && !places.has(nic.host)) places.set(nic.host, port.parent);
  }
  return places;
}

const natural = new Intl.Collator("en", { numeric: true });
export function byName(one: { name: string; id: string }, other: { name: string; id: string }): number {
  return natural.compare(one.name, other.name) || natural.compare(one.id, other.id);
}

function sorted(things: Thing[]): Thing[] {
  return [...things].sort(byName);
}

class Maker {
  readonly byId = new Map<string, Box>();
  readonly parent = new Map<string, string>();
  /** Device → the Linux bridge or bond it is a port of: drawn within it. */
  readonly enslaved = new Map<string, string>();
  readonly #portOf = new Map<string, Thing>();
  readonly #downward = new Set<string>();

  constructor(
    private readonly picture: Picture,
    private readonly stale: ReadonlySet<string>,
  ) {
    for (const tie of picture.ties.values()) {
      if (tie.type === "layer2.master" && picture.things.get(tie.target)?.kind === "device") this.enslaved.set(tie.target, tie.source);
      if (tie.type !== "layer2.ovs") continue;
      const port = picture.things.get(tie.source);
      const plugged = picture.things.get(tie.target);
      if (port?.kind !== "ovs_port" || !plugged) continue;
      this.#portOf.set(plugged.id, port);
      if (DOWNWARD.has(plugged.type) || plugged.kind === "host_pnic") this.#downward.add(port.id);
    }
  }

  box(id: string, kind: string, name: string, shape: Shape, band: number, thing: Thing | null = null): Box {
    const made: Box = {
      id, kind, name, note: "", shape, band, children: [], thing, severity: "ok", workloads: 0, ports: 0, cut: 0, folded: 0,
    };
    this.byId.set(id, made);
    return made;
  }

  put(inside: Box, made: Box): Box {
    inside.children.push(made);
    this.parent.set(made.id, inside.id);
    return made;
  }

  /** Objects without a box of their own → the object whose box stands for them. */
  folding(): Map<string, string> {
    const homes = new Map<string, string>();
    for (const thing of this.picture.things.values()) {
      const port = this.#portOf.get(thing.id);
      if (thing.kind === "device" && port) homes.set(thing.id, port.id);
      else if ((SILENT.has(thing.kind) || thing.type === "loopback") && this.picture.things.has(thing.parent)) homes.set(thing.id, thing.parent);
    }
    return homes;
  }

  /** The plate something at the top belongs on. */
  group(root: Box, thing: Thing, places: Map<string, string>, by: Grouping): Box {
    if (FABRIC.has(thing.kind)) return this.plate(root, "#fabric", "switch", "Fabric", 0);
    if (thing.kind !== "host") return this.plate(root, `#${thing.kind}`, thing.kind, "", 3);
    const zone = thing.zone && by === "host" ? this.plate(root, `#zone:${thing.zone}`, "availability_zone", thing.zone, 1) : root;
    const rack = by === "rack" ? places.get(thing.id) : undefined;
    if (by !== "rack") return zone;
    const name = rack ? (this.picture.things.get(rack)?.name ?? rack) : "no switch known";
    return this.plate(zone, `#rack:${rack ?? ""}`, "switch", name, 1);
  }

  plate(inside: Box, id: string, kind: string, name: string, band: number): Box {
    return this.byId.get(id) ?? this.put(inside, this.box(id, kind, name, "plate", band));
  }

  fill(into: Box, thing: Thing, inside: Map<string, Thing[]>): Box {
    const host = thing.kind === "host";
    const made = this.put(into, this.box(thing.id, thing.kind, thing.name, shapeOf(thing), this.#band(thing, into), thing));
    if (host) made.band = 2;
    for (const child of sorted(inside.get(thing.id) ?? [])) {
      const group = child.kind === "device" && host ? this.plate(made, `${thing.id}#device`, "device", "", 7) : made;
      this.fill(group, child, inside);
    }
    return made;
  }

  #band(thing: Thing, into: Box): number {
    if (into.kind === "ovs_bridge") return this.#downward.has(thing.id) ? PORT_BOTTOM : PORT_TOP;
    return BANDS[thing.kind] ?? 7;
  }

  /** Workloads by who owns them or which network they are on, beside the hosts. */
  regroup(root: Box, by: "project" | "network"): void {
    for (const box of [...this.byId.values()]) {
      if (!box.thing || !(WORKLOADS.has(box.kind) || box.kind === "vservice")) continue;
      const name = by === "project" ? box.thing.project : this.#networkOf(box);
      const old = this.byId.get(this.parent.get(box.id) ?? "");
      if (old) old.children = old.children.filter((each) => each !== box);
      const group = this.plate(root, `#${by}:${name}`, by, name || `no ${by} known`, 1);
      box.band = 0;
      this.put(group, box);
    }
  }

  #networkOf(box: Box): string {
    for (const child of box.children) {
      const first = child.thing?.networks?.[0];
      if (first) return this.picture.things.get(first)?.name ?? first;
    }
    return "";
  }

  settle(box: Box): void {
    if (!box.thing) box.children.sort(byName);
    for (const child of box.children) this.settle(child);
    tally(box, this.stale);
  }

  done(root: Box, homes: Map<string, string>): Boxes {
    const home = new Map<string, string>();
    for (const thing of this.picture.things.values()) {
      let id = thing.id;
      for (let step = 0; step < 8 && !this.byId.has(id); step++) {
        id = homes.get(id) ?? this.picture.things.get(id)?.parent ?? "";
        if (!id) break;
      }
      if (!this.byId.has(id)) continue;
      home.set(thing.id, id);
      if (id !== thing.id) (this.byId.get(id) as Box).folded++;
    }
    return { root, byId: this.byId, parent: this.parent, home };
  }
}

/** Counts and the worst state rise to every box around: from the boxes within, which are settled. */
function tally(box: Box, stale: ReadonlySet<string>): void {
  box.note = box.thing?.note ?? "";
  box.severity = box.thing ? severityOf(box.thing, box.kind === "host" ? stale : FRESH) : "ok";
  box.workloads = box.ports = box.cut = 0;
  for (const child of box.children) {
    box.severity = worse(box.severity, child.severity);
    box.workloads += child.workloads + (WORKLOADS.has(child.kind) && child.thing ? 1 : 0);
    box.ports += child.ports + (child.kind === "vnic" || child.kind === "ovs_port" ? 1 : 0);
    box.cut += child.cut + (WORKLOADS.has(child.kind) && child.severity === "error" ? 1 : 0);
  }
  if (!box.note && WORKLOADS.has(box.kind)) box.note = box.children.find((each) => each.kind === "vnic" && each.note)?.note ?? "";
}

/** Takes over how things are that stay where they are: as if all boxes were made anew, at the cost of those around. */
export function restyle(boxes: Boxes, picture: Picture, ids: readonly string[], stale: ReadonlySet<string>): void {
  const around = new Set<string>();
  for (const id of ids) {
    const box = boxes.byId.get(id);
    const thing = picture.things.get(id);
    if (!box?.thing || !thing) continue;
    box.thing = thing;
    for (let each: string | undefined = id; each !== undefined && !around.has(each); each = boxes.parent.get(each)) around.add(each);
  }
  const settle = (box: Box): void => {
    if (!around.has(box.id)) return;
    box.children.forEach(settle);
    tally(box, stale);
  };
  settle(boxes.root);
}

function shapeOf(thing: Thing): Shape {
  if (thing.kind === "host" || thing.kind === "netns" || thing.kind === "vservice" || thing.kind === "vconnector" || thing.kind === "bond" || thing.kind === "vedge" || thing.kind === "ovs_bridge") return "plate";
  if (thing.kind === "ovs_port" || thing.kind === "vnic" || thing.kind === "device" || thing.kind === "switch_pnic") return "chip";
  return WORKLOADS.has(thing.kind) ? "plate" : "tile";
}
