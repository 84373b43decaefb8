import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { heights, perBar, ticks } from "../../shell/bars";
import { go } from "../../state/place";
import { clock, count, counted, moment } from "../../state/words";
import { a, b, density, diff, dragged } from "./moments";
import { spread } from "./lines";

const TALL = 142;
const AXIS = 120;
const HIGH = 64;
/** Above it stand the words, which the handles must not pass behind. */
const TOP = 30;
const SIDE = 20;
const LEAST = 4;
const LABEL = 70;
const width = signal(1100);

/** Changes over time; a stretch drawn with the pointer is what is compared. */
export function Histogram(): JSX.Element {
  const svg = useRef<SVGSVGElement>(null);
  useEffect(() => {
    const observer = new ResizeObserver(() => (width.value = svg.current?.clientWidth ?? 1100));
    if (svg.current) observer.observe(svg.current);
    return () => observer.disconnect();
  }, []);
  const told = density.value;
  const [from, to] = told ? [Date.parse(told.start), Date.parse(told.end)] : [0, 1];
  const room = width.value - 2 * SIDE;
  const x = (at: number): number => SIDE + Math.min(1, Math.max(0, (at - from) / (to - from))) * room;
  const back = (px: number): number => Math.min(to, Math.max(from, from + ((px - SIDE) / room) * (to - from)));
  return (
    <div class="changes-histogram">
      <svg ref={svg} class="scene changes-bars" height={TALL} aria-hidden="true" onPointerDown={(event) => told && drag(event, back, to)}>
        {told ? <Bars x={x} from={from} to={to} /> : null}
        <path d={`M${SIDE} ${AXIS + 0.5}H${SIDE + room}`} class="axis" />
        {told ? ticks(from, to, room, 120).filter((tick) => clearOf(x(tick.at), x, to)).map((tick) => <text key={tick.at} x={x(tick.at)} y={AXIS + 17} class="x3 s11">{tick.label}</text>) : null}
        {told ? <Range x={x} to={to} /> : null}
      </svg>
      <Keys />
      {told ? <Bins /> : null}
    </div>
  );
}

/** Whether a word at a place of the axis leaves room for those of A and B. */
function clearOf(place: number, x: (at: number) => number, to: number): boolean {
  return Math.abs(place - x(a.value)) > LABEL && place < x(b.value ?? to) - LABEL - 20;
}

function Bars({ x, from, to }: { x: (at: number) => number; from: number; to: number }): JSX.Element {
  const told = density.value;
  const counts = told?.counts ?? [];
  const each = (to - from) / Math.max(1, counts.length);
  const tall = heights(counts);
  const kinds = diff.value ? spread(diff.value, from, to, counts.length) : [];
  const wide = Math.max(1.5, x(from + each) - x(from) - 1.5);
  return (
    <g>
      <text x={SIDE} y={15} class="x3 s11">changes per {perBar(to - from, counts.length)}</text>
      {tall.map((share, i) => {
        if (!share) return null;
        const [left, high] = [x(from + i * each), share * HIGH];
        const bin = kinds[i];
        const sum = bin ? bin.added + bin.changed + bin.removed : 0;
        if (!bin || !sum) return <rect key={i} x={left} y={AXIS - high} width={wide} height={high} class="bar-soft" />;
        const parts: [string, number][] = [["bar-chg", bin.changed], ["bar-add", bin.added], ["bar-rem", bin.removed]];
        let base = AXIS;
        return parts.map(([tone, many]) => (many ? <rect key={`${i} ${tone}`} x={left} y={(base -= (high * many) / sum)} width={wide} height={(high * many) / sum} class={tone} /> : null));
      })}
    </g>
  );
}

function Range({ x, to }: { x: (at: number) => number; to: number }): JSX.Element {
  const [left, right] = [x(a.value), x(b.value ?? to)];
  const near = right - left < 150;
  return (
    <g>
      <rect x={left} y={TOP} width={Math.max(1, right - left)} height={AXIS - TOP} class="pastrange" />
      {[left, right].map((at, i) => <g key={i}><path d={`M${at} ${TOP + 2}V${AXIS}`} class="pastline" /><circle cx={at} cy={TOP + 2} r={5} class="pastfill" /></g>)}
      <rect x={left - (near ? 78 : 34)} y={AXIS + 5} width={74} height={16} class="ground" /><text x={left - (near ? 8 : 0)} y={AXIS + 17} text-anchor={near ? "end" : "middle"} class="s11 bb xp">A {clock(a.value)}</text>
      <rect x={right - 74} y={AXIS + 5} width={74} height={16} class="ground" /><text x={right} y={AXIS + 17} text-anchor="end" class="s11 bb xp">B {b.value === null ? "now" : clock(b.value)}</text>
    </g>
  );
}

function Keys(): JSX.Element {
  return (
    <p class="changes-keys f11 t2" aria-hidden="true"><i class="key-add" />added<i class="key-chg" />altered<i class="key-rem" />removed</p>
  );
}

/** The same as a list: the twin of the bars. Each stretch can be gone to. */
function Bins(): JSX.Element {
  const told = density.value;
  const [from, to] = [Date.parse(told?.start ?? ""), Date.parse(told?.end ?? "")];
  const counts = told?.counts ?? [];
  const each = (to - from) / Math.max(1, counts.length);
  const busy = counts.map((many, i) => ({ many, at: from + i * each })).filter((bin) => bin.many > 0);
  return (
    <details class="changes-bins">
      <summary class="f12 t2">{counted(busy.length, "stretch", "stretches")} with changes</summary>
      <ul class="list">
        {busy.map((bin) => (
          <li key={bin.at}><time>{clock(bin.at)}</time><span class="grow">{counted(bin.many, "change", "changes")}</span><button class="link" onClick={() => go({ against: moment(bin.at), at: bin.at + each >= to - 1000 ? "" : moment(bin.at + each + 999) })}>Compare around {clock(bin.at)}</button></li>
        ))}
      </ul>
      <p class="f12 t3">{count(counts.reduce((sum, many) => sum + many, 0))} changes in all</p>
    </details>
  );
}

/** Draw a stretch, or move the handle that is near. */
function drag(event: PointerEvent, back: (px: number) => number, end: number): void {
  const svg = event.currentTarget as SVGSVGElement;
  const left = svg.getBoundingClientRect().left;
  const begun = event.clientX - left;
  const later = b.peek() ?? end;
  const near = (at: number): boolean => Math.abs(back(begun) - at) < Math.abs(back(begun + 8) - back(begun));
  const fixed = near(a.peek()) ? later : near(later) ? a.peek() : back(begun);
  const to = (each: PointerEvent): void => {
    const at = back(each.clientX - left);
    const [first, last] = at < fixed ? [at, fixed] : [fixed, at];
    dragged.value = { a: first, b: last >= end - 1000 ? null : last };
  };
  const done = (each: PointerEvent): void => {
    svg.removeEventListener("pointermove", to);
    svg.removeEventListener("pointerup", done);
    const chosen = dragged.value;
    dragged.value = null;
    if (!chosen || (Math.abs(each.clientX - left - begun) < LEAST && fixed === back(begun))) return;
    go({ against: moment(chosen.a), at: chosen.b === null ? "" : moment(chosen.b) });
  };
  svg.setPointerCapture(event.pointerId);
  svg.addEventListener("pointermove", to);
  svg.addEventListener("pointerup", done);
}
