import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { sourceOf } from "../../glyphs/sprite";
import { picture } from "../../live/store";
import { Glyph } from "../../parts/Glyph";
import { download } from "../../parts/download";
import { environment } from "../../state/place";
import { area, drawn } from "./Canvas";
import { paint, Palette } from "./paint";
import { toSvg } from "./svg";

const SHARP = 2;

/** The picture as SVG or PNG from the same display list, and what it shows as JSON. */
export function Export(): JSX.Element {
  const open = useSignal(false);
  const save = (how: () => Promise<Blob | null>, ending: string) => async (): Promise<void> => {
    open.value = false;
    const made = await how();
    if (made) download(made, `${environment.value}.${ending}`);
  };
  return (
    <div class="export" onFocusOut={(event) => !event.currentTarget.contains(event.relatedTarget as Node) && (open.value = false)}>
      <button class="btn" aria-haspopup="menu" aria-expanded={open.value} onClick={() => (open.value = !open.value)}><Glyph name="ui-export" size="s" />Export</button>
      {open.value ? (
        <div class="menu export-menu" role="menu" aria-label="Export">
          <button role="menuitem" onClick={() => void save(svg, "svg")()}>SVG</button>
          <button role="menuitem" onClick={() => void save(png, "png")()}>PNG</button>
          <button role="menuitem" onClick={() => void save(json, "json")()}>JSON</button>
        </div>
      ) : null}
    </div>
  );
}

async function svg(): Promise<Blob | null> {
  const list = drawn.value;
  return list && new Blob([toSvg(list, area.value, new Palette(), sourceOf)], { type: "image/svg+xml" });
}

async function png(): Promise<Blob | null> {
  const list = drawn.value;
  const canvas = document.createElement("canvas");
  canvas.width = area.value.w * SHARP;
  canvas.height = area.value.h * SHARP;
  const on = canvas.getContext("2d");
  if (!list || !on) return null;
  const palette = new Palette();
  const ground = { t: "rect", x: 0, y: 0, w: area.value.w, h: area.value.h, r: 0, fill: "bg", stroke: "", width: 0 } as const;
  paint(on, { ...list, items: [ground, ...list.items] }, palette, area.value, SHARP);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

async function json(): Promise<Blob | null> {
  const there = picture.value;
  if (!there) return null;
  const whole = { environment: environment.value, as_of: there.asOf, revision: there.revision, objects: [...there.things.values()], links: [...there.ties.values()] };
  return new Blob([JSON.stringify(whole, null, 1)], { type: "application/json" });
}
