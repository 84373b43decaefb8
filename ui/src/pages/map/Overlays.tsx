import { computed, effect, useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { glyphOf, labelOf } from "../../live/kinds";
import { SEVERITIES, WORDS, type Severity } from "../../live/severity";
import { model } from "../../live/store";
import { Glyph } from "../../parts/Glyph";
import { painted } from "../../state/theme";
import { arrangement } from "./arrangement";
import { area, drawn, magnify, show, view } from "./Canvas";
import { MARKS } from "./display";
import { Palette } from "./paint";
import type { Layout } from "./layout";
import { levelOf, LEVELS } from "./view";

interface Shown {
  kinds: string[];
  severities: Severity[];
  links: string[];
}

let told: Shown | null = null;
/** What the legend tells of: the same object until that is something else, so that moving does not draw it anew. */
const shownKinds = computed<Shown | null>(() => {
  const list = drawn.value;
  if (!list) return (told = null);
  const next = { kinds: [...list.kinds].sort(), severities: SEVERITIES.filter((each) => list.severities.has(each)), links: [...list.links].sort() };
  return JSON.stringify(next) === JSON.stringify(told) ? told : (told = next);
});

/** Only the kinds, states and links that are in view. */
export function Legend(): JSX.Element | null {
  const list = shownKinds.value;
  if (!list) return null;
  const { kinds } = list;
  return (
    <section class="float legend" aria-label="Legend">
      <div class="row wrap">
        <b class="f12">Legend</b>
        {list.severities.map((each) => (
          <span key={each} class="row g2 f12 t2"><Glyph name={MARKS[each].glyph} size="s" tone={`m-${each}`} />{WORDS[each]}</span>
        ))}
        {list.links.map((each) => (
          <span key={each} class="row g2 f12 t2"><svg width="28" height="6" aria-hidden="true"><path d="M0 3H28" class={LINE[each]} /></svg>{each}</span>
        ))}
      </div>
      <div class="row wrap">
        {kinds.map((kind) => (
          <span key={kind} class="row g2 f12 t2"><Glyph name={glyphOf({ kind, note: "" })} size="s" />{labelOf(model.value, kind)}</span>
        ))}
      </div>
    </section>
  );
}

const LINE: Readonly<Record<string, string>> = {
  "layer 2": "lk", overlay: "lk ovl", routed: "lk agg", role: "lk dots", broken: "lk bad ovl",
};
const MINI = { w: 158, h: 102 };

/** Everything small, with what is in view framed; a press goes there. */
export function Minimap(): JSX.Element | null {
  const canvas = useRef<HTMLCanvasElement>(null);
  const there = useComputed(() => arrangement.value !== null);
  const level = useComputed(() => (arrangement.value ? levelOf(arrangement.value.layout, view.value) : 0));
  useEffect(() => (there.value && canvas.current ? sketching(canvas.current) : undefined), [there.value]);
  if (!there.value) return null;
  return (
    <div class="float minimap">
      <canvas ref={canvas} width={MINI.w} height={MINI.h} aria-hidden="true" />
      <ol class="minimap-levels f11" aria-label="Level shown">
        {LEVELS.map((each, i) => <li key={each} aria-current={i === level.value ? "true" : undefined}>{each}</li>)}
      </ol>
      <div class="col minimap-keys">
        <button class="btn sq" aria-label="Zoom in" onClick={() => magnify(1.5)}><Glyph name="ui-plus" size="s" /></button>
        <button class="btn sq" aria-label="Zoom out" onClick={() => magnify(1 / 1.5)}><Glyph name="ui-minus" size="s" /></button>
        <button class="btn sq" aria-label="Fit" onClick={() => show(null)}><Glyph name="ui-target" size="s" /></button>
      </div>
    </div>
  );
}

/** Keeps the overview: its boxes are drawn when they change, and laid under the frame when one moves. */
function sketching(canvas: HTMLCanvasElement): () => void {
  const ground = document.createElement("canvas");
  [ground.width, ground.height] = [MINI.w, MINI.h];
  let drawnOf: unknown = null;
  let drawnAt = -1;
  let asked = 0;
  const run = (): void => {
    asked = 0;
    const shown = arrangement.peek();
    const [on, below] = [canvas.getContext("2d"), ground.getContext("2d")];
    if (!on || !below || !shown) return;
    const palette = new Palette();
    if (drawnOf !== shown || drawnAt !== painted.peek()) boxesBelow(below, shown.layout, palette);
    drawnOf = shown;
    drawnAt = painted.peek();
    on.clearRect(0, 0, MINI.w, MINI.h);
    on.drawImage(ground, 0, 0);
    frame(on, shown.layout, palette);
  };
  const stop = effect(() => {
    arrangement.value;
    painted.value;
    view.value;
    area.value;
    asked ||= requestAnimationFrame(run);
  });
  return () => {
    stop();
    cancelAnimationFrame(asked);
  };
}

const miniature = (layout: Layout): number => Math.min(MINI.w / layout.width, MINI.h / layout.height);

function boxesBelow(on: CanvasRenderingContext2D, layout: Layout, palette: Palette): void {
  const k = miniature(layout);
  on.clearRect(0, 0, MINI.w, MINI.h);
  const within = [layout.placed.get(layout.root)];
  for (const each of within) {
    if (!each || each.depth > 4 || each.w * k < 3) continue;
    for (const child of each.box.children) within.push(layout.placed.get(child.id));
    const host = each.box.kind === "host" || !each.box.children.length;
    if (each.depth > 0 && !host && each.box.thing) continue;
    on.fillStyle = palette.of(each.box.severity === "error" && host ? "error-mark" : host ? "line-2" : each.depth % 2 ? "surface-3" : "surface-2");
    on.fillRect(each.x * k, each.y * k, Math.max(1, each.w * k - 1), Math.max(1, each.h * k - 1));
  }
}

/** What is in view. */
function frame(on: CanvasRenderingContext2D, layout: Layout, palette: Palette): void {
  const k = miniature(layout);
  const at = view.peek();
  on.strokeStyle = palette.of("accent");
  on.lineWidth = 1.5;
  const [x, y] = [Math.max(1, (-at.x / at.k) * k), Math.max(1, (-at.y / at.k) * k)];
  const right = Math.min(MINI.w - 1, ((area.peek().w - at.x) / at.k) * k);
  const bottom = Math.min(MINI.h - 1, ((area.peek().h - at.y) / at.k) * k);
  on.strokeRect(x, y, Math.max(4, right - x), Math.max(4, bottom - y));
}
