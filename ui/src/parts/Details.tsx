import { effect, signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { Event as Happening, LinkView, ObjectView } from "../api/types";
import { glyphOf, labelOf } from "../live/kinds";
import { severityOf, WORDS } from "../live/severity";
import { model, picture, revision, sources, staleHosts } from "../live/store";
import { at, environment, frozen, go, looked, place } from "../state/place";
import { clock, lasting, shortened, stamp, valued } from "../state/words";
import { Glyph } from "./Glyph";
import { Tabs } from "./Tabs";

interface Told {
  id: string;
  object: ObjectView | null;
  links: LinkView[];
  events: Happening[];
  /** The moment it was there for the last time, where it is not there now; else "". */
  until: string;
}

const told = signal<Told | null>(null);
const trouble = signal<Problem | null>(null);
const RECENT = 12;
const MANY = 12;
/** A value with more letters opens on demand: the next one is to be seen. */
const LONG = 180;
let timer: ReturnType<typeof setTimeout> | undefined;

effect(() => {
  const focus = looked.value;
  const name = environment.value;
  const moment = at.value;
  revision.value; // facts may have changed: asked anew, at most twice a second
  if (!focus || !name) {
    told.value = null;
    return;
  }
  if (told.peek()?.id !== focus) {
    clearTimeout(timer);
    timer = undefined;
    void load(name, focus, moment);
  } else timer ??= setTimeout(() => ((timer = undefined), void load(name, focus, at.peek())), 500);
});

async function load(name: string, id: string, moment: string): Promise<void> {
  try {
    const past = ask("get_history", { environment: name, id });
    const until = !picture.peek() || picture.peek()?.things.has(id) ? "" : lastThere((await past).events, moment);
    const [objects, links, history] = await Promise.all([
      ask("get_objects", { environment: name, id, at: until || moment, facets: true }),
      ask("get_links", { environment: name, id, at: until || moment }),
      past,
    ]);
    if (looked.peek() !== id) return;
    told.value = { id, object: objects.items[0] ?? null, links: links.items, events: history.events, until };
    trouble.value = null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (looked.peek() === id) trouble.value = error;
  }
}

/** Just before it went, if that is the last that happened to it until a moment ("" for now); else "". */
function lastThere(events: readonly Happening[], moment: string): string {
  const last = events.filter((each) => (each.op === "vanished" || each.op === "appeared") && (!moment || Date.parse(each.at) <= Date.parse(moment))).at(-1);
  return last?.op === "vanished" ? new Date(Date.parse(last.at) - 1).toISOString() : "";
}

interface DetailsProps {
  /** It is there though nothing was chosen: where there is no room for it, it gives way. */
  standing?: boolean;
  actions?: ComponentChildren;
  /** Look at another object. */
  open?: (id: string) => void;
  close?: () => void;
}

/** The panel on the right: everything known of the object that is looked at. */
export function Details({ standing = false, actions, open = (id) => go({ focus: id }), close = () => go({ focus: "" }) }: DetailsProps): JSX.Element | null {
  const focus = looked.value;
  const { tab } = place.value;
  const thing = picture.value?.things.get(focus);
  const known = told.value?.id === focus ? told.value : null;
  if (!focus) return null;
  const chosen = tab || "facts";
  const tabs = [
    { id: "facts", label: "Facts" }, { id: "links", label: `Links ${known?.links.length ?? ""}` }, { id: "changes", label: `Changes ${known?.events.length ?? ""}` },
  ];
  return (
    <aside class={`panel${standing ? " standing" : ""}`} aria-label="Details">
      <div class="ph">
        <div class="k">
          <Glyph name={glyphOf(thing ?? { kind: "device", note: "" })} size="s" />
          {labelOf(model.value, thing?.kind ?? known?.object?.kind ?? "")}
          <button class="btn q sq tiny" aria-label="Close" onClick={close}><Glyph name="ui-close" size="xs" /></button>
        </div>
        <h2>{thing?.name ?? known?.object?.name ?? focus}</h2>
        <div class="row g2 wrap"><States id={focus} /></div>
        <div class="row g2 actions wrap">{actions}{thing && WATCHED.has(thing.kind) ? <Traffic id={focus} /> : null}</div>
        <Tabs tabs={tabs} chosen={chosen} choose={(id) => go({ tab: id === "facts" ? "" : id })} />
      </div>
      <div class="pb" id={`tab-${chosen}`} role="tabpanel" tabIndex={0} aria-label={chosen}>
        {trouble.value && !known ? <Failed problem={trouble.value} /> : null}
        {known?.until && chosen !== "changes" ? <div class="callout">It is not there {frozen.value ? "then" : "now"}. This is how it was at {clock(Date.parse(known.until))}. <button class="link ca" onClick={() => go({ at: known.until })}>Go there</button></div> : null}
        {known && chosen === "facts" ? <Facts known={known} /> : null}
        {known && chosen === "links" ? <Links links={known.links} id={focus} open={open} /> : null}
        {known && chosen === "changes" ? <Changes events={known.events} /> : null}
      </div>
    </aside>
  );
}

/** Kinds that packets go through. */
const WATCHED = new Set(["instance", "container", "pod", "vservice", "vnic", "host_pnic", "device", "ovs_bridge", "ovs_port", "bond"]);

/** What can be done with the traffic of an object; the flows page has the forms. */
function Traffic({ id }: { id: string }): JSX.Element {
  const to = (form: string): void => go({ page: "flows", focus: id, tab: "", filter: "", more: { ...place.value.more, node: "", flow: "", do: form } });
  return (
    <>
      <button class="btn" onClick={() => to("capture")}><Glyph name="ui-rec" size="s" />Capture here</button>
      <button class="btn" onClick={() => to("send")}><Glyph name="ui-right" size="s" />Send packets</button>
    </>
  );
}

function Failed({ problem }: { problem: Problem }): JSX.Element {
  return <div class="callout error"><b>{problem.detail}</b> {problem.hint}</div>;
}

function States({ id }: { id: string }): JSX.Element {
  const thing = picture.value?.things.get(id);
  if (!thing) return <span class="chip past">not there {frozen.value ? "then" : "now"}</span>;
  const severity = severityOf(thing, staleHosts.value);
  return (
    <>
      {frozen.value ? <span class="chip past">as at {clock(Date.parse(at.value))}</span> : null}
      {thing.state ? <span class={`chip ${severity === "ok" && thing.state === "up" ? "ok" : severity}`}><Glyph name={`st-${severity}`} size="xs" />{thing.state}</span> : severity === "stale" ? <span class="chip stale"><Glyph name="st-stale" size="xs" />{WORDS.stale}</span> : null}
      {thing.host && thing.host !== thing.name ? <span class="chip">{thing.host}</span> : null}
      {thing.project ? <span class="chip">project {thing.project}</span> : null}
      {thing.zone ? <span class="chip">{thing.zone}</span> : null}
    </>
  );
}

function Facts({ known }: { known: Told }): JSX.Element {
  const object = known.object;
  if (!object) return <p class="t2">Nothing is known of it at this moment.</p>;
  return (
    <>
      <Facet name="Identity" age="" rows={[["Id", object.id], ["Type", object.type], ...(object.aliases?.length ? [["Also", object.aliases.join(", ")] as [string, string]] : [])]} />
      {Object.entries(object.facets ?? {}).sort(([one], [other]) => partial(one) - partial(other)).map(([name, facet]) => (
        <Facet key={name} name={name} age={ageOf(facet.scope)} rows={rowsOf(object.kind, facet.attributes)} stale={staleScope(facet.scope)} />
      ))}
      {object.metrics ? <Facet name="Counters" age="" rows={Object.entries(object.metrics).map(([name, value]) => [name, valued(value)])} /> : null}
    </>
  );
}

/** What a source says of the object itself comes before its parts, as `netlink.rules`. */
function partial(facet: string): number {
  return facet.includes(".") ? 1 : 0;
}

/** Attributes as the model says: those of the kind first, in their order, then the others. */
function rowsOf(kind: string, attributes: Record<string, unknown>): [string, string][] {
  const first = model.value?.hover?.[kind] ?? [];
  const rank = (name: string): number => (first.includes(name) ? first.indexOf(name) : 1000);
  return Object.entries(attributes)
    .sort(([one], [other]) => rank(one) - rank(other) || one.localeCompare(other))
    .map(([name, value]) => [name, valued(value)]);
}

function staleScope(scope: string): boolean {
  return sources.value.some((each) => each.scope === scope && each.stale);
}

/** How long ago a scope was looked at. Of another moment than now that is not known. */
function ageOf(scope: string): string {
  if (frozen.value) return "";
  const state = sources.value.find((each) => each.scope === scope);
  if (!state?.completed) return "";
  return `looked at ${lasting(Date.now() - Date.parse(state.completed))} ago`;
}

function Facet({ name, age, rows, stale = false }: { name: string; age: string; rows: [string, string][]; stale?: boolean }): JSX.Element {
  const few = rows.filter(([, value]) => value !== "");
  const shown = few.slice(0, MANY);
  const rest = few.slice(MANY);
  return (
    <section>
      <h3 class="sech">{stale ? <Glyph name="st-stale" size="s" tone="m-stale" /> : null}{name}<span class="r">{age}</span></h3>
      <Values rows={shown} />
      {rest.length ? <details class="more"><summary class="f12 t2">{rest.length} more</summary><Values rows={rest} /></details> : null}
    </section>
  );
}

function Values({ rows }: { rows: [string, string][] }): JSX.Element {
  return (
    <dl class="kv">
      {rows.map(([name, value]) => [<dt key={name}>{name.replace(/_/g, " ")}</dt>, <dd key={`${name}=`} class="mono">{value.length > LONG && !value.includes("\n") ? <details><summary>{shortened(value, LONG / 3)}</summary>{value}</details> : value.includes("\n") ? value.split("\n").map((line, i) => <div key={i} class="hang">{line}</div>) : value}</dd>])}
    </dl>
  );
}

function Links({ links, id, open }: { links: LinkView[]; id: string; open: (id: string) => void }): JSX.Element {
  if (!links.length) return <p class="t2">It is linked with nothing.</p>;
  return (
    <ul class="list">
      {links.map((link) => {
        const other = link.source === id ? link.target : link.source;
        const thing = picture.value?.things.get(other);
        return (
          <li key={`${link.type} ${other}`}>
            <Glyph name={glyphOf(thing ?? { kind: "device", note: "" })} size="s" />
            <button class="link mono trunc grow" onClick={() => open(other)}>{thing?.name ?? other}</button>
            <span class="t3 nowrap">{link.type}</span>
          </li>
        );
      })}
    </ul>
  );
}

const SIGNS: Readonly<Record<string, { glyph: string; tone: string; word: string }>> = {
  appeared: { glyph: "ui-plus", tone: "ok", word: "appeared" }, vanished: { glyph: "ui-minus", tone: "error", word: "removed" },
  changed: { glyph: "ui-tilde", tone: "ca", word: "changed" }, linked: { glyph: "ui-link", tone: "t2", word: "linked with" },
  unlinked: { glyph: "ui-minus", tone: "error", word: "no longer linked with" },
};

function Changes({ events }: { events: Happening[] }): JSX.Element {
  const shown = [...events].reverse().slice(0, RECENT * 4);
  return (
    <ul class="list">
      {shown.map((event, i) => {
        const sign = SIGNS[event.op] ?? SIGNS["changed"]!;
        return (
          <li key={i}>
            <Glyph name={sign.glyph} size="s" tone={sign.tone} />
            <span class="grow trunc" title={wordsOf(event)}>{wordsOf(event)}</span>
            <button class="link" onClick={() => go({ at: event.at })} title={`Go to ${event.at}`}><time>{whenOf(event.at)}</time></button>
          </li>
        );
      })}
    </ul>
  );
}

/** The time of day; with the date where that was not within the last day. */
function whenOf(at: string): string {
  return Date.now() - Date.parse(at) > 24 * 3_600_000 ? stamp(at) : clock(Date.parse(at));
}

function wordsOf(event: Happening): string {
  const sign = SIGNS[event.op] ?? SIGNS["changed"]!;
  if (event.other) return `${sign.word} ${event.other} (${event.link})`;
  const fields = event.fields ?? [];
  if (event.op !== "changed" || !fields.length) return sign.word;
  return fields.map((field) => `${field.name} ${valued(field.old) || "none"} → ${valued(field.new) || "none"}`).join("; ");
}
