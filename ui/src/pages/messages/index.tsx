import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ask } from "../../api/client";
import { Problem } from "../../api/problem";
import type { GetMessages, MessageView } from "../../api/types";
import { glyphOf } from "../../live/kinds";
import { picture } from "../../live/store";
import { useAsked } from "../../parts/asked";
import { Details } from "../../parts/Details";
import { downloadText } from "../../parts/download";
import { Glyph } from "../../parts/Glyph";
import { Grid, tally, type Column } from "../../parts/Grid";
import { csv, ordered, orderOf, orderText } from "../../parts/rows";
import { Empty, Trouble } from "../../parts/Said";
import { when } from "../../parts/words";
import { announce } from "../../state/announce";
import { environment, go, looked, place, settle } from "../../state/place";
import { clock, counted, lasting, stamp } from "../../state/words";

type Level = MessageView["level"];
const LEVELS: readonly Level[] = ["panic", "alert", "crit", "error", "warn", "notice", "info", "debug"];
const MARK: Readonly<Record<Level, string>> = { panic: "error", alert: "error", crit: "error", error: "error", warn: "warn", notice: "ok", info: "ok", debug: "unknown" };
const WORD: Readonly<Record<Level, string>> = { panic: "panic", alert: "alert", crit: "critical", error: "error", warn: "warning", notice: "notice", info: "info", debug: "debug" };
const MANY: Partial<Record<Level, string>> = { panic: "panics", alert: "alerts", error: "errors", warn: "warnings", notice: "notices" };
const EVERY = 5000;
const MOST = 5000;

const said = (name: string): string => place.value.more[name] ?? "";
const keep = (change: Record<string, string>): void => go({ more: { ...place.peek().more, ...change } });
const keyOf = (each: MessageView): string => `${each.environment} ${each.id}`;

/** What went wrong and what was found. */
export function MessagesPage(): JSX.Element {
  const again = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => again.value++, EVERY);
    return () => clearInterval(timer);
  }, []);
  const { at, filter } = place.value;
  const request: GetMessages = { environment: said("all") ? "" : environment.value, text: filter, limit: MOST, until: at };
  if (said("level")) request.at_least = said("level") as Level;
  if (said("viewed")) request.viewed = said("viewed") as "yes" | "no";
  if (said("open")) request.open = said("open") as "yes" | "no";
  const { answer, trouble } = useAsked("get_messages", environment.value ? request : null, 0, again.value);
  const rows = answer?.items ?? [];
  const order = orderOf(said("sort"), "-last");
  const shown = ordered(rows, COLUMNS, order);
  const failed = useSignal<Problem | null>(null);
  const change = async (what: () => Promise<{ changed: number }>): Promise<void> => {
    try {
      const { changed } = await what();
      failed.value = null;
      announce(counted(changed, "message", "messages"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      failed.value = error;
    }
    again.value++;
  };
  const chosen = rows.find((each) => keyOf(each) === said("message"));
  return (
    <>
      <Toolbar />
      <div class="verdict messages-head">
        <b role="status">{answer ? tally(rows.length, answer.total, "message", "messages") : ""}</b>
        {LEVELS.filter((each) => answer?.levels[each]).map((each) => <span key={each} class="row g2"><Glyph name={`st-${MARK[each]}`} size="s" tone={`m-${MARK[each]}`} />{counted(answer?.levels[each] ?? 0, WORD[each], MANY[each] ?? WORD[each])}</span>)}
        <span class="grow" />
        <button class="btn" disabled={!rows.some((each) => !each.viewed) || said("all") !== ""} onClick={() => void change(() => ask("view_messages", { environment: environment.value, ids: rows.filter((each) => !each.viewed).map((each) => each.id) }))}><Glyph name="ui-check" size="s" />Mark all as viewed</button>
        <button class="btn" disabled={!rows.length} onClick={() => downloadText(csv(shown, COLUMNS), `${environment.value}-messages.csv`, "text/csv")}><Glyph name="ui-export" size="s" />CSV</button>
      </div>
      <Trouble problem={failed.value ?? trouble} />
      {chosen ? <One message={chosen} change={change} /> : null}
      {answer && !rows.length ? <Empty title="No message fits.">{said("open") === "yes" ? "Nothing is wrong now that anything here could see." : ""}</Empty> : null}
      {rows.length ? <Grid label="Messages" rows={shown} columns={COLUMNS} keyOf={keyOf} chosen={said("message")} choose={(each) => go({ focus: picture.value?.things.has(each.related_object ?? "") ? each.related_object : "", more: { ...place.value.more, message: keyOf(each) } })} order={order} setOrder={(next) => keep({ sort: orderText(next) })} tone={(each) => (each.viewed ? "off" : "")} /> : null}
    </>
  );
}

const COLUMNS: readonly Column<MessageView>[] = [
  { id: "level", label: "Severity", width: 110, text: (each) => WORD[each.level], rank: (each) => LEVELS.indexOf(each.level), cell: (each) => <span class="row g2"><Glyph name={`st-${MARK[each.level]}`} size="s" tone={`m-${MARK[each.level]}`} />{WORD[each.level]}</span> },
  { id: "message", label: "Message", width: 370, text: (each) => each.message, cell: (each) => <span class={each.viewed ? "" : "b"}>{each.message}</span> },
  { id: "about", label: "About", width: 150, mono: true, text: (each) => each.display_context || each.related_object || "", cell: (each) => (each.related_object ? <span class="row g2"><Glyph name={glyphOf(picture.value?.things.get(each.related_object) ?? { kind: each.related_object_type ?? "", note: "" })} size="s" tone="t2" /><span class="trunc">{picture.value?.things.get(each.related_object)?.name ?? each.display_context ?? each.related_object}</span></span> : (each.display_context ?? "")) },
  { id: "state", label: "State", width: 130, text: (each) => (each.finished_timestamp ? `over ${clock(Date.parse(each.finished_timestamp))}` : "holds now") },
  { id: "count", label: "Times", num: true, mono: true, width: 72, text: (each) => String(each.count ?? 1), rank: (each) => each.count ?? 1 },
  { id: "first", label: "First", num: true, mono: true, width: 158, text: (each) => stamp(each.timestamp), cell: (each) => when(each.timestamp) },
  { id: "last", label: "Last", num: true, mono: true, width: 158, text: (each) => stamp(each.received_timestamp), cell: (each) => when(each.received_timestamp) },
  { id: "viewed", label: "Viewed", width: 76, text: (each) => (each.viewed ? "yes" : "new") },
];

function Toolbar(): JSX.Element {
  const pick = (name: string, label: string, choices: readonly [string, string][]): JSX.Element => (
    <select class="btn wide" aria-label={label} value={said(name)} onChange={(event) => keep({ [name]: event.currentTarget.value })}>
      {choices.map(([value, word]) => <option key={value} value={value}>{word}</option>)}
    </select>
  );
  return (
    <div class="bar">
      <h1>Messages</h1>
      {pick("level", "Severity at least", [["", "Any severity"], ...LEVELS.slice(0, -1).map((each): [string, string] => [each, each === "panic" ? "Panic" : `${WORD[each][0]?.toUpperCase()}${WORD[each].slice(1)} and worse`])])}
      {pick("open", "State", [["", "Over or not"], ["yes", "Holds now"], ["no", "Over"]])}
      {pick("viewed", "Viewed", [["", "Viewed or not"], ["no", "New"], ["yes", "Viewed"]])}
      {pick("all", "Environments", [["", "This environment"], ["1", "All environments"]])}
      <label class="field grow filter"><Glyph name="ui-filter" size="s" tone="t3" /><input class="bare grow" aria-label="Filter" placeholder="Words of the message" spellcheck={false} value={place.value.filter} onInput={(event) => settle({ filter: event.currentTarget.value })} /></label>
    </div>
  );
}

/** The message chosen, whole, and what can be done with it. */
function One({ message, change }: { message: MessageView; change: (what: () => Promise<{ changed: number }>) => Promise<void> }): JSX.Element {
  const ids = { environment: message.environment, ids: [message.id] };
  return (
    <section class={`callout message-one ${MARK[message.level] === "ok" ? "" : MARK[message.level]}`} aria-label="Message">
      <p><b>{WORD[message.level]}.</b> <span class="whole">{message.message}</span></p>
      <p class="t2">{message.source_system}, {counted(message.count ?? 1, "time", "times")}, {message.finished_timestamp ? `over since ${clock(Date.parse(message.finished_timestamp))}` : `holds for ${lasting(Date.now() - Date.parse(message.timestamp))}`}{message.places?.length ? `, at ${message.places.join(", ")}` : ""}{message.origin_id ? `, of a ${message.origin_type} scan` : ""}</p>
      <div class="row g2">
        <button class="btn" onClick={() => void change(() => ask("view_messages", { ...ids, viewed: !message.viewed }))}>{message.viewed ? "Mark as new" : "Mark as viewed"}</button>
        <button class="btn" onClick={() => go({ at: message.timestamp })}><Glyph name="ui-clock" size="s" />Go to {clock(Date.parse(message.timestamp))}</button>
        <button class="btn danger" onClick={() => void change(() => ask("delete_messages", ids))}>Delete</button>
        <button class="btn q" onClick={() => keep({ message: "" })}>Close</button>
      </div>
    </section>
  );
}

export function MessagesPanel(): JSX.Element | null {
  if (!looked.value) return null;
  return <Details actions={<button class="btn" onClick={() => go({ page: "map" })}><Glyph name="ui-map" size="s" />Show on map</button>} />;
}
