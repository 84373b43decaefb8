import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { ScanView } from "../../api/types";
import { loadEnvironments, noticed } from "../../live/store";
import { attempt, useAsked } from "../../parts/asked";
import { Check, Field } from "../../parts/Form";
import { Empty, Stated, Trouble, Waiting } from "../../parts/Said";
import { ended, severityOfScan, took, when } from "../../parts/words";
import { Tabs } from "../../parts/Tabs";
import { environment, go, place } from "../../state/place";
import { count } from "../../state/words";
import { One } from "./One";
import { merged } from "./progress";
import { Schedules } from "./Schedules";

const TABS = [{ id: "", label: "Runs" }, { id: "schedules", label: "Schedules" }];
const WHAT = [
  { value: "", label: "everything" }, { value: "inventory", label: "look only, links unchecked" },
  { value: "links", label: "derive links anew, without looking" }, { value: "cliques", label: "count cliques, without looking" },
];

export function ScansPage(): JSX.Element {
  const tab = place.value.more["tab2"] ?? "";
  return (
    <>
      <div class="bar">
        <h1>Scans</h1><span class="t2">{environment.value}</span>
        <Tabs tabs={TABS} chosen={tab} choose={(id) => go({ more: { ...place.value.more, tab2: id, scan: "" } })} />
      </div>
      {tab === "schedules" ? <Schedules /> : <Runs />}
    </>
  );
}

function Runs(): JSX.Element {
  const name = environment.value;
  const asked = useAsked("get_scans", name ? { environment: name, limit: 50 } : null);
  const [items, chosen] = [merged(asked.answer?.items ?? [], noticed.value, name), place.value.more["scan"] ?? ""];
  useEffect(() => {
    // What a notice cannot tell: scans that others started, and the counts of environments after one ended.
    const told = noticed.value;
    if (told && "scan" in told && ended(told.scan)) void Promise.all([asked.again(), loadEnvironments()]);
  }, [noticed.value]);
  const current = items.find((each) => each.id === chosen) ?? items.find((each) => !ended(each)) ?? items[0];
  return (
    <div class="page" tabIndex={0} role="region" aria-label="Runs">
      <Run again={asked.again} busy={items.some((each) => each.status === "running")} />
      <Trouble problem={asked.trouble} again={() => void asked.again()} />
      {current ? <One key={current.id} scan={current} again={asked.again} /> : null}
      {!asked.answer && !asked.trouble && name ? <Waiting /> : null}
      <section class="sheet" aria-label="Scans">
        {items.length ? (
          <table>
            <thead><tr><th scope="col">Scan</th><th scope="col">State</th><th scope="col">Began</th><th scope="col" class="num">Took</th><th scope="col">Of</th><th scope="col" class="num">Objects</th><th scope="col" class="num">Links</th><th scope="col" class="num">Errors</th></tr></thead>
            <tbody>{items.map((each) => (
              <tr key={each.id} class={each.id === current?.id ? "on" : ""}>
                <td><button class="link mono" onClick={() => go({ more: { ...place.value.more, scan: each.id } })}>{each.inventory || each.id}</button></td>
                <td><Stated severity={severityOfScan(each.status)} word={each.status.replace(/_/g, " ")} /></td>
                <td class="mono">{when(each.start_timestamp || each.submit_timestamp)}</td><td class="num mono">{took(each.start_timestamp, each.end_timestamp)}</td>
                <td>{partOf(each)}</td><td class="num">{each.objects ? count(each.objects) : ""}</td><td class="num">{each.links ? count(each.links) : ""}</td><td class="num">{each.errors?.length || ""}</td>
              </tr>
            ))}</tbody>
          </table>
        ) : <Empty title="No scan was run here yet">Collection goes on by itself all the time; a scan looks at everything at once, and says what it saw.</Empty>}
      </section>
    </div>
  );
}

function partOf(scan: ScanView): string {
  return [scan.object_id || "everything", scan.only, scan.clear ? "clear" : "", scan.schedule ? "by schedule" : ""].filter(Boolean).join(", ");
}

function Run({ again, busy }: { again: () => Promise<void>; busy: boolean }): JSX.Element {
  const only = useSignal<NonNullable<ScanView["only"]>>("");
  const object = useSignal(place.value.focus);
  const inventory = useSignal("");
  const clear = useSignal(false);
  const trouble = useSignal<Problem | null>(null);
  const run = (): Promise<boolean> => attempt(async () => {
    const started = await ask("start_scan", {
      environment: environment.value, only: only.value as "" | "inventory" | "links" | "cliques", object_id: object.value.trim(), inventory: inventory.value.trim(), clear: clear.value, queue: busy,
    });
    go({ more: { ...place.value.more, scan: started.id } });
    await again();
  }, (problem) => (trouble.value = problem));
  return (
    <section class="sheet" aria-label="Run a scan">
      <div class="sheet-body">
        <div class="form">
          <Field label="What" value={only.value} change={(value) => (only.value = value)} choices={WHAT} />
          <Field label="Of" value={object.value} change={(value) => (object.value = value)} mono hint="Id of an object and what it owns; everything when empty." />
          <Field label="Called" value={inventory.value} change={(value) => (inventory.value = value)} hint="A name for the moment it ends at." />
        </div>
        <div class="row">
          <button class="btn p" disabled={!environment.value} onClick={() => void run()}>{busy ? "Run scan next" : "Run scan"}</button>
          <Check label="End what nothing looks at any more" on={clear.value} change={(on) => (clear.value = on)} />
        </div>
        <Trouble problem={trouble.value} />
      </div>
    </section>
  );
}

