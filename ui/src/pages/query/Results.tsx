import type { JSX } from "preact";
import { glyphOf } from "../../live/kinds";
import { picture } from "../../live/store";
import { downloadText } from "../../parts/download";
import { Glyph } from "../../parts/Glyph";
import { Grid, type Column } from "../../parts/Grid";
import { csv, ordered, orderOf, orderText } from "../../parts/rows";
import { Empty } from "../../parts/Said";
import { environment, go, place } from "../../state/place";
import { clock, count, counted, valued } from "../../state/words";
import { Graph } from "./Graph";
import { problem, result, running, stop } from "./running";
import type { Result, Row } from "./results";

const SHAPES = ["table", "graph", "both", "json"] as const;
type Shape = (typeof SHAPES)[number];
const WORDS: Readonly<Record<Shape, string>> = { table: "Table", graph: "Graph", both: "Both", json: "JSON" };
const LONGEST_JSON = 200_000;

/** The last good answer, as table, graph or JSON. */
export function Results(): JSX.Element {
  const told = result.value;
  if (!told) return running.value ? <Running /> : <Empty title="There is no answer yet.">Write a query and run it with Ctrl Enter; Ctrl Space proposes what may come next.</Empty>;
  const shape = shapeOf();
  const columns = columnsOf(told);
  const order = orderOf(place.value.more["sort"] ?? "", "");
  const rows = ordered(told.rows, columns, order);
  return (
    <>
      <Head told={told} shape={shape} save={() => downloadText(csv(rows, columns), `${environment.value}-query.csv`, "text/csv")} />
      {!rows.length ? <Empty title="Nothing fits.">The query ran, and found nothing.</Empty> : (
        <div class="results">
          {shape === "table" || shape === "both" ? (
            <Grid label="Result" rows={rows} columns={columns} keyOf={(row) => row.key} chosen={rows.find((row) => row.id && row.id === place.value.focus)?.key ?? ""} choose={(row) => row.id && go({ focus: row.id })}
              order={order} setOrder={(next) => go({ more: { ...place.value.more, sort: orderText(next) } })} />
          ) : null}
          {shape === "graph" || shape === "both" ? <Graph result={{ ...told, rows }} /> : null}
          {shape === "json" ? <pre class="json mono" tabIndex={0} role="region" aria-label="JSON">{JSON.stringify(told.raw, null, 2).slice(0, LONGEST_JSON)}</pre> : null}
        </div>
      )}
    </>
  );
}

const shapeOf = (): Shape => SHAPES.find((each) => each === place.value.more["as"]) ?? "table";

function Running(): JSX.Element {
  return <div class="empty late row" role="status">The query is running. <button class="btn" onClick={stop}>Cancel</button></div>;
}

function Head({ told, shape, save }: { told: Result; shape: Shape; save: () => void }): JSX.Element {
  return (
    <div class="verdict results-head">
      <b class="nowrap" role="status">{counted(told.rows.length, one(told.what), told.what)}</b>
      {problem.value ? <span class="chip past">from the query before, {clock(told.at)}</span> : null}
      {told.truncated ? <span class="chip warn">there are more</span> : null}
      {told.freshness.stale?.length ? <span class="chip stale">{counted(told.freshness.stale.length, "scope is", "scopes are")} stale</span> : null}
      <span class="t2 nowrap">{told.ms < 100 ? told.ms.toFixed(1) : count(told.ms)} ms, revision {count(told.freshness.revision)}</span>
      {running.value ? <button class="btn" onClick={stop}>Cancel</button> : null}
      <span class="grow" />
      <span class="seg" role="group" aria-label="Show as">
        {SHAPES.map((each) => <button key={each} class={each === shape ? "on" : ""} aria-pressed={each === shape} onClick={() => go({ more: { ...place.value.more, as: each === "table" ? "" : each } })}>{WORDS[each]}</button>)}
      </span>
      <button class="btn" onClick={save}><Glyph name="ui-export" size="s" />CSV</button>
    </div>
  );
}

function one(what: string): string {
  return what.replace(/s$/, "");
}

function columnsOf(told: Result): Column<Row>[] {
  return told.columns.map((name, i) => {
    const num = told.rows.length > 0 && told.rows.every((row) => typeof row.cells[i] === "number" || row.cells[i] === null || row.cells[i] === undefined);
    const text = (row: Row): string => valued(row.cells[i]).replace(/\n/g, ", ");
    const column: Column<Row> = { id: name || String(i), label: name.replace(/_/g, " "), num, mono: name !== "type" && name !== "kind" && name !== "state", text, rank: (row) => (typeof row.cells[i] === "number" ? (row.cells[i] as number) : text(row)) };
    if (name === "name") column.cell = (row) => <span class="row g2"><Glyph name={glyphOf(picture.value?.things.get(row.id) ?? { kind: "device", note: "" })} size="s" tone="t2" /><span class="trunc">{text(row)}</span></span>;
    if (name === "state") column.cell = (row) => <span class="row g2">{text(row) === "up" || text(row) === "down" ? <Glyph name={text(row) === "up" ? "st-ok" : "st-error"} size="s" tone={text(row) === "up" ? "m-ok" : "m-error"} /> : null}{text(row)}</span>;
    return column;
  });
}
