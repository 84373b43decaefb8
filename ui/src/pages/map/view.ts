/** Where one looks: scale and offset of the world on the screen, and which boxes are open there. Pure. */
import type { Layout } from "./layout";
import type { Placed } from "./places";

export interface View {
  k: number;
  x: number;
  y: number;
}

export interface Area {
  w: number;
  h: number;
}

const OPEN_AT = 320;
const OF_NATURAL = 0.56;
/** A host opens when what is in it can be told apart; at this width at the latest. */
const LEGIBLE = 0.36;
const OPEN_AT_LAST = 600;
const CLOSE_AT = 280 / 320;
export const MOST = 3000;

export const LEVELS = ["Estate", "Zone", "Host", "Bridge", "Port"] as const;

/** The view that shows a rectangle of the world whole. `foot`: pixels at the bottom that something else covers. */
export function fitting(rect: { x: number; y: number; w: number; h: number }, area: Area, margin = 20, foot = 0): View {
  const k = Math.min((area.w - 2 * margin) / rect.w, (area.h - foot - 2 * margin) / rect.h);
  return { k, x: area.w / 2 - (rect.x + rect.w / 2) * k, y: (area.h - foot) / 2 - (rect.y + rect.h / 2) * k };
}

/**
 * Boxes that show their inside: in view, and wide enough on the screen (later to close than to open), or pinned.
 * `before` itself where nothing opened or closed, so that what hangs on it need not be made anew.
 */
export function opened(
  layout: Layout, view: View, area: Area, before: ReadonlySet<string>, pinned: ReadonlySet<string>, most = MOST,
): ReadonlySet<string> {
  for (let strictness = 1; ; strictness *= 1.5) {
    const open = new Set<string>();
    const asked: Asked = { view, area, before, pinned, strictness, left: most };
    descend(layout, layout.root, asked, open);
    if (asked.left >= 0 || open.size <= 1 || strictness > 1000) return same(open, before) ? before : open;
  }
}

export function same(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  if (one.size !== other.size) return false;
  for (const each of one) if (!other.has(each)) return false;
  return true;
}

interface Asked {
  view: View;
  area: Area;
  before: ReadonlySet<string>;
  pinned: ReadonlySet<string>;
  strictness: number;
  /** How many boxes may still be drawn; below 0 it is too many, and not looked any further. */
  left: number;
}

/** Opens a box and what is within, as far as it is in view. */
function descend(layout: Layout, id: string, asked: Asked, open: Set<string>): void {
  const placed = layout.placed.get(id);
  if (!placed) return;
  const at = onScreen(placed, asked.view);
  if (at.x > asked.area.w || at.y > asked.area.h || at.x + at.w < 0 || at.y + at.h < 0) return;
  asked.left--;
  if (!placed.box.children.length) return;
  const wanted = opensAt(placed) * asked.strictness * (asked.before.has(id) ? CLOSE_AT : 1);
  if (placed.depth > 0 && at.w < wanted && !asked.pinned.has(id)) return;
  open.add(id);
  for (const child of placed.box.children) {
    if (asked.left < 0) return;
    descend(layout, child.id, asked, open);
  }
}

/** How wide a box is drawn when it begins to show its inside. */
function opensAt({ box, opensAs }: Placed): number {
  if (box.kind === "host") return Math.max(OPEN_AT, Math.min(OPEN_AT_LAST, opensAs * LEGIBLE));
  return Math.min(OPEN_AT, opensAs * OF_NATURAL);
}

/** How near one is, by how large a host is drawn. */
export function levelOf(layout: Layout, view: View): number {
  const { host } = layout;
  if (!host) return 0;
  const px = host.w * view.k;
  if (px < 60) return 0;
  if (px < opensAt(host)) return 1;
  const inside = host.scale * view.k;
  return inside < 0.7 ? 2 : inside < 1.3 ? 3 : 4;
}

/** A box as a rectangle on the screen. */
export function onScreen(placed: Placed, view: View): { x: number; y: number; w: number; h: number } {
  return { x: placed.x * view.k + view.x, y: placed.y * view.k + view.y, w: placed.w * view.k, h: placed.h * view.k };
}
