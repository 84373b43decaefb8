/** How large boxes are, and in which rows what is within stands. Pure. */
import type { Box } from "./boxes";

/** A row of a box: its places in order; null: empty. Columns and cell are fixed when the row is first laid out. */
export interface Row {
  columns: number;
  cellW: number;
  cellH: number;
  ids: (string | null)[];
}

/** Box and band → its row. */
export type Memory = ReadonlyMap<string, Row>;

export const PAD = 12;
export const GAP = 10;
export const BAND_GAP = 26;
/** Between rows that no wire joins. */
export const PLAIN_GAP = 12;
const CHIP = { w: 136, h: 24 };
const TILE = { w: 148, h: 46 };
const HOST = { w: 252, h: 180 };
const SMALL_TILE = { w: 116, h: 30 };
/** Least width of a group: so that it can be named. */
const NAMED = 204;
/** Width to height a box comes near: what stands in rows within a host is wide and low. */
const ASPECTS: Readonly<Record<string, number>> = { vedge: 5, ovs_bridge: 2.4, vconnector: 2.6, device: 3, host: 1.4 };
const ASPECT = 1.45;
/** How much wider or narrower than a square root a box is tried, to come near the aspect of a screen. */
const TRIED = [0.7, 1, 1.3, 1.7, 2.2, 3, 4];

export interface Size {
  w: number;
  h: number;
}

type Bands = readonly (readonly [number, Box[]])[];

/** What is found out of boxes before they get their places. */
export interface Measured {
  rows: Map<string, Row>;
  sizes: Map<string, Size>;
  bands: Map<string, Bands>;
  /** Boxes in which somebody has no place. */
  crowded: Set<string>;
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

export const keyOf = (box: Box, band: number): string => `${box.id}\n${band}`;

/** How large the inside of a box is; fixes the rows of all boxes within. */
export function measure(box: Box, memory: Memory, measured: Measured): Size {
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
  if (fixed.some((row, i) => row && row.ids.length < (bands[i]?.[1].length ?? 0))) measured.crowded.add(box.id);
  const ids = bands.map(([, children]) => children.map((child) => child.id));
  let best: { row: Row[]; size: Size; off: number } | null = null;
  const only = box.children.length === 1 || fixed.every(Boolean); // it comes out the same however it is tried
  for (const share of only ? [1] : TRIED) {
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
  return box.thing ? 34 : Math.max(28, natural * 0.028);
}

export const gapOf = (box: Box): number => (box.thing ? BAND_GAP : PLAIN_GAP);

/** How large a box is with these rows. */
function sizeOf(box: Box, rows: readonly Row[]): Size {
  let w = box.shape === "chip" ? CHIP.w : box.thing ? TILE.w : NAMED;
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
  if (row.ids.length === children.length && children.every((child, i) => row.ids[i] === child.id)) return row;
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
