/** The geometry of the time bar. Pure. */
import { clock, day, moment } from "../state/words";

export interface Tick {
  at: number;
  label: string;
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080].map((minutes) => minutes * 60_000);

/** Heights of bars in 0…1, by square root: a first scan does not flatten all that followed. */
export function heights(counts: readonly number[]): number[] {
  const most = Math.max(1, ...counts);
  return counts.map((each) => (each ? Math.max(0.06, Math.sqrt(each / most)) : 0));
}

/** Ticks at round times, at least `room` pixels apart. */
export function ticks(start: number, end: number, width: number, room = 90): Tick[] {
  const least = ((end - start) / Math.max(1, width)) * room;
  const step = STEPS.find((each) => each >= least) ?? (STEPS.at(-1) as number);
  const found: Tick[] = [];
  for (let at = Math.ceil(start / step) * step; at < end; at += step) found.push({ at, label: labelAt(at, step) });
  return found;
}

function labelAt(at: number, step: number): string {
  return at % 86_400_000 === 0 || step >= 86_400_000 ? day(at) : clock(at).slice(0, 5);
}

export const SPANS: readonly { hours: number; label: string }[] = [
  { hours: 0.25, label: "15 min" }, { hours: 1, label: "1 h" }, { hours: 6, label: "6 h" }, { hours: 24, label: "24 h" },
  { hours: 168, label: "7 d" }, { hours: 720, label: "30 d" },
];

/** The moment under a point of the bar; past the end it is now, which is "". */
export function momentAt(x: number, width: number, start: number, end: number): string {
  const at = start + (Math.min(Math.max(x, 0), width) / Math.max(1, width)) * (end - start);
  return x >= width - 2 ? "" : moment(at);
}

/** How long a bar stands for, in words. */
export function perBar(span: number, bins: number): string {
  const seconds = span / bins / 1000;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/**
 * The beginning of the last bar with changes before a moment, or the end of the first one after it, in whole seconds,
 * as the address has them; null where there is none.
 */
export function changeEdge(counts: readonly number[], from: number, to: number, here: number, direction: 1 | -1): number | null {
  const size = (to - from) / counts.length;
  const edges = counts.flatMap((many, bin) => {
    if (!many) return [];
    return direction < 0 ? [Math.floor((from + bin * size) / 1000) * 1000] : [Math.ceil((from + (bin + 1) * size) / 1000) * 1000];
  });
  return (direction < 0 ? edges.filter((at) => at < here).at(-1) : edges.find((at) => at > here)) ?? null;
}
