import { computed, effect, signal } from "@preact/signals";
import { ask } from "../../api/client";
import { Problem } from "../../api/problem";
import type { QueryAnswer, SqlAnswer } from "../../api/types";
import { environment, go, place } from "../../state/place";
import { counted } from "../../state/words";
import { spotOf, type Language } from "./language";
import { remember } from "./shelf";
import { ofQuery, ofSql, type Result } from "./results";

export const EXAMPLE = "G.V().Has('Kind', 'vnic')";

export const language = computed<Language>(() => (place.value.more["lang"] === "sql" ? "sql" : "gremlin"));
/** What stands in the field; the address holds what was run last. */
export const typed = signal("");
export const result = signal<Result | null>(null);
export const problem = signal<Problem | null>(null);
/** The text the problem is about: typing on takes the mark away. */
export const wrongText = signal("");
export const running = signal(false);

let cancel: AbortController | null = null;
let last = "";

/** Run what the address holds, also when it is gone back to. Returns how to stop. */
export function follow(): () => void {
  return effect(() => {
    const { q } = place.value.more;
    const key = [q, language.value, environment.value, place.value.at].join("\n");
    if (!q || !environment.value || key === last) return;
    last = key;
    if (typed.peek() !== q) typed.value = q;
    void perform(q, language.value, environment.value, place.value.at);
  });
}

export function run(text = typed.peek(), how = language.peek()): void {
  const { more } = place.peek();
  typed.value = text;
  if (!text.trim()) return;
  last = "";
  const again = more["q"] === text && language.peek() === how;
  if (again) void perform(text, how, environment.peek(), place.peek().at);
  else go({ focus: "", more: { ...more, q: text, lang: how === "sql" ? "sql" : "" } });
}

export function stop(): void {
  cancel?.abort();
  running.value = false;
}

async function perform(text: string, how: Language, name: string, at: string): Promise<void> {
  cancel?.abort();
  const mine = (cancel = new AbortController());
  running.value = true;
  const began = performance.now();
  try {
    const told: QueryAnswer | SqlAnswer = how === "sql" ? await ask("sql", { sql: text, environment: name, at }, mine.signal) : await ask("query", { query: text, environment: name, at }, mine.signal);
    const ms = performance.now() - began;
    const made = "columns" in told ? ofSql(told) : ofQuery(told);
    result.value = { ...made, text, at: Date.now(), ms };
    problem.value = null;
    remember({ text, language: how, at: Date.now(), outcome: counted(made.rows.length, "row", "rows"), good: true, ms });
  } catch (error) {
    if (mine.signal.aborted) return;
    if (!(error instanceof Problem)) throw error;
    problem.value = error;
    wrongText.value = text;
    const spot = error.position === null ? null : spotOf(text, error.position);
    remember({ text, language: how, at: Date.now(), outcome: spot ? `line ${spot.line}, column ${spot.column}` : error.detail, good: false, ms: performance.now() - began });
  } finally {
    if (cancel === mine) running.value = false;
  }
}
