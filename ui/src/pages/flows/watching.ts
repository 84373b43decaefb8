import { effect, signal } from "@preact/signals";
import { ask } from "../../api/client";
import { Problem } from "../../api/problem";
import type { CaptureList, CreateCapture, InjectionView, InjectPacket } from "../../api/types";
import { at, environment, place } from "../../state/place";
import { Rates, requestOf, wantedOf, type Row } from "./model";

const EVERY = 2000;

export const rows = signal<Row[] | null>(null);
export const captures = signal<CaptureList | null>(null);
export const injections = signal<readonly InjectionView[]>([]);
export const lost = signal(0);
export const truncated = signal(false);
export const problem = signal<Problem | null>(null);
export const paused = signal(false);
/** While the pointer or the focus is in the table rows keep their places: how many came since then, null while they move. */
export const held = signal<number | null>(null);
export let rates = new Rates();

let asked = "";
/** The last answer in its own order, and what of it was there when rows began to keep their places. */
let sorted: Row[] = [];
let there: ReadonlySet<string> = new Set();

/** Ask again and again while the page is shown. Returns how to stop. */
export function follow(): () => void {
  const anew = effect(() => {
    const key = [environment.value, at.value, place.value.filter].join("\n");
    if (key === asked || !environment.value) return;
    asked = key;
    rates = new Rates();
    rows.value = null;
    void load();
  });
  const timer = setInterval(() => environment.peek() && !paused.peek() && !at.peek() && void load(), EVERY);
  return () => {
    anew();
    clearInterval(timer);
    asked = "";
  };
}

export async function load(): Promise<void> {
  const mine = asked;
  const name = environment.peek();
  try {
    const [flows, watched, sent] = await Promise.all([
      ask("get_flows", requestOf(name, wantedOf(place.peek().filter), at.peek())), ask("get_captures", { environment: name }), ask("get_injections", { environment: name }),
    ]);
    if (mine !== asked) return;
    captures.value = watched;
    injections.value = sent.items;
    lost.value = flows.lost;
    truncated.value = flows.truncated;
    sorted = rates.take(flows.flows, Date.now());
    rows.value = kept(sorted);
    problem.value = null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (mine === asked) problem.value = error;
  }
}

/** Rows keep their places from now on, or have those that they would have had. */
export function hold(on: boolean): void {
  if (on === (held.peek() !== null)) return;
  held.value = on ? 0 : null;
  there = new Set(rows.peek()?.map((row) => row.flow.uuid));
  if (!on && rows.peek()) rows.value = sorted;
}

/** In the order of before while the table is held; what is new comes last. */
function kept(next: readonly Row[]): Row[] {
  const before = rows.peek();
  if (held.peek() === null || !before) return [...next];
  held.value = next.filter((row) => !there.has(row.flow.uuid)).length;
  const order = new Map(before.map((row, i) => [row.flow.uuid, i]));
  return [...next].sort((one, other) => (order.get(one.flow.uuid) ?? 1e9) - (order.get(other.flow.uuid) ?? 1e9));
}

export async function create(request: CreateCapture): Promise<void> {
  await ask("create_capture", request);
  await load();
}

export async function remove(id: string): Promise<void> {
  captures.value = await ask("remove_capture", { id, environment: environment.peek() });
}

export async function send(order: InjectPacket): Promise<void> {
  await ask("inject_packet", order);
  await load();
}

export async function unsend(id: string): Promise<void> {
  await ask("remove_injection", { id, environment: environment.peek() });
  await load();
}
