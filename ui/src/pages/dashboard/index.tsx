import { effect, signal, useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { MessageView } from "../../api/types";
import { glyphOf, labelOf } from "../../live/kinds";
import type { Picture, Thing } from "../../live/picture";
import { severityOf, worse, type Severity } from "../../live/severity";
import { environments, model, noticed, picture, recent, staleHosts, version } from "../../live/store";
import { useAsked } from "../../parts/asked";
import { Glyph } from "../../parts/Glyph";
import { Empty, Stated, Tally, Trouble, Waiting } from "../../parts/Said";
import { STALE, StaleMark } from "../../parts/Stale";
import { when } from "../../parts/words";
import { environment, frozen, go, place } from "../../state/place";
import { clock, count, counted } from "../../state/words";
import { byKind, hasOverview, members, places, type HostsOf } from "./members";

const MANY = 60;
const PACE = 1000;

/** Follows the picture at most once a second: counting everything at each change would cost more than it tells. */
const paced = signal(0);
let timer: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  version.value;
  if (place.peek().page === "dashboard") timer ??= setTimeout(() => ((timer = undefined), (paced.value = paced.peek() + 1)), PACE);
});

interface Row {
  thing: Thing;
  worst: Severity;
  objects: number;
  workloads: number;
}

/** The hosts of zones and aggregates, by id. */
function useHosts(): HostsOf {
  const said = { environment: environment.value, at: place.value.at, fields: ["attributes.hosts"], limit: 1000 };
  const zones = useAsked("get_objects", environment.value ? { ...said, kind: "availability_zone" } : null);
  const aggregates = useAsked("get_objects", environment.value ? { ...said, kind: "aggregate" } : null);
  return useMemo(() => new Map([...(zones.answer?.items ?? []), ...(aggregates.answer?.items ?? [])].map((each) => [each.id, (each.attributes?.hosts ?? []) as string[]])), [zones.answer, aggregates.answer]);
}

/** The overview of an environment, or of a region, zone, aggregate, project or host within it. */
export function DashboardPage(): JSX.Element {
  const hosts = useHosts();
  const within = useSignal(hosts);
  useEffect(() => void (within.value = hosts), [hosts]);
  const said = useComputed(() => {
    paced.value;
    const there = picture.value;
    if (!there) return null;
    const of = there.things.get(place.value.focus);
    const id = of && hasOverview(of.kind) ? of.id : "";
    const things = members(there, id, within.value);
    return { of: id ? of : undefined, things, groups: byKind(things, staleHosts.value), places: [...places(things)].map(([kind, some]) => ({ kind, total: some.length, rows: some.slice(0, MANY).map((each) => rowOf(there, each, within.value)) })) };
  });
  const now = said.value;
  if (!now) return environment.value ? <Waiting /> : <Empty title="No environment is chosen" />;
  const { of, things, groups } = now;
  const counts: Partial<Record<Severity, number>> = {};
  for (const group of groups) for (const [severity, many] of Object.entries(group.counts)) counts[severity as Severity] = (counts[severity as Severity] ?? 0) + many;
  return (
    <>
      <div class="bar">
        <h1 class="row g2"><Glyph name={of ? glyphOf(of) : "environment"} size="m" />{of?.name ?? environment.value}</h1>
        <span class="t2">{of ? labelOf(model.value, of.kind) : environmentWords()}</span><StaleMark host={of?.kind === "host" ? of.name : ""} />
        <span class="grow" />
        {of ? <button class="btn q" onClick={() => go({ focus: "" })}>Whole environment</button> : null}
        <button class="btn" onClick={() => go({ page: "map", focus: of?.id ?? "" })}><Glyph name="ui-map" size="s" />Map</button>
        <button class="btn" onClick={() => go({ page: "tree", focus: "", more: of ? { node: of.id } : {} })}><Glyph name="ui-tree" size="s" />Tree</button>
        <button class="btn" onClick={() => go({ page: "scans" })}>Scan</button>
      </div>
      <div class="page" tabIndex={0} role="region" aria-label="Overview">
        <section class="sheet" aria-label="State"><div class="sheet-head"><h2>{counted(things.length, "object", "objects")}</h2><Tally counts={counts} /></div></section>
        <div class="figures">
          {groups.map((group) => (
            <button key={group.kind} class="figure" onClick={() => go({ page: "tree", focus: "", filter: "", more: { node: group.things[0]?.id ?? "" } })}>
              <span class="row g2 t2"><Glyph name={glyphOf({ kind: group.kind, note: "" })} size="s" />{labelOf(model.value, group.kind, group.things.length !== 1)}</span>
              <b>{count(group.things.length)}</b><span class="f12"><Bad counts={group.counts} /></span>
            </button>
          ))}
        </div>
        {now.places.map((each) => <Places key={each.kind} {...each} />)}
        <Wrong things={things} />
        <Messages of={of} things={things} />
        <Recent things={things} whole={!of} />
      </div>
    </>
  );
}

function environmentWords(): string {
  const known = environments.value?.find((each) => each.name === environment.value);
  return known ? [known.type === "Plain" ? "Linux hosts" : known.type, known.config.distribution, known.config.distribution_version].filter(Boolean).join(" ") : "environment";
}

function Bad({ counts }: { counts: Partial<Record<Severity, number>> }): JSX.Element {
  const worst = (["error", "warn", "unknown", "stale"] as const).find((each) => counts[each]);
  return worst ? <Stated severity={worst} word={`${counts[worst]} ${{ error: "down", warn: "with a warning", unknown: "unknown", stale: "stale" }[worst]}`} /> : <span class="t3">none down</span>;
}

function rowOf(there: Picture, thing: Thing, hosts: HostsOf): Row {
  const inside = members(there, thing.id, hosts);
  const worst = inside.map((each) => severityOf(each, staleHosts.value)).reduce(worse, severityOf(thing, staleHosts.value));
  return { thing, worst, objects: inside.length, workloads: inside.filter((each) => ["instance", "container", "pod"].includes(each.kind)).length };
}

/** Places within, each with its worst state: one click further in. */
function Places({ kind, total, rows }: { kind: string; total: number; rows: readonly Row[] }): JSX.Element {
  return (
    <section class="sheet" aria-label={labelOf(model.value, kind, true)}>
      <div class="sheet-head"><h2>{labelOf(model.value, kind, true)}</h2><span class="t3">{rows.length < total ? `1 to ${rows.length} of ${count(total)}` : count(total)}</span></div>
      <table>
        <thead><tr><th scope="col">Name</th><th scope="col">Worst within</th><th scope="col" class="num">Objects</th><th scope="col" class="num">Workloads</th></tr></thead>
        <tbody>{rows.map(({ thing, worst, objects, workloads }) => (
          <tr key={thing.id} class={staleHosts.value.has(thing.name) && kind === "host" ? STALE : ""}>
            <td><button class="link b" onClick={() => go({ focus: thing.id })}>{thing.name}</button></td><td><Stated severity={worst} /></td><td class="num">{count(objects)}</td><td class="num">{workloads || ""}</td>
          </tr>
        ))}</tbody>
      </table>
    </section>
  );
}

function Wrong({ things }: { things: readonly Thing[] }): JSX.Element | null {
  const bad = things.filter((thing) => severityOf(thing, staleHosts.value) === "error").sort((one, other) => one.id.localeCompare(other.id));
  if (!bad.length) return null;
  return (
    <section class="sheet" aria-label="What is down">
      <div class="sheet-head"><h2>What is down</h2><span class="t3">{count(bad.length)}</span></div>
      <div class="sheet-body"><ul class="list">{bad.slice(0, MANY).map((each) => (
        <li key={each.id}><Glyph name="st-error" size="s" tone="m-error" /><button class="link b" onClick={() => go({ page: "map", focus: each.id })}>{each.name}</button><span class="t2">{labelOf(model.value, each.kind)}{each.host ? ` on ${each.host}` : ""}</span></li>
      ))}</ul></div>
    </section>
  );
}

const LEVELS: Readonly<Record<string, Severity>> = { panic: "error", alert: "error", crit: "error", error: "error", warn: "warn" };

function Messages({ of, things }: { of: Thing | undefined; things: readonly Thing[] }): JSX.Element {
  const told = noticed.value && "message" in noticed.value ? noticed.value.message.id : "";
  const asked = useAsked("get_messages", environment.value ? { environment: environment.value, open: "yes", limit: 200 } : null, told ? 0 : 30);
  const inside = new Set([of?.id, ...things.map((thing) => thing.id)]);
  const about = (each: MessageView): boolean => !of || inside.has(each.related_object) || (of.kind === "host" && (each.related_object ?? "").startsWith(`${of.name}/`)) || (each.places ?? []).includes(of.id);
  const items = (asked.answer?.items ?? []).filter(about);
  return (
    <section class="sheet" aria-label="Messages">
      <div class="sheet-head"><h2>Messages</h2><span class="t3">open ones{of ? ` about ${of.name}` : ""}</span></div>
      <Trouble problem={asked.trouble} />
      {items.length ? (
        <table><thead class="vh"><tr><th scope="col">Level</th><th scope="col">Since</th><th scope="col">Message</th></tr></thead>
          <tbody>{items.slice(0, 20).map((each) => <tr key={each.id}><td><Stated severity={LEVELS[each.level] ?? "ok"} word={each.level} /></td><td class="mono">{when(each.timestamp)}</td><td class="wide">{each.related_object ? <button class="link" onClick={() => go({ page: "map", focus: each.related_object ?? "" })}>{each.message}</button> : each.message}</td></tr>)}</tbody></table>
      ) : asked.answer ? <Empty title="No message is open" /> : null}
    </section>
  );
}

/** What changed while this page was open. */
function Recent({ things, whole }: { things: readonly Thing[]; whole: boolean }): JSX.Element | null {
  if (frozen.value) return null;
  const ids = new Set(things.map((thing) => thing.id));
  const rows = recent.value.flatMap(({ at, changes }) => changes.flatMap((change) => (change.object ? [{ at, ...change.object }] : []))).filter((each) => whole || ids.has(each.id)).slice(0, 12);
  if (!rows.length) return null;
  return (
    <section class="sheet" aria-label="Changes since this page was opened">
      <div class="sheet-head"><h2>Changed since this page was opened</h2></div>
      <div class="sheet-body"><ul class="list">{rows.map((each, i) => <li key={i}><time>{clock(each.at)}</time><span class="chip">{each.op}</span><button class="link b" onClick={() => go({ page: "map", focus: each.id })}>{each.name}</button><span class="t2">{labelOf(model.value, each.kind)}</span></li>)}</ul></div>
    </section>
  );
}
