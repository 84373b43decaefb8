import type { JSX } from "preact";
import type { InjectionView } from "../../api/types";
import { Glyph } from "../../parts/Glyph";
import { go } from "../../state/place";
import { clock, count } from "../../state/words";
import { filterOf } from "./model";
import { pointOf } from "./names";
import { injections, unsend } from "./watching";

const MARK: Readonly<Record<string, string>> = { done: "ok", running: "unknown", stopped: "stale", failed: "error" };
const MOST = 6;

/** What was sent from here, the latest first: how it went, and the flows it caused. */
export function Sent(): JSX.Element | null {
  const all = injections.value;
  if (!all.length) return null;
  return (
    <section class="flow-sent" aria-label="Packets sent">
      <h2 class="sech">Packets sent<span class="r">{all.length > MOST ? `the last ${MOST} of ${count(all.length)}` : ""}</span></h2>
      <ul class="list">{[...all].reverse().slice(0, MOST).map((each) => <One key={each.id} sent={each} />)}</ul>
    </section>
  );
}

function One({ sent }: { sent: InjectionView }): JSX.Element {
  const mark = sent.errors ? "warn" : (MARK[sent.state] ?? "unknown");
  const flow = sent.tracking_ids[0];
  return (
    <li>
      <Glyph name={`st-${mark}`} size="s" tone={`m-${mark}`} />
      <span class="grow trunc">
        <b>{pointOf(sent.source)}</b> to <b>{pointOf(sent.target) || sent.target_ip}</b> <span class="mono t2">{sent.type} {sent.source_ip} to {sent.target_ip}</span>
        {sent.error ? <span class="error"> {sent.error}</span> : null}
      </span>
      <span class="nowrap t2">{sent.state}, {count(sent.sent)} of {count(sent.count)} sent{sent.errors ? `, ${count(sent.errors)} not taken` : ""}, {clock(Date.parse(sent.began))}</span>
      {flow ? <button class="btn" onClick={() => go({ filter: filterOf({ flow }) })}>Its flows</button> : null}
      <button class="btn q sq" aria-label={`${sent.state === "running" ? "Stop" : "Forget"} what was sent from ${pointOf(sent.source)}`} onClick={() => void unsend(sent.id)}><Glyph name="ui-close" size="xs" /></button>
    </li>
  );
}
