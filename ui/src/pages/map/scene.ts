/** From boxes, their places and a view to the display list. Pure. */
import { glyphOf, inkOf, labelOf } from "../../live/kinds";
import type { Model } from "../../api/types";
import { count, counted, shortened } from "../../state/words";
import type { Box, Boxes } from "./boxes";
import { MARKS, roomFor, type DisplayList, type Item, type RectItem } from "./display";
import type { Layout } from "./layout";
import { around, route, widthOf, type Line, type Rect } from "./links";
import { headOf } from "./measure";
import type { Placed } from "./places";
import { MOST, onScreen, type Area, type View } from "./view";

export interface Asked {
  boxes: Boxes;
  layout: Layout;
  open: ReadonlySet<string>;
  /** `linesOf` this picture, with these boxes open. */
  lines: readonly Line[];
  view: View;
  area: Area;
  focus: string;
  /** Ids that stay bright; null: nothing is selected and all is. */
  lit: ReadonlySet<string> | null;
  staleHosts: ReadonlySet<string>;
  model: Model | null;
}

const LEGIBLE = 60;
/** With more links than these in view, none is led around what stands in its way: nobody follows a single one. */
const CROWDED = 150;
/** Under this height a plate has no room for its name. */
const LOWEST = 12;
/** Under this width a name stands without its glyph. */
const NARROW = 84;

/** Everything that is within the area, back to front: plates, links, names of plates, tiles, chips, marks, labels. */
export function scene(asked: Asked): DisplayList {
  const list: DisplayList = { items: [], targets: [], kinds: new Set(), severities: new Set(), links: new Set(), things: 0 };
  const within = withinFocus(asked);
  const bright = asked.lit === null ? null : brightBoxes(asked, within);
  const shown: Placed[] = [];
  visit(asked, asked.boxes.root, shown);
  const plates = shown.filter((each) => asked.open.has(each.box.id));
  const closed = shown.filter((each) => !asked.open.has(each.box.id));
  for (const each of plates) plate(asked, each, list, bright);
  const wires = links(asked, list, within, MOST - shown.length);
  for (const each of plates) title(asked, each, list, bright);
  for (const each of closed) tile(asked, each, list, bright);
  list.things = shown.length + wires;
  return list;
}

function visit(asked: Asked, box: Box, shown: Placed[]): void {
  const placed = asked.layout.placed.get(box.id);
  if (!placed) return;
  const at = onScreen(placed, asked.view);
  if (at.x > asked.area.w || at.y > asked.area.h || at.x + at.w < 0 || at.y + at.h < 0) return;
  if (at.w < 2 || at.h < 2 || shown.length >= MOST) return;
  shown.push(placed);
  if (asked.open.has(box.id)) for (const child of box.children) visit(asked, child, shown);
}

/** Boxes within the one that is looked at, and itself: who looks at a host wants to read it. */
function withinFocus(asked: Asked): Set<string> {
  const found = new Set<string>();
  const add = (box: Box | undefined): void => {
    if (!box) return;
    found.add(box.id);
    box.children.forEach(add);
  };
  if (asked.lit !== null) add(asked.layout.placed.get(asked.boxes.home.get(asked.focus) ?? "")?.box);
  return found;
}

/** Boxes of what is lit, and all that hold them. */
function brightBoxes(asked: Asked, within: ReadonlySet<string>): Set<string> {
  const bright = new Set<string>(within);
  for (const id of asked.lit ?? []) {
    let box: string | undefined = asked.boxes.home.get(id);
    while (box !== undefined && (!bright.has(box) || within.has(box))) {
      bright.add(box);
      box = asked.boxes.parent.get(box);
    }
  }
  return bright;
}

const dimmed = (bright: Set<string> | null, id: string): boolean => bright !== null && !bright.has(id);

function remember(asked: Asked, each: Placed, list: DisplayList): ReturnType<typeof onScreen> {
  const at = onScreen(each, asked.view);
  list.targets.push({ id: each.box.id, ...at, depth: each.depth });
  if (each.box.thing) list.kinds.add(each.box.kind);
  list.severities.add(each.box.severity);
  return at;
}

function plate(asked: Asked, each: Placed, list: DisplayList, bright: Set<string> | null): void {
  const at = remember(asked, each, list);
  const { box } = each;
  const dim = dimmed(bright, box.id);
  const stale = box.kind === "host" && asked.staleHosts.has(box.name);
  list.items.push({
    t: "rect", ...at, r: Math.min(8, at.w / 20), dim, hatch: stale, width: box.id === asked.focus ? 2 : 1,
    fill: groundOf(each), stroke: box.id === asked.focus ? "accent" : box.kind === "host" ? "line-3" : "line-2",
    ...(box.kind === "netns" || box.kind === "vservice" ? { dash: [4, 3] } : {}),
  });
}

const groundOf = (each: Placed): string => (each.depth % 2 ? "surface-2" : "surface-1");

/** A plate's name and what it holds, on ground of their own: links pass behind. */
function title(asked: Asked, each: Placed, list: DisplayList, bright: Set<string> | null): void {
  const { box } = each;
  const at = onScreen(each, asked.view);
  const dim = dimmed(bright, box.id);
  const head = headOf(box, each.natural) * each.scale * asked.view.k;
  if (at.w < LEGIBLE || head < LOWEST) return;
  const big = (each.depth === 0 || box.kind === "host") && head >= 26;
  const size = big ? 15 : head < 15 ? 11 : 12;
  const y = at.y + Math.min(head < 15 ? head / 2 + 4 : head * 0.72, big ? 26 : 22);
  const name = titleOf(asked, box);
  const glyph = big ? 18 : head < 15 ? 11 : 14;
  const mono = box.thing !== null && box.kind !== "environment";
  const text = shortened(name, roomFor(at.w - 34 - glyph, size, mono, true));
  const used = at.x + 30 + glyph + text.length * (mono ? size * 0.61 : size * 0.56);
  ground(each, at.x + 9, used - 6, y, list, dim);
  list.items.push({ t: "glyph", x: at.x + 12, y: y - glyph / 2 - 4, size: glyph, glyph: glyphFor(box), ink: inkOf(box.kind), knock: "surface-1", dim });
  list.items.push({ t: "text", x: at.x + 18 + glyph, y, text, size, ink: "text-1", bold: true, mono, dim });
  aside(each, asked.layout.placed.more(each).length, at, used, y, list, dim);
}

function ground(each: Placed, left: number, right: number, y: number, list: DisplayList, dim: boolean): void {
  list.items.push({ t: "rect", x: left, y: y - 12, w: right - left, h: 16, r: 2, fill: groundOf(each), stroke: "", width: 0, dim });
}

/** Right of a plate's name: what it holds, and its mark. */
function aside(each: Placed, more: number, at: ReturnType<typeof onScreen>, used: number, y: number, list: DisplayList, dim: boolean): void {
  const { box } = each;
  const counts = countsOf(box);
  const wide = counts.length * 6;
  const room = at.x + at.w - 14 - used;
  if (counts && room > wide) {
    ground(each, at.x + at.w - 18 - wide, at.x + at.w - 12, y, list, dim);
    list.items.push({ t: "text", x: at.x + at.w - 14, y, text: counts, size: 12, ink: "text-2", anchor: "end", dim });
  }
  if (box.severity !== "ok" && room > 20) {
    const mark = MARKS[box.severity];
    const x = room > wide + 30 && counts ? at.x + at.w - 14 - wide - 24 : used;
    if (!counts || room > wide + 30) list.items.push({ t: "glyph", x, y: y - 11, size: 14, glyph: mark.glyph, ink: mark.ink, knock: "surface-1", dim });
  }
  if (more && at.h > 60) {
    list.items.push({ t: "text", x: at.x + at.w - 14, y: at.y + at.h - 8, text: `${more} more`, size: 11, ink: "text-3", anchor: "end", dim });
  }
}

function titleOf(asked: Asked, box: Box): string {
  return box.name || labelOf(asked.model, box.kind, true);
}

function glyphFor(box: Box): string {
  return glyphOf({ kind: box.kind, note: box.note });
}

function countsOf(box: Box): string {
  const hosts = box.kind === "environment" || box.kind === "availability_zone" ? hostsIn(box) : 0;
  const parts: string[] = [];
  if (hosts) parts.push(counted(hosts, "host", "hosts"));
  if (box.workloads && (hosts || box.kind === "host")) parts.push(counted(box.workloads, "instance", "instances"));
  if (box.ports && (hosts || box.kind === "host" || box.kind === "ovs_bridge")) parts.push(counted(box.ports, "port", "ports"));
  if (!parts.length && box.children.length > 1 && !box.thing) parts.push(count(box.children.length));
  return parts.join(", ");
}

function hostsIn(box: Box): number {
  return box.children.reduce((sum, child) => sum + (child.kind === "host" ? 1 : child.thing ? 0 : hostsIn(child)), 0);
}

interface Wire {
  line: Line;
  a: Rect;
  b: Rect;
}

/** Draws the links that are in view, no more than `most` of them. Returns how many. */
function links(asked: Asked, list: DisplayList, within: ReadonlySet<string>, most: number): number {
  const tracks = new Map<number, number>();
  const wires = foremost(inView(asked), Math.max(0, most));
  for (const { line, a, b } of wires) {
    const lane = Math.round(Math.max(a.y, b.y));
    const track = tracks.get(lane) ?? 0;
    tracks.set(lane, track + 1);
    const way = route(a, b, track % 6);
    draw(asked, line, wires.length > CROWDED ? way : around(way, between(asked, line), track % 3), list, within);
  }
  return wires.length;
}

/** Beside the ways of a link: what stands in the boxes that both ends are in, as far as one of them is. */
function between(asked: Asked, line: Line): Rect[] {
  const own = new Set<string>();
  for (const end of [line.from, line.to]) for (let each: string | undefined = end; each !== undefined; each = asked.boxes.parent.get(each)) own.add(each);
  const found: Rect[] = [];
  for (const id of own) {
    if (!asked.open.has(id)) continue;
    for (const child of asked.layout.placed.get(id)?.box.children ?? []) {
      const placed = own.has(child.id) ? undefined : asked.layout.placed.get(child.id);
      if (placed) found.push(onScreen(placed, asked.view));
    }
  }
  return found;
}

function inView(asked: Asked): Wire[] {
  const found: Wire[] = [];
  for (const line of asked.lines) {
    const from = asked.layout.placed.get(line.from);
    const to = asked.layout.placed.get(line.to);
    if (!from || !to) continue;
    const a = onScreen(from, asked.view);
    const b = onScreen(to, asked.view);
    if (worthDrawing(line, from, to, a, b) && !outside(a, b, asked.area)) found.push({ line, a, b });
  }
  return found;
}

/** Where there are more than may be drawn: what is selected, then what is broken, then those that stand for most. */
function foremost(wires: Wire[], most: number): Wire[] {
  if (wires.length <= most) return wires;
  const rank = ({ line }: Wire): number => (line.lit ? 2e9 : 0) + (line.broken ? 1e9 : 0) + line.n;
  const order = wires.map((_, i) => i).sort((one, other) => rank(wires[other] as Wire) - rank(wires[one] as Wire) || one - other);
  const kept = new Set(order.slice(0, most));
  return wires.filter((_, i) => kept.has(i));
}

/**
 * Between closed hosts only the fabric, what is broken and what is selected is drawn; as between boxes so small that
 * nothing is told of them: a thousand wires to them would be a grey area.
 */
function worthDrawing(line: Line, from: Placed, to: Placed, a: Rect, b: Rect): boolean {
  if (line.broken || line.lit) return true;
  return !(from.box.kind === "host" && to.box.kind === "host") && tells(a) && tells(b);
}

/** Whether a box has room for its glyph at least. */
function tells(at: Rect): boolean {
  return at.w >= 22 && at.h >= 11;
}

function outside(a: Rect, b: Rect, area: Area): boolean {
  return (
    Math.max(a.x + a.w, b.x + b.w) < 0 || Math.min(a.x, b.x) > area.w || Math.max(a.y + a.h, b.y + b.h) < 0 || Math.min(a.y, b.y) > area.h
  );
}

function draw(asked: Asked, line: Line, points: number[], list: DisplayList, within: ReadonlySet<string>): void {
  const dim = asked.lit !== null && !line.lit && !(within.has(line.from) && within.has(line.to));
  list.links.add(line.broken ? "broken" : line.overlay ? "overlay" : line.role ? "role" : line.routed ? "routed" : "layer 2");
  list.items.push({
    t: "path", points, radius: 6, width: widthOf(line), dim, joins: [line.from, line.to],
    ink: line.broken ? "error-mark" : line.lit ? "accent" : line.n > 1 ? "line-2" : "line-3",
    ...(line.overlay || line.broken ? { dash: [5, 3] } : line.role ? { dash: [1, 3] } : {}),
  });
  if (!line.broken) return;
  const middle = Math.floor(points.length / 4) * 2;
  const x = ((points[middle - 2] ?? 0) + (points[middle] ?? 0)) / 2;
  const y = ((points[middle - 1] ?? 0) + (points[middle + 1] ?? 0)) / 2;
  list.items.push({ t: "rect", x: x - 20, y: y - 7.5, w: 40, h: 15, r: 7.5, fill: "error-bg", stroke: "error-mark", width: 1, dim });
  list.items.push({ t: "text", x, y: y + 4, text: "down", size: 11, bold: true, ink: "error", anchor: "middle", dim });
}

const EDGES: Readonly<Record<string, string>> = { error: "error-mark", warn: "warn-mark", stale: "stale-mark" };

function tile(asked: Asked, each: Placed, list: DisplayList, bright: Set<string> | null): void {
  const at = remember(asked, each, list);
  const { box } = each;
  const dim = dimmed(bright, box.id);
  const selected = box.id === asked.focus;
  const chip = box.shape === "chip";
  const own = EDGES[box.severity];
  const outline: RectItem = {
    t: "rect", ...at, r: chip && box.kind === "vnic" ? at.h / 2 : Math.min(5, at.h / 6), dim, hatch: box.severity === "stale" && box.kind === "host",
    fill: box.children.length && !box.thing ? "surface-3" : "surface-1", stroke: selected ? "accent" : (own ?? "line-2"),
    width: selected ? 2 : own ? 1.5 : 1, ...(box.severity === "stale" ? { dash: [4, 3] } : {}),
  };
  list.items.push(outline);
  if (at.w < LEGIBLE || at.h < 11) {
    if (tells(at)) small(box, at, list, dim);
    return;
  }
  label(asked, each, at, list, dim);
  if (box.kind === "host" && at.h > 62 && at.w > 80) squares(box, at, list.items, dim);
}

/** No room for a name: the glyph stands alone. */
function small(box: Box, at: ReturnType<typeof onScreen>, list: DisplayList, dim: boolean): void {
  const size = Math.min(16, Math.max(9, at.h - 6));
  const mark = box.severity === "ok" || box.severity === "stale" ? null : MARKS[box.severity];
  list.items.push({ t: "glyph", x: at.x + (at.w - size) / 2, y: at.y + (at.h - size) / 2, size, glyph: mark?.glyph ?? glyphFor(box), ink: mark?.ink ?? inkOf(box.kind), knock: "surface-1", dim });
}

function label(asked: Asked, each: Placed, at: ReturnType<typeof onScreen>, list: DisplayList, dim: boolean): void {
  const { box } = each;
  const two = at.h >= 44;
  const size = at.h >= 60 || box.shape !== "chip" ? 12 : 11;
  const y = two ? at.y + 20 : at.y + at.h / 2 + 4;
  const glyph = at.w < NARROW ? -7 : Math.min(14, at.h - 4);
  if (glyph > 0) list.items.push({ t: "glyph", x: at.x + 8, y: y - glyph / 2 - 4, size: glyph, glyph: glyphFor(box), ink: inkOf(box.kind), knock: "surface-1", dim });
  const marked = box.severity !== "ok";
  const room = at.w - 14 - glyph - (marked ? (glyph > 0 ? 26 : 18) : glyph > 0 ? 8 : 2);
  const mono = box.thing !== null && box.shape !== "plate" || box.kind === "host";
  const chip = box.shape === "chip";
  const name = shortened(titleOf(asked, box), roomFor(room, size, mono, !chip), mono);
  list.items.push({ t: "text", x: at.x + 13 + glyph, y, text: name, size, ink: "text-1", bold: !chip, mono, dim });
  if (marked) list.items.push({ t: "glyph", x: at.x + at.w - (glyph > 0 ? 22 : 16), y: glyph > 0 ? y - 11 : at.y + 2, size: 14, ...MARKS[box.severity], knock: "surface-1", dim });
  if (!two) return;
  const [left, right] = secondLine(asked, box);
  const fits = roomFor(at.w - 18, 11, left === box.note);
  list.items.push({ t: "text", x: at.x + 9, y: y + 18, text: shortened(left, fits), size: 11, ink: "text-2", mono: left === box.note, dim });
  if (right && left.length + right.length + 2 <= fits) list.items.push({ t: "text", x: at.x + at.w - 9, y: y + 18, text: right, size: 11, ink: "text-3", anchor: "end", dim });
}

function secondLine(asked: Asked, box: Box): [string, string] {
  if (box.kind === "host") return [box.workloads ? counted(box.workloads, "instance", "instances") : box.note, counted(box.ports, "port", "ports")];
  if (box.thing) return [box.note || box.thing.type || labelOf(asked.model, box.kind), ""];
  return [count(box.children.length), ""];
}

/** One square for each workload, red if cut off: a host's health is read without opening it. */
function squares(box: Box, at: ReturnType<typeof onScreen>, items: Item[], dim: boolean): void {
  const perLine = Math.max(1, Math.floor((at.w - 18) / 8));
  const lines = Math.max(1, Math.floor((at.h - 62) / 8));
  const n = Math.min(box.workloads, perLine * lines);
  for (let i = 0; i < n; i++) {
    const x = at.x + 9 + (i % perLine) * 8;
    const y = at.y + 46 + Math.floor(i / perLine) * 8;
    items.push({ t: "rect", x, y, w: 6, h: 6, r: 1, fill: i < box.cut ? "error-mark" : "line-2", stroke: "", width: 0, dim });
  }
  if (box.cut) items.push({ t: "text", x: at.x + 9, y: at.y + at.h - 8, text: `${box.cut} of ${box.workloads} cut off`, size: 11, ink: "error", dim });
}
