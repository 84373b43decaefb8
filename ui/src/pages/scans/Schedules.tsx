import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { PutScanSchedule, ScanScheduleView } from "../../api/types";
import { attempt, useAsked } from "../../parts/asked";
import { Check, Confirm, Field } from "../../parts/Form";
import { Empty, Stated, Trouble, Waiting } from "../../parts/Said";
import { when } from "../../parts/words";
import { environment, go, place } from "../../state/place";

type Recurrence = PutScanSchedule["recurrence"];
const RECURRENCES: readonly Recurrence[] = ["once", "hourly", "daily", "weekly", "monthly", "yearly", "cron"];

export function Schedules(): JSX.Element {
  const name = environment.value;
  const asked = useAsked("get_scan_schedules", name ? { environment: name } : null, 10);
  const trouble = useSignal<Problem | null>(null);
  const going = useSignal("");
  const act = (work: () => Promise<unknown>): Promise<boolean> => attempt(async () => {
    await work();
    await asked.again();
  }, (problem) => (trouble.value = problem));
  const items = asked.answer?.items ?? [];
  return (
    <div class="page" tabIndex={0} role="region" aria-label="Schedules">
      <New act={act} />
      <Trouble problem={trouble.value ?? asked.trouble} />
      {!asked.answer && !asked.trouble && name ? <Waiting /> : null}
      <section class="sheet" aria-label="Scheduled scans">
        {items.length ? (
          <table>
            <thead><tr>{["Recurs", "State", "Next", "Last", "Runs", "Skipped", "Of", ""].map((each) => <th key={each} scope="col">{each || <span class="vh">Actions</span>}</th>)}</tr></thead>
            <tbody>{items.map((each) => <Line key={each.id} each={each} act={act} remove={() => (going.value = each.id)} />)}</tbody>
          </table>
        ) : <Empty title="No scan is scheduled here">Collection goes on all the time; schedules are for scans that shall have a name or clear.</Empty>}
      </section>
      {going.value ? (
        <Confirm title="Remove the schedule" act="Remove" close={() => (going.value = "")} run={() => void act(() => ask("remove_scan_schedule", { environment: name, id: going.value })).then((done) => done && (going.value = ""))}>
          <p>Scans it started stay.</p>
        </Confirm>
      ) : null}
    </div>
  );
}

function Line({ each, act, remove }: { each: ScanScheduleView; act: (work: () => Promise<unknown>) => Promise<boolean>; remove: () => void }): JSX.Element {
  const enabled = each.enabled !== false;
  const said = each.recurrence === "cron" ? `cron ${each.cron ?? ""}` : each.recurrence;
  return (
    <tr>
      <td class="b">{said}{each.zone && each.zone !== "UTC" ? `, ${each.zone}` : ""}</td>
      <td><Stated severity={enabled ? "ok" : "unknown"} word={enabled ? "on" : "rests"} /></td>
      <td class="mono">{when(each.scheduled_timestamp)}</td>
      <td class="mono">{each.last_scan ? <button class="link mono" onClick={() => go({ more: { ...place.value.more, tab2: "", scan: each.last_scan ?? "" } })}>{when(each.last_timestamp)}</button> : ""}</td>
      <td class="num">{each.runs ?? 0}</td><td class="num">{each.skipped ?? 0}</td><td>{[each.object_id || "everything", each.only, each.clear ? "clear" : "", each.inventory].filter(Boolean).join(", ")}</td>
      <td class="num">
        <button class="btn q" onClick={() => void act(() => ask("enable_scan_schedule", { environment: each.environment, id: each.id, enabled: !enabled }))}>{enabled ? "Let it rest" : "Go on"}</button>
        <button class="btn q danger" aria-label={`Remove the schedule ${said}`} onClick={remove}>Remove</button>
      </td>
    </tr>
  );
}

function New({ act }: { act: (work: () => Promise<unknown>) => Promise<boolean> }): JSX.Element {
  const recurrence = useSignal<Recurrence>("daily");
  const [at, cron, zone, inventory, clear] = [useSignal(""), useSignal("0 3 * * *"), useSignal("UTC"), useSignal(""), useSignal(false)];
  const add = (): Promise<boolean> => act(() => ask("put_scan_schedule", {
    environment: environment.value, recurrence: recurrence.value, zone: zone.value, inventory: inventory.value, clear: clear.value,
    ...(at.value ? { at: at.value } : {}), ...(recurrence.value === "cron" ? { cron: cron.value } : {}),
  }));
  return (
    <section class="sheet" aria-label="Schedule a scan">
      <div class="sheet-body">
        <div class="form">
          <Field label="Recurs" value={recurrence.value} change={(value) => (recurrence.value = value as Recurrence)} choices={RECURRENCES.map((each) => ({ value: each, label: each === "cron" ? "by cron" : each }))} />
          {recurrence.value === "cron" ? <Field label="Cron" value={cron.value} change={(value) => (cron.value = value)} mono hint="minute hour day month weekday" /> : null}
          <Field label="First" value={at.value} change={(value) => (at.value = value)} mono hint="As 02:30, 2030-01-31 02:30 or +2h; now when empty." />
          <Field label="Zone" value={zone.value} change={(value) => (zone.value = value)} mono hint="Whose days and hours." />
          <Field label="Called" value={inventory.value} change={(value) => (inventory.value = value)} />
        </div>
        <div class="row"><button class="btn p" disabled={!environment.value} onClick={() => void add()}>Schedule scan</button><Check label="End what nothing looks at any more" on={clear.value} change={(on) => (clear.value = on)} /></div>
      </div>
    </section>
  );
}
