import type { JSX } from "preact";
import type { CaptureEnded, CaptureView } from "../../api/types";
import { picture } from "../../live/store";
import { Glyph } from "../../parts/Glyph";
import { go } from "../../state/place";
import { clock, count, counted } from "../../state/words";
import { lineOf, rateWords, talkers } from "./model";
import { nameOf } from "./names";
import { captures, lost, rates, remove, rows } from "./watching";

const WIDE = 420;
const TALL = 72;
const SLOTS = 120;
/** Captures that ended by themselves which are told of. */
const ENDED = 3;

/** All traffic, who makes most of it, and what is watched. */
export function Cards(): JSX.Element {
  return (
    <div class="flow-cards">
      <Traffic />
      <Talkers />
      <Watched />
    </div>
  );
}

function Traffic(): JSX.Element {
  rows.value;
  const points = rates.total;
  const now = points.at(-1);
  const line = lineOf(points.map((each) => each.rate), WIDE, TALL, SLOTS);
  return (
    <section class="flow-card">
      <h2 class="sech">All traffic<span class="r">{now ? rateWords(now.rate) : ""}</span></h2>
      <svg class="scene" viewBox={`0 0 ${WIDE} ${TALL}`} preserveAspectRatio="none" role="img" aria-label={now ? `All traffic: ${rateWords(now.rate)}, at most ${rateWords(Math.max(...points.map((each) => each.rate)))}` : "All traffic: not known yet"}>
        {points.length > 1 ? <><path d={`${line}V${TALL}H${WIDE - (points.length - 1) * (WIDE / (SLOTS - 1))}Z`} class="accrange" /><path d={line} class="spark acc" /></> : null}
        <path d={`M0 ${TALL - 0.5}H${WIDE}`} class="axis" />
      </svg>
      <p class="f11 t3 row"><span class="grow">{points[0] ? clock(points[0].at) : ""}</span>{now ? clock(now.at) : ""}</p>
    </section>
  );
}

function Talkers(): JSX.Element {
  const found = talkers(rows.value ?? [], 5).filter((each) => each.rate > 0);
  const most = Math.max(1, found[0]?.rate ?? 0);
  return (
    <section class="flow-card">
      <h2 class="sech">Top talkers<span class="r">now</span></h2>
      <ul class="talkers">
        {found.map((each) => (
          <li key={each.name}><button class={`link trunc${nameOf(each.object) ? " b" : " mono"}`} title={each.name} onClick={() => go({ filter: `address:${each.name}` })}>{nameOf(each.object) || each.name}</button><svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="8" class="bar-soft" /><rect width={(each.rate / most) * 100} height="8" class="bar-n" /></svg><span class="mono num">{rateWords(each.rate)}</span></li>
        ))}
      </ul>
      {found.length ? null : <p class="f12 t2">{rows.value?.length ? "No traffic is seen now." : "No traffic was seen."}</p>}
    </section>
  );
}

function Watched(): JSX.Element {
  const told = captures.value;
  const points = told?.captures.flatMap((each) => each.points) ?? [];
  const hosts = new Set(points.map((each) => picture.value?.things.get(each.node)?.host).filter(Boolean));
  return (
    <section class="flow-card">
      <h2 class="sech">What is watched<span class="r">{counted(points.length, "point", "points")} on {counted(hosts.size, "host", "hosts")}</span></h2>
      <ul class="list">{told?.captures.map((each) => <Capture key={each.id} capture={each} />)}{told?.ended?.slice(0, ENDED).map((each) => <Ended key={each.id} capture={each} />)}</ul>
      <p class="f12 t2">{!told ? "" : !told.running ? "Nothing is captured here: no server runs." : told.captures.length ? "Elsewhere nothing is watched: no claim." : rows.value?.length ? "Nothing is watched now: these flows were captured before." : "Nothing is watched: no claim about any traffic."}{lost.value ? ` ${count(lost.value)} packets were lost.` : ""}</p>
    </section>
  );
}

function Ended({ capture }: { capture: CaptureEnded }): JSX.Element {
  return (
    <li title={`${capture.query}\n${capture.reason}`}>
      <Glyph name="ui-clock" size="s" tone="t3" />
      <span class="grow trunc t2">{capture.name || capture.query} ended: {capture.reason}</span>
      <time class="t3 nowrap">{clock(Date.parse(capture.at))}</time>
    </li>
  );
}

function Capture({ capture }: { capture: CaptureView }): JSX.Element {
  const failing = capture.points.filter((each) => each.state !== "active");
  const bad = capture.error || failing.some((each) => each.reason) ? "warn" : capture.points.length ? "ok" : "unknown";
  const gone = capture.points.reduce((sum, each) => sum + (each.counts.dropped ?? 0) + (each.counts.lost ?? 0), 0);
  const engines = [...new Set(capture.points.map((each) => each.engine).filter(Boolean))].join(", ");
  const sampled = Math.max(0, ...capture.points.map((each) => each.counts.sampled ?? 0));
  return (
    <li title={[capture.query, capture.error, ...failing.map((each) => `${each.node}: ${each.state} ${each.reason ?? ""}`)].filter(Boolean).join("\n")}>
      <Glyph name={`st-${bad}`} size="s" tone={`m-${bad}`} />
      <span class="grow trunc">{capture.name || capture.query}{engines ? `, ${engines}` : ""} at {failing.length ? `${count(capture.points.length - failing.length)} of ` : ""}{counted(capture.points.length, "point", "points")}{sampled > 1 ? `, one in ${count(sampled)}` : ""}{capture.error ? `, ${capture.error}` : ""}</span>
      <span class="t3 nowrap"><button class="link" onClick={() => go({ filter: `capture:${capture.id}` })}>{count(capture.points.reduce((sum, each) => sum + (each.counts.received ?? 0), 0))} packets</button>, <span class={gone ? "warn" : ""}>loss {count(gone)}</span></span>
      <button class="btn q sq" aria-label={`End capture ${capture.name || capture.query}`} onClick={() => void remove(capture.id)}><Glyph name="ui-close" size="xs" /></button>
    </li>
  );
}
