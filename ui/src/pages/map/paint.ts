/** Paints a display list on a canvas. */
import { strokesOf } from "../../glyphs/sprite";
import type { DisplayList, GlyphItem, Item, PathItem, RectItem, TextItem } from "./display";

/** The colours of the theme in use, read once for each painting. */
export class Palette {
  readonly #style = getComputedStyle(document.documentElement);
  readonly #known = new Map<string, string>();
  readonly ui = this.of("font-ui");
  readonly mono = this.of("font-mono");
  readonly dim = Number(this.of("dim")) || 0.34;

  of(role: string): string {
    let found = this.#known.get(role);
    if (found === undefined) this.#known.set(role, (found = this.#style.getPropertyValue(`--${role}`).trim()));
    return found;
  }
}

export function paint(on: CanvasRenderingContext2D, list: DisplayList, palette: Palette, area: { w: number; h: number }, ratio: number): void {
  on.setTransform(ratio, 0, 0, ratio, 0, 0);
  on.clearRect(0, 0, area.w, area.h);
  for (const item of list.items) {
    on.globalAlpha = item.dim ? palette.dim : 1;
    one(on, item, palette);
  }
  on.globalAlpha = 1;
}

function one(on: CanvasRenderingContext2D, item: Item, palette: Palette): void {
  if (item.t === "rect") rect(on, item, palette);
  else if (item.t === "text") text(on, item, palette);
  else if (item.t === "glyph") glyph(on, item, palette);
  else path(on, item, palette);
}

/** Narrower than this, round corners cannot be seen. */
const SMALL = 8;

function rect(on: CanvasRenderingContext2D, item: RectItem, palette: Palette): void {
  if (item.w < SMALL && !item.hatch && !item.stroke) {
    on.fillStyle = palette.of(item.fill);
    on.fillRect(item.x, item.y, item.w, item.h);
    return;
  }
  on.beginPath();
  on.roundRect(item.x, item.y, item.w, item.h, Math.max(0, item.r));
  on.fillStyle = palette.of(item.fill);
  on.fill();
  if (item.hatch) hatch(on, item, palette);
  if (!item.stroke) return;
  on.strokeStyle = palette.of(item.stroke);
  on.lineWidth = item.width;
  stroke(on, item.dash);
}

function stroke(on: CanvasRenderingContext2D, dash: readonly number[] | undefined): void {
  if (dash) on.setLineDash([...dash]);
  on.stroke();
  if (dash) on.setLineDash([]);
}

function hatch(on: CanvasRenderingContext2D, item: RectItem, palette: Palette): void {
  on.save();
  on.clip();
  on.strokeStyle = palette.of("stale-mark");
  on.lineWidth = 1;
  on.globalAlpha *= 0.4;
  on.beginPath();
  for (let x = item.x - item.h; x < item.x + item.w; x += 6) {
    on.moveTo(x, item.y + item.h);
    on.lineTo(x + item.h, item.y);
  }
  on.stroke();
  on.restore();
  on.beginPath();
  on.roundRect(item.x, item.y, item.w, item.h, Math.max(0, item.r));
}

function text(on: CanvasRenderingContext2D, item: TextItem, palette: Palette): void {
  on.font = `${item.bold ? 600 : 400} ${item.size}px ${item.mono ? palette.mono : palette.ui}`;
  on.fillStyle = palette.of(item.ink);
  on.textAlign = item.anchor === "middle" ? "center" : (item.anchor ?? "start");
  on.fillText(item.text, item.x, item.y);
}

function glyph(on: CanvasRenderingContext2D, item: GlyphItem, palette: Palette): void {
  on.save();
  on.translate(item.x, item.y);
  on.scale(item.size / 24, item.size / 24);
  on.lineCap = "round";
  on.lineJoin = "round";
  const alpha = on.globalAlpha;
  for (const stroke of strokesOf(`g-${item.glyph}`)) {
    const ink = palette.of(stroke.knock ? item.knock : item.ink);
    on.globalAlpha = alpha * stroke.opacity;
    on.lineWidth = stroke.width;
    on.setLineDash(stroke.dash);
    on.fillStyle = ink;
    on.strokeStyle = ink;
    if (stroke.fill) on.fill(stroke.path);
    on.stroke(stroke.path);
  }
  on.restore();
}

function path(on: CanvasRenderingContext2D, item: PathItem, palette: Palette): void {
  const { points } = item;
  on.beginPath();
  on.moveTo(points[0] ?? 0, points[1] ?? 0);
  for (let i = 2; i < points.length - 2; i += 2) {
    on.arcTo(points[i] ?? 0, points[i + 1] ?? 0, points[i + 2] ?? 0, points[i + 3] ?? 0, item.radius);
  }
  on.lineTo(points.at(-2) ?? 0, points.at(-1) ?? 0);
  on.strokeStyle = palette.of(item.ink);
  on.lineWidth = item.width;
  stroke(on, item.dash);
}
