import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ask } from "../../api/client";
import { Problem } from "../../api/problem";
import type { AlertView, FiringView } from "../../api/types";
import { useAsked } from "../../parts/asked";
import { Glyph } from "../../parts/Glyph";
import { Grid, type Column } from "../../parts/Grid";
import { Empty, Trouble } from "../../parts/Said";
import { environment, go, place } from "../../state/place";
import { counted, stamp } from "../../state/words";

const EVERY = 5000;


/** Queries that are asked again and again, and when they had a new answer. */
export function AlertsPage(): JSX.Element {
  const again = useSignal(0);
  const making = useSignal(false);
  const failed = useSignal<Problem | null>(null);
  useEffect(() => {
    const timer = setInterval(() => again.value++, EVERY);
    return () => clearInterval(timer);
  }, []);
  const alert = place.value.more["alert"] ?? "";
  const name = environment.value;
  const alerts = useAsked("get_alerts", name ? { environment: name } : null, 0, again.value);
  const firings = useAsked("get_firings", name ? { environment: name, alert } : null, 0, again.value);
  const rows = alerts.answer?.items ?? [];
  const change = async (what: () => Promise<unknown>): Promise<void> => {
    try {
      await what();
      failed.value = null;
      making.value = false;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      failed.value = error;
    }
    again.value++;
  };
  const chosen = rows.find((each) => each.id === alert);
  const fired = firings.answer?.items ?? [];
  return (
    <>
      <div class="bar">
        <h1>Alerts</h1>
        <span class="t2" role="status">{alerts.answer ? counted(rows.length, "alert", "alerts") : ""}</span>
        <button class="btn push danger" disabled={!chosen} onClick={() => chosen && void change(() => ask("remove_alert", { id: chosen.id, environment: name }))}>Remove{chosen ? ` ${chosen.name || chosen.id}` : ""}</button>
        <button class="btn p" aria-expanded={making.value} onClick={() => (making.value = !making.value)}><Glyph name="ui-plus" size="s" />New alert</button>
      </div>
      {making.value ? <Form save={(request) => void change(() => ask("put_alert", { ...request, environment: name }))} close={() => (making.value = false)} /> : null}
      <Trouble problem={failed.value ?? alerts.trouble ?? firings.trouble} />
      {alerts.answer && !rows.length ? <Empty title="There are no alerts.">New alert asks a query again as things change, and goes off when it has a new answer.</Empty> : null}
      {rows.length ? <Grid label="Alerts" rows={rows} columns={ALERTS} keyOf={(each) => each.id} chosen={alert} choose={(each) => go({ more: { ...place.value.more, alert: each.id === alert ? "" : each.id } })} /> : null}
      {rows.length ? <h2 class="side-head">{chosen ? `When ${chosen.name || chosen.id} went off` : "What went off"}</h2> : null}
      {fired.length ? <Grid label="Went off" rows={fired} columns={FIRINGS} keyOf={(each) => each.id} /> : rows.length ? <Empty title="Nothing went off." /> : null}
    </>
  );
}

const ALERTS: readonly Column<AlertView>[] = [
  { id: "name", label: "Name", width: 180, text: (each) => each.name || each.id },
  { id: "expression", label: "Asks", width: 420, mono: true, text: (each) => each.expression },
  { id: "trigger", label: "When", width: 110, text: (each) => each.trigger },
  { id: "action", label: "Does", width: 220, mono: true, text: (each) => each.action || "message" },
  {
    id: "state", label: "State", width: 150, text: (each) => each.problem || (each.armed ? "armed" : "went off"),
    cell: (each) => <span class="row g2"><Glyph name={`st-${each.problem ? "error" : each.armed ? "ok" : "warn"}`} size="s" tone={`m-${each.problem ? "error" : each.armed ? "ok" : "warn"}`} /><span class="trunc">{each.problem || (each.armed ? "armed" : "went off")}</span></span>,
  },
  { id: "fired", label: "Times", width: 70, num: true, mono: true, text: (each) => String(each.fired) },
  { id: "last", label: "Last", width: 168, num: true, mono: true, text: (each) => stamp(each.last) },
];

const FIRINGS: readonly Column<FiringView>[] = [
  { id: "at", label: "At", width: 168, mono: true, text: (each) => stamp(each.at), cell: (each) => <button class="link mono" tabIndex={-1} onClick={() => go({ page: "map", at: each.at })}>{stamp(each.at)}</button> },
  { id: "name", label: "Alert", width: 200, text: (each) => each.name || each.alert },
  { id: "total", label: "Answers", width: 80, num: true, mono: true, text: (each) => String(each.total) },
  { id: "outcome", label: "Outcome", width: 260, text: (each) => each.outcome },
];

interface Wanted {
  expression: string;
  name: string;
  trigger: string;
  action: string;
}

function Form({ save, close }: { save: (wanted: Wanted) => void; close: () => void }): JSX.Element {
  const wanted = useSignal<Wanted>({ expression: place.value.more["q"] || "G.V().Has('State', 'DOWN')", name: "", trigger: "change", action: "" });
  const field = (name: keyof Wanted, label: string, more = ""): JSX.Element => (
    <label class={`col ${more}`}><span class="f12 t2">{label}</span><span class="field"><input class="bare mono grow" spellcheck={false} required={name === "expression"} value={wanted.value[name]} onInput={(event) => (wanted.value = { ...wanted.value, [name]: event.currentTarget.value })} /></span></label>
  );
  return (
    <form class="capture-form" aria-label="New alert" onSubmit={(event) => (event.preventDefault(), save(wanted.value))} onKeyDown={(event) => event.key === "Escape" && (event.stopPropagation(), close())}>
      {field("expression", "Goes off when this has a new answer", "grow")}
      {field("name", "Name")}
      {field("trigger", "When it is asked: change, or every:30s")}
      {field("action", "What it does: an address, or script:NAME")}
      <button class="btn p" type="submit">Save alert</button>
      <button class="btn q" type="button" onClick={close}>Cancel</button>
    </form>
  );
}
