/** Over the links of a map: the way of a conversation, and a figure at each link that has one. */
import { computed } from "@preact/signals";
import { figures } from "../../live/figures";
import { figureAt, figureWords, telling, type Known } from "../../live/known";
import { picture } from "../../live/store";
import { place } from "../../state/place";
import { roomFor, type DisplayList, type Item, type PathItem, type RectItem, type TextItem } from "./display";
import { route, visibleFor } from "./links";
import type { Asked } from "./scene";
import { onScreen } from "./view";

/** A link with the figure of one of its ends, `device`. */
export interface FiguredTie {
  source: string;
  target: string;
  device: string;
  said: Known;
}

const MANY = 5000;
/** Whose objects figures are asked for: those of all hosts, in a large estate only those of the host looked at. */
export const figuredHosts = computed<readonly string[]>(() => {
  const there = picture.value;
  if (!there) return [];
  return there.things.size <= MANY ? [""] : [there.things.get(place.value.focus)?.host ?? ""].filter(Boolean);
});
export const figuredTies = computed<readonly FiguredTie[]>(() => {
  const values = figures.value;
  if (!values.size) return [];
  const found: FiguredTie[] = [];
  for (const { source, target } of picture.value?.ties.values() ?? []) {
    const said = figureAt([source, target], [], values);
    if (said) found.push({ source, target, device: values.get(source) === said ? source : target, said });
  }
  return found;
});

/** The list with the way and the figures drawn over its links. */
export function overlaid(list: DisplayList, asked: Asked, way: readonly string[], ties: readonly FiguredTie[]): DisplayList {
  if (way.length) trace(list.items, asked, way);
  if (ties.length) label(list.items, asked, ties);
  return list;
}

/** From box to box along the way; what is within a box that is closed is that box. */
function trace(items: Item[], asked: Asked, way: readonly string[]): void {
  const boxes = way.map((id) => visibleFor(id, asked.boxes, asked.open)).filter((box, i, all) => box && box !== all[i - 1]);
  const plain = boxes.filter((box) => !asked.open.has(box));
  const stops = plain.filter((box, i) => box !== plain[i - 1]);
  stops.forEach((box, i) => {
    const [from, to] = [asked.layout.placed.get(stops[i - 1] ?? ""), asked.layout.placed.get(box)];
    if (!to) return;
    const at = onScreen(to, asked.view);
    if (from) items.push({ t: "path", points: route(onScreen(from, asked.view), at, 0), radius: 6, ink: "accent", width: 3 });
    const [left, top, right, foot] = [at.x - 2, at.y - 2, at.x + at.w + 2, at.y + at.h + 2];
    items.push({ t: "path", points: [left + 6, top, right, top, right, foot, left, foot, left, top, left + 6, top], radius: Math.min(6, at.h / 5), ink: "accent", width: 2 });
  });
}

/** Links between the same two boxes have one figure: the sum over the devices there, or the least MTU. */
function label(items: Item[], asked: Asked, ties: readonly FiguredTie[]): void {
  const lines = new Map<string, Map<string, Known>>();
  for (const { source, target, device, said } of ties) {
    const [a, b] = [visibleFor(source, asked.boxes, asked.open), visibleFor(target, asked.boxes, asked.open)];
    if (!a || !b || a === b) continue;
    const key = a < b ? `${a}\n${b}` : `${b}\n${a}`;
    const devices = lines.get(key) ?? new Map<string, Known>();
    lines.set(key, devices.set(device, said));
  }
  const drawn = items.filter((item): item is PathItem => item.t === "path" && item.joins !== undefined && !item.dim);
  const taken: RectItem[] = [];
  for (const item of drawn) {
    const devices = lines.get(item.joins?.join("\n") ?? "");
    if (!devices) continue;
    const [box, text] = pill(item.points, figureWords([...devices.values()].reduce(together)));
    if (!box || !text || taken.some((each) => meet(each, box))) continue;
    taken.push(box);
    items.push(box, text);
  }
}

function together(one: Known, other: Known): Known {
  return one.unit === "MTU" || one.unit !== other.unit ? telling(one, other) : { value: one.value + other.value, unit: one.unit };
}

/** Figures never lie on each other: nearer, there is room for more of them. */
function meet(one: RectItem, other: RectItem): boolean {
  return one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
}

/** On the longest stretch of a link; none where that has no room for it. */
function pill(points: readonly number[], text: string): [RectItem, TextItem] | [] {
  let best = { x: 0, y: 0, long: 0 };
  for (let i = 2; i < points.length; i += 2) {
    const [x1, y1, x2, y2] = [points[i - 2] ?? 0, points[i - 1] ?? 0, points[i] ?? 0, points[i + 1] ?? 0];
    const long = Math.abs(x2 - x1) + Math.abs(y2 - y1);
    if (long > best.long) best = { x: (x1 + x2) / 2, y: (y1 + y2) / 2, long };
  }
  if (best.long < 14) return [];
  const w = (text.length / roomFor(100, 11)) * 100 + 10;
  return [
    { t: "rect", x: best.x - w / 2, y: best.y - 7.5, w, h: 15, r: 7.5, fill: "surface-1", stroke: "line-2", width: 1 },
    { t: "text", x: best.x, y: best.y + 4, text, size: 11, ink: "text-2", anchor: "middle" },
  ];
}
