import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { Model } from "../../api/types";
import { glyphOf, labelOf } from "../../live/kinds";
import { model } from "../../live/store";
import { attempt, useAsked } from "../../parts/asked";
import { Check, Confirm, Field } from "../../parts/Form";
import { Glyph } from "../../parts/Glyph";
import { Empty, Trouble, Waiting } from "../../parts/Said";
import { Tabs } from "../../parts/Tabs";
import { environment, go, place } from "../../state/place";

const TABS = [{ id: "", label: "Kinds" }, { id: "links", label: "Link types" }, { id: "cliques", label: "Clique types" }, { id: "constraints", label: "Constraints" }];
type Act = (work: () => Promise<unknown>) => Promise<boolean>;

/** The words everything is told in; clique types and constraints can be added to. */
export function ModelPage(): JSX.Element {
  const asked = useAsked("get_model", environment.value ? { environment: environment.value } : {});
  const trouble = useSignal<Problem | null>(null);
  const tab = place.value.more["tab2"] ?? "";
  const act: Act = (work) => attempt(async () => {
    await work();
    await asked.again();
    model.value = await ask("get_model", { environment: environment.value || "local" });
  }, (problem) => (trouble.value = problem));
  const said = asked.answer;
  return (
    <>
      <div class="bar">
        <h1>Model</h1>
        <Tabs tabs={TABS} chosen={tab} choose={(id) => go({ more: { ...place.value.more, tab2: id } })} />
        <span class="grow" />
        <label class="field"><Glyph name="ui-filter" size="s" tone="t3" /><input class="bare" placeholder="Name or kind" aria-label="Filter" value={place.value.filter} onInput={(event) => go({ filter: event.currentTarget.value })} /></label>
      </div>
      <div class="page" tabIndex={0} role="region" aria-label={`Model: ${TABS.find((each) => each.id === tab)?.label ?? ""}`}>
        <Trouble problem={trouble.value ?? asked.trouble} />
        {said ? tab === "links" ? <LinkTypes said={said} /> : tab === "cliques" ? <CliqueTypes said={said} act={act} /> : tab === "constraints" ? <Constraints said={said} act={act} /> : <Kinds said={said} /> : asked.trouble ? null : <Waiting />}
      </div>
    </>
  );
}

function fits(...words: string[]): boolean {
  const wanted = place.value.filter.toLowerCase();
  return words.some((word) => word.toLowerCase().includes(wanted));
}

function Kinds({ said }: { said: Model }): JSX.Element {
  return (
    <section class="sheet"><table>
      <thead><tr><th scope="col">Kind</th><th scope="col">Called</th><th scope="col">What it is</th><th scope="col">Shown first</th></tr></thead>
      <tbody>{said.kinds.filter((each) => fits(each.name, each.label)).map((each) => (
        <tr key={each.name}><td><span class="row g2"><Glyph name={glyphOf({ kind: each.name, note: "" })} size="m" /><b>{each.label}</b></span></td><td class="mono">{each.name}</td><td class="wide">{each.doc}</td><td class="wide mono t2">{(said.hover[each.name] ?? said.common).join(", ")}</td></tr>
      ))}</tbody>
    </table></section>
  );
}

function LinkTypes({ said }: { said: Model }): JSX.Element {
  const end = (kind: string): JSX.Element => <span class="row g2"><Glyph name={glyphOf({ kind, note: "" })} size="s" />{labelOf(said, kind)}</span>;
  return (
    <section class="sheet"><table>
      <thead><tr><th scope="col">Link type</th><th scope="col">Relation</th><th scope="col">From</th><th scope="col">To</th><th scope="col">What it says</th></tr></thead>
      <tbody>{said.link_types.filter((each) => fits(each.name, each.relation)).map((each) => (
        <tr key={each.name}><td class="mono b">{each.name}</td><td><span class="chip">{each.relation}</span></td><td>{end(each.source)}</td><td>{end(each.target)}</td><td class="wide">{each.doc}</td></tr>
      ))}</tbody>
    </table></section>
  );
}

function CliqueTypes({ said, act }: { said: Model; act: Act }): JSX.Element {
  const going = useSignal("");
  const items = said.clique_types.filter((each) => fits(each.name, each.focal_kind));
  return (
    <>
      <NewCliqueType said={said} act={act} />
      <section class="sheet" aria-label="Clique types"><table>
        <thead><tr><th scope="col">Clique type</th><th scope="col">Begins at</th><th scope="col">Walks, in this order</th><th scope="col">From</th><th scope="col"><span class="vh">Actions</span></th></tr></thead>
        <tbody>{items.map((each) => (
          <tr key={`${each.id} ${each.name}`}>
            <td><b>{each.name}</b></td><td>{labelOf(said, each.focal_kind)}</td><td class="wide mono">{each.link_types.join(", ")}</td><td>{each.origin === "added" ? <span class="chip acc">added</span> : <span class="t2">{each.origin}</span>}</td>
            <td class="num">{each.origin === "added" && each.id ? <button class="btn q danger" aria-label={`Remove ${each.name}`} onClick={() => (going.value = each.id ?? "")}>Remove</button> : null}</td>
          </tr>
        ))}</tbody>
      </table>{items.length ? null : <Empty title="No clique type fits" />}</section>
      {going.value ? <Confirm title="Remove the clique type" act="Remove it" close={() => (going.value = "")} run={() => void act(() => ask("remove_added", { id: going.value })).then(() => (going.value = ""))}><p>What is declared is used again.</p></Confirm> : null}
    </>
  );
}

function NewCliqueType({ said, act }: { said: Model; act: Act }): JSX.Element {
  const [name, kind, links, implicit] = [useSignal(""), useSignal("instance"), useSignal<readonly string[]>([]), useSignal(false)];
  const add = (): Promise<boolean> => act(async () => {
    await ask("add_clique_type", { name: name.value, focal_point_type: kind.value, link_types: [...links.value], environment: environment.value, use_implicit_links: implicit.value });
    [name.value, links.value] = ["", []];
  });
  return (
    <details class="sheet">
      <summary class="sheet-head"><Glyph name="ui-plus" size="s" /><b>Add a clique type for {environment.value || "this environment"}</b></summary>
      <div class="sheet-body">
        <div class="form">
          <Field label="Name" value={name.value} change={(value) => (name.value = value)} mono />
          <Field label="Begins at" value={kind.value} change={(value) => (kind.value = value)} choices={said.kinds.map((each) => ({ value: each.name, label: each.label }))} />
          <Field label="Then follows" value="" hint="Chosen one after the other; the order counts." change={(value) => value && (links.value = [...links.value, value])} choices={[{ value: "", label: "add a link type" }, ...said.link_types.map((each) => ({ value: each.name, label: each.name }))]} />
        </div>
        <div class="row wrap">{links.value.map((each, i) => <button key={`${each} ${i}`} class="btn" aria-label={`Take out ${each}`} onClick={() => (links.value = links.value.filter((_, at) => at !== i))}><span class="mono">{i + 1} {each}</span><Glyph name="ui-close" size="xs" /></button>)}</div>
        <Check label="Implicit links too" on={implicit.value} change={(on) => (implicit.value = on)} />
        <div class="row"><button class="btn p" disabled={!name.value.trim() || !links.value.length || !environment.value} onClick={() => void add()}>Add clique type</button></div>
      </div>
    </details>
  );
}

function Constraints({ said, act }: { said: Model; act: Act }): JSX.Element {
  const kind = useSignal("instance");
  const items = said.constraints ?? [];
  const set = (of: string, network: boolean): Promise<boolean> => act(() => ask("add_clique_constraint", { focal_point_type: of, constraints: network ? ["network"] : [] }));
  return (
    <>
      <p class="t2">A clique is kept to the networks of its focal point, unless a constraint says otherwise.</p>
      <section class="sheet" aria-label="Constraints"><table>
        <thead><tr><th scope="col">Cliques that begin at</th><th scope="col">Kept to networks</th><th scope="col">From</th><th scope="col"><span class="vh">Actions</span></th></tr></thead>
        <tbody>{items.filter((each) => fits(each.focal_kind)).map((each) => (
          <tr key={each.id}>
            <td><span class="row g2"><Glyph name={glyphOf({ kind: each.focal_kind, note: "" })} size="s" />{labelOf(said, each.focal_kind)}</span></td>
            <td><Check label="networks" on={each.keeps_to.includes("network")} change={(on) => void set(each.focal_kind, on)} /></td><td>{each.added ? <span class="chip acc">added</span> : <span class="t2">declared</span>}</td>
            <td class="num">{each.added ? <button class="btn q danger" onClick={() => void act(() => ask("remove_added", { id: each.id }))}>Take back</button> : null}</td>
          </tr>
        ))}</tbody>
      </table></section>
      <div class="row"><Field label="Another kind" value={kind.value} change={(value) => (kind.value = value)} choices={said.kinds.filter((each) => !items.some((one) => one.focal_kind === each.name)).map((each) => ({ value: each.name, label: each.label }))} />
        <button class="btn" onClick={() => void set(kind.value, true)}>Keep to networks</button><button class="btn" onClick={() => void set(kind.value, false)}>Keep to nothing</button></div>
    </>
  );
}
