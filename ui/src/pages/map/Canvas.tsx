import { computed, effect, signal, useComputed, useSignal } from "@preact/signals";
import { select } from "d3-selection";
import "d3-transition";
import { zoom, zoomIdentity, type D3ZoomEvent, type ZoomBehavior } from "d3-zoom";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { model, picture, staleHosts, version } from "../../live/store";
import { wayIds } from "../../live/way";
import { go, place } from "../../state/place";
import { painted } from "../../state/theme";
import { arrangement } from "./arrangement";
import type { DisplayList, Target } from "./display";
import { lit } from "./neighbourhood";
import { figuredTies, overlaid } from "./overlay";
import { paint, Palette } from "./paint";
import { linesOf } from "./links";
import { scene } from "./scene";
import { fitting, opened, type Area, type View } from "./view";

export const view = signal<View>({ k: 1, x: 0, y: 0 });
export const area = signal<Area>({ w: 0, h: 0 });
export const hovered = signal<Target | null>(null);
const open = signal<ReadonlySet<string>>(new Set());
const INSPECTABLE = 0.92;
/** What legend and overview cover when everything is shown. */
const FOOT = 90;

const layers = computed(() => new Set(place.value.layers));
/** What is linked with what, at this degree of openness: kept while one only moves. */
const lines = computed(() => {
  version.value;
  const shown = arrangement.value;
  return shown && picture.value ? linesOf(picture.value, shown.boxes, open.value, layers.value, lit.value) : [];
});

/** What is drawn now; legend, export and pointer read it too. */
export const drawn = computed<DisplayList | null>(() => {
  const shown = arrangement.value;
  if (!shown || !picture.value || !area.value.w) return null;
  const asked = {
    boxes: shown.boxes, layout: shown.layout, open: open.value, lines: lines.value, view: view.value, area: area.value,
    focus: place.value.focus, lit: lit.value, staleHosts: staleHosts.value, model: model.value,
  };
  return overlaid(scene(asked), asked, wayIds.value, figuredTies.value);
});

let behaviour: ZoomBehavior<HTMLCanvasElement, unknown> | null = null;
let surface: HTMLCanvasElement | null = null;

/** Bring a box, or everything, into view. */
export function show(id: string | null, share = 1): void {
  const shown = arrangement.value;
  const placed = id === null ? undefined : shown?.layout.placed.get(shown.boxes.home.get(id) ?? id);
  if (!shown || !behaviour || !surface) return;
  const rect = placed ?? { x: 0, y: 0, w: shown.layout.width, h: shown.layout.height };
  move(fitting(rect, area.value, share < 1 ? (Math.min(area.value.w, area.value.h) * (1 - share)) / 2 : 20, placed ? 0 : FOOT));
}

export function magnify(by: number): void {
  if (behaviour && surface) select(surface).transition().duration(motion()).call(behaviour.scaleBy, by);
}

function move(next: View): void {
  if (!behaviour || !surface) return;
  select(surface).transition().duration(motion()).call(behaviour.transform, zoomIdentity.translate(next.x, next.y).scale(next.k));
}

function motion(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--t-zoom")) || 0;
}

/** The target under a point of the picture: the innermost. */
export function targetAt(x: number, y: number): Target | null {
  let found: Target | null = null;
  for (const each of drawn.value?.targets ?? []) {
    const [rx, ry] = [Math.max(0, (24 - each.w) / 2), Math.max(0, (24 - each.h) / 2)];
    const hit = x >= each.x - rx && x <= each.x + each.w + rx && y >= each.y - ry && y <= each.y + each.h + ry;
    if (hit && (!found || each.depth > found.depth)) found = each;
  }
  return found;
}

export function Canvas(): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const under = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const fitted = useSignal("");
  useLayoutEffect(() => watchSize(frame.current as HTMLDivElement), []);
  useLayoutEffect(() => watchZoom(over.current as HTMLCanvasElement), []); // who sees the map can move it
  useEffect(() => painting(under.current as HTMLCanvasElement, over.current as HTMLCanvasElement), []);
  useEffect(
    () =>
      effect(() => {
        const shown = arrangement.value;
        if (!shown) return;
        open.value = opened(shown.layout, view.value, area.value, open.peek(), new Set(place.value.open));
        const key = `${place.value.environment}\n${place.value.group}`;
        if (!area.value.w || fitted.peek() === key || !behaviour || !surface) return;
        fitted.value = key;
        const focus = place.peek().focus;
        const placed = shown.layout.placed.get(shown.boxes.home.get(focus) ?? "");
        const next = placed ? fitting(hostAround(placed.box.id), area.value) : fitting({ x: 0, y: 0, w: shown.layout.width, h: shown.layout.height }, area.value, 20, FOOT);
        select(surface).call(behaviour.transform, zoomIdentity.translate(next.x, next.y).scale(next.k));
      }),
    [],
  );
  const label = useComputed(() => `Map of ${place.value.environment}; the same objects are in the tree that V shows`);
  return (
    <div class="map-frame" ref={frame}>
      <canvas class="map-canvas" ref={under} aria-hidden="true" />
      <canvas class="map-canvas" ref={over} role="img" aria-label={label.value} />
    </div>
  );
}

/** The host something is on, or the thing itself where it is on none: what is worth filling the screen. */
function hostAround(id: string): { x: number; y: number; w: number; h: number } {
  const shown = arrangement.peek();
  let each: string | undefined = id;
  while (shown && each !== undefined && shown.boxes.byId.get(each)?.kind !== "host") each = shown.boxes.parent.get(each);
  const found = shown?.layout.placed.get(each ?? id);
  return found ?? { x: 0, y: 0, w: 1, h: 1 };
}

function watchSize(frame: HTMLDivElement): () => void {
  const observer = new ResizeObserver(() => {
    area.value = { w: frame.clientWidth, h: frame.clientHeight };
  });
  observer.observe(frame);
  return () => observer.disconnect();
}

function watchZoom(canvas: HTMLCanvasElement): () => void {
  surface = canvas;
  behaviour = zoom<HTMLCanvasElement, unknown>()
    .scaleExtent([0.02, 60])
    .on("zoom", (event: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
      view.value = { k: event.transform.k, x: event.transform.x, y: event.transform.y };
    });
  select(canvas).call(behaviour).on("dblclick.zoom", null);
  const at = (event: MouseEvent): Target | null => targetAt(event.offsetX, event.offsetY);
  const rest = (event: MouseEvent): void => {
    const found = at(event);
    if (found?.id !== hovered.peek()?.id) hovered.value = found;
    canvas.style.cursor = found ? "pointer" : "";
  };
  const press = (event: MouseEvent): void => {
    const found = at(event);
    const box = found && arrangement.peek()?.boxes.byId.get(found.id);
    go({ focus: box?.thing ? box.id : "" });
  };
  const enter = (event: MouseEvent): void => {
    const found = at(event);
    if (found) show(found.id, INSPECTABLE);
  };
  const leave = (): void => {
    hovered.value = null;
  };
  canvas.addEventListener("pointermove", rest);
  canvas.addEventListener("click", press);
  canvas.addEventListener("dblclick", enter);
  canvas.addEventListener("pointerleave", leave);
  return () => {
    select(canvas).on(".zoom", null);
    behaviour = null;
    surface = null;
  };
}

/** Paint in the next frame after something changed: the picture below, what the pointer rests on above. */
function painting(under: HTMLCanvasElement, over: HTMLCanvasElement): () => void {
  let asked = 0;
  let clear = true;
  const run = (): void => {
    asked = 0;
    const list = drawn.peek();
    const size = area.peek();
    const ratio = devicePixelRatio || 1;
    for (const canvas of [under, over]) fit(canvas, size, ratio);
    const context = under.getContext("2d");
    const palette = new Palette();
    if (context && list) paint(context, list, palette, size, ratio);
    if (!clear || hovered.peek()) clear = !hover(over, palette, size, ratio); // an untouched canvas costs nothing
  };
  const stop = effect(() => {
    drawn.value;
    hovered.value;
    painted.value;
    asked ||= requestAnimationFrame(run);
  });
  return () => {
    stop();
    cancelAnimationFrame(asked);
  };
}

function fit(canvas: HTMLCanvasElement, size: Area, ratio: number): void {
  const [w, h] = [Math.round(size.w * ratio), Math.round(size.h * ratio)];
  if (canvas.width === w && canvas.height === h) return;
  canvas.width = w;
  canvas.height = h;
  canvas.style.width = `${size.w}px`;
  canvas.style.height = `${size.h}px`;
}

/** Frames what the pointer rests on. Returns whether anything does. */
function hover(canvas: HTMLCanvasElement, palette: Palette, size: Area, ratio: number): boolean {
  const on = canvas.getContext("2d");
  if (!on) return false;
  on.setTransform(ratio, 0, 0, ratio, 0, 0);
  on.clearRect(0, 0, size.w, size.h);
  const target = hovered.peek() && drawn.peek()?.targets.find((each) => each.id === hovered.peek()?.id);
  if (!target) return false;
  on.strokeStyle = palette.of("accent");
  on.lineWidth = 1;
  on.beginPath();
  on.roundRect(target.x - 1.5, target.y - 1.5, target.w + 3, target.h + 3, 6);
  on.stroke();
  return true;
}
