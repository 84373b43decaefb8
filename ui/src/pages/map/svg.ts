/** Writes a display list as an SVG file that stands for itself: colours are written out, glyphs are within. Pure. */
import type { DisplayList, Item, PathItem } from "./display";

export interface Colours {
  of(role: string): string;
  readonly ui: string;
  readonly mono: string;
  readonly dim: number;
}

export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (each) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[each] ?? each);
}

/** `glyph`: the source of a symbol of the sprite. */
export function toSvg(list: DisplayList, area: { w: number; h: number }, colours: Colours, glyph: (name: string) => string): string {
  const used = [...new Set(list.items.flatMap((item) => (item.t === "glyph" ? [item.glyph] : [])))];
  const defs = used.map((name) => `<symbol id="g-${name}" viewBox="0 0 24 24">${glyph(`g-${name}`)}</symbol>`).join("");
  const hatch =
    `<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
    `<path d="M0 0V6" stroke="${colours.of("stale-mark")}" opacity=".55"/></pattern>`;
  const body = list.items.map((item) => one(item, colours)).join("\n");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${area.w}" height="${area.h}" viewBox="0 0 ${area.w} ${area.h}">` +
    `<defs>${hatch}${defs}</defs>\n<rect width="100%" height="100%" fill="${colours.of("bg")}"/>\n${body}\n</svg>\n`
  );
}

const n = (value: number): string => String(Math.round(value * 10) / 10);

function one(item: Item, colours: Colours): string {
  const dim = item.dim ? ` opacity="${colours.dim}"` : "";
  if (item.t === "rect") {
    const at = `x="${n(item.x)}" y="${n(item.y)}" width="${n(item.w)}" height="${n(item.h)}" rx="${n(item.r)}"`;
    const stroke = item.stroke ? ` stroke="${colours.of(item.stroke)}" stroke-width="${item.width}"${dashed(item.dash)}` : "";
    const over = item.hatch ? `<rect ${at} fill="url(#hatch)"/>` : "";
    return `<rect ${at} fill="${colours.of(item.fill)}"${stroke}${dim}/>${over}`;
  }
  if (item.t === "text") {
    const face = escape(item.mono ? colours.mono : colours.ui);
    const weight = item.bold ? ' font-weight="600"' : "";
    const anchor = item.anchor ? ` text-anchor="${item.anchor}"` : "";
    return `<text x="${n(item.x)}" y="${n(item.y)}" font-family="${face}" font-size="${item.size}"${weight}${anchor} fill="${colours.of(item.ink)}"${dim}>${escape(item.text)}</text>`;
  }
  if (item.t === "glyph") {
    const style = `color:${colours.of(item.ink)};--glyph-knock:${colours.of(item.knock)}`;
    return `<use href="#g-${item.glyph}" x="${n(item.x)}" y="${n(item.y)}" width="${n(item.size)}" height="${n(item.size)}" style="${style}"${dim}/>`;
  }
  return `<path d="${rounded(item)}" fill="none" stroke="${colours.of(item.ink)}" stroke-width="${item.width}" stroke-linejoin="round"${dashed(item.dash)}${dim}/>`;
}

function dashed(dash: readonly number[] | undefined): string {
  return dash ? ` stroke-dasharray="${dash.join(" ")}"` : "";
}

/** Corners as short curves, as the canvas draws them. */
export function rounded({ points, radius }: Pick<PathItem, "points" | "radius">): string {
  let said = `M${n(points[0] ?? 0)} ${n(points[1] ?? 0)}`;
  for (let i = 2; i < points.length - 2; i += 2) {
    const [px, py, x, y, nx, ny] = points.slice(i - 2, i + 4) as [number, number, number, number, number, number];
    const before = Math.min(radius, Math.hypot(x - px, y - py) / 2);
    const after = Math.min(radius, Math.hypot(nx - x, ny - y) / 2);
    const from = toward(x, y, px, py, before);
    const to = toward(x, y, nx, ny, after);
    said += `L${n(from[0])} ${n(from[1])}Q${n(x)} ${n(y)} ${n(to[0])} ${n(to[1])}`;
  }
  return `${said}L${n(points.at(-2) ?? 0)} ${n(points.at(-1) ?? 0)}`;
}

function toward(x: number, y: number, tx: number, ty: number, by: number): [number, number] {
  const length = Math.hypot(tx - x, ty - y) || 1;
  return [x + ((tx - x) / length) * by, y + ((ty - y) / length) * by];
}
