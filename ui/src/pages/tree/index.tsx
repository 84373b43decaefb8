import { effect, useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Thing } from "../../live/picture";
import { focalOf, hasClique } from "../../live/focal";
import { figures, followFigures } from "../../live/figures";
import { glyphOf, WORKLOADS } from "../../live/kinds";
import { figureAt, figureWords } from "../../live/known";
import { wayHolds, wayIds } from "../../live/way";
import { model, picture, staleHosts, version } from "../../live/store";
import { Details } from "../../parts/Details";
import { Glyph } from "../../parts/Glyph";
import { OnLinks } from "../../parts/OnLinks";
import { Tree, type Branch } from "../../parts/Tree";
import { WayBar } from "../../parts/Way";
import { environment, go, looked, place, settle } from "../../state/place";
import { clock, counted, moment } from "../../state/words";
import { cliqueTrouble, far, near } from "./clique";
import { above, inventoryOf } from "./inventory";
import { diagram, type Diagram, type LaneEdge } from "./lanes";
import { Lanes, type EdgeText } from "./Lanes";
import { Steps } from "./Steps";

/** Who comes with a part of a workload, as a NIC, comes for the clique of the whole. */
function beginAtFocal(): void {
  const { focus, more } = place.value;
  const focal = focus ? focalOf(focus) : undefined;
  if (focal && focal.id !== focus) settle({ focus: focal.id, more: { ...more, node: focus } });
}

export function TreePage(): JSX.Element {
  useEffect(() => effect(beginAtFocal), []);
  return (
    <div class="tree-page">
      <Inventory />
      <div class="col grow tree-clique"><Clique /></div>
    </div>
  );
}

/** Look at an object: as the focal point where its kind has a clique, else in the panel alone. */
function choose(id: string): void {
  if (hasClique(picture.value?.things.get(id)?.kind)) go({ focus: id, peer: place.value.peer === id ? "" : place.value.peer });
  else go({ more: { ...place.value.more, node: id } });
}

function Inventory(): JSX.Element {
  const open = useSignal<ReadonlySet<string>>(new Set());
  const closed = useSignal<ReadonlySet<string>>(new Set());
  const root = useComputed(() => {
    version.value;
    return picture.value ? inventoryOf(picture.value, environment.value, model.value, staleHosts.value, place.value.filter) : null;
  });
  const shown = looked.value;
  useEffect(() => {
    if (root.value && shown) open.value = new Set([...open.value, ...above(root.value, shown)]);
  }, [shown, root.value !== null]);
  const filtering = place.value.filter !== "";
  const isOpen = (branch: Branch): boolean => (filtering || branch.level === 0 || open.value.has(branch.id)) && !closed.value.has(branch.id);
  const toggle = (branch: Branch, wanted: boolean): void => {
    open.value = changed(open.value, branch.id, wanted);
    closed.value = changed(closed.value, branch.id, !wanted);
  };
  return (
    <section class="tree-side" aria-label="Inventory">
      <div class="tree-filter">
        <label class="field">
          <Glyph name="ui-filter" size="s" tone="t3" />
          <input class="bare grow" placeholder="Filter tree" aria-label="Filter tree" value={place.value.filter} onInput={(event) => go({ filter: event.currentTarget.value })} />
        </label>
      </div>
      {root.value ? <Tree label="Inventory" root={root.value} isOpen={isOpen} toggle={toggle} chosen={shown} choose={choose} /> : null}
    </section>
  );
}

function changed(from: ReadonlySet<string>, id: string, add: boolean): ReadonlySet<string> {
  const next = new Set(from);
  if (add) next.add(id);
  else next.delete(id);
  return next;
}

function Clique(): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  useEffect(() => {
    const observer = new ResizeObserver(() => (width.value = frame.current?.clientWidth ?? 0));
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  const made = useComputed<Diagram | null>(() => {
    const there = picture.value;
    version.value;
    if (!near.value || !model.value || !there || near.value.focal !== place.value.focus) return null;
    return diagram(near.value, far.value?.focal === place.value.peer ? far.value : null, model.value, width.value);
  });
  const hosts = useComputed(() => [...new Set([place.value.focus, place.value.peer].map((id) => picture.value?.things.get(id)?.host ?? "").filter(Boolean))]);
  useEffect(() => followFigures(hosts), []);
  const node = (id: string): void => go({ more: { ...place.value.more, node: id } });
  const at = (edge: LaneEdge): EdgeText => ({
    text: figureWords(figureAt([edge.from, edge.to], edge.through, figures.value)),
    way: wayIds.value.length > 0 && onWay(edge),
  });
  return (
    <>
      <Ends />
      <WayBar />
      {made.value ? <Verdict diagram={made.value} /> : null}
      <div class="lanes-frame" ref={frame} tabIndex={0} role="region" aria-label="Clique">
        {made.value && picture.value && model.value && !place.value.twin ? (
          <Lanes diagram={made.value} model={model.value} picture={picture.value} chosen={looked.value} choose={node} at={at} />
        ) : made.value ? null : <Nothing />}
      </div>
      {made.value ? <Steps diagram={made.value} chosen={looked.value} choose={node} at={at} /> : null}
    </>
  );
}

/** Whether a link is part of the way that is shown: it goes through what that goes through, or joins two parts of it. */
function onWay(edge: LaneEdge): boolean {
  const ids = new Set(wayIds.value);
  return edge.through.some((id) => ids.has(id)) || (wayHolds.value.has(edge.from) && wayHolds.value.has(edge.to));
}

function Nothing(): JSX.Element {
  const thing = picture.value?.things.get(place.value.focus);
  if (cliqueTrouble.value && place.value.focus) {
    return <div class="pad"><div class="callout error" role="alert"><b>{cliqueTrouble.value.detail}</b> {cliqueTrouble.value.hint}</div></div>;
  }
  if (thing && !hasClique(thing.kind)) return <div class="pad"><p>{thing.name} is no focal point. Cliques begin at instances, services, containers, networks and switches.</p></div>;
  if (place.value.focus) return <div class="skeleton late" role="status" aria-label="Loading"><i /><i /></div>;
  return (
    <div class="pad">
      <h2 class="f18">Choose a focal point</h2>
      <p class="t2">An instance, a service, a container or a network in the tree shows what it depends on, from its NIC to the wire.</p>
    </div>
  );
}

function Ends(): JSX.Element {
  const { focus, peer } = place.value;
  const thing = picture.value?.things.get(focus);
  const other = picture.value?.things.get(peer);
  const choices = peersOf(focus);
  return (
    <div class="bar">
      <h1>Clique</h1>
      {thing ? <End thing={thing} accent /> : null}
      {thing ? <Glyph name="ui-right" size="s" tone="t3" /> : null}
      {other ? <End thing={other} /> : null}
      {thing && choices.length ? (
        <select class="btn end-choice" aria-label="Other end" value={peer} onChange={(event) => go({ peer: event.currentTarget.value })}>
          <option value="">One end only</option>
          {choices.map((each) => <option key={each.id} value={each.id}>{each.name}{each.host && each.host !== thing.host ? ` on ${each.host}` : ""}</option>)}
        </select>
      ) : null}
      {other ? <button class="btn q" onClick={() => go({ focus: peer, peer: focus })}>Swap ends</button> : null}
      <span class="grow" />
      {thing ? <OnLinks /> : null}
      {thing ? <button class="btn" aria-pressed={place.value.twin} onClick={() => go({ twin: !place.value.twin })}><Glyph name="ui-table" size="s" />{place.value.twin ? "As picture" : "As table"}</button> : null}
    </div>
  );
}

function End({ thing, accent = false }: { thing: Thing; accent?: boolean }): JSX.Element {
  return (
    <span class={`chip end${accent ? " acc" : ""}`}><Glyph name={glyphOf(thing)} size="s" /><b>{thing.name}</b><span class="mono">{addressOf(thing)}</span></span>
  );
}

function addressOf(thing: Thing): string {
  if (thing.kind !== "instance" && thing.kind !== "container" && thing.kind !== "pod") return "";
  for (const tie of picture.value?.ties.values() ?? []) {
    if (tie.source !== thing.id || !tie.type.endsWith("-vnic")) continue;
    const note = picture.value?.things.get(tie.target)?.note;
    if (note) return note;
  }
  return thing.note;
}

const MOST = 500;

/** Workloads one may look at beside it; those on the same network first. */
function peersOf(focus: string): Thing[] {
  const there = picture.value;
  if (!there) return [];
  const networks = new Map<string, Set<string>>();
  for (const tie of there.ties.values()) {
    if (!tie.type.endsWith("-vnic")) continue;
    const held = networks.get(tie.source) ?? new Set<string>();
    for (const each of there.things.get(tie.target)?.networks ?? []) held.add(each);
    networks.set(tie.source, held);
  }
  const mine = networks.get(focus) ?? new Set<string>();
  const shares = (thing: Thing): number => ([...(networks.get(thing.id) ?? [])].some((each) => mine.has(each)) ? 0 : 1);
  return [...there.things.values()]
    .filter((thing) => WORKLOADS.has(thing.kind) && thing.id !== focus)
    .sort((a, b) => shares(a) - shares(b) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
    .slice(0, MOST);
}

/** One sentence about the path, and a strip with one cell a step. */
function Verdict({ diagram: { steps, broken, lost } }: { diagram: Diagram }): JSX.Element {
  const name = picture.value?.things.get(place.value.focus)?.name ?? "";
  const other = picture.value?.things.get(place.value.peer)?.name;
  const unknown = steps.filter((step) => step.state === "unknown").length;
  const ends = other ? `${name} and ${other}` : name;
  return (
    <div class={`verdict${broken ? " bad" : ""}`}>
      <Glyph name={broken ? "st-error" : unknown ? "st-unknown" : "st-ok"} tone={broken ? "m-error" : unknown ? "m-unknown" : "m-ok"} />
      <b class="nowrap">{broken ? `The path of ${ends} is broken.` : `No step of ${ends} is down.`}</b>
      <span class="trunc">{broken ? `Step ${broken} of ${steps.length} fails${lost ? `, since ${clock(Date.parse(lost.until))}` : ""}.` : unknown ? `${counted(unknown, "step is", "steps are")} not known.` : `${counted(steps.length, "step", "steps")}, each with both ends there.`}</span>
      <span class="grow" />
      {lost ? <button class="btn" onClick={() => go({ at: moment(Date.parse(lost.until) - 1000) })}><Glyph name="ui-clock" size="s" />Go to {clock(Date.parse(lost.until) - 1000)}</button> : null}
      <span class="strip" aria-hidden="true">{steps.map((step) => <i key={step.n} class={step.state.replace(" ", "-")} />)}</span>
    </div>
  );
}

export function TreePanel(): JSX.Element | null {
  if (!looked.value) return null;
  const close = (): void => (place.value.more["node"] ? go({ more: { ...place.value.more, node: "" } }) : go({ focus: "" }));
  return <Details standing={!place.value.more["node"]} open={choose} close={close} actions={<button class="btn" onClick={() => go({ page: "map", focus: looked.value })}><Glyph name="ui-map" size="s" />Show on map</button>} />;
}
