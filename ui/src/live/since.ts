/** When this browser last looked at an environment, and what is different since. */
import { effect, signal } from "@preact/signals";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import { token } from "../api/session";
import type { DiffView } from "../api/types";
import { environment, frozen } from "../state/place";
import { connection } from "./store";

const NAME = "calipso.looked.";
const EVERY = 5000;

export interface Since {
  environment: string;
  /** The moment, as RFC 3339. */
  at: string;
  diff: DiffView;
}

/** Null where nobody looked before, and until it is known. */
export const since = signal<Since | null>(null);

/** The end of the look before this one: a page that is loaded again in its tab goes on with the look it was. */
function lookedLast(name: string): string {
  const known = sessionStorage.getItem(NAME + name) ?? localStorage.getItem(NAME + name) ?? "";
  sessionStorage.setItem(NAME + name, known);
  return known;
}

/** Note that somebody looks, and tell what changed since the last time. For as long as the page lives. */
export function followLooks(): void {
  effect(() => {
    const name = environment.value;
    if (name && token.value && since.peek()?.environment !== name) void load(name, lookedLast(name));
  });
  setInterval(() => {
    const live = connection.value === "live" && !frozen.value && !document.hidden;
    if (live && environment.value) localStorage.setItem(NAME + environment.value, new Date().toISOString());
  }, EVERY);
}

async function load(name: string, at: string): Promise<void> {
  since.value = null;
  if (!at) return;
  try {
    const diff = await ask("get_diff", { environment: name, start: at });
    if (environment.peek() === name) since.value = { environment: name, at, diff };
  } catch (error) {
    if (!(error instanceof Problem)) throw error; // history may begin later than that
  }
}
