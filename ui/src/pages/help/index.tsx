import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { token } from "../../api/session";
import { Glyph } from "../../parts/Glyph";
import { Empty, Waiting } from "../../parts/Said";
import { Tabs } from "../../parts/Tabs";
import { bound } from "../../state/keys";
import { go, place } from "../../state/place";
import { counted } from "../../state/words";
import { operationsOf, type Document, type Told } from "./document";

const TABS = [{ id: "", label: "Begin" }, { id: "keys", label: "Keys" }, { id: "api", label: "API" }];

export function HelpPage(): JSX.Element {
  const tab = place.value.more["tab2"] ?? "";
  return (
    <>
      <div class="bar">
        <h1>Help</h1>
        <Tabs tabs={TABS} chosen={tab} choose={(id) => go({ more: { ...place.value.more, tab2: id } })} />
        <span class="grow" />
        {tab === "api" ? <label class="field"><Glyph name="ui-filter" size="s" tone="t3" /><input class="bare" placeholder="Operation or path" aria-label="Filter operations" value={place.value.filter} onInput={(event) => go({ filter: event.currentTarget.value })} /></label> : null}
      </div>
      <div class="page" tabIndex={0} role="region" aria-label={`Help: ${TABS.find((each) => each.id === tab)?.label ?? ""}`}>
        {tab === "keys" ? <Keys /> : tab === "api" ? <Api /> : <Begin />}
      </div>
    </>
  );
}

const SHELL = [
  ["calipso env add FILE", "add an environment"], ["calipso scan --env NAME", "look at everything once"], ["calipso get interface", "every interface, with state and addresses"],
  ["calipso clique NAME", "what an object depends on"], ["calipso query QUERY", "ask in Gremlin"], ["calipso diff --from -10m", "what is different since then"], ["calipso --help", "all of it"],
] as const;

function Begin(): JSX.Element {
  return (
    <>
      <section class="sheet"><div class="sheet-body">
        <h2 class="f15">How Calipso reads a network</h2>
        <p>Sources look at hosts, clouds and switches and say what they see, each for its own scope. From that Calipso derives what each object is, which links there are, and what depends on what. A scope that could not be read makes its facts stale, never gone: removed is only what a completed look no longer saw.</p>
        <p>Everything is kept with its time. The bar at the bottom goes to any moment, and every page shows it.</p>
        <div class="row wrap">
          <button class="btn" onClick={() => go({ page: "environments" })}>Add an environment</button><button class="btn" onClick={() => go({ page: "sources" })}>See what is read</button>
          <button class="btn" onClick={() => go({ page: "model" })}>Learn the words</button><button class="btn" onClick={() => go({ more: { tab2: "api" } })}>Use the API</button>
        </div>
      </div></section>
      <section class="sheet" aria-label="From a shell"><div class="sheet-head"><h2>The same from a shell</h2></div>
        <table><thead class="vh"><tr><th scope="col">Command</th><th scope="col">What it does</th></tr></thead><tbody>{SHELL.map(([command, does]) => <tr key={command}><td class="mono">{command}</td><td>{does}</td></tr>)}</tbody></table>
      </section>
      <section class="sheet"><div class="sheet-body"><h2 class="f15">The documentation</h2><p>It lies in the folder <code>docs</code> of the source, beginning with <code>docs/index.md</code>; <code>make docs</code> writes it as pages that work without a network.</p></div></section>
    </>
  );
}

function Keys(): JSX.Element {
  return (
    <section class="sheet" aria-label="Keys"><table>
      <thead><tr><th scope="col">Key</th><th scope="col">Does</th></tr></thead>
      <tbody>{bound().map((each) => <tr key={each.keys + each.does}><td>{each.keys.split(" ").map((key, i) => <kbd key={i}>{key}</kbd>)}</td><td>{each.does}</td></tr>)}</tbody>
    </table></section>
  );
}

/** The API from its own document: it is fetched from this server, and drawn with nothing from elsewhere. */
function Api(): JSX.Element {
  const operations = useSignal<Told[] | null>(null);
  const trouble = useSignal("");
  const load = async (): Promise<void> => {
    try {
      const response = await fetch("/api/v1/openapi.json", { headers: { Authorization: `Bearer ${token.peek()}` } });
      operations.value = operationsOf((await response.json()) as Document);
    } catch (error) {
      trouble.value = error instanceof Error ? error.message : "the document did not come";
    }
  };
  useEffect(() => void load(), []);
  if (trouble.value) return <div class="callout error" role="alert"><b>The API document cannot be read.</b> {trouble.value}</div>;
  if (!operations.value) return <Waiting />;
  const wanted = place.value.filter.toLowerCase();
  const shown = operations.value.filter((each) => `${each.name} ${each.path} ${each.summary}`.toLowerCase().includes(wanted));
  return (
    <>
      <p class="t2">{counted(operations.value.length, "operation", "operations")}; everything this UI does, it does with them. The document: <code>/api/v1/openapi.json</code></p>
      <section class="sheet" aria-label="Operations">{shown.length ? shown.map((each) => <Operation key={each.method + each.path} each={each} />) : <Empty title={`No operation fits “${place.value.filter}”`} />}</section>
    </>
  );
}

function Operation({ each }: { each: Told }): JSX.Element {
  return (
    <details class="operation" data-test={`operation-${each.name}`}>
      <summary><span class="method">{each.method}</span><b class="mono">{each.path}</b><span class="t2 trunc">{each.summary}</span></summary>
      <div class="sheet-body">
        <p class="wide">{each.description}</p>
        {each.fields.length ? (
          <table><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Needed</th></tr></thead><tbody>{each.fields.map((field) => <tr key={field.name}><td class="mono b">{field.name}</td><td class="wide mono">{field.type}</td><td>{field.required ? "yes" : ""}</td></tr>)}</tbody></table>
        ) : null}
        <div><h3 class="sech">As a request</h3><pre class="raw" tabIndex={0}>{each.curl}</pre></div>
        {each.answers ? <div><h3 class="sech">An answer</h3><pre class="raw" tabIndex={0}>{each.answers.length > 4000 ? `${each.answers.slice(0, 4000)}\n…` : each.answers}</pre></div> : null}
      </div>
    </details>
  );
}
