import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { STEPS } from "../../api/languages";
import { Details } from "../../parts/Details";
import { Glyph } from "../../parts/Glyph";
import { environment, go, looked, place } from "../../state/place";
import { clock } from "../../state/words";
import { Editor } from "./Editor";
import { Results } from "./Results";
import { EXAMPLE, follow, language, run, typed } from "./running";
import { drop, favourites, keep, ran } from "./shelf";

/** Ask in the query language or in SQL. */
export function QueryPage(): JSX.Element {
  useEffect(() => {
    if (!typed.peek()) typed.value = place.peek().more["q"] ?? EXAMPLE;
    return follow();
  }, []);
  return (
    <div class="side-page">
      <Shelf />
      <section class="col grow side-main" aria-label="Query and result">
        <Toolbar />
        <Editor />
        <Results />
      </section>
    </div>
  );
}

function Toolbar(): JSX.Element {
  const naming = useSignal("");
  const open = useSignal(false);
  const save = (event: Event): void => {
    event.preventDefault();
    if (naming.value.trim()) keep({ name: naming.value.trim(), text: typed.value, language: language.value });
    open.value = false;
    naming.value = "";
  };
  return (
    <div class="bar">
      <h1>Query</h1>
      <span class="seg" role="group" aria-label="Language">
        {(["gremlin", "sql"] as const).map((each) => <button key={each} class={each === language.value ? "on" : ""} aria-pressed={each === language.value} onClick={() => go({ more: { ...place.value.more, lang: each === "sql" ? "sql" : "", q: "" } })}>{each === "sql" ? "SQL" : "Gremlin"}</button>)}
      </span>
      <span class="chip"><Glyph name="environment" size="xs" />{environment.value}</span>
      <span class={`chip${place.value.at ? " past" : ""}`}><Glyph name="ui-clock" size="xs" />{place.value.at ? clock(Date.parse(place.value.at)) : "now"}</span>
      <span class="grow" />
      {open.value ? (
        <form class="row g2" onSubmit={save}>
          <span class="field"><input class="bare" aria-label="Name of the favourite" placeholder="Name" value={naming.value} onInput={(event) => (naming.value = event.currentTarget.value)} ref={(field) => field?.focus()} /></span>
          <button class="btn" type="submit">Keep it</button>
        </form>
      ) : <button class="btn" onClick={() => (open.value = true)}><Glyph name="ui-star" size="s" />Keep</button>}
      <button class="btn p" onClick={() => run()}><Glyph name="ui-play" size="s" />Run <kbd>Ctrl Enter</kbd></button>
    </div>
  );
}

/** What was asked in this browser, and what is kept of it. */
function Shelf(): JSX.Element {
  return (
    <aside class="side" aria-label="Queries of before">
      <h2 class="side-head">History <span class="t3">this browser</span></h2>
      <ul class="side-list shelf">
        {ran.value.map((each) => (
          <li key={each.language + each.text}>
            <button class={`side-item tall${each.text === typed.value ? " on" : ""}`} title={each.text} onClick={() => run(each.text, each.language)}>
              <span class="mono trunc">{each.text.replace(/\s+/g, " ")}</span>
              <span class="row g2 t3"><Glyph name={each.good ? "st-ok" : "st-error"} size="xs" tone={each.good ? "m-ok" : "m-error"} /><span class="trunc grow">{each.outcome}</span>{each.good ? `${each.ms.toFixed(0)} ms` : ""}</span>
            </button>
          </li>
        ))}
        {ran.value.length ? null : <li class="side-note t3">Queries that ran are listed here.</li>}
      </ul>
      <h2 class="side-head">Favourites <span class="t3">this browser</span></h2>
      <ul class="side-list shelf">
        {favourites.value.map((each) => (
          <li key={each.name} class="row">
            <button class="side-item grow" title={each.text} onClick={() => run(each.text, each.language)}><Glyph name="ui-star" size="s" tone="t3" /><span class="trunc">{each.name}</span></button>
            <button class="btn q sq" aria-label={`Drop ${each.name}`} onClick={() => drop(each.name)}><Glyph name="ui-close" size="xs" /></button>
          </li>
        ))}
        {favourites.value.length ? null : <li class="side-note t3">Keep puts a query here.</li>}
      </ul>
    </aside>
  );
}

const USEFUL = ["Has", "Out", "In", "OutE", "At", "Values", "Count", "Dedup", "Sort", "Limit", "ShortestPathTo"];

export function QueryPanel(): JSX.Element | null {
  if (looked.value) return <Details actions={<button class="btn" onClick={() => go({ page: "map" })}><Glyph name="ui-map" size="s" />Show on map</button>} />;
  const steps = STEPS.filter(([name]) => USEFUL.includes(name));
  return (
    <aside class="panel standing" aria-label="Steps">
      <div class="ph"><div class="k"><Glyph name="ui-query" size="s" />Language</div><h2>Steps you can use here</h2></div>
      <div class="pb" tabIndex={0} role="region" aria-label="Steps you can use here">
        <dl class="kv steps-list">{steps.map(([name, doc]) => [<dt key={name} class="mono b">{name}</dt>, <dd key={`${name}=`}>{doc}</dd>])}</dl>
        <p class="f12 t2">{STEPS.length} in all; Ctrl Space proposes them.</p>
      </div>
    </aside>
  );
}
