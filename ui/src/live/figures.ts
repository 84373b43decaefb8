/** What stands at links on the map and in the lanes: packets a second, MTU, or the bandwidth of captured flows. */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { Flow, ObjectView } from "../api/types";
import { at, environment, place } from "../state/place";
import { figured } from "../state/words";
import { Meter } from "./meter";
import { way } from "./way";

export type Figure = "none" | "counters" | "mtu" | "flows";
export const FIGURES: readonly { id: Figure; label: string }[] = [
  { id: "counters", label: "Counters" }, { id: "mtu", label: "MTU" }, { id: "flows", label: "Flows" },
];
const EVERY = 3000;
const MOST = 1000;
/** Rates by object, or MTUs. */
const known = signal<{ what: string; values: ReadonlyMap<string, number> } | null>(null);

/** What is shown at links: as the address says; without a word the lanes have counters, and the map nothing. */
export const figure = computed<Figure>(() => {
  const said = place.value.more["links"];
  if (FIGURES.some((each) => each.id === said)) return said as Figure;
  return place.value.page === "tree" && said !== "none" ? "counters" : "none";
});
export const figures = computed<ReadonlyMap<string, number>>(() => (known.value?.what === figure.value ? known.value.values : new Map()));

/** The figure of a link: that of what it goes through, else of its ends, the greatest of them; the least MTU. */
export function figureAt(ends: readonly string[], through: readonly string[], values: ReadonlyMap<string, number>, what: Figure): number | null {
  for (const ids of [through, ends]) {
    const found = ids.map((id) => values.get(id)).filter((each) => each !== undefined);
    if (found.length) return what === "mtu" ? Math.min(...found) : Math.max(...found);
  }
  return null;
}

export function figureWords(value: number | null, what: Figure): string {
  if (value === null || what === "none") return "";
  if (what === "mtu") return `MTU ${value}`;
  return what === "flows" ? figured(value, "b/s") : figured(value, "pkt/s");
}

/** Ask while a page is shown; `hosts`: whose objects are asked for, [""] for all. Returns how to stop. */
export function followFigures(hosts: ReadonlySignal<readonly string[]>): () => void {
  const wanted = computed(() => JSON.stringify(hosts.value));
  return effect(() => {
    const [what, name, moment] = [figure.value, environment.value, at.value];
    const asked = JSON.parse(wanted.value) as string[];
    if (what === "none" || !name || !asked.length) return undefined;
    const meter = new Meter();
    const values = new Map<string, number>();
    let ended = false;
    const load = async (): Promise<void> => {
      try {
        const now = Date.now();
        if (what === "flows") {
          const flows = (await ask("get_flows", { environment: name, limit: MOST, ...(moment ? { since: moment, until: moment } : { since: "-30s" }) })).flows;
          bandwidths(flows, meter, now, values);
        } else for (const host of asked) counters(await objectsOf(name, host, moment), what, meter, now, values);
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

function counters(objects: readonly ObjectView[], what: Figure, meter: Meter, now: number, values: Map<string, number>): void {
  for (const { id, metrics, attributes } of objects) {
    const mtu = attributes?.["mtu"];
    if (what === "mtu" && typeof mtu === "number") values.set(id, mtu);
    if (what !== "counters" || metrics?.["rx_packets"] === undefined) continue;
    const [rx, tx] = [meter.read(`${id} rx`, metrics["rx_packets"], now), meter.read(`${id} tx`, metrics["tx_packets"] ?? 0, now)];
    if (rx !== null || tx !== null) values.set(id, Math.max(rx ?? 0, tx ?? 0));
  }
}

/** Bits a second at each point of capture: of the way that is shown, else of all, what is in tunnels once. */
function bandwidths(flows: readonly Flow[], meter: Meter, now: number, values: Map<string, number>): void {
  const own = way.peek() ? new Set(way.peek()?.tracking_ids) : null;
  const sums = new Map<string, number>();
  for (const flow of flows) {
    if (!flow.node || (own ? !own.has(flow.tracking_id) : flow.parent)) continue;
    const rate = meter.read(flow.uuid, ((flow.metric.ab_bytes ?? 0) + (flow.metric.ba_bytes ?? 0)) * 8, now);
    if (rate !== null) sums.set(flow.node, (sums.get(flow.node) ?? 0) + rate);
  }
  values.clear();
  for (const [node, rate] of sums) values.set(node, rate);
}
