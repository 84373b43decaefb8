import address from "./glyphs.svg?url";

/** A line or a shape of a glyph, ready for a canvas. */
export interface Stroke {
  path: Path2D;
  fill: boolean;
  /** Drawn in the colour of the ground instead of the ink: the sign within a mark of state. */
  knock: boolean;
  width: number;
  dash: number[];
  opacity: number;
}

const strokes = new Map<string, Stroke[]>();
const sources = new Map<string, string>();

/** Fetch the sprite once, put its symbols into the page and keep them for canvases and exports. */
export async function load(): Promise<void> {
  const text = await (await fetch(address)).text();
  // Only its symbols: the sheet's own style, for looking at it alone, is inline and against the page's policy.
  const symbols = (text.match(/<symbol[\s\S]*?<\/symbol>/g) ?? []).join("");
  const sheet = new DOMParser().parseFromString(`<svg xmlns="http://www.w3.org/2000/svg">${symbols}</svg>`, "image/svg+xml");
  const holder = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  holder.setAttribute("width", "0");
  holder.setAttribute("height", "0");
  holder.setAttribute("aria-hidden", "true");
  holder.setAttribute("class", "sprite");
  for (const symbol of sheet.querySelectorAll("symbol")) {
    symbol.querySelector("title")?.remove(); // a tooltip nobody asked for, and a second name beside the label
    strokes.set(symbol.id, [...symbol.querySelectorAll("path,circle,ellipse,rect")].map(strokeOf));
    sources.set(symbol.id, symbol.innerHTML);
    holder.append(document.importNode(symbol, true));
  }
  document.body.prepend(holder);
}

export function strokesOf(glyph: string): readonly Stroke[] {
  return strokes.get(glyph) ?? [];
}

export function sourceOf(glyph: string): string {
  return sources.get(glyph) ?? "";
}

function strokeOf(shape: Element): Stroke {
  const said = (name: string): string => shape.getAttribute(name) ?? shape.parentElement?.getAttribute(name) ?? "";
  const ink = said("stroke");
  return {
    path: pathOf(shape, (name) => Number(shape.getAttribute(name) ?? 0)),
    fill: shape.getAttribute("fill") === "currentColor",
    knock: ink.includes("--glyph-knock"),
    width: Number(said("stroke-width") || 1.75),
    dash: said("stroke-dasharray").split(/[ ,]+/).filter(Boolean).map(Number),
    opacity: Number(shape.getAttribute("opacity") ?? 1),
  };
}

function pathOf(shape: Element, number: (name: string) => number): Path2D {
  const path = new Path2D(shape.tagName === "path" ? (shape.getAttribute("d") ?? "") : undefined);
  if (shape.tagName === "circle") path.arc(number("cx"), number("cy"), number("r"), 0, 2 * Math.PI);
  if (shape.tagName === "ellipse") path.ellipse(number("cx"), number("cy"), number("rx"), number("ry"), 0, 0, 2 * Math.PI);
  if (shape.tagName === "rect") path.roundRect(number("x"), number("y"), number("width"), number("height"), number("rx"));
  return path;
}
