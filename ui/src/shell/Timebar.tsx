import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import { token } from "../api/session";
import type { Density } from "../api/types";
import { connection, offlineSince, picture, recent, revision, staleScopes } from "../live/store";
import { Glyph } from "../parts/Glyph";
import { announce } from "../state/announce";
import { environment, frozen, go, place, settle } from "../state/place";
import { clock, count, day, lasting, moment } from "../state/words";
import { heights, momentAt, changeEdge, perBar, SPANS, ticks } from "./bars";

const BINS = 180;
const REFRESH = 10_000;
const MINUTE = 60_000;
const AXIS = 48;
const SPEED = 10;
const STEP = 250;

const density = signal<Density | null>(null);
const now = signal(Date.now());
const width = signal(1080);
const playing = signal(false);
/** While dragging, before it is let go: the page follows only then. */
const dragged = signal<string | null>(null);

async function load(): Promise<void> {
  if (!token.value || !environment.value) return;
  try {
    density.value = await ask("get_density", { environment: environment.value, start: `-${place.peek().span}h`, bins: BINS });
  } catch (error) {
    if (!(error instanceof Problem)) throw error; // the bars of before stay; the note above tells of the connection
  }
}

effect(() => {
  environment.value;
  place.value.span;
  void load();
});
setInterval(() => {
  now.value = Date.now();
  if (playing.value && frozen.value) play();
}, STEP);
setInterval(() => void load(), REFRESH);

const start = (): number => now.value - place.value.span * 60 * MINUTE;

/** One step of playing: so many times as fast as time. Ends when it has caught up. */
function play(): void {
  const next = Date.parse(place.value.at) + STEP * SPEED;
  if (next >= Date.now()) {
    playing.value = false;
    settle({ at: "" });
  } else settle({ at: new Date(next).toISOString() });
}

export function stepMinutes(by: number): void {
  const from = frozen.value ? Date.parse(place.value.at) : Date.now();
  const to = from + by * MINUTE;
  go({ at: to >= Date.now() ? "" : moment(to) });
}

/** Compare the moment shown with now. */
export function compare(): void {
  go({ page: "changes", against: place.value.at || place.value.against, at: "", focus: "" });
}

/** Go to before the change before, or to after the change after: as near as the bars tell. */
export function changeNear(direction: 1 | -1): void {
  const told = density.value;
  if (!told) return;
  const [from, to] = [Date.parse(told.start), Date.parse(told.end)];
  const found = changeEdge(told.counts, from, to, frozen.value ? Date.parse(place.value.at) : to, direction);
  if (found === null && direction < 0) announce("No change before in the stretch shown");
  else go({ at: found === null || found >= to ? "" : moment(found) });
}

export function Timebar(): JSX.Element {
  const moment = dragged.value ?? place.value.at;
  const past = moment !== "";
  const at = past ? Date.parse(moment) : offlineSince.value || now.value;
  return (
    <footer class={`time${past ? " past" : ""}`} aria-label="Time">
      <div class="ctl">
        <button class="pp" disabled={!past} onClick={() => (playing.value = !playing.value)} aria-label={playing.value ? "Pause" : `Play from here, ${SPEED} times as fast`} aria-pressed={playing.value}>
          <Glyph name={playing.value ? "ui-minus" : "ui-play"} size="s" />
        </button>
        <div class={`when${past ? " past" : ""}`}>
          <b data-test="clock">{picture.value || past ? clock(at) : "--:--:--"}</b> <span class="t3 f12">UTC</span>
          <div class="f12 row g2">{past ? `${lasting(now.value - at)} ago` : <Standing />}</div>
        </div>
      </div>
      <Bars at={at} past={past} />
      <div class="tr">
        <select class="btn" aria-label="Stretch shown" value={String(place.value.span)} onChange={(event) => go({ span: Number(event.currentTarget.value) })}>
          {SPANS.map((each) => <option key={each.hours} value={String(each.hours)}>{each.label}</option>)}
        </select>
        <button class={`btn${place.value.page === "changes" ? " on" : ""}`} aria-label="Compare two moments" onClick={compare}><Glyph name="ui-compare" size="s" />Compare</button>
      </div>
    </footer>
  );
}

/** Whether what is shown is live, and since when it is not. */
function Standing(): JSX.Element {
  if (offlineSince.value) return <span class="warn nowrap" data-test="standing"><span class="live-dot off" /> Not live for {lasting(now.value - offlineSince.value)}</span>;
  if (connection.value !== "live") return <span data-test="standing">{connection.value === "connecting" ? "Connecting" : "Catching up"}</span>;
  return <span class="nowrap" data-test="standing">{picture.value ? <><span class="live-dot" /> Live, {day(now.value)}</> : "Nothing recorded"}</span>;
}

function Bars({ at, past }: { at: number; past: boolean }): JSX.Element {
  const svg = useRef<SVGSVGElement>(null);
  useEffect(() => {
    const observer = new ResizeObserver(() => (width.value = svg.current?.clientWidth ?? 1080));
    if (svg.current) observer.observe(svg.current);
    return () => observer.disconnect();
  }, []);
  const room = width.value - 18;
  const [from, to] = [start(), now.value];
  const x = (moment: number): number => ((moment - from) / (to - from)) * room;
  const against = place.value.page === "changes" ? Date.parse(place.value.against) || 0 : 0;
  const empty = density.value?.revision === 0 && revision.value === 0; // while nothing was answered, nothing is said
  return (
    <svg
      ref={svg} class="scene hist" role="slider" tabindex={0} aria-label="Moment shown" aria-valuemin={0} aria-valuemax={Math.round((to - from) / 1000)}
      aria-valuenow={Math.round((at - from) / 1000)} aria-valuetext={past ? `${clock(at)} UTC, ${count((density.value?.counts ?? []).reduce((sum, each) => sum + each, 0))} changes in the stretch shown` : offlineSince.value ? `not live since ${clock(at)} UTC` : "now"}
      onPointerDown={(event) => drag(event, room)} onMouseDown={(event) => event.preventDefault()} onKeyDown={slide}
    >
      {empty ? <text x={width.value / 2} y={30} class="x2" text-anchor="middle">No history yet. The first completed run draws the first mark here.</text> : <Density room={room} x={x} />}
      <path d={`M0 ${AXIS + 0.5}H${width.value}`} class="axis" />
      {empty ? null : ticks(from, to, room).filter((tick) => x(tick.at) < room - (staleScopes.value.length ? 150 : 44)).map((tick) => (
        <g key={tick.at}><path d={`M${x(tick.at)} ${AXIS}v4`} class="tick" /><text x={x(tick.at) + 4} y={68} class="x3 s11">{tick.label}</text></g>
      ))}
      <Stale room={room} x={x} />
      <path d={`M${room} 6V56`} class="now" />
      {against ? <Compared from={Math.max(0, x(against))} to={past ? x(at) : room} /> : null}
      {past ? <Handle x={Math.max(0, x(at))} label={against ? `B ${clock(at)}` : clock(at)} /> : <circle cx={Math.max(0, x(at))} cy={6} r={offlineSince.value ? 4 : 5} class={offlineSince.value ? "live-mark off" : "live-mark"} />}
      <text x={room + 2} y={68} class={past ? "x3 s11" : "s11 bb"} text-anchor="end">now</text>
    </svg>
  );
}

function Density({ room, x }: { room: number; x: (moment: number) => number }): JSX.Element | null {
  const told = density.value;
  if (!told) return null;
  const [from, to] = [Date.parse(told.start), Date.parse(told.end)];
  const each = (to - from) / told.counts.length;
  const tall = heights(counts(told, to));
  const wide = Math.max(1, (each / (place.value.span * 60 * MINUTE)) * room - 1.5);
  return (
    <g>
      <text x={10} y={15} class="x3 s11">changes per {perBar(to - from, told.counts.length)}</text>
      {tall.map((share, i) => (share ? <rect key={i} x={x(from + i * each)} y={AXIS - share * 30} width={wide} height={share * 30} class="bar-soft" /> : null))}
    </g>
  );
}

/** The bars as they were asked for, and on top what came by the live feed since. */
function counts(told: Density, to: number): number[] {
  const found = [...told.counts];
  for (const frame of recent.value) if (frame.at > to) found[found.length - 1] = (found.at(-1) ?? 0) + frame.changes.length;
  return found;
}

function Stale({ room, x }: { room: number; x: (moment: number) => number }): JSX.Element | null {
  const scopes = staleScopes.value;
  if (!scopes.length) return null;
  const since = Math.min(...scopes.map((each) => Date.parse(each.ended || each.began || "") || now.value));
  const left = Math.max(0, Math.min(x(since), room - 84));
  const word = scopes.length === 1 ? "1 scope stale" : `${scopes.length} scopes stale`;
  return (
    <g>
      <title>{scopes.map((each) => each.scope).join("\n")}</title>
      <rect x={left} y={50} width={room - left} height={4} class="hatchfill" />
      <rect x={room - 116} y={58} width={90} height={14} class="ground" /><text x={room - 28} y={68} class="xs s11" text-anchor="end">{word}</text>
    </g>
  );
}

/** The stretch that is compared, from its earlier moment. */
function Compared({ from, to }: { from: number; to: number }): JSX.Element {
  return (
    <g>
      <rect x={from} y={4} width={Math.max(0, to - from)} height={AXIS - 4} class="pastrange" /><path d={`M${from} 4V56`} class="pastline" />
      <rect x={from} y={0} width={17} height={17} rx={3} class="pastfill" /><text x={from + 8.5} y={12.5} text-anchor="middle" class="s11 bb onpast">A</text>
    </g>
  );
}

function Handle({ x, label }: { x: number; label: string }): JSX.Element {
  const left = Math.min(Math.max(36, x), width.value - 36);
  return (
    <g>
      <path d={`M${x} 4V56`} class="pastline" />
      <rect x={left - 36} y={0} width={72} height={17} rx={3} class="pastfill" />
      <text x={left} y={12.5} text-anchor="middle" class="s11 bb mono onpast">{label}</text>
    </g>
  );
}

function drag(event: PointerEvent, room: number): void {
  const svg = event.currentTarget as SVGSVGElement;
  const box = svg.getBoundingClientRect();
  const to = (each: PointerEvent): void => {
    dragged.value = momentAt(each.clientX - box.left, room, start(), now.value);
  };
  const done = (each: PointerEvent): void => {
    svg.removeEventListener("pointermove", to);
    svg.removeEventListener("pointerup", done);
    to(each);
    const chosen = dragged.value;
    dragged.value = null;
    go({ at: chosen ?? "" });
  };
  if (document.activeElement !== svg) (document.activeElement as HTMLElement | null)?.blur(); // keys are for the page now
  svg.setPointerCapture(event.pointerId);
  svg.addEventListener("pointermove", to);
  svg.addEventListener("pointerup", done);
  to(event);
}

function slide(event: KeyboardEvent): void {
  const minutes = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
  if (minutes !== undefined) stepMinutes(minutes);
  else if (event.key === "End") go({ at: "" });
  else return;
  event.preventDefault();
  event.stopPropagation();
}
