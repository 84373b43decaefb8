import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { picture } from "../../live/store";
import { Glyph } from "../../parts/Glyph";
import { Grid, type Column } from "../../parts/Grid";
import { Empty, Trouble } from "../../parts/Said";
import { at, go, place } from "../../state/place";
import { count, counted, shortened } from "../../state/words";
import { CaptureForm } from "./CaptureForm";
import { Cards } from "./Cards";
import { InjectForm } from "./InjectForm";
import { Sent } from "./Sent";
import { nameOf, seenAt } from "./names";
import { filterOf, lineOf, queryOf, rateWords, wantedOf, type Row } from "./model";
import { captures, follow, held, hold, paused, problem, rows, truncated } from "./watching";

export { FlowsPanel } from "./Panel";

/** What goes on between whom, as captures see it. The address says which form is open (`do`). */
export function FlowsPage(): JSX.Element {
  useEffect(follow, []);
  const form = place.value.more["do"];
  const close = (): void => go({ more: { ...place.value.more, do: "" } });
  return (
    <>
      <Toolbar />
      {!picture.value ? null : form === "capture" ? <CaptureForm close={close} /> : form === "send" ? <InjectForm close={close} /> : null}
      <Cards />
      <Sent />
      <Trouble problem={problem.value} />
      <Found />
    </>
  );
}

function Toolbar(): JSX.Element {
  const typing = useSignal("");
  const wanted = wantedOf(place.value.filter);
  const query = queryOf(wanted, at.value);
  const add = (event: Event): void => {
    event.preventDefault();
    go({ filter: filterOf({ ...wanted, ...wantedOf(typing.value) }) });
    typing.value = "";
  };
  const open = (form: string): void => go({ more: { ...place.value.more, do: form } });
  return (
    <div class="bar">
      <h1>Flows</h1>
      <form class="field grow flow-filter" onSubmit={add}>
        {Object.entries(wanted).map(([name, value]) => (
          <span key={name} class="chip acc">{name} {value}<button type="button" class="link" aria-label={`Drop ${name} ${value}`} onClick={() => go({ filter: filterOf({ ...wanted, [name]: "" }) })}><Glyph name="ui-close" size="xs" /></button></span>
        ))}
        <input class="bare grow" aria-label="Add a filter" placeholder="Add a filter: address, MAC, protocol, application, node:, capture:, flow:, since:" spellcheck={false} value={typing.value} onInput={(event) => (typing.value = event.currentTarget.value)} />
        <code class="t2 trunc flow-request" title={`The same as a query: ${query}`}>{query}</code>
        <button type="button" class="btn q sq" aria-label="Copy the query" onClick={() => void navigator.clipboard?.writeText(query)}><Glyph name="ui-copy" size="s" /></button>
        <button type="button" class="btn q sq" aria-label="Open the query in the console" onClick={() => go({ page: "query", filter: "", more: { q: query } })}><Glyph name="ui-query" size="s" /></button>
      </form>
      <button class="btn" aria-pressed={paused.value} onClick={() => (paused.value = !paused.value)}>{paused.value ? "Go on" : "Pause"}</button>
      <button class="btn" onClick={() => open("send")}><Glyph name="ui-right" size="s" />Send packets</button>
      <button class="btn p" onClick={() => open("capture")}><Glyph name="ui-rec" size="s" />Capture here</button>
    </div>
  );
}

function Found(): JSX.Element | null {
  const all = rows.value;
  if (!all) return problem.value ? null : <div class="skeleton late" role="status" aria-label="Loading"><i /><i /></div>;
  const many = (state: Row["state"]): number => all.filter((each) => each.state === state).length;
  return (
    <>
      <div class="verdict flows-head">
        <b class="nowrap" role="status">{counted(all.length, "flow", "flows")}</b>
        {many("one way") ? <span class="row g2 error"><Glyph name="st-error" size="s" tone="m-error" />{count(many("one way"))} one way only</span> : null}
        {many("fragments") ? <span class="row g2 warn"><Glyph name="st-warn" size="s" tone="m-warn" />{count(many("fragments"))} with fragments amiss</span> : null}
        {truncated.value ? <span class="chip warn">there are more</span> : null}
        <span class="t2">{held.value === null ? "worst first, then rate" : `rows keep their places while you look${held.value ? `, ${counted(held.value, "new one is", "new ones are")} at the end` : ""}`}</span>
      </div>
      {all.length ? (
        <div class="flow-table" onPointerEnter={() => hold(true)} onPointerLeave={() => hold(false)} onFocusIn={() => hold(true)} onFocusOut={() => hold(false)}>
          <Grid label="Flows" rows={all} columns={COLUMNS} keyOf={(row) => row.flow.uuid} chosen={place.value.more["flow"] ?? ""} choose={(row) => go({ more: { ...place.value.more, flow: row.flow.uuid } })} tone={(row) => (row.state === "over" ? "off" : "")} />
        </div>
      ) : (
        <Empty title="No flow was seen.">{captures.value?.captures.length ? "What is watched saw no traffic that fits." : "Nothing is watched. Capture here asks what to look at, and for how long."}</Empty>
      )}
    </>
  );
}

const MARK: Readonly<Record<Row["state"], string>> = { "one way": "error", fragments: "warn", over: "", "": "" };

/** Longer names lose their middle: the address is to be seen. */
const LONGEST = 16;

function End({ id, text }: { id?: string; text: string }): JSX.Element {
  const name = nameOf(id);
  return <span title={`${name} ${text}`}>{name ? <b>{shortened(name, LONGEST, true)} </b> : null}<span class="mono t2">{text}</span></span>;
}

const COLUMNS: readonly Column<Row>[] = [
  { id: "mark", label: "Mark", quiet: true, width: 40, text: (row) => row.state, cell: (row) => (MARK[row.state] ? <Glyph name={`st-${MARK[row.state]}`} size="s" tone={`m-${MARK[row.state]}`} /> : <span class="dot-ok" />) },
  { id: "from", label: "From", width: 250, text: (row) => `${nameOf(row.flow.a_object)} ${row.a}`.trim(), cell: (row) => <End id={row.flow.a_object} text={row.a} /> },
  { id: "to", label: "To", width: 250, text: (row) => `${nameOf(row.flow.b_object)} ${row.b}`.trim(), cell: (row) => <End id={row.flow.b_object} text={row.b} /> },
  { id: "protocol", label: "Proto", width: 70, mono: true, text: (row) => row.protocol },
  { id: "application", label: "App", width: 80, text: (row) => row.application },
  { id: "at", label: "Seen at", width: 184, mono: true, text: (row) => seenAt(row.flow.node) },
  { id: "ab", label: "A to B /s", width: 84, num: true, mono: true, text: (row) => count(row.ab) },
  { id: "ba", label: "B to A /s", width: 84, num: true, mono: true, text: (row) => count(row.ba), cell: (row) => (row.state === "one way" ? <b class="error">{count(row.ba)}</b> : count(row.ba)) },
  { id: "line", label: "2 min", width: 112, text: (row) => (row.points.length > 1 && row.rate === 0 ? "fell to 0" : rateWords(Math.max(...row.points))), cell: (row) => <svg class={`sparkline${row.state === "one way" ? " bad" : ""}`} width="96" height="18" role="img" aria-label={row.rate === 0 ? "is at 0 now" : `at most ${rateWords(Math.max(...row.points))}`}><path d={lineOf(row.points, 96, 18, 60)} class="spark" /></svg> },
  { id: "rate", label: "Rate", width: 96, num: true, mono: true, text: (row) => rateWords(row.rate) },
  { id: "rtt", label: "RTT", width: 84, num: true, mono: true, text: (row) => (row.flow.metric.rtt ? `${(row.flow.metric.rtt / 1e6).toPrecision(3)} ms` : "-") },
  { id: "state", label: "State", width: 90, text: (row) => row.state, cell: (row) => <span class={row.state === "one way" ? "error" : row.state === "fragments" ? "warn" : "t2"}>{row.state}</span> },
];
