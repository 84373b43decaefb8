import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { EnvironmentView, SupportedEnvironment } from "../../api/types";
import { environments, loadEnvironments } from "../../live/store";
import { attempt, useAsked } from "../../parts/asked";
import { Check, Confirm } from "../../parts/Form";
import { Glyph } from "../../parts/Glyph";
import { Empty, Stated, Trouble, Waiting } from "../../parts/Said";
import { go, place } from "../../state/place";
import { count } from "../../state/words";
import { AsText } from "./AsText";
import { draftOf, EMPTY, support, WAYS } from "./draft";
import { draft, startOver } from "./wizard";
import { visit, Wizard } from "./Wizard";

export function EnvironmentsPage(): JSX.Element {
  const supported = useAsked("get_supported_environments", { evidence: "any" });
  const step = place.value.more["step"];
  if (step === "text") return <AsText />;
  return (
    <>
      <div class="bar">
        <h1>{step ? (draft.value.base ? "Change environment" : "Add environment") : "Environments"}</h1>
        {step && draft.value.name ? <span class="mono b">{draft.value.name}</span> : null}
        {step ? <span class="chip">draft, kept for you</span> : null}
        <span class="grow" />
        {step ? (
          <>
            <button class="btn q" onClick={() => startOver()}>Start over</button>
            <button class="btn" onClick={() => visit("")}>Leave</button>
          </>
        ) : (
          <>
            <button class="btn" onClick={() => visit("text")}>Add from a file</button>
            <button class="btn p" onClick={() => begin()}>Add environment</button>
          </>
        )}
      </div>
      {step ? <Wizard list={supported.answer?.items ?? []} /> : <List />}
    </>
  );
}

/** A draft of a new environment is gone on with; one of a change is not taken for it. */
function begin(): void {
  if (draft.value.base) startOver(EMPTY);
  visit("type");
}

function List(): JSX.Element {
  const going = useSignal<EnvironmentView | null>(null);
  const known = environments.value;
  if (!known) return <Waiting />;
  return (
    <div class="page" tabIndex={0} role="region" aria-label="Environments">
      <section class="sheet">
        {known.length ? (
          <table>
            <thead><tr>{["Name", "State", "Type", "Hosts", "Objects", "Scopes", "Of them stale", ""].map((each, i) => <th key={each} scope="col" class={i > 2 && i < 7 ? "num" : ""}>{each || <span class="vh">Actions</span>}</th>)}</tr></thead>
            <tbody>{known.map((each) => <Line key={each.name} each={each} remove={() => (going.value = each)} />)}</tbody>
          </table>
        ) : <Empty title="There is no environment">Add one, or look at this host from the first page.</Empty>}
      </section>
      {going.value ? <Removal each={going.value} close={() => (going.value = null)} /> : null}
    </div>
  );
}

function Line({ each, remove }: { each: EnvironmentView; remove: () => void }): JSX.Element {
  const change = (): void => {
    startOver(draftOf(each.config));
    visit("type");
  };
  const state = each.trouble ? "error" : each.stale ? "stale" : each.objects ? "ok" : "unknown";
  return (
    <tr class={place.value.environment === each.name ? "on" : ""}>
      <td><button class="link b" onClick={() => go({ page: "dashboard", environment: each.name, focus: "" })}>{each.name}</button></td>
      <td><Stated severity={state} word={each.trouble || { error: "error", stale: "stale", ok: "healthy", unknown: "not looked at yet", warn: "" }[state]} /></td>
      <td>{[each.type === "Plain" ? "Linux hosts" : each.type, each.config.distribution, each.config.distribution_version].filter(Boolean).join(" ")}</td>
      <td class="num">{each.hosts.length || (each.config?.recorded ? "recorded" : "this one")}</td><td class="num">{count(each.objects)}</td><td class="num">{count(each.scopes)}</td><td class="num">{each.stale || ""}</td>
      <td class="num">
        <button class="btn q" aria-label={`Scan ${each.name}`} onClick={() => go({ page: "scans", environment: each.name, focus: "", more: {} })}>Scan</button>
        <button class="btn q" aria-label={`Change ${each.name}`} onClick={change}>Change</button>
        <button class="btn q danger" aria-label={`Delete ${each.name}`} onClick={remove}>Delete</button>
      </td>
    </tr>
  );
}

function Removal({ each, close }: { each: EnvironmentView; close: () => void }): JSX.Element {
  const purge = useSignal(false);
  const trouble = useSignal<Problem | null>(null);
  const run = async (): Promise<void> => {
    const gone = await attempt(async () => {
      await ask("remove_environment", { environment: each.name, purge: purge.value });
      await loadEnvironments();
    }, (problem) => (trouble.value = problem));
    if (!gone) return;
    if (place.value.environment === each.name) go({ environment: "", focus: "" });
    close();
  };
  return (
    <Confirm title={`Delete ${each.name}`} act={`Delete ${each.name}`} run={() => void run()} close={close}>
      <p>It is not looked at any more. {purge.value ? "Its history is deleted and does not come back." : "Its history stays: adding it again goes on with it."}</p>
      <Check label="Delete its history too" on={purge.value} change={(on) => (purge.value = on)} />
      <Trouble problem={trouble.value} />
    </Confirm>
  );
}

/** Beside the wizard: how the draft is supported, and where its secrets are. */
export function EnvironmentsPanel(): JSX.Element | null {
  const supported = useAsked("get_supported_environments", place.value.more["step"] ? { evidence: "any" } : null);
  const step = place.value.more["step"];
  if (!step || step === "text") return null;
  const said = draft.value;
  return (
    <aside class="panel standing" aria-label="About the draft">
      <div class="ph"><div class="k"><Glyph name="environment" size="s" />{said.name || "without a name yet"}</div><h2>What Calipso does there</h2><p class="t2 f12 panel-lead">It only reads. Over SSH nothing is installed and nothing is left behind.</p></div>
      <div class="pb" tabIndex={0} role="region" aria-label="Support and secrets">
        <Support list={supported.answer?.items ?? []} />
        <section>
          <h3 class="sech">What is looked at</h3>
          <ul class="list">{said.hosts.map((host) => <li key={host.name}><Glyph name={WAYS[host.way].glyph} size="s" /><b>{host.name}</b><span class="t2 trunc">{WAYS[host.way].label}</span></li>)}</ul>
          {said.hosts.length ? null : <p class="t2 f12">Nothing yet.</p>}
        </section>
        <Secrets />
      </div>
    </aside>
  );
}

function Support({ list }: { list: readonly SupportedEnvironment[] }): JSX.Element {
  const { match, found } = support(draft.value, list);
  return (
    <section>
      <h3 class="sech">Supported as <span class="r">{found?.evidence === "declared only" ? "known by name only" : { exact: "on the list", no: "not on the list", free: "no distribution said" }[match]}</span></h3>
      {found ? (
        <dl class="kv">
          <dt>Type</dt><dd>{found.type}</dd><dt>Distribution</dt><dd>{found.distribution} {draft.value.version}</dd>
          <dt>Switching</dt><dd>{draft.value.mechanism || found.mechanism_driver}, with {draft.value.typeDriver || found.type_driver}</dd>
          <dt>Can</dt><dd>{found.features.join(", ")}</dd><dt>Shown by</dt><dd>{found.evidence === "declared only" ? "nothing: nobody saw it answer" : `${found.evidence} ${found.proof}`}</dd>
        </dl>
      ) : <p class="t2 f12">{match === "no" ? "It is taken all the same, with a warning: nothing proves that all of it is read." : "What is found decides: every source that finds something reads it."}</p>}
    </section>
  );
}

function Secrets(): JSX.Element | null {
  const said = draft.value;
  const all = [{ name: "All by SSH", way: "ssh" as const, values: said.all }, ...said.hosts];
  const secrets = all.flatMap((host) => WAYS[host.way].who.filter((field) => field.type === "secret" && host.values[field.name]).map((field) => ({ of: `${host.name}: ${field.label.toLowerCase()}`, value: host.values[field.name] ?? "" })));
  if (!secrets.length) return null;
  return (
    <section>
      <h3 class="sech">Secrets</h3>
      <ul class="list">{secrets.map((each) => <li key={each.of}><Glyph name="ui-check" size="s" tone="ok" />{each.of}<span class="mono t3 push trunc">{/^(env|file):/.test(each.value) ? each.value : "encrypted there"}</span></li>)}</ul>
    </section>
  );
}
