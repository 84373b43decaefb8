/** What stays bright beside a selection: its clique where its kind has one, else who it is linked with. */
import { computed, effect, signal } from "@preact/signals";
import { ask } from "../../api/client";
import { Problem } from "../../api/problem";
import { model, picture, version } from "../../live/store";
import { wayHolds, wayIds } from "../../live/way";
import { at, environment, place } from "../../state/place";

const clique = signal<{ focus: string; ids: ReadonlySet<string> } | null>(null);
const highlighted = signal<ReadonlySet<string> | null>(null);
export const highlightTrouble = signal<Problem | null>(null);
export const highlightCount = computed(() => highlighted.value?.size ?? null);

/** Ids that stay bright; null when nothing is selected. */
export const lit = computed<ReadonlySet<string> | null>(() => {
  const { focus } = place.value;
  if (wayIds.value.length) return wayHolds.value;
  if (!focus) return highlighted.value;
  version.value;
  const found = new Set<string>([focus]);
  if (clique.value?.focus === focus) for (const id of clique.value.ids) found.add(id);
  for (const tie of picture.value?.ties.values() ?? []) {
    if (tie.source === focus) found.add(tie.target);
    if (tie.target === focus) found.add(tie.source);
  }
  return found;
});

effect(() => {
  const { focus } = place.value;
  const name = environment.value;
  const moment = at.value;
  const kind = picture.value?.things.get(focus)?.kind;
  if (!focus || !model.value?.clique_types.some((each) => each.focal_kind === kind)) return;
  if (clique.peek()?.focus !== focus) void load(name, focus, moment);
});

async function load(name: string, focus: string, moment: string): Promise<void> {
  try {
    const answer = await ask("get_clique", { environment: name, id: focus, at: moment });
    const ids = new Set(answer.objects.map((each) => each.id));
    for (const link of answer.links) for (const id of link.through ?? []) ids.add(id);
    if (place.peek().focus === focus) clique.value = { focus, ids };
  } catch (error) {
    if (!(error instanceof Problem)) throw error; // an object without a clique is shown with its links alone
  }
}

effect(() => {
  const { highlight } = place.value;
  const name = environment.value;
  const moment = at.value;
  highlightTrouble.value = null;
  if (!highlight || !name) highlighted.value = null;
  else void find(name, highlight, moment);
});

interface Element {
  id?: string;
  ID?: string;
}

async function find(name: string, query: string, moment: string): Promise<void> {
  try {
    const answer = await ask("query", { environment: name, query, at: moment, limit: 3000 });
    if (place.peek().highlight !== query) return;
    const flat = (answer.items as unknown[]).flat() as (Element | string)[];
    highlighted.value = new Set(flat.map((each) => (typeof each === "string" ? each : (each.id ?? each.ID ?? ""))).filter(Boolean));
  } catch (error) {
    if (error instanceof Problem) highlightTrouble.value = error;
  }
}
