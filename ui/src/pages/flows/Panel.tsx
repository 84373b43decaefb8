import type { JSX } from "preact";
import { Details } from "../../parts/Details";
import { Glyph } from "../../parts/Glyph";
import { Tabs } from "../../parts/Tabs";
import { go, looked, place } from "../../state/place";
import { clock, count } from "../../state/words";

import { Hops } from "./Hops";
import { endsOf, type Row } from "./model";
import { nameOf } from "./names";
import { Packets } from "./Packets";
import { rows } from "./watching";

const TABS = [{ id: "path", label: "Path" }, { id: "counters", label: "Counters" }, { id: "packets", label: "Packets" }];

/** One flow: its way hop by hop, its counters, the packets that were kept. */
export function FlowsPanel(): JSX.Element | null {
  const uuid = place.value.more["flow"];
  const row = rows.value?.find((each) => each.flow.uuid === uuid);
  if (!row) return looked.value ? <Details /> : null;
  const { flow } = row;
  const close = (): void => go({ more: { ...place.value.more, flow: "" } });
  const ends = endsOf(flow);
  const chosen = TABS.find((each) => each.id === place.value.tab)?.id ?? "path";
  return (
    <aside class="panel" aria-label="Details">
      <div class="ph">
        <div class="k"><Glyph name="ui-flows" size="s" />Flow, {row.protocol}<button class="btn q sq tiny" aria-label="Close" onClick={close}><Glyph name="ui-close" size="xs" /></button></div>
        <h2>{nameOf(flow.a_object) || ends.a} to {nameOf(flow.b_object) || ends.b}, {row.application}</h2>
        {row.state ? <span class={`chip ${row.state === "one way" ? "error" : row.state === "fragments" ? "warn" : ""}`}>{row.state}</span> : <span class="chip ok"><Glyph name="st-ok" size="xs" />both ways or needs no answer</span>}
        <Tabs tabs={TABS} chosen={chosen} choose={(id) => go({ tab: id === "path" ? "" : id })} />
      </div>
      <div class="pb" tabIndex={0} role="tabpanel" aria-label={chosen}>
        {chosen === "path" ? <Hops flow={flow} /> : chosen === "counters" ? <Counters row={row} /> : <Packets flow={flow} />}
      </div>
    </aside>
  );
}

function Counters({ row }: { row: Row }): JSX.Element {
  const { flow } = row;
  const { metric } = flow;
  const facts: [string, string][] = [
    ["A", endsOf(flow).a], ["B", endsOf(flow).b],
    ["A to B", `${count(metric.ab_packets ?? 0)} packets, ${count(metric.ab_bytes ?? 0)} octets`], ["B to A", `${count(metric.ba_packets ?? 0)} packets, ${count(metric.ba_bytes ?? 0)} octets`],
    ["RTT", metric.rtt ? `${(metric.rtt / 1e6).toPrecision(3)} ms` : ""], ["Layers", flow.layers_path], ["MACs", flow.link ? `${flow.link.a}, ${flow.link.b}` : ""], ["VLAN", flow.link?.id ? String(flow.link.id) : ""],
    ["Tunnel", flow.tunnel ?? ""], ["First seen", clock(flow.start / 1000)], ["Last seen", clock(flow.last / 1000)], ["Ended by", flow.finish ?? ""],
  ];
  return (
    <section>
      <h3 class="sech">Counters<span class="r">since {clock(flow.start / 1000)}</span></h3>
      <dl class="kv">{facts.filter(([, value]) => value).map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}=`} class="mono">{value}</dd>])}</dl>
    </section>
  );
}
