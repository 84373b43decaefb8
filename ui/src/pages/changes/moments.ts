import { computed, effect, signal } from "@preact/signals";
import { ask } from "../../api/client";
import { Problem } from "../../api/problem";
import type { Density, DiffView } from "../../api/types";
import { revision } from "../../live/store";
import { environment, place } from "../../state/place";

const BINS = 180;
const EVERY = 1500;
const HOUR = 3_600_000;

/** The stretch shown, and what is different between its two moments. */
export const density = signal<Density | null>(null);
export const diff = signal<DiffView | null>(null);
export const problem = signal<Problem | null>(null);
export const waiting = signal(false);
/** The two moments while a handle is dragged. */
export const dragged = signal<{ a: number; b: number | null } | null>(null);

/** The later moment in ms; null for now. */
export const b = computed(() => (dragged.value ? dragged.value.b : place.value.at ? Date.parse(place.value.at) : null));
/** The earlier moment in ms: an hour before, unless it is said or history begins later. */
export const a = computed(() => {
  if (dragged.value) return dragged.value.a;
  if (place.value.against) return Date.parse(place.value.against);
  const begins = Date.parse(density.value?.begins ?? "") || 0;
  return Math.max((b.value ?? Date.now()) - HOUR, begins);
});

let timer: ReturnType<typeof setTimeout> | undefined;
let asked = 0;

/** Follow the address and, where the later moment is now, what happens. Returns how to stop. */
export function follow(): () => void {
  const first = effect(() => {
    if (environment.value) void loadDensity(environment.value, place.value.span, place.value.at);
  });
  const then = effect(() => {
    revision.value;
    const { at, against } = place.value;
    if (!environment.value || !density.value) return;
    if (`${environment.value} ${at} ${against}` !== shown) load();
    else if (!at) timer ??= setTimeout(load, EVERY);
  });
  const bars = setInterval(() => environment.peek() && void loadDensity(environment.peek(), place.peek().span, place.peek().at), 10_000);
  return () => {
    first();
    then();
    clearInterval(bars);
    clearTimeout(timer);
    timer = undefined;
    shown = "";
  };
}

let shown = "";

async function loadDensity(name: string, span: number, at: string): Promise<void> {
  const inside = !at || Date.parse(at) > Date.now() - span * HOUR;
  try {
    density.value = await ask("get_density", { environment: name, start: inside ? `-${span}h` : new Date(Date.parse(at) - (span * HOUR) / 2).toISOString(), end: inside ? "" : new Date(Math.min(Date.now(), Date.parse(at) + (span * HOUR) / 2)).toISOString(), bins: BINS });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    problem.value = error;
  }
}

/** Ask once more after trouble. */
export function again(): void {
  void loadDensity(environment.peek(), place.peek().span, place.peek().at);
  load();
}

function load(): void {
  clearTimeout(timer);
  timer = undefined;
  const { at, against } = place.peek();
  shown = `${environment.peek()} ${at} ${against}`;
  void loadDiff(environment.peek(), new Date(a.peek()).toISOString(), at, ++asked);
}

async function loadDiff(name: string, start: string, end: string, mine: number): Promise<void> {
  waiting.value = true;
  try {
    const told = await ask("get_diff", { environment: name, start, end });
    if (mine !== asked) return;
    diff.value = told;
    problem.value = null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (mine === asked) problem.value = error;
  } finally {
    if (mine === asked) waiting.value = false;
  }
}
