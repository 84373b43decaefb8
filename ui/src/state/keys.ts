/** The keyboard map. Pages add their own keys while they are shown. */
export interface Key {
  keys: string;
  does: string;
  run: (event: KeyboardEvent) => void;
}

const layers: Key[][] = [];
const PREFIX = "g";
const TWO_STROKES_WITHIN = 1200;
let first = 0;

/** Add keys; the returned function takes them away. Later layers win. From a layout effect: who sees a page can press its keys. */
export function bind(keys: Key[]): () => void {
  layers.push(keys);
  return () => {
    const place = layers.indexOf(keys);
    if (place >= 0) layers.splice(place, 1);
  };
}

export function bound(): Key[] {
  return layers.flat();
}

/** How a stroke is written in the map: `Shift Space`, `Ctrl Enter`, `/`. */
export function written(event: KeyboardEvent): string {
  const name = event.key === " " ? "Space" : event.key;
  const shift = event.shiftKey && name.length > 1 ? "Shift " : "";
  return (event.ctrlKey || event.metaKey ? "Ctrl " : "") + shift + name;
}

export function listen(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey) return;
    const stroke = written(event);
    const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select, [contenteditable]");
    if (typing && stroke !== "Escape") return;
    const prefixed = Date.now() - first < TWO_STROKES_WITHIN;
    if (!prefixed && stroke === PREFIX) {
      first = Date.now();
      return;
    }
    first = 0;
    run(prefixed ? `${PREFIX} ${stroke}` : stroke, event);
  });
}

function run(stroke: string, event: KeyboardEvent): void {
  for (const layer of [...layers].reverse()) {
    const found = layer.find((each) => each.keys === stroke);
    if (!found) continue;
    event.preventDefault();
    found.run(event);
    return;
  }
}
