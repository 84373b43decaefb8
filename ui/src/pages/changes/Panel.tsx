import type { JSX } from "preact";
import type { ObjectDifference } from "../../api/types";
import { hasClique } from "../../live/focal";
import { glyphOf, labelOf } from "../../live/kinds";
import { model, picture } from "../../live/store";
import { Details } from "../../parts/Details";
import { Glyph } from "../../parts/Glyph";
import { Tabs } from "../../parts/Tabs";
import { go, place } from "../../state/place";
import { clock, moment } from "../../state/words";
import { a, b, diff } from "./moments";
import { around, between } from "./lines";

const SIGN: Readonly<Record<string, [string, string]>> = { added: ["ui-plus", "ok"], removed: ["ui-minus", "error"], changed: ["ui-tilde", "ca"] };
const WORD: Readonly<Record<string, string>> = { added: "Added", removed: "Removed", changed: "Altered" };
const CAUSE: Readonly<Record<string, string>> = { event: "seen as it happened", run: "found by a run", derived: "follows from others" };

/** One change: its two sides, what came about around it, who saw it. */
export function ChangesPanel(): JSX.Element | null {
  const { focus, tab } = place.value;
  if (!focus) return null;
  const change = diff.value?.objects.find((each) => each.id === focus);
  if (!change || tab === "facts") return <Details actions={<Actions id={focus} kind={picture.value?.things.get(focus)?.kind ?? ""} at="" />} />;
  const last = change.brought?.at(-1);
  return (
    <aside class="panel" aria-label="Details">
      <div class="ph">
        <div class="k">
          <Glyph name={glyphOf({ kind: change.kind, note: "" })} size="s" />{WORD[change.op]} {labelOf(model.value, change.kind).toLowerCase()}
          <button class="btn q sq tiny" aria-label="Close" onClick={() => go({ focus: "" })}><Glyph name="ui-close" size="xs" /></button>
        </div>
        <h2>{change.name}{change.host && change.host !== change.name ? ` on ${change.host}` : ""}</h2>
        <span class={`chip ${{ added: "ok", removed: "error" }[change.op] ?? "acc"}`}><Glyph name={SIGN[change.op]?.[0] ?? ""} size="xs" />{WORD[change.op]?.toLowerCase()} {last ? last.at.slice(11, 23) : ""}</span>
        <Tabs tabs={[{ id: "difference", label: "Difference" }, { id: "facts", label: "Facts" }]} chosen="difference" choose={(id) => go({ tab: id === "difference" ? "" : id })} />
      </div>
      <div class="pb" role="tabpanel" tabIndex={0} aria-label="Difference">
        <Sides change={change} />
        <Around id={change.id} />
        <Seen change={change} />
        <div class="row g2 wrap"><Actions id={change.id} kind={change.kind} at={change.brought?.[0]?.at ?? ""} /></div>
      </div>
    </aside>
  );
}

function Sides({ change }: { change: ObjectDifference }): JSX.Element {
  const fields = change.fields ?? [];
  const sides = [{ name: `A, ${clock(a.value)}`, there: change.op !== "added", side: 0 as const, tone: "at-a" }, { name: `B, ${b.value === null ? "now" : clock(b.value)}`, there: change.op !== "removed", side: 1 as const, tone: "at-b" }];
  return (
    <>
      {sides.map((each) => (
        <section key={each.name}>
          <h3 class="sech">{each.name}</h3>
          {fields.length ? <dl class="kv">{fields.map((field) => [<dt key={field.name}>{field.name.replace(/_/g, " ")}</dt>, <dd key={`${field.name}=`} class="mono"><span class={`val wide ${each.tone}`}>{between(field.old, field.new)[each.side]}</span></dd>])}</dl> : <p class="t2 f12">{each.there ? "It was there." : "Absent."}</p>}
        </section>
      ))}
    </>
  );
}

function Around({ id }: { id: string }): JSX.Element | null {
  const near = diff.value ? around(diff.value, id) : [];
  if (near.length < 2) return null;
  return (
    <section>
      <h3 class="sech">In the same 10 seconds<span class="r">cause first</span></h3>
      <ul class="list">
        {near.slice(0, 12).map((each) => (
          <li key={each.id}><Glyph name={SIGN[each.op]?.[0] ?? ""} size="s" tone={SIGN[each.op]?.[1] ?? ""} />{each.own ? <b class="mono trunc grow">{each.name}</b> : <button class="link mono trunc grow" onClick={() => go({ focus: each.id })}>{each.name}</button>}<span class="t3 nowrap">{each.by > 0 ? "+" : ""}{(each.by / 1000).toFixed(1)} s</span></li>
        ))}
      </ul>
    </section>
  );
}

function Seen({ change }: { change: ObjectDifference }): JSX.Element | null {
  const causes = change.brought ?? [];
  if (!causes.length) return null;
  return (
    <section>
      <h3 class="sech">Who saw it<span class="r">{causes.length > 1 ? `${causes.length} times` : ""}</span></h3>
      <ul class="list">
        {causes.slice(-8).map((cause) => (
          <li key={cause.revision}><span class="grow trunc mono" title={cause.scope}>{cause.scope || "the model"}</span><span class="t3 nowrap">{CAUSE[cause.by]}</span><button class="link" title={`Go to ${cause.at}`} onClick={() => go({ at: cause.at })}><time>{clock(Date.parse(cause.at))}</time></button></li>
        ))}
      </ul>
    </section>
  );
}

function Actions({ id, kind, at }: { id: string; kind: string; at: string }): JSX.Element {
  const before = at ? moment(Date.parse(at) - 1000) : "";
  return (
    <>
      {before ? <button class="btn p" onClick={() => go({ page: "map", focus: id, at: before })}><Glyph name="ui-clock" size="s" />Go to {clock(Date.parse(before))}</button> : null}
      {hasClique(kind) ? <button class="btn" onClick={() => go({ page: "tree", focus: id, tab: "" })}><Glyph name="ui-path" size="s" />Open clique</button> : null}
      <button class="btn" onClick={() => go({ page: "map", focus: id, tab: "" })}><Glyph name="ui-map" size="s" />Show on map</button>
    </>
  );
}
