import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { glyphOf, labelOf } from "../../live/kinds";
import { model, picture, staleScopes } from "../../live/store";
import { downloadText } from "../../parts/download";
import { Glyph } from "../../parts/Glyph";
import { Grid, type Column } from "../../parts/Grid";
import { Empty, Trouble } from "../../parts/Said";
import { environment, go, place, settle } from "../../state/place";
import { clock, counted, lasting, moment, tail } from "../../state/words";
import { Histogram } from "./Histogram";
import { GROUPINGS, linesOf, type Grouping, type Line } from "./lines";
import { a, again, b, diff, follow, problem } from "./moments";

export { ChangesPanel } from "./Panel";

const SIGN = { added: "ui-plus", removed: "ui-minus", changed: "ui-tilde" } as const;
const TONE = { added: "ok", removed: "error", changed: "ca" } as const;
const WORD = { added: "added", removed: "removed", changed: "altered" } as const;

/** What is different between two moments. */
export function ChangesPage(): JSX.Element {
  useEffect(follow, []);
  return (
    <>
      <Toolbar />
      <Histogram />
      <Trouble problem={problem.value} again={again} />
      {diff.value ? <Found /> : problem.value ? null : <div class="skeleton late" role="status" aria-label="Loading"><i /><i /></div>}
    </>
  );
}

const grouping = (): Grouping => GROUPINGS.find((each) => each === place.value.more["by"]) ?? "host";
/** To the millisecond: what changed in the second under way is in the comparison. */
const now = (): string => new Date().toISOString();

function Toolbar(): JSX.Element {
  const two = place.value.at !== "";
  return (
    <div class="bar">
      <h1>Changes</h1>
      <span class="seg" role="group" aria-label="Moments">
        <button class={two ? "" : "on"} aria-pressed={!two} onClick={() => go({ at: "", against: moment(a.value) })}>One moment to now</button>
        <button class={two ? "on" : ""} aria-pressed={two} onClick={() => !two && go({ at: now(), against: moment(a.value) })}>Compare A and B</button>
      </span>
      <label class="field grow filter">
        <Glyph name="ui-filter" size="s" tone="t3" />
        <input class="bare grow" aria-label="Filter" placeholder="Host, kind, field or value" spellcheck={false} value={place.value.filter} onInput={(event) => settle({ filter: event.currentTarget.value })} />
      </label>
      <span class="f12 t3">Group by</span>
      <span class="seg" role="group" aria-label="Group by">
        {GROUPINGS.map((each) => <button key={each} class={each === grouping() ? "on" : ""} aria-pressed={each === grouping()} onClick={() => go({ more: { ...place.value.more, by: each === "host" ? "" : each } })}>{each[0]?.toUpperCase() + each.slice(1)}</button>)}
      </span>
      <button class="btn push" onClick={() => go({ page: "map" })}><Glyph name="ui-map" size="s" />Show on map</button>
    </div>
  );
}


function Found(): JSX.Element | null {
  const closed = useSignal<ReadonlySet<string>>(new Set());
  const lines = useComputed(() => {
    const words = place.value.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = (line: Line): boolean => words.every((word) => `${line.host} ${line.kind} ${line.name} ${line.id} ${line.field} ${line.a} ${line.b} ${line.op}`.toLowerCase().includes(word));
    const known = (id: string): { name: string; host: string } => picture.value?.things.get(id) ?? { name: tail(id), host: id.split("/")[0] ?? "" };
    return diff.value ? linesOf(diff.value, grouping(), closed.value, kept, known) : [];
  });
  const told = diff.value;
  if (!told) return null;
  const toggle = (line: Line): void => {
    const next = new Set(closed.value);
    if (!next.delete(line.group)) next.add(line.group);
    closed.value = next;
  };
  return (
    <>
      <Summary />
      {lines.value.length ? (
        <Grid
          label="Changes" rows={lines.value} columns={columns(closed.value)} keyOf={(line) => line.key} chosen={place.value.more["line"] ?? ""}
          choose={(line) => (line.head ? toggle(line) : go({ focus: line.id, more: { ...place.value.more, line: line.key } }))}
          expanded={(line) => (line.head ? !closed.value.has(line.group) : undefined)} tone={(line) => (line.head ? "group-head" : "")}
        />
      ) : (
        <Empty title={place.value.filter ? `No change fits “${place.value.filter}”.` : "Nothing is different between these moments."}>{`Compared were ${clock(a.value)} and ${b.value === null ? "now" : clock(b.value)}.`}</Empty>
      )}
    </>
  );
}

function Summary(): JSX.Element | null {
  const told = diff.value;
  if (!told) return null;
  const many = (op: string): number => told.objects.filter((each) => each.op === op).length;
  const links = told.links.filter((each) => each.type !== "ownership").length;
  const hosts = new Set(told.objects.map((each) => each.host).filter(Boolean)).size;
  const until = b.value ?? Date.parse(told.end);
  return (
    <div class="verdict changes-summary" role="status">
      <b class="nowrap">{counted(told.objects.length, "object", "objects")} in {lasting(until - a.value)}</b>
      <span class="ok nowrap">+{many("added")}<span class="vh"> added</span></span><span class="ca nowrap">~{many("changed")}<span class="vh"> altered</span></span><span class="error nowrap">-{many("removed")}<span class="vh"> removed</span></span>
      <span class="trunc t2">on {counted(hosts, "host", "hosts")}, and {counted(links, "link", "links")}. Counters are no changes.</span>
      <span class="grow" />
      <button class="btn q" onClick={() => downloadText(JSON.stringify(told, null, 1), `${environment.value}-changes.json`, "application/json")}><Glyph name="ui-export" size="s" />JSON</button>
    </div>
  );
}

function columns(closed: ReadonlySet<string>): Column<Line>[] {
  return [
    { id: "object", label: "Object", width: 300, text: (line) => line.name, cell: (line) => (line.head ? <Head line={line} closed={closed.has(line.group)} /> : <Named line={line} />) },
    { id: "field", label: "Field", width: 180, text: (line) => (line.head ? headWords(line) : line.field || labelOf(model.value, line.kind)), cell: (line) => (line.head ? <span class="t2">{headWords(line)}</span> : line.field ? line.field.replace(/_/g, " ") : labelOf(model.value, line.kind)) },
    { id: "a", label: `A, ${clock(a.value)}`, width: 270, mono: true, text: (line) => line.a, cell: (line) => <Value line={line} side="a" /> },
    { id: "b", label: `B, ${b.value === null ? "now" : clock(b.value)}`, width: 270, mono: true, text: (line) => line.b, cell: (line) => <Value line={line} side="b" /> },
    { id: "at", label: "At", width: 132, num: true, mono: true, text: (line) => line.at, cell: (line) => (line.head ? <Counted line={line} /> : line.at ? clock(Date.parse(line.at)) : "") },
  ];
}

const headWords = (line: Line): string => [line.objects ? counted(line.objects, "object", "objects") : "", line.links ? counted(line.links, "link", "links") : ""].filter(Boolean).join(", ");

function Head({ line, closed }: { line: Line; closed: boolean }): JSX.Element {
  const by = grouping();
  const stale = by === "host" ? staleScopes.value.filter((each) => each.host === line.group) : [];
  const name = by === "kind" ? labelOf(model.value, line.group, true) : by === "second" ? clock(Date.parse(`${line.group}Z`)) : line.group;
  return (
    <span class="row g2"><Glyph name={closed ? "ui-right" : "ui-down"} size="xs" />{by === "second" ? null : <Glyph name={by === "host" ? "host" : glyphOf({ kind: line.group, note: "" })} size="s" />}<b class="trunc">{name}</b>{stale.length ? <span class="chip stale" title={stale.map((each) => each.scope).join("\n")}>not comparable in {stale.length}</span> : null}</span>
  );
}

function Named({ line }: { line: Line }): JSX.Element {
  return (
    <span class="row g2 line"><Glyph name={SIGN[line.op]} size="s" tone={TONE[line.op]} /><span class="vh">{WORD[line.op]}</span><Glyph name={line.kind === "link" ? "ui-link" : glyphOf({ kind: line.kind, note: "" })} size="s" tone="t2" /><span class="mono trunc">{line.name}</span></span>
  );
}

function Value({ line, side }: { line: Line; side: "a" | "b" }): JSX.Element | null {
  if (line.head) return null;
  const text = line[side];
  if (text === "absent") return <span class="t2">absent</span>;
  const tone = line.op === "changed" ? `at-${side}` : line.op;
  return <span class={`val ${tone}`}>{text}</span>;
}

function Counted({ line }: { line: Line }): JSX.Element {
  const parts: [string, number, string, string][] = [["+", line.added, "ok", "added"], ["~", line.changed, "ca", "altered"], ["-", line.removed, "error", "removed"]];
  return <span>{parts.map(([sign, many, tone, word]) => <span key={sign} class={`counted ${many ? tone : "zero"}`}>{sign}{many}<span class="vh"> {word}</span></span>)}</span>;
}
