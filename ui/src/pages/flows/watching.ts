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
/** Whether the pointer or the focus is in the table: rows keep their places then. */
export const held = signal(false);
export let rates = new Rates();

let asked = "";

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
    const [flows, there, sent] = await Promise.all([
      ask("get_flows", requestOf(name, wantedOf(place.peek().filter), at.peek())), ask("get_captures", { environment: name }), ask("get_injections", { environment: name }),
    ]);
    if (mine !== asked) return;
    captures.value = there;
    injections.value = sent.items;
    lost.value = flows.lost;
    truncated.value = flows.truncated;
    rows.value = kept(rates.take(flows.flows, Date.now()));
    problem.value = null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (mine === asked) problem.value = error;
  }
}

/** In the order of before while the table is held; what is new comes last. */
function kept(next: Row[]): Row[] {
  if (!held.peek() || !rows.peek()) return next;
  const order = new Map((rows.peek() ?? []).map((row, i) => [row.flow.uuid, i]));
  return next.sort((one, other) => (order.get(one.flow.uuid) ?? 1e9) - (order.get(other.flow.uuid) ?? 1e9));
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
