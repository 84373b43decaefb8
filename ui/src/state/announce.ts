import { signal } from "@preact/signals";

/** What a screen reader is told next: one sentence, at most one in five seconds. */
export const said = signal("");
const EVERY = 5000;
let waiting: string[] = [];
let free = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

export function announce(sentence: string): void {
  waiting.push(sentence);
  if (timer !== undefined) return;
  timer = setTimeout(flush, Math.max(0, free - Date.now()));
}

function flush(): void {
  timer = undefined;
  free = Date.now() + EVERY;
  said.value = waiting.length > 3 ? `${waiting.length} changes, the last: ${waiting.at(-1)}` : waiting.join(". ");
  waiting = [];
}
