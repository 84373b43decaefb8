/** What the search says about a text: groups, marks, actions. Pure. */
import type { Hit, SearchAnswer } from "../api/types";
import type { Place } from "../state/url";

export const READS: Readonly<Record<SearchAnswer["read_as"], string>> = {
  query: "query", address: "address", address_prefix: "address prefix", mac: "MAC", id: "id", name: "name",
};

export interface Group {
  label: string;
  hint: string;
  hits: Hit[];
}

const WORKLOADS = new Set(["instance", "container", "pod", "vnic"]);

/** Hits by what holds the text; the order within is the server's, so that nothing is reordered above the cursor. */
export function groups(answer: SearchAnswer | null): Group[] {
  if (!answer) return [];
  const address = answer.read_as === "address" || answer.read_as === "address_prefix" || answer.read_as === "mac";
  const first: Group = { label: address ? "Addresses of instances" : "Workloads", hint: "Enter opens", hits: [] };
  const other: Group = { label: address ? "Other holders" : "What carries them", hint: "", hits: [] };
  const past: Group = { label: "Seen at another time", hint: "removed, still findable", hits: [] };
  for (const hit of ordered(answer)) (hit.until ? past : WORKLOADS.has(hit.kind) ? first : other).hits.push(hit);
  return [first, other, past].filter((group) => group.hits.length);
}

/** Hits as they stand in the list, group after group. */
export function ordered(answer: SearchAnswer): Hit[] {
  const rank = (hit: Hit): number => (hit.until ? 2 : WORKLOADS.has(hit.kind) ? 0 : 1);
  return answer.hits.map((hit, i) => ({ hit, i })).sort((a, b) => rank(a.hit) - rank(b.hit) || a.i - b.i).map((each) => each.hit);
}

/** A text in pieces, with what was typed marked. */
export function parts(text: string, typed: string): { text: string; hit: boolean }[] {
  const wanted = typed.trim().toLowerCase();
  const at = wanted ? text.toLowerCase().indexOf(wanted) : -1;
  if (at < 0) return [{ text, hit: false }];
  return [
    { text: text.slice(0, at), hit: false }, { text: text.slice(at, at + wanted.length), hit: true }, { text: text.slice(at + wanted.length), hit: false },
  ].filter((part) => part.text);
}

export interface Doing {
  says: string;
  code: string;
  glyph: string;
  key: string;
  target: Partial<Place>;
}

export function doings(typed: string, answer: SearchAnswer | null): Doing[] {
  const text = typed.trim();
  if (!text) return [];
  const query = asQuery(text, answer?.read_as ?? "name");
  return [{ says: "Highlight", code: query, glyph: "ui-target", key: "Ctrl Enter", target: { page: "map", focus: "", highlight: query } }];
}

/** A text as a query of the dialect. */
export function asQuery(text: string, read: SearchAnswer["read_as"]): string {
  const quoted = text.replace(/\\/g, "\\\\").replace(/'/g, "\\'");
  if (read === "query") return text;
  if (read === "address") return `G.V().Has('IPV4', '${quoted}')`;
  if (read === "address_prefix") return `G.V().Has('IPV4', IPRANGE('${rangeOf(text)}'))`;
  if (read === "mac") return `G.V().Has('MAC', Regex('${quoted}.*'))`;
  return `G.V().Has('Name', Regex('.*${quoted.replace(/[.*+?^${}()|[\]]/g, "\\$&")}.*'))`;
}

/** The range of addresses that begin with what was typed: whole octets of it. */
export function rangeOf(text: string): string {
  if (text.includes("/")) return text;
  const octets = text.split(".").filter(Boolean).slice(0, text.endsWith(".") ? 4 : -1);
  const known = octets.slice(0, 3);
  return `${[...known, ...Array<string>(4 - known.length).fill("0")].join(".")}/${known.length * 8}`;
}

/** Where the choice of a row leads; -1: run the text as a query. */
export function chosen(place: number, typed: string, answer: SearchAnswer | null): Partial<Place> | null {
  const actions = doings(typed, answer);
  if (place < 0) return actions[0]?.target ?? null;
  const hits = answer ? ordered(answer) : [];
  const hit = hits[place];
  if (!hit) return actions[place - hits.length]?.target ?? null;
  return hit.until ? { focus: hit.id, at: new Date(Date.parse(hit.until) - 1000).toISOString() } : { focus: hit.id };
}
