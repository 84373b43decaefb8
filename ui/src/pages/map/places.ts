/** The places of boxes, found when they are asked for: most boxes of a large estate are never looked at. */
import type { Box, Boxes } from "./boxes";
import { GAP, gapOf, headOf, keyOf, PAD, type Measured, type Row, type Size } from "./measure";

/** A box in the world. `scale`: world units per unit of its own inside. */
export interface Placed {
  box: Box;
  x: number;
  y: number;
  w: number;
  h: number;
  scale: number;
  depth: number;
  /** Natural width of its inside: how wide it wants to be when open. */
  natural: number;
  /** The natural width by which it opens: hosts beside each other share one, so that they open together. */
  opensAs: number;
}

interface Area {
  x: number;
  y: number;
  w: number;
  h: number;
}

const NONE: readonly Box[] = [];

export class Places {
  readonly #placed = new Map<string, Placed>();
  /** Box whose inside has its places → who of it has none. */
  readonly #filled = new Map<string, readonly Box[]>();

  constructor(
    private readonly boxes: Boxes,
    private readonly measured: Measured,
  ) {
    const { w, h } = measured.sizes.get(boxes.root.id) as Size;
    this.#place(boxes.root, { x: 0, y: 0, w, h }, 0, w);
  }

  /** Where a box is; nothing for one that has no place. */
  get(id: string): Placed | undefined {
    const found = this.#placed.get(id);
    const parent = found ? undefined : this.boxes.parent.get(id);
    if (parent === undefined) return found;
    const outer = this.get(parent);
    if (!outer) return undefined;
    this.#fill(outer);
    return this.#placed.get(id);
  }

  /** Who is within a box and has no place, because its rows were full: shown as "n more". */
  more(placed: Placed): readonly Box[] {
    return this.#fill(placed);
  }

  /** Every box that has a place, from the outermost in. */
  *all(): Generator<Placed> {
    const within = [this.#placed.get(this.boxes.root.id)];
    for (const each of within) {
      if (!each) continue;
      yield each;
      this.#fill(each);
      for (const child of each.box.children) within.push(this.#placed.get(child.id));
    }
  }

  #place(box: Box, { x, y, w, h }: Area, depth: number, opensAs: number): void {
    const size = this.measured.sizes.get(box.id) as Size;
    this.#placed.set(box.id, { box, x, y, w, h, scale: Math.min(w / size.w, h / size.h), depth, natural: size.w, opensAs });
  }

  #fill(outer: Placed): readonly Box[] {
    const { box, scale } = outer;
    const known = this.#filled.get(box.id);
    if (known) return known;
    const bands = this.measured.bands.get(box.id);
    if (!bands) return NONE;
    const { rows, sizes } = this.measured;
    const size = sizes.get(box.id) as Size;
    const more: Box[] = [];
    const left = outer.x + (outer.w - size.w * scale) / 2;
    let y = outer.y + (outer.h - size.h * scale) / 2 + headOf(box, size.w) * scale;
    for (const [band, children] of bands) {
      const row = rows.get(keyOf(box, band)) as Row;
      const { seats, standing } = seated(row, children);
      const inset = ((size.w - 2 * PAD - (row.columns * (row.cellW + GAP) - GAP)) / 2) * scale * (box.thing ? 1 : 0);
      const together = commonWidth(children, sizes);
      seats.forEach((child, i) => {
        if (!child) return;
        const size = sizes.get(child.id) as Size;
        const cellX = left + inset + (PAD + (i % row.columns) * (row.cellW + GAP)) * scale;
        const cellY = y + Math.floor(i / row.columns) * (row.cellH + GAP) * scale;
        this.#place(child, fitted(child, size, row, cellX, cellY, scale), outer.depth + 1, child.kind === "host" ? together : size.w);
      });
      for (const child of standing) more.push(child);
      y += (Math.ceil(row.ids.length / row.columns) * (row.cellH + GAP) - GAP + gapOf(box)) * scale;
    }
    this.#filled.set(box.id, more);
    return more;
  }
}

/** Who is in which place of a row, and who has none. */
function seated(row: Row, children: readonly Box[]): { seats: readonly (Box | undefined)[]; standing: Iterable<Box> } {
  if (row.ids.length === children.length && row.ids.every((id, i) => id === children[i]?.id)) return { seats: children, standing: NONE };
  const byId = new Map(children.map((child) => [child.id, child]));
  const seats = row.ids.map((id) => {
    const child = id === null ? undefined : byId.get(id);
    if (child) byId.delete(child.id);
    return child;
  });
  return { seats, standing: byId.values() };
}

/** The natural width in the middle of those of some hosts: the few that hold far more or less than others follow. */
function commonWidth(children: readonly Box[], sizes: Measured["sizes"]): number {
  const widths = children.filter((child) => child.kind === "host").map((child) => (sizes.get(child.id) as Size).w);
  return widths.sort((one, other) => one - other)[(widths.length - 1) >> 1] ?? 0;
}

/** A child in its place: as large as it wants where there is room, at the top; a host always fills its own. */
function fitted(child: Box, size: Size, row: Row, x: number, y: number, scale: number): Area {
  if (child.kind === "host") return { x, y, w: row.cellW * scale, h: row.cellH * scale };
  const fit = Math.min(1, row.cellW / size.w, row.cellH / size.h) * scale;
  return { x, y, w: size.w * fit, h: size.h * fit };
}
