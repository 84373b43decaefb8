/** What stands at links on the map and in the lanes: packets a second, MTU, or the bandwidth of captured flows. */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { Flow, ObjectView } from "../api/types";
import { at, environment, place } from "../state/place";
import type { Known } from "./known";
import { Meter } from "./meter";
import { way } from "./way";

export type Figure = "none" | "counters" | "mtu" | "flows";
export const FIGURES: readonly { id: Figure; label: string }[] = [
  { id: "counters", label: "Counters" }, { id: "mtu", label: "MTU" }, { id: "flows", label: "Flows" },
];
const EVERY = 3000;
const MOST = 1000;

const known = signal<{ what: string; values: ReadonlyMap<string, Known> } | null>(null);
const counters = new Meter();

/** What is shown at links: as the address says; without a word the lanes have counters, and the map nothing. */
export const figure = computed<Figure>(() => {
  const said = place.value.more["links"];
  if (FIGURES.some((each) => each.id === said)) return said as Figure;
  return place.value.page === "tree" ? "counters" : "none";
});
export const figures = computed<ReadonlyMap<string, Known>>(() => (known.value?.what === figure.value ? known.value.values : new Map()));

/** Ask while a page is shown; `hosts`: whose objects are asked for, [""] for all. Returns how to stop. */
export function followFigures(hosts: ReadonlySignal<readonly string[]>): () => void {
  const wanted = computed(() => JSON.stringify(hosts.value));
  return effect(() => {
    const [what, name, moment] = [figure.value, environment.value, at.value];
    const asked = JSON.parse(wanted.value) as string[];
    if (what === "none" || !name || !asked.length) return undefined;
    const rates = new Meter();
    const values = new Map<string, Known>();
    let ended = false;
    const load = async (): Promise<void> => {
      try {
        const now = Date.now();
        if (what === "flows") {
          const flows = (await ask("get_flows", { environment: name, limit: MOST, ...(moment ? { since: moment, until: moment } : { since: "-30s" }) })).flows;
          bandwidths(flows, rates, now, values);
        } else for (const host of asked) devices(await objectsOf(name, host, moment), what, name, values);
      } catch (error) {
        if (!(error instanceof Problem)) throw error; // what was known before stays
      }
      if (!ended) known.value = { what, values: new Map(values) };
    };
    void load();
    const timer = moment ? undefined : setInterval(() => void load(), EVERY);
    return () => {
      ended = true;
      clearInterval(timer);
    };
  });
}

async function objectsOf(name: string, host: string, moment: string): Promise<ObjectView[]> {
  const answer = await ask("get_objects", { environment: name, at: moment, fields: ["metrics", "attributes.mtu"], limit: MOST, ...(host ? { host } : {}) });
  return answer.items;
}

function devices(objects: readonly ObjectView[], what: Figure, name: string, values: Map<string, Known>): void {
  for (const { id, metrics, attributes } of objects) {
    const mtu = attributes?.["mtu"];
    if (what === "mtu" && typeof mtu === "number") values.set(id, { value: mtu, unit: "MTU" });
    if (what !== "counters" || metrics?.["rx_packets"] === undefined) continue;
    const both = [metrics["rx_packets"], metrics["tx_packets"] ?? 0];
    const rates = both.map((each, i) => counters.read(`${name} ${id} ${i}`, each, Date.now())).filter((each) => each !== null);
    values.set(id, rates.length ? { value: Math.max(...rates), unit: "pkt/s" } : { value: Math.max(...both), unit: "packets" });
  }
}

/** Bits a second at each point of capture: of the way that is shown, else of all, what is in tunnels once. */
function bandwidths(flows: readonly Flow[], meter: Meter, now: number, values: Map<string, Known>): void {
  const own = way.peek() ? new Set(way.peek()?.tracking_ids) : null;
  const sums = new Map<string, number>();
  for (const flow of flows) {
    if (!flow.node || (own ? !own.has(flow.tracking_id) : flow.parent)) continue;
    const rate = meter.read(flow.uuid, ((flow.metric.ab_bytes ?? 0) + (flow.metric.ba_bytes ?? 0)) * 8, now);
    if (rate !== null) sums.set(flow.node, (sums.get(flow.node) ?? 0) + rate);
  }
  values.clear();
  for (const [node, rate] of sums) values.set(node, { value: rate, unit: "b/s" });
}
