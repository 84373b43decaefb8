/** The boxes and places of the picture that is shown, kept up with it; drawn pictures only read them. */
import { computed, effect, signal } from "@preact/signals";
import { picture, staleHosts, version } from "../../live/store";
import { environment, place } from "../../state/place";
import { boxesOf, GROUPINGS, type Boxes, type Grouping } from "./boxes";
import { layout, type Layout, type Memory } from "./layout";

export interface Arrangement {
  boxes: Boxes;
  layout: Layout;
}

const LONG = 8;
const REST = 250;
const memories = new Map<string, Memory>();
let timer: ReturnType<typeof setTimeout> | undefined;
let last = 0;
let cost = 0;

export const grouping = computed<Grouping>(() => GROUPINGS.find((each) => each === place.value.group) ?? "host");
export const arrangement = signal<Arrangement | null>(null);
/** Whether places stand empty or something has none, so that packing anew would help. */
export const untidy = computed(() => {
  const shown = arrangement.value;
  if (!shown) return false;
  for (const row of shown.layout.memory.values()) if (row.ids.includes(null)) return true;
  for (const each of shown.layout.placed.values()) if (each.more.length) return true;
  return false;
});

const keyOf = (): string => `${environment.value}\n${grouping.value}`;

effect(() => {
  version.value;
  grouping.value;
  staleHosts.value;
  if (!picture.value) {
    arrangement.value = null;
    return;
  }
  const wait = cost > LONG ? Math.max(0, last + REST - performance.now()) : 0;
  if (wait === 0) arrange();
  else timer ??= setTimeout(arrange, wait);
});

function arrange(): void {
  clearTimeout(timer);
  timer = undefined;
  const shown = picture.peek();
  if (!shown) return;
  const began = performance.now();
  const boxes = boxesOf(shown, environment.peek(), grouping.peek(), staleHosts.peek());
  const made = layout(boxes, memories.get(keyOf()));
  memories.set(keyOf(), made.memory);
  arrangement.value = { boxes, layout: made };
  last = performance.now();
  cost = last - began;
}

/** Pack everything anew: only when asked for. */
export function tidy(): void {
  memories.delete(keyOf());
  arrange();
}
