/** The way of one conversation, shown on the map and in the lanes: the address names it (`path`), the server knows it. */
import { computed, effect, signal } from "@preact/signals";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { FlowPath } from "../api/types";
import { at, environment, place } from "../state/place";
import { along } from "./along";
import { picture } from "./store";

const EVERY = 5000;
const PAGES = new Set(["map", "tree"]);

export const wayNamed = computed(() => place.value.more["path"] ?? "");
export const wayTrouble = signal<Problem | null>(null);
const told = signal<{ id: string; path: FlowPath } | null>(null);
/** What is known of the way that is named; null until it is, and for none. */
export const way = computed<FlowPath | null>(() => (wayNamed.value && told.value?.id === wayNamed.value ? told.value.path : null));
/** Ids on it, in order from A to B. */
export const wayIds = computed<readonly string[]>(() => (way.value ? along(way.value) : []));
const shown = computed(() => PAGES.has(place.value.page));

/** What a way leads through: the ids on it, and what holds them up to their host. */
export const wayHolds = computed<ReadonlySet<string>>(() => {
  const held = new Set<string>();
  for (const id of wayIds.value) {
    let thing = picture.value?.things.get(id);
    held.add(id);
    while (thing && thing.parent && thing.parent !== thing.host) {
      held.add(thing.parent);
      thing = picture.value?.things.get(thing.parent);
    }
  }
  return held;
});

effect(() => {
  const [id, name, moment] = [wayNamed.value, environment.value, at.value];
  if (!id || !name || !shown.value) return undefined;
  let ended = false;
  const load = async (): Promise<void> => {
    try {
      const path = await ask("get_flow_path", { id, environment: name, ...(moment ? { since: moment, until: moment } : {}) });
      if (ended) return;
      told.value = { id, path };
      wayTrouble.value = null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!ended) wayTrouble.value = error;
    }
  };
  void load();
  const timer = moment ? undefined : setInterval(() => void load(), EVERY);
  return () => {
    ended = true;
    clearInterval(timer);
  };
});
