/** The display list: what is drawn, in screen pixels, painted on a canvas or written as SVG alike. Pure. */
import type { Severity } from "../../live/severity";

/** A colour by its role in tokens.css. */
export type Ink = string;

export interface RectItem {
  t: "rect"; x: number; y: number; w: number; h: number; r: number; fill: Ink; stroke: Ink; width: number;
  dash?: readonly number[]; hatch?: boolean; dim?: boolean;
}
export interface TextItem {
  t: "text"; x: number; y: number; text: string; size: 11 | 12 | 13 | 15; ink: Ink; bold?: boolean; mono?: boolean;
  anchor?: "start" | "middle" | "end"; dim?: boolean;
}
export interface GlyphItem {
  t: "glyph"; x: number; y: number; size: number; glyph: string; ink: Ink; knock: Ink; dim?: boolean;
}
export interface PathItem {
  t: "path"; points: readonly number[]; radius: number; ink: Ink; width: number; dash?: readonly number[]; dim?: boolean;
  /** Of a link: the boxes it joins. */
  joins?: readonly [string, string];
}
export type Item = RectItem | TextItem | GlyphItem | PathItem;

/** What the pointer can rest on. */
export interface Target {
  id: string;
  x: number;
  y: number;
  w: number;
  h: number;
  depth: number;
}

export interface DisplayList {
  items: Item[];
  targets: Target[];
  kinds: Set<string>;
  severities: Set<Severity>;
  links: Set<"layer 2" | "overlay" | "routed" | "role" | "broken">;
  things: number;
}

export const MARKS: Readonly<Record<Severity, { glyph: string; ink: Ink }>> = {
  ok: { glyph: "st-ok", ink: "ok-mark" }, warn: { glyph: "st-warn", ink: "warn-mark" },
  error: { glyph: "st-error", ink: "error-mark" }, unknown: { glyph: "st-unknown", ink: "unknown-mark" },
  stale: { glyph: "st-stale", ink: "stale-mark" },
};

const WIDTH: Readonly<Record<number, number>> = { 11: 5.8, 12: 6.3, 13: 6.8, 15: 7.9 };
const MONO: Readonly<Record<number, number>> = { 11: 6.7, 12: 7.3, 13: 7.9, 15: 9.1 };

/** How many characters have room; by mean widths, so that canvas and SVG cut alike. */
export function roomFor(px: number, size: number, mono = false, bold = false): number {
  return Math.floor(px / ((mono ? MONO : WIDTH)[size] ?? 7) / (bold && !mono ? 1.06 : 1));
}
