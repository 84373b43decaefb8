/** Which lines a map draws: links between the boxes that are visible, joined where boxes are closed. Pure. */
import type { Picture, Tie } from "../../live/picture";
import type { Box, Boxes } from "./boxes";

export interface Line {
  from: string;
  to: string;
  n: number;
  overlay: boolean;
  routed: boolean;
  role: boolean;
  broken: boolean;
  lit: boolean;
}

export type Layer = "layer2" | "overlay" | "layer3" | "roles";
export const LAYERS: readonly { name: Layer; label: string }[] = [
  { name: "layer2", label: "L2" }, { name: "overlay", label: "Overlay" }, { name: "layer3", label: "L3" }, { name: "roles", label: "Roles" },
];
const OVERLAY = new Set(["layer3.tunnel", "otep-otep"]);

export function layerOf(type: string): Layer {
  if (OVERLAY.has(type)) return "overlay";
  if (type.startsWith("layer2") || type === "switch_pnic-host_pnic" || type === "switch_pnic-switch_pnic") return "layer2";
  return type.includes(".") ? "layer3" : "roles";
}

/** The box that stands for a thing now: its own, or the outermost closed one around it. "" for none. */
export function visibleFor(id: string, boxes: Boxes, open: ReadonlySet<string>): string {
  let found = boxes.home.get(id) ?? "";
  let outermost = found;
  for (let each = boxes.parent.get(found); each !== undefined; each = boxes.parent.get(each)) {
    if (!open.has(each)) outermost = each;
    found = each;
  }
  return outermost;
}

/** What stands for what hangs on which boxes are open, not on how things are: it is kept while only that changes. */
const standing = new WeakMap<Boxes, { open: ReadonlySet<string>; found: Map<string, string> }>();

/** For each box the one that stands for it now, as `visibleFor`; all at once, from the outermost in. */
function standIns(boxes: Boxes, open: ReadonlySet<string>): Map<string, string> {
  const kept = standing.get(boxes);
  if (kept?.open === open) return kept.found;
  const found = new Map<string, string>();
  const visit = (box: Box, closed: string): void => {
    found.set(box.id, closed || box.id);
    const inside = closed || (open.has(box.id) ? "" : box.id);
    for (const child of box.children) visit(child, inside);
  };
  visit(boxes.root, "");
  standing.set(boxes, { open, found });
  return found;
}

/** Lines of a picture at a degree of openness. `lit`: ids whose links are kept bright, null when nothing is selected. */
export function linesOf(
  picture: Picture, boxes: Boxes, open: ReadonlySet<string>, layers: ReadonlySet<string>, lit: ReadonlySet<string> | null,
): Line[] {
  const found = standIns(boxes, open);
  const stands = (id: string): string => found.get(boxes.home.get(id) ?? "") ?? "";
  const lines = new Map<string, Line>();
  for (const tie of picture.ties.values()) {
    const layer = layerOf(tie.type);
    const bright = lit !== null && lit.has(tie.source) && lit.has(tie.target);
    if (!layers.has(layer) && !(bright && layer !== "roles")) continue;
    const from = stands(tie.source);
    const to = stands(tie.target);
    if (!from || !to || from === to || within(from, to, boxes) || within(to, from, boxes)) continue;
    join(lines, tie, from < to ? from : to, from < to ? to : from, layer, bright, picture);
  }
  return [...lines.values()];
}

function within(inner: string, outer: string, boxes: Boxes): boolean {
  for (let each = boxes.parent.get(inner); each !== undefined; each = boxes.parent.get(each)) if (each === outer) return true;
  return false;
}

function join(lines: Map<string, Line>, tie: Tie, from: string, to: string, layer: Layer, lit: boolean, picture: Picture): void {
  const key = `${from}\n${to}\n${layer === "overlay" ? "o" : layer === "roles" ? "r" : ""}`;
  let line = lines.get(key);
  if (!line) lines.set(key, (line = { from, to, n: 0, overlay: layer === "overlay", routed: layer === "layer3", role: layer === "roles", broken: false, lit: false }));
  line.n++;
  line.lit ||= lit;
  line.broken ||= layer !== "roles" && [tie.source, tie.target].some((id) => brokenEnd(picture, id));
}

/** Whether an end is down and that matters: a bridge's own device is down as a rule and carries nothing. */
function brokenEnd(picture: Picture, id: string): boolean {
  const thing = picture.things.get(id);
  return thing?.state === "down" && thing.type !== "internal" && thing.type !== "tun";
}

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** An orthogonal way between two rectangles; `track` keeps parallel lines 7 px apart. As x, y, x, y … */
export function route(from: Rect, to: Rect, track: number): number[] {
  const [upper, lower] = from.y + from.h <= to.y ? [from, to] : to.y + to.h <= from.y ? [to, from] : [null, null];
  if (upper && lower) {
    const y1 = upper.y + upper.h;
    const y2 = lower.y;
    const shared = [Math.max(upper.x, lower.x), Math.min(upper.x + upper.w, lower.x + lower.w)] as const;
    if (shared[1] - shared[0] > 8) {
      const x = (shared[0] + shared[1]) / 2;
      return [x, y1, x, y2];
    }
    const middle = y2 - Math.min(Math.max(6, (y2 - y1) / 2), 12 + 7 * track);
    return [upper.x + upper.w / 2, y1, upper.x + upper.w / 2, middle, lower.x + lower.w / 2, middle, lower.x + lower.w / 2, y2];
  }
  const [left, right] = from.x <= to.x ? [from, to] : [to, from];
  if (left.x + left.w < right.x && right.x - left.x - left.w < 40) {
    const y = (Math.max(left.y, right.y) + Math.min(left.y + left.h, right.y + right.h)) / 2;
    return [left.x + left.w, y, right.x, y];
  }
  const under = Math.max(left.y + left.h, right.y + right.h) + 6 + 7 * track;
  return [left.x + left.w / 2, left.y + left.h, left.x + left.w / 2, under, right.x + right.w / 2, under, right.x + right.w / 2, right.y + right.h];
}

const CLEAR = 5;
/** How often a way around is moved on, where something else stands in it too. */
const TRIES = 8;

/**
 * A way that goes down straight or with one step, led around the boxes that stand in it, so that it does not seem to
 * join what it passes. `among`: boxes that neither end is or is in. The way as it is where there is no way around.
 */
export function around(points: number[], among: readonly Rect[], track: number): number[] {
  const [x, top] = [points[0] ?? 0, points[1] ?? 0];
  const [end, last] = [points.at(-2) ?? 0, points.at(-1) ?? 0];
  const turn = points.length === 8 ? (points[3] ?? last) : last;
  if (turn <= top || among.length === 0) return points;
  const struck = (at: number): Rect | undefined => among.find((box) => at > box.x - 1 && at < box.x + box.w + 1 && box.y < turn && box.y + box.h > top);
  if (!struck(x)) return points;
  const ways = [-1, 1].flatMap((side) => {
    let at = x;
    for (let i = 0; i < TRIES; i++) {
      const box = struck(at);
      if (!box) return [at];
      at = side < 0 ? box.x - CLEAR - 3 * track : box.x + box.w + CLEAR + 3 * track;
    }
    return [];
  });
  const best = ways.sort((one, other) => Math.abs(one - x) + Math.abs(one - end) - Math.abs(other - x) - Math.abs(other - end))[0];
  if (best === undefined) return points;
  const out = Math.min(...among.filter((box) => x > box.x && x < box.x + box.w && box.y > top - 1).map((box) => box.y)) - CLEAR;
  const first = Math.max(top + 2, Math.min(top + CLEAR, out));
  const back = points.length === 8 ? turn : last - CLEAR;
  return [x, top, x, first, best, first, best, back, end, back, end, last];
}

/** How wide a line is that stands for n links. */
export function widthOf(line: Line): number {
  if (line.broken) return 2;
  if (line.lit) return 2.25;
  return line.n > 1 ? Math.min(4, 1 + Math.log2(line.n) / 2) : 1.25;
}
