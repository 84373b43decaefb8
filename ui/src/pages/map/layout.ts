/**
 * Where boxes are: a pure function of the boxes and of the places they were given before. Places come from identity:
 * who comes takes a free place, who goes leaves it empty, nobody else moves. Only a full layout packs anew.
 */
import type { Boxes } from "./boxes";
import { measure, type Measured, type Memory } from "./measure";
import { Places, type Placed } from "./places";

export interface Layout {
  /** The id of the outermost box. */
  root: string;
  placed: Places;
  memory: Memory;
  width: number;
  height: number;
  /** A host, to tell by its size how near one is. */
  host: Placed | null;
  /** Whether places stand empty or somebody has none. */
  untidy: boolean;
}

/** Lay boxes out. `memory`: the places of the layout before; an empty one packs everything anew. */
export function layout(boxes: Boxes, memory: Memory = new Map()): Layout {
  const measured: Measured = { rows: new Map(), sizes: new Map(), bands: new Map(), crowded: new Set() };
  const { w, h } = measure(boxes.root, memory, measured);
  const placed = new Places(boxes, measured);
  return {
    root: boxes.root.id, placed, memory: measured.rows, width: w, height: h, host: hostOf(boxes, placed),
    untidy: measured.crowded.size > 0 || [...measured.rows.values()].some((row) => row.ids.includes(null)),
  };
}

function hostOf(boxes: Boxes, placed: Places): Placed | null {
  for (const box of boxes.byId.values()) if (box.kind === "host") return placed.get(box.id) ?? null;
  return null;
}
