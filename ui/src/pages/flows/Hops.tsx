import type { JSX } from "preact";
import type { Flow, FlowPath, Hop, Stage } from "../../api/types";
import { glyphOf } from "../../live/kinds";
import { picture } from "../../live/store";
import { useAsked } from "../../parts/asked";
import { Glyph } from "../../parts/Glyph";
import { Trouble } from "../../parts/Said";
import { at, environment, go, place } from "../../state/place";
import { count, counted } from "../../state/words";
import { targetOf } from "./CaptureForm";
import { pointOf, workloadOf } from "./names";

const EVERY = 5;

/** The way of a conversation: its points of capture in order, what was lost and how long it took between them. */
export function Hops({ flow }: { flow: Flow }): JSX.Element {
  const moment = at.value ? { since: at.value, until: at.value } : {};
  const { answer, trouble } = useAsked("get_flow_path", { environment: environment.value, id: flow.tracking_id, ...moment }, at.value ? 0 : EVERY);
  const path = answer?.hops.some((hop) => hop.flows.includes(flow.uuid)) ? answer : null;
  return (
    <>
      <section>
        <h3 class="sech">Seen at<span class="r">packets A to B, B to A</span></h3>
        <Trouble problem={trouble} />
        {path ? <Chain path={path} /> : trouble ? null : <div class="skeleton late" role="status" aria-label="Loading"><i /></div>}
      </section>
      {path?.notes?.length ? <div class="callout">{path.notes.map((note) => <p key={note}>{note}</p>)}</div> : null}
      <Actions flow={flow} />
    </>
  );
}

function Chain({ path }: { path: FlowPath }): JSX.Element {
  return (
    <ol class="hops">
      {path.hops.map((hop, i) => <One key={`${hop.node} ${hop.leg} ${hop.layer}`} hop={hop} stage={path.stages[i]} first={i === 0} />)}
      {path.unplaced?.map((hop) => <One key={`${hop.node} ${hop.layer}`} hop={hop} stage={undefined} first note="not connected with the others" />)}
    </ol>
  );
}

function One({ hop, stage, note = "", first }: { hop: Hop; stage: Stage | undefined; note?: string; first: boolean }): JSX.Element {
  const thing = picture.value?.things.get(hop.node);
  const where = [hop.host, hop.layer === "bare" ? "" : hop.layer, hop.rtt > 0 && first ? `RTT ${milli(hop.rtt)}` : "", note].filter(Boolean).join(", ");
  const lost = (stage?.lost_ab ?? 0) > 0 || (stage?.lost_ba ?? 0) > 0;
  return (
    <li>
      <Glyph name={glyphOf(thing ?? { kind: "device", note: "" })} size="s" />
      <button class="link mono trunc" onClick={() => go({ page: "map", focus: hop.node })}>{pointOf(hop.node)}</button>
      <span class="mono nowrap num">{count(hop.ab_packets)}, {count(hop.ba_packets)}</span>
      <span class="t3 f11 hop-where">{where}</span>
      {stage ? <span class={`f11 hop-stage${lost ? " error" : " t2"}`}>{between(stage)}</span> : null}
    </li>
  );
}

/** From a hop to the next: loss, time, what is not watched. */
function between(stage: Stage): string {
  const { lost_ab, lost_ba, delay, not_captured = [] } = stage;
  const loss = lost_ab == null || lost_ba == null ? (stage.loss_unknown ?? "") : lost_ab > 0 || lost_ba > 0 ? `${count(Math.max(0, lost_ab))} and ${count(Math.max(0, lost_ba))} lost` : "none lost";
  const time = delay == null ? "" : delay < 0 ? "at about the same time" : `${delay < 1000 ? `${delay} µs` : `${(delay / 1000).toPrecision(3)} ms`} on`;
  const through = stage.translated ? "addresses are translated" : stage.routed ? "routed" : "";
  return [loss, time, through, not_captured.length ? `${counted(not_captured.length, "device", "devices")} between not captured` : ""].filter(Boolean).join(", ");
}

function milli(ns: number): string {
  return `${(ns / 1e6).toPrecision(3)} ms`;
}

function Actions({ flow }: { flow: Flow }): JSX.Element {
  const more = { ...place.value.more, flow: "", path: flow.tracking_id };
  const [a, b] = [workloadOf(flow.a_object), workloadOf(flow.b_object)];
  const kind = picture.value?.things.get(flow.node ?? "")?.kind ?? "";
  return (
    <div class="row g2 wrap">
      <button class="btn p" onClick={() => go({ page: "map", focus: "", tab: "", filter: "", more })}><Glyph name="ui-map" size="s" />Path on map</button>
      {a || b ? <button class="btn" onClick={() => go({ page: "tree", focus: a || b, peer: a && b && a !== b ? b : "", tab: "", filter: "", more: { ...more, node: "" } })}><Glyph name="ui-path" size="s" />Path in clique</button> : null}
      {flow.node ? <button class="btn" title={targetOf(flow.node, kind)} onClick={() => go({ focus: flow.node ?? "", more: { ...place.value.more, node: "", do: "capture" } })}><Glyph name="ui-rec" size="s" />Capture here</button> : null}
    </div>
  );
}
