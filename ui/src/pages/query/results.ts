/** Answers of both languages as rows with columns. Pure. */
import type { Freshness, LinkView, ObjectView, QueryAnswer, SqlAnswer } from "../../api/types";
import { valued } from "../../state/words";

export interface Row {
  key: string;
  /** The object a row is of, "" for none. */
  id: string;
  cells: readonly unknown[];
}
export interface Edge {
  type: string;
  source: string;
  target: string;
}
export interface Answered {
  what: string;
  columns: readonly string[];
  rows: readonly Row[];
  /** Of answers that are links, or hold them. */
  edges: readonly Edge[];
  raw: unknown;
  truncated: boolean;
  freshness: Freshness;
}
export interface Result extends Answered {
  text: string;
  at: number;
  ms: number;
}

const FIRST = ["name", "kind", "type", "host", "state"];
const FEW = 5;
const LATER = new Set(["name", "host", "state", "id", "type", "features"]);

export function ofSql(told: SqlAnswer): Answered {
  const id = told.columns.indexOf("id");
  const [source, target, type] = ["source", "target", "type"].map((name) => told.columns.indexOf(name));
  const edges = source! >= 0 && target! >= 0 ? told.rows.map((row) => ({ source: String(row[source!]), target: String(row[target!]), type: type! >= 0 ? String(row[type!]) : "" })) : [];
  const rows = told.rows.map((cells, i) => ({ key: String(i), id: id >= 0 ? String(cells[id]) : "", cells }));
  return { what: "rows", columns: told.columns, rows, edges, raw: told.rows.map((row) => Object.fromEntries(told.columns.map((name, i) => [name, row[i]]))), truncated: told.truncated ?? false, freshness: told.freshness };
}

export function ofQuery(told: QueryAnswer): Answered {
  const rest = { what: told.kind, raw: told.items, truncated: told.truncated ?? false, freshness: told.freshness };
  const items = told.items;
  if (items.length && items.every(isObject)) {
    const attributes = leading(items);
    const kind = items.some((each) => each.kind !== items[0]?.kind);
    const names = FIRST.filter((name) => (name !== "kind" || kind) && items.some((each) => each[name as keyof ObjectView]));
    const rows = items.map((each, i) => ({ key: `${i} ${each.id}`, id: each.id, cells: [...names.map((name) => each[name as keyof ObjectView]), ...attributes.map((name) => each.attributes?.[name])] }));
    return { ...rest, columns: [...names, ...attributes], rows, edges: [] };
  }
  if (items.length && items.every(isLink)) {
    const rows = items.map((each, i) => ({ key: String(i), id: each.source, cells: [each.type, each.source, each.target] }));
    return { ...rest, columns: ["type", "source", "target"], rows, edges: items };
  }
  if (items.length && items.every(Array.isArray)) return { ...rest, ...ofLists(items as unknown[][]) };
  if (items.length && items.every(isRecord)) {
    const names = [...new Set(items.flatMap((each) => Object.keys(each)))];
    return { ...rest, columns: names, rows: items.map((each, i) => ({ key: String(i), id: "", cells: names.map((name) => each[name]) })), edges: [] };
  }
  return { ...rest, columns: ["value"], rows: items.map((each, i) => ({ key: String(i), id: "", cells: [each] })), edges: [] };
}

/** Paths: a column for each step, an edge from each to the next. */
function ofLists(items: readonly unknown[][]): Pick<Answered, "columns" | "rows" | "edges"> {
  const most = Math.max(...items.map((each) => each.length));
  const edges = items.flatMap((list) => {
    const ids = list.filter(isObject).map((each) => each.id);
    return ids.slice(1).map((id, i) => ({ type: "", source: ids[i] as string, target: id }));
  });
  const rows = items.map((list, i) => ({ key: String(i), id: list.filter(isObject).at(-1)?.id ?? "", cells: list.map(shortOf) }));
  return { columns: Array.from({ length: most }, (_, i) => `step ${i + 1}`), rows, edges };
}

export function shortOf(value: unknown): string {
  if (isObject(value)) return value.name;
  if (isLink(value)) return value.type;
  return valued(value);
}

/** The attributes most of them have: as many as a table can show. */
function leading(items: readonly ObjectView[]): string[] {
  const counts = new Map<string, number>();
  for (const each of items.slice(0, 500)) for (const [name, value] of Object.entries(each.attributes ?? {})) if (!LATER.has(name) && (typeof value !== "object" || name === "ips")) counts.set(name, (counts.get(name) ?? 0) + 1);
  const preferred = ["mac", "ips", "mtu", "ip", "tag", "vlan_id", "vni", "remote_ip", "local_ip"];
  const rank = (name: string): number => (preferred.includes(name) ? preferred.indexOf(name) - 100 : 0);
  return [...counts].sort(([one, a], [other, b]) => rank(one) - rank(other) || b - a || one.localeCompare(other)).slice(0, FEW).map(([name]) => name);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isObject = (value: unknown): value is ObjectView => isRecord(value) && typeof value["id"] === "string" && typeof value["kind"] === "string";
const isLink = (value: unknown): value is LinkView => isRecord(value) && typeof value["source"] === "string" && typeof value["target"] === "string";
