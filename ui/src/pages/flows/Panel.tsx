import type { JSX } from "preact";
import type { Flow } from "../../api/types";
import { glyphOf } from "../../live/kinds";
import { picture } from "../../live/store";
import { useAsked } from "../../parts/asked";
import { Details } from "../../parts/Details";
import { Glyph } from "../../parts/Glyph";
import { environment, go, looked, place } from "../../state/place";
import { clock, count } from "../../state/words";
import { endsOf, type Row } from "./model";
import { nameOf, pointOf } from "./names";
import { rows } from "./watching";

/** One flow: where it is seen, and its counters. */
export function FlowsPanel(): JSX.Element | null {
  const uuid = place.value.more["flow"];
  const row = rows.value?.find((each) => each.flow.uuid === uuid);
  if (!row) return looked.value ? <Details /> : null;
  const { flow } = row;
  const close = (): void => go({ more: { ...place.value.more, flow: "" } });
  const ends = endsOf(flow);
  return (
    <aside class="panel" aria-label="Details">
      <div class="ph flow-ph">
        <div class="k"><Glyph name="ui-flows" size="s" />Flow, {row.protocol}<button class="btn q sq tiny" aria-label="Close" onClick={close}><Glyph name="ui-close" size="xs" /></button></div>
        <h2>{nameOf(flow.a_object) || ends.a} to {nameOf(flow.b_object) || ends.b}, {row.application}</h2>
        {row.state ? <span class={`chip ${row.state === "one way" ? "error" : row.state === "fragments" ? "warn" : ""}`}>{row.state}</span> : <span class="chip ok"><Glyph name="st-ok" size="xs" />both ways or needs no answer</span>}
      </div>
      <div class="pb" tabIndex={0} role="region" aria-label="Flow">
        <Seen flow={flow} />
        <Counters row={row} />
        <div class="row g2 wrap">
          {flow.a_object ? <button class="btn" onClick={() => go({ page: "tree", focus: flow.a_object ?? "", peer: flow.b_object ?? "" })}><Glyph name="ui-path" size="s" />Open clique</button> : null}
          {flow.node ? <button class="btn" onClick={() => go({ page: "map", focus: flow.node ?? "" })}><Glyph name="ui-map" size="s" />Show on map</button> : null}
        </div>
      </div>
    </aside>
  );
}

/** Every point at which the same flow was captured. */
function Seen({ flow }: { flow: Flow }): JSX.Element {
  const { answer } = useAsked("get_flows", { environment: environment.value, tracking_id: flow.tracking_id }, 0, rows.value);
  const points = answer?.flows ?? [flow];
  return (
    <section>
      <h3 class="sech">Seen at<span class="r">packets A to B, B to A</span></h3>
      <ul class="list">
        {points.map((each) => {
          const thing = picture.value?.things.get(each.node ?? "");
          return <li key={each.uuid}><Glyph name={glyphOf(thing ?? { kind: "device", note: "" })} size="s" /><span class="mono trunc grow">{pointOf(each.node)}{thing?.host ? <span class="t3"> {thing.host}</span> : null}</span><span class="mono nowrap">{count(each.metric.ab_packets ?? 0)}, {count(each.metric.ba_packets ?? 0)}</span></li>;
        })}
      </ul>
    </section>
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
