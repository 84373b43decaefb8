import { effect, useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { followFigures } from "../../live/figures";
import { focalOf } from "../../live/focal";
import { sought } from "../../live/sought";
import { picture, trouble } from "../../live/store";
import { Details } from "../../parts/Details";
import { Glyph } from "../../parts/Glyph";
import { OnLinks } from "../../parts/OnLinks";
import { WayBar } from "../../parts/Way";
import { bind } from "../../state/keys";
import { go, place } from "../../state/place";
import { shortened } from "../../state/words";
import { arrangement, grouping, tidy, untidy } from "./arrangement";
import { GROUPINGS } from "./boxes";
import { Canvas, magnify, show } from "./Canvas";
import { Export } from "./Export";
import { LAYERS } from "./links";
import { Legend, Minimap } from "./Overlays";
import { Hover } from "./Hover";
import { highlightCount, highlightTrouble } from "./neighbourhood";
import { figuredHosts } from "./overlay";
import { step } from "./stepping";
import { Summary } from "./Summary";
import { Twin } from "./Twin";

export function MapPage(): JSX.Element {
  useLayoutEffect(() => bind(keys), []);
  useEffect(() => followFigures(figuredHosts), []);
  useEffect(() => effect(bringSought), []);
  return (
    <>
      <Toolbar />
      <WayBar />
      <div class="map-area">
        {picture.value ? place.value.twin ? <Twin /> : <Picture /> : <Loading />}
      </div>
    </>
  );
}

function Picture(): JSX.Element {
  return (
    <>
      <Canvas />
      <Hover />
      <Legend />
      <Minimap />
      {untidy.value ? <button class="btn map-tidy" onClick={tidy} title="Pack the boxes anew; places that stand empty are given up">Lay out anew</button> : null}
    </>
  );
}

/** Nothing for 150 ms, then the shape of what comes; what went wrong stands where it would be. */
function Loading(): JSX.Element {
  if (trouble.value) {
    return (
      <div class="pad">
        <div class="callout error" role="alert"><b>{trouble.value.detail}</b> {trouble.value.hint}</div>
      </div>
    );
  }
  return <div class="skeleton late" role="status" aria-label="Loading"><i /><i /><i /></div>;
}

function Toolbar(): JSX.Element {
  const query = useSignal(place.value.highlight);
  useEffect(() => {
    query.value = place.value.highlight;
  }, [place.value.highlight]);
  const problem = highlightTrouble.value;
  const told = useComputed(() => (highlightCount.value === null ? "" : `${highlightCount.value} found`));
  return (
    <div class="bar">
      <h1>Map</h1>
      <span class="f12 t3">Group by</span>
      <span class="seg" role="group" aria-label="Group by">
        {GROUPINGS.map((each) => (
          <button key={each} class={each === grouping.value ? "on" : ""} aria-pressed={each === grouping.value} onClick={() => go({ group: each })}>{each[0]?.toUpperCase() + each.slice(1)}</button>
        ))}
      </span>
      <span class="sepv" />
      <Glyph name="ui-layers" size="s" tone="t3" />
      {LAYERS.map((layer) => (
        <label key={layer.name} class="row g2 f12 t2">
          <input type="checkbox" checked={place.value.layers.includes(layer.name)} onChange={() => toggle(layer.name)} />
          {layer.label}
        </label>
      ))}
      <span class="sepv" />
      <form class={`field grow highlight${problem ? " wrong" : ""}`} onSubmit={(event) => (event.preventDefault(), go({ highlight: query.value.trim(), focus: "" }))} title={problem ? `${problem.detail} ${problem.hint}` : ""}>
        <Glyph name="ui-target" size="s" tone="t3" />
        <input class="bare mono grow" aria-label="Highlight what a query finds" placeholder="Highlight: a query" spellcheck={false} value={query.value} onInput={(event) => (query.value = event.currentTarget.value)} aria-invalid={problem !== null} />
        <span class={`f12 nowrap ${problem ? "error" : "t3"}`} role="status">{problem ? problem.detail : told.value}</span>
      </form>
      <OnLinks off />
      <button class="btn push" aria-pressed={place.value.twin} onClick={() => go({ twin: !place.value.twin })}>
        <Glyph name="ui-table" size="s" />{place.value.twin ? "As picture" : "As tree"}
      </button>
      <Export />
    </div>
  );
}

function toggle(layer: string): void {
  const { layers } = place.value;
  go({ layers: layers.includes(layer) ? layers.filter((each) => each !== layer) : [...layers, layer] });
}

function bringSought(): void {
  const id = sought.value;
  if (!id || !arrangement.value) return;
  sought.value = "";
  requestAnimationFrame(() => show(picture.peek()?.things.get(id)?.host || id));
}

export function MapPanel(): JSX.Element {
  if (!place.value.focus) return <Summary />;
  const focal = focalOf(place.value.focus);
  return (
    <Details
      actions={
        <>
          {focal ? (
            <button class="btn p" onClick={() => go({ page: "tree", focus: focal.id })}><Glyph name="ui-path" size="s" />{focal.id === place.value.focus ? "Open clique" : `Clique of ${shortened(focal.name, 16)}`}</button>
          ) : null}
          <button class="btn" onClick={() => show(place.value.focus, 0.6)}><Glyph name="ui-target" size="s" />Show</button>
        </>
      }
    />
  );
}

const keys = [
  { keys: "+", does: "zoom in", run: () => magnify(1.5) },
  { keys: "-", does: "zoom out", run: () => magnify(1 / 1.5) },
  { keys: "0", does: "fit", run: () => show(null) },
  { keys: "Enter", does: "open group", run: () => place.value.focus && show(place.value.focus, 0.92) },
  { keys: "Backspace", does: "close it", run: () => up() },
  { keys: "ArrowUp", does: "to the nearest object above", run: () => step(0, -1) },
  { keys: "ArrowDown", does: "below", run: () => step(0, 1) },
  { keys: "ArrowLeft", does: "to the left", run: () => step(-1, 0) },
  { keys: "ArrowRight", does: "to the right", run: () => step(1, 0) },
];

function up(): void {
  const boxes = arrangement.value?.boxes;
  const parent = boxes?.parent.get(boxes.home.get(place.value.focus) ?? "");
  const box = parent ? boxes?.byId.get(parent) : undefined;
  if (box?.thing) {
    go({ focus: box.id });
    show(box.id, 0.92);
  } else show(null);
}
