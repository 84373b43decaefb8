import { signal } from "@preact/signals";
import type { Language } from "./language";

/** Queries kept in this browser: those that ran, and those one wants to keep. */
export interface Ran {
  text: string;
  language: Language;
  at: number;
  /** "22 rows", or where it was wrong. */
  outcome: string;
  good: boolean;
  ms: number;
}
export interface Favourite {
  name: string;
  text: string;
  language: Language;
}

const MOST = 40;
const RAN = "calipso.query.history";
const KEPT = "calipso.query.favourites";

export const ran = signal<Ran[]>(read(RAN));
export const favourites = signal<Favourite[]>(read(KEPT));

function read<T>(key: string): T[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? (kept as T[]) : [];
  } catch {
    return []; // written by something else: as if there were none
  }
}

/** The newest first; a query that ran again moves up. */
export function remember(each: Ran): void {
  ran.value = [each, ...ran.value.filter((other) => other.text !== each.text || other.language !== each.language)].slice(0, MOST);
  localStorage.setItem(RAN, JSON.stringify(ran.value));
}

export function keep(each: Favourite): void {
  favourites.value = [...favourites.value.filter((other) => other.name !== each.name), each];
  localStorage.setItem(KEPT, JSON.stringify(favourites.value));
}

export function drop(name: string): void {
  favourites.value = favourites.value.filter((each) => each.name !== name);
  localStorage.setItem(KEPT, JSON.stringify(favourites.value));
}
