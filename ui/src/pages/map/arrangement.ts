/** The boxes and places of the picture that is shown, kept up with it; drawn pictures only read them. */
import { computed, effect, signal } from "@preact/signals";
import type { Picture } from "../../live/picture";
import { picture, staleHosts, version } from "../../live/store";
import { environment, place } from "../../state/place";
import { boxesOf, GROUPINGS, restyle, type Boxes, type Grouping } from "./boxes";
import { layout, type Layout } from "./layout";
import type { Memory } from "./measure";

export interface Arrangement {
  boxes: Boxes;
  layout: Layout;
}

const LONG = 8;
const REST = 250;
/** Of the time that passes while things come and go, one part in so many goes to arranging. */
const PART = 8;
const memories = new Map<string, Memory>();
let timer: ReturnType<typeof setTimeout> | undefined;
let last = 0;
let cost = 0;
/** What the arrangement was made of. */
let made: { picture: Picture; shape: number; key: string; stale: ReadonlySet<string> } | null = null;

export const grouping = computed<Grouping>(() => GROUPINGS.find((each) => each === place.value.group) ?? "host");
export const arrangement = signal<Arrangement | null>(null);
/** Whether places stand empty or something has none, so that packing anew would help. */
export const untidy = computed(() => arrangement.value?.layout.untidy ?? false);

const keyOf = (): string => `${environment.peek()}\n${grouping.peek()}`;

effect(() => {
  version.value;
  grouping.value;
  staleHosts.value;
  if (!picture.value) {
    arrangement.value = null;
    return;
  }
  if (unmoved(picture.value)) return;
  const wait = cost > LONG ? Math.max(0, last + Math.max(REST, PART * cost) - performance.now()) : 0;
  if (wait === 0) arrange();
  else timer ??= setTimeout(arrange, wait);
});

/** Where everything stays in its place, takes over how it is now. */
function unmoved(shown: Picture): boolean {
  const before = arrangement.peek();
  if (!before || made?.picture !== shown || made.shape !== shown.shape || made.key !== keyOf() || made.stale !== staleHosts.value) return false;
  const ids = shown.restyled();
  if (!ids.length) return true;
  restyle(before.boxes, shown, ids, made.stale);
  arrangement.value = { ...before };
  return true;
}

function arrange(): void {
  clearTimeout(timer);
  timer = undefined;
  const shown = picture.peek();
  if (!shown) return;
  const began = performance.now();
  const stale = staleHosts.peek();
  const boxes = boxesOf(shown, environment.peek(), grouping.peek(), stale);
  const laid = layout(boxes, memories.get(keyOf()));
  memories.set(keyOf(), laid.memory);
  shown.restyled(); // they are in it
  made = { picture: shown, shape: shown.shape, key: keyOf(), stale };
  arrangement.value = { boxes, layout: laid };
  last = performance.now();
  cost = last - began;
}

/** Pack everything anew: only when asked for. */
export function tidy(): void {
  memories.delete(keyOf());
  arrange();
}
