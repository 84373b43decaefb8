import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { LookView, ScanView } from "../../api/types";
import { noticed } from "../../live/store";
import { attempt, useAsked } from "../../parts/asked";
import { Stated, Trouble } from "../../parts/Said";
import { ended, seconds, severityOfScan } from "../../parts/words";
import { go, place } from "../../state/place";
import { count, counted } from "../../state/words";
import { progressOf } from "./progress";

const LOOKS = { waiting: "unknown", running: "unknown", completed: "ok", partial: "warn", failed: "error", aborted: "stale" } as const;

/** One scan: how far it is while it runs, each look, errors verbatim, what the validators found. */
export function One({ scan, again }: { scan: ScanView; again: () => Promise<void> }): JSX.Element {
  const trouble = useSignal<Problem | null>(null);
  // Asked once more when it ends: the list tells no looks.
  const shown = useAsked("show_scan", { environment: scan.environment, id: scan.id }, ended(scan) ? 0 : 2);
  const notice = noticed.value && "scan" in noticed.value && noticed.value.scan.id === scan.id ? noticed.value.scan : null;
  const whole = shown.answer && (!notice || (ended(shown.answer) && !ended(notice))) ? shown.answer : notice ?? shown.answer;
  const looks = whole?.progress?.looks.length ? whole.progress.looks : shown.answer?.progress?.looks ?? [];
  const told = whole ?? scan;
  const cancel = (): Promise<boolean> => attempt(async () => {
    await ask("cancel_scan", { environment: scan.environment, id: scan.id });
    await Promise.all([again(), shown.again()]);
  }, (problem) => (trouble.value = problem));
  const begin = (): Promise<boolean> => attempt(async () => {
    await ask("start_scan", { environment: scan.environment, id: scan.id });
    await again();
  }, (problem) => (trouble.value = problem));
  return (
    <section class="sheet" aria-label="Scan" data-test="scan">
      <div class="sheet-head">
        <h2 class="mono">{told.inventory || told.id}</h2>
        <span data-test="scan-state"><Stated severity={severityOfScan(told.status)} word={told.status.replace(/_/g, " ")} /></span>
        <span class="t2">{progressOf(told)}</span>
        {told.progress && !ended(told) ? <progress max={told.progress.total || 1} value={told.progress.done} aria-label="Looks that ended" /> : null}
        <span class="grow" />
        {told.as_of ? <button class="btn" onClick={() => go({ page: "map", at: told.as_of ?? "", focus: "" })}>Show what it saw</button> : null}
        {told.status === "draft" ? <button class="btn" onClick={() => void begin()}>Start it</button> : null}
        {ended(told) ? null : <button class="btn danger" onClick={() => void cancel()}>Cancel scan</button>}
      </div>
      <div class="sheet-body">
        <Trouble problem={trouble.value ?? shown.trouble} />
        {told.reason ? <p><b>{told.reason}</b></p> : null}
        {ended(told) ? <p class="t2">{counted(told.objects ?? 0, "object", "objects")}, {counted(told.links ?? 0, "link", "links")}{told.corrected ? `, ${count(told.corrected)} corrected` : ""}{told.cleared?.length ? `, ${counted(told.cleared.length, "scope", "scopes")} ended` : ""}.</p> : null}
        {told.errors?.length ? (
          <div><h3 class="sech">Errors, as they were told <span class="r">{told.errors.length}</span></h3>
            {told.errors.map((each, i) => <pre class="raw" key={i}>{[each.source, each.host, each.place, each.where].filter(Boolean).join(" ")}: {each.message}</pre>)}
          </div>
        ) : null}
        {told.findings?.length ? (
          <div><h3 class="sech">What does not fit together <span class="r">{told.findings.length}</span></h3>
            <ul class="list">{told.findings.slice(0, 50).map((each) => <li key={each.id + each.check}><span class="chip warn">{each.check}</span><button class="link" onClick={() => go({ page: "map", focus: each.id, more: {} })}>{each.message}</button></li>)}</ul>
          </div>
        ) : null}
      </div>
      {looks.length ? <Looks looks={looks} /> : null}
    </section>
  );
}

function Looks({ looks }: { looks: readonly LookView[] }): JSX.Element {
  const all = place.value.more["looks"] === "all";
  const order = { failed: 0, partial: 1, aborted: 2, running: 3, waiting: 4, completed: 5 };
  const sorted = [...looks].sort((one, other) => order[one.status] - order[other.status] || one.host.localeCompare(other.host) || one.source.localeCompare(other.source));
  const shown = all ? sorted : sorted.slice(0, 100);
  const going = shown.some((each) => each.current);
  return (
    <>
      <table>
        <caption class="vh">Looks: each source at each host</caption>
        <thead><tr><th scope="col">State</th><th scope="col">Host</th><th scope="col">Source</th>{going ? <th scope="col">At</th> : null}<th scope="col" class="num">Parts</th><th scope="col" class="num">Records</th><th scope="col" class="num">Took</th></tr></thead>
        <tbody>{shown.map((each) => (
          <tr key={`${each.host} ${each.source}`}>
            <td><Stated severity={LOOKS[each.status]} word={each.status} /></td><td class="b">{each.host}</td><td>{each.source}</td>{going ? <td class="t2">{each.current ?? ""}</td> : null}
            <td class="num">{each.total ? `${each.done ?? 0} of ${each.total}` : ""}</td><td class="num">{each.status === "waiting" ? "" : <span class={each.records ? "" : "t3"}>{count(each.records ?? 0)}</span>}</td><td class="num mono">{each.seconds ? seconds(each.seconds) : ""}</td>
          </tr>
        ))}</tbody>
      </table>
      {shown.length < looks.length ? <div class="pad"><button class="btn" onClick={() => go({ more: { ...place.value.more, looks: "all" } })}>Show all {count(looks.length)} looks</button></div> : null}
    </>
  );
}
