import type { JSX } from "preact";
import type { ScheduleView, ScopeView } from "../../api/types";
import { useAsked } from "../../parts/asked";
import { Glyph } from "../../parts/Glyph";
import { Empty, Stated, Tally, Trouble, Waiting } from "../../parts/Said";
import { ageOf, STALE } from "../../parts/Stale";
import { took, when } from "../../parts/words";
import { at, environment, frozen, go, place } from "../../state/place";
import { count, counted, lasting } from "../../state/words";
import { ordered, stateOf } from "./scopes";

const AT_ONCE = 300;

/** One row for each source and scope: when it was looked at, what it saw, what failed. */
export function SourcesPage(): JSX.Element {
  const name = environment.value;
  const asked = useAsked("get_sources", name ? { environment: name, at: at.value } : null, frozen.value ? 0 : 5);
  const schedule = useAsked("get_schedule", name && !frozen.value ? { environment: name } : null, 5);
  const all = asked.answer?.items ?? [];
  const fitting = ordered(all, place.value.filter);
  const counts: Partial<Record<ReturnType<typeof stateOf>, number>> = {};
  for (const each of all) counts[stateOf(each)] = (counts[stateOf(each)] ?? 0) + 1;
  const shown = place.value.more["all"] ? fitting : fitting.slice(0, AT_ONCE);
  const timed = shown.some((each) => each.began !== each.ended); // what was recorded has no durations
  return (
    <>
      <div class="bar">
        <h1>Sources</h1><Tally counts={counts} none="" />
        <span class="grow" />
        <label class="field"><Glyph name="ui-filter" size="s" tone="t3" /><input class="bare" placeholder="Host, source or part" aria-label="Filter scopes" value={place.value.filter} onInput={(event) => go({ filter: event.currentTarget.value })} /></label>
      </div>
      <div class="page" tabIndex={0} role="region" aria-label="Sources">
        <Trouble problem={asked.trouble} again={() => void asked.again()} />
        {!asked.answer && !asked.trouble && name ? <Waiting /> : null}
        <section class="sheet" aria-label="Scopes">
          {shown.length ? (
            <table>
              <thead><tr><th scope="col">State</th><th scope="col">Host</th><th scope="col">Source</th><th scope="col">Part</th><th scope="col">Last look</th>{timed ? <th scope="col" class="num">Took</th> : null}<th scope="col">Complete</th><th scope="col" class="num">Saw</th><th scope="col">What failed, as it was told</th></tr></thead>
              <tbody>{shown.map((each) => <Line key={each.scope} each={each} timed={timed} now={frozen.value ? Date.parse(at.value) : Date.now()} />)}</tbody>
            </table>
          ) : asked.answer ? <Empty title={all.length ? `No scope fits “${place.value.filter}”` : "Nothing was looked at yet"}>{counted(all.length, "scope", "scopes")} of {name}. A source has one scope for each part of a host it looks at.</Empty> : null}
        </section>
        {shown.length < fitting.length ? <button class="btn" onClick={() => go({ more: { ...place.value.more, all: "1" } })}>Show all {count(fitting.length)}</button> : null}
        {schedule.answer?.items.length ? <Next items={schedule.answer.items} /> : null}
      </div>
    </>
  );
}

function Line({ each, timed, now }: { each: ScopeView; timed: boolean; now: number }): JSX.Element {
  return (
    <tr class={each.stale ? STALE : ""}>
      <td><Stated severity={stateOf(each)} word={each.stale ? `stale, ${each.status}` : each.status} /></td>
      <td class="b">{each.host}</td><td>{each.source}</td><td class="mono">{each.part || "all of it"}</td><td class="mono">{when(each.began, now)}</td>{timed ? <td class="num mono">{each.began === each.ended ? "" : took(each.began, each.ended)}</td> : null}
      <td>{ageOf(each, now)}</td><td class="num">{count(each.seen)}</td>
      <td class={each.errors?.length ? "wide mono" : ""}>{(each.errors ?? []).map((error) => [error.where, error.message].filter(Boolean).join(": ")).join("\n")}</td>
    </tr>
  );
}

/** What each source does now on each host, and when it looks next. */
function Next({ items }: { items: readonly ScheduleView[] }): JSX.Element {
  const words = place.value.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const sorted = items.filter((each) => words.every((word) => `${each.source}@${each.host}`.toLowerCase().includes(word))).sort((one, other) => other.failures - one.failures || one.host.localeCompare(other.host) || one.source.localeCompare(other.source)).slice(0, AT_ONCE);
  return (
    <section class="sheet" aria-label="What happens next">
      <div class="sheet-head"><h2>What happens next</h2><span class="t3">each source on each host, by itself</span></div>
      <table>
        <thead><tr><th scope="col">Host</th><th scope="col">Source</th><th scope="col">How</th><th scope="col">Now</th><th scope="col">Last look</th><th scope="col" class="num">Took</th><th scope="col">Next</th><th scope="col" class="num">Failed in a row</th><th scope="col">Why</th></tr></thead>
        <tbody>{sorted.map((each) => (
          <tr key={`${each.host} ${each.source}`}>
            <td class="b">{each.host}</td><td>{each.source}</td><td>{each.mode}{each.interval ? `, every ${lasting(each.interval * 1000)}` : ""}</td><td>{each.state}</td><td class="mono">{when(each.began)}</td><td class="num mono">{each.ended >= each.began ? took(each.began, each.ended) : "running"}</td><td class="mono">{when(each.next)}</td>
            <td class="num">{each.failures || ""}</td><td class="wide mono">{each.error}</td>
          </tr>
        ))}</tbody>
      </table>
    </section>
  );
}
