/**
 * Where boxes are: a pure function of the boxes and of the places they were given before. Places come from identity:
 * who comes takes a free place, who goes leaves it empty, nobody else moves. Only a full layout packs anew.
 */
import type { Box, Boxes } from "./boxes";

/** A row of a box: its places in order; null: empty. Columns and cell are fixed when the row is first laid out. */
export interface Row {
  columns: number;
  cellW: number;
  cellH: number;
  ids: (string | null)[];
}

/** Box and band → its row. */
export type Memory = ReadonlyMap<string, Row>;

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
  /** Who has no place, because the rows were full: shown as "n more". */
  more: readonly Box[];
}

export interface Layout {
  /** The id of the outermost box. */
  root: string;
  placed: Map<string, Placed>;
  memory: Memory;
  width: number;
  height: number;
  /** A host, to tell by its size how near one is. */
  host: Placed | null;
}

const PAD = 12;
const GAP = 10;

const BAND_GAP = 26;
/** Between rows that no wire joins. */
const PLAIN_GAP = 12;
const CHIP = { w: 136, h: 24 };
const TILE = { w: 148, h: 46 };
const HOST = { w: 252, h: 180 };
const SMALL_TILE = { w: 116, h: 30 };
/** Width to height a box comes near: what stands in rows within a host is wide and low. */
const ASPECTS: Readonly<Record<string, number>> = { vedge: 5, ovs_bridge: 2.4, vconnector: 2.6, device: 3, host: 1.4 };
const ASPECT = 1.45;
/** How much wider or narrower than a square root a box is tried, to come near the aspect of a screen. */
const TRIED = [0.7, 1, 1.3, 1.7, 2.2, 3, 4];

interface Size {
  w: number;
  h: number;
}

type Bands = readonly (readonly [number, Box[]])[];

/** What is found out of boxes before they get their places. */
interface Measured {
  rows: Map<string, Row>;
  sizes: Map<string, Size>;
  bands: Map<string, Bands>;
}

const NONE: readonly Box[] = [];

/** Lay boxes out. `memory`: the places of the layout before; an empty one packs everything anew. */
export function layout(boxes: Boxes, memory: Memory = new Map()): Layout {
  const measured: Measured = { rows: new Map(), sizes: new Map(), bands: new Map() };
  const size = measure(boxes.root, memory, measured);
  const placed = new Map<string, Placed>();
  place(boxes.root, { x: 0, y: 0, w: size.w, h: size.h }, 0, measured, placed);
  let host: Placed | null = null;
  for (const each of placed.values()) {
    if (each.box.kind !== "host") continue;
    host = each;
    break;
  }
  return { root: boxes.root.id, placed, memory: measured.rows, width: size.w, height: size.h, host };
}

function bandsOf(box: Box): Bands {
  const bands = new Map<number, Box[]>();
  for (const child of box.children) {
    const band = bands.get(child.band);
    if (band) band.push(child);
    else bands.set(child.band, [child]);
  }
  return [...bands].sort((one, other) => one[0] - other[0]);
}

const keyOf = (box: Box, band: number): string => `${box.id}\n${band}`;

/** How large the inside of a box is; fixes the rows of all boxes within. */
function measure(box: Box, memory: Memory, measured: Measured): Size {
  const { rows, sizes } = measured;
  if (!box.children.length) {
    const size = leaf(box);
    sizes.set(box.id, size);
    return size;
  }
  const bands = bandsOf(box);
  measured.bands.set(box.id, bands);
  const cells = bands.map(([, children]) => cellFor(children, children.map((child) => measure(child, memory, measured))));
  const area = bands.reduce((sum, [, children], i) => sum + children.length * ((cells[i]?.w ?? 0) + GAP) * ((cells[i]?.h ?? 0) + GAP), 0);
  const aspect = ASPECTS[box.kind] ?? ASPECT;
  const square = Math.sqrt(area * aspect);
  const fixed = bands.map(([band, children]) => {
    const known = memory.get(keyOf(box, band));
    return known ? kept(known, children) : null;
  });
  const ids = bands.map(([, children]) => children.map((child) => child.id));
  let best: { row: Row[]; size: Size; off: number } | null = null;
  for (const share of TRIED) {
    const row = ids.map((some, i) => fixed[i] ?? fresh(some, cells[i] as Size, square * share));
    const size = sizeOf(box, row);
    const off = Math.abs(Math.log(size.w / size.h / aspect));
    if (!best || off < best.off - 1e-9) best = { row, size, off };
  }
  bands.forEach(([band], i) => rows.set(keyOf(box, band), (best as { row: Row[] }).row[i] as Row));
  const { size } = best as { size: Size };
  sizes.set(box.id, size);
  return size;
}

/** Room for a box's name: a host's is drawn at full size while its inside is still small, that of a large group too. */
export function headOf(box: Box, natural: number): number {
  if (box.kind === "host") return 64;
  return box.thing ? 34 : Math.max(22, natural * 0.028);
}

const gapOf = (box: Box): number => (box.thing ? BAND_GAP : PLAIN_GAP);

/** How large a box is with these rows. */
function sizeOf(box: Box, rows: readonly Row[]): Size {
  let w = box.shape === "chip" ? CHIP.w : TILE.w;
  let h = PAD;
  rows.forEach((row, i) => {
    w = Math.max(w, row.columns * (row.cellW + GAP) - GAP + 2 * PAD);
    h += Math.ceil(row.ids.length / row.columns) * (row.cellH + GAP) - GAP + (i ? gapOf(box) : 0);
  });
  return { w, h: h + headOf(box, w) };
}

function leaf(box: Box): Size {
  if (box.shape === "chip") return CHIP;
  return box.shape === "plate" ? TILE : box.band === 3 ? SMALL_TILE : TILE;
}

/** All places of a row are equal: hosts are tiles, what is within is made to fit. */
function cellFor(children: Box[], sizes: Size[]): Size {
  if (children[0]?.kind === "host") return HOST;
  return { w: common(sizes.map((size) => size.w)), h: common(sizes.map((size) => size.h)) };
}

/** The largest, unless one is far larger than most: that one is made to fit. */
function common(lengths: number[]): number {
  const sorted = [...lengths].sort((one, other) => one - other);
  return Math.min(sorted.at(-1) ?? 0, 2 * (sorted[Math.floor(sorted.length / 2)] ?? 0));
}

function fresh(ids: string[], cell: Size, target: number): Row {
  const fitting = Math.max(1, Math.round((target + GAP) / (cell.w + GAP)));
  return { columns: Math.min(ids.length, fitting), cellW: cell.w, cellH: cell.h, ids };
}

/** The row as it was: who went leaves a hole, who came takes the first, then what is left of the last line. */
function kept(row: Row, children: Box[]): Row {
  const there = new Set(children.map((child) => child.id));
  const ids = row.ids.map((id) => (id !== null && there.has(id) ? id : null));
  const room = Math.ceil(ids.length / row.columns) * row.columns;
  while (ids.length < room) ids.push(null);
  const placed = new Set(ids);
  let free = -1;
  for (const child of children) {
    if (placed.has(child.id)) continue;
    free = ids.indexOf(null, free + 1);
    if (free < 0) break;
    ids[free] = child.id;
  }
  while (ids.length > row.ids.length && ids.at(-1) === null) ids.pop();
  return { ...row, ids };
}

function place(
  box: Box, at: { x: number; y: number; w: number; h: number }, depth: number, measured: Measured, placed: Map<string, Placed>,
): void {
  const { rows, sizes } = measured;
  const size = sizes.get(box.id) as Size;
  const scale = Math.min(at.w / size.w, at.h / size.h);
  const bands = measured.bands.get(box.id);
  const more: Box[] = [];
  placed.set(box.id, { box, x: at.x, y: at.y, w: at.w, h: at.h, scale, depth, natural: size.w, more: bands ? more : NONE });
  if (!bands) return;
  const left = at.x + (at.w - size.w * scale) / 2;
  let y = at.y + (at.h - size.h * scale) / 2 + headOf(box, size.w) * scale;
  for (const [band, children] of bands) {
    const row = rows.get(keyOf(box, band)) as Row;
    const { seats, left: standing } = seated(row, children);
    const inset = ((size.w - 2 * PAD - (row.columns * (row.cellW + GAP) - GAP)) / 2) * scale * (box.thing ? 1 : 0);
    seats.forEach((child, i) => {
      if (!child) return;
      const cellX = left + inset + (PAD + (i % row.columns) * (row.cellW + GAP)) * scale;
      const cellY = y + Math.floor(i / row.columns) * (row.cellH + GAP) * scale;
      place(child, fitted(child, sizes, row, cellX, cellY, scale), depth + 1, measured, placed);
    });
    for (const child of standing) more.push(child);
    y += (Math.ceil(row.ids.length / row.columns) * (row.cellH + GAP) - GAP + gapOf(box)) * scale;
  }
}

/** Who is in which place of a row, and who has none. */
function seated(row: Row, children: readonly Box[]): { seats: readonly (Box | undefined)[]; left: Iterable<Box> } {
  if (row.ids.length === children.length && row.ids.every((id, i) => id === children[i]?.id)) return { seats: children, left: NONE };
  const byId = new Map(children.map((child) => [child.id, child]));
  const seats = row.ids.map((id) => {
    const child = id === null ? undefined : byId.get(id);
    if (child) byId.delete(child.id);
    return child;
  });
  return { seats, left: byId.values() };
}

/** A child in its place: as large as it wants where there is room, at the top; a host always fills its own. */
function fitted(child: Box, sizes: Map<string, Size>, row: Row, x: number, y: number, scale: number): { x: number; y: number; w: number; h: number } {
  if (child.kind === "host") return { x, y, w: row.cellW * scale, h: row.cellH * scale };
  const size = sizes.get(child.id) as Size;
  const fit = Math.min(1, row.cellW / size.w, row.cellH / size.h) * scale;
  return { x, y, w: size.w * fit, h: size.h * fit };
}
