import type { Model, ObjectView } from "../../api/types";
import { glyphOf } from "../../live/kinds";
import { severityOf, WORDS } from "../../live/severity";
import type { Column } from "../../parts/Grid";
import { Glyph } from "../../parts/Glyph";
import { valued } from "../../state/words";

const MONO = /mac|addr|ip|id$|name|tag|mtu|vni|port|key|uuid|index|version/;

/** Attributes shown of a kind unless others are asked for: those the model shows first, then what they have in common. */
export function usual(model: Model | null, kind: string): string[] {
  const first = model?.hover[kind] ?? model?.common ?? [];
  return first.filter((name) => !["name", "host", "state", "type", "id"].includes(name));
}

/** Every attribute that one of these has, in alphabetical order. */
export function known(rows: readonly ObjectView[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row.attributes ?? {})))].filter((name) => !["name", "host", "state"].includes(name)).sort();
}

/** Columns of a table of one kind. */
export function columnsOf(rows: readonly ObjectView[], attributes: readonly string[], stale: ReadonlySet<string>, nameOf: (id: string) => string): Column<ObjectView>[] {
  const severity = (row: ObjectView): ReturnType<typeof severityOf> =>
    severityOf({ id: row.id, name: row.name, kind: row.kind, type: row.type, host: row.host, parent: "", state: row.state ?? "", note: "", project: "", zone: "", networks: null }, stale);
  const fixed: Column<ObjectView>[] = [
    { id: "name", label: "Name", mono: true, text: (row) => row.name, cell: (row) => <span class="row g2"><Glyph name={glyphOf({ kind: row.kind, note: valued(row.attributes?.["service_type"]) })} size="s" tone="t2" /><span class="trunc">{row.name}</span></span> },
    { id: "type", label: "Type", text: (row) => row.type },
    { id: "part_of", label: "Part of", mono: true, text: (row) => (row.parent === row.host ? "" : nameOf(row.parent ?? "")) },
    { id: "host", label: "Host", mono: true, text: (row) => row.host },
    {
      id: "state", label: "State", width: 104, text: (row) => row.state || (severity(row) === "stale" ? WORDS.stale : ""),
      cell: (row) => {
        const how = severity(row);
        const word = row.state || (how === "stale" ? WORDS.stale : "");
        if (!word) return "";
        return <span class="row g2"><Glyph name={`st-${row.state === "up" || how !== "ok" ? how : "unknown"}`} size="s" tone={`m-${row.state === "up" || how !== "ok" ? how : "unknown"}`} />{word}</span>;
      },
    },
  ];
  const one = rows[0]?.type;
  const told = (each: Column<ObjectView>): boolean => rows.some((row) => (each.id === "type" ? row.type !== one : each.text(row) !== ""));
  const varied = fixed.filter((each) => each.id === "name" || told(each));
  return [...varied, ...attributes.map((name) => attributeColumn(name, rows))];
}

function attributeColumn(name: string, rows: readonly ObjectView[]): Column<ObjectView> {
  const num = rows.some((row) => typeof row.attributes?.[name] === "number") && rows.every((row) => ["number", "undefined"].includes(typeof row.attributes?.[name]));
  return {
    id: name, label: name.replace(/_/g, " "), num, mono: num || MONO.test(name), text: (row) => valued(row.attributes?.[name]).replace(/\n/g, ", "),
    rank: (row) => {
      const value = row.attributes?.[name];
      return typeof value === "number" ? value : valued(value);
    },
  };
}
