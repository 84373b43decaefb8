import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { model, picture, version } from "../../live/store";
import { Glyph } from "../../parts/Glyph";
import { completions, mending, spotOf, tokens, type Completion, type Vocabulary } from "./language";
import { language, problem, run, typed, wrongText } from "./running";

/** A field that colours what is typed, proposes what may come, and marks where the server found it wrong. */
export function Editor(): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  const open = useSignal<Completion | null>(null);
  const active = useSignal(0);
  const names = useComputed(vocabulary);
  const propose = (): void => {
    const at = field.current;
    open.value = at && at.selectionStart === at.selectionEnd ? completions(at.value, at.selectionStart, language.peek(), names.peek()) : null;
    active.value = 0;
  };
  const take = (i: number): void => {
    const [there, at] = [open.value, field.current];
    const choice = there?.choices[i];
    if (!there || !choice || !at) return;
    const caret = there.from + choice.text.length;
    typed.value = at.value.slice(0, there.from) + choice.text + at.value.slice(at.selectionStart);
    open.value = null;
    requestAnimationFrame(() => (at.focus(), at.setSelectionRange(caret, caret)));
  };
  const stroke = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      open.value = null;
      run();
    } else if (event.key === " " && event.ctrlKey) propose();
    else if (open.value && event.key === "ArrowDown") active.value = (active.value + 1) % open.value.choices.length;
    else if (open.value && event.key === "ArrowUp") active.value = (active.value + open.value.choices.length - 1) % open.value.choices.length;
    else if (open.value && (event.key === "Tab" || event.key === "Enter")) take(active.value);
    else if (open.value && event.key === "Escape") open.value = null;
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const lines = typed.value.split("\n").length;
  return (
    <div class="editor">
      <div class="editor-lines t3 mono" aria-hidden="true">{Array.from({ length: lines }, (_, i) => <div key={i}>{i + 1}</div>)}</div>
      <div class="editor-field">
        <Colours />
        <textarea
          ref={field} class="mono" rows={Math.max(3, lines)} spellcheck={false} autocomplete="off" value={typed.value} aria-label="Query" aria-autocomplete="list" aria-haspopup="listbox"
          aria-controls="completions" aria-activedescendant={open.value ? `completion-${active.value}` : undefined}
          aria-invalid={problem.value !== null && wrongText.value === typed.value} aria-describedby="query-problem"
          onInput={(event) => ((typed.value = event.currentTarget.value), propose())} onKeyDown={stroke} onBlur={() => (open.value = null)} onClick={() => (open.value = null)}
        />
        <Choices completion={open.value} active={active.value} take={take} />
      </div>
      <Wrong focus={() => field.current?.focus()} />
    </div>
  );
}

/** The same text in colours behind the field, with the wrong word marked. */
function Colours(): JSX.Element {
  const [text, wrong] = [typed.value, problem.value];
  const spot = wrong && wrong.position !== null && wrongText.value === text ? spotOf(text, wrong.position) : null;
  let at = 0;
  return (
    <pre class="mono" aria-hidden="true">
      {tokens(text, language.value).map((token, i) => {
        const from = at;
        at += token.text.length;
        const tone = token.tone ? `syn-${token.tone}` : "";
        if (!spot || spot.from >= at || Math.max(spot.to, spot.from + 1) <= from) return <span key={i} class={tone}>{token.text}</span>;
        const [one, other] = [Math.max(0, spot.from - from), Math.min(token.text.length, spot.to - from)];
        return <span key={i} class={tone}>{token.text.slice(0, one)}<u class="wrong-word">{token.text.slice(one, other)}</u>{token.text.slice(other)}</span>;
      })}
      {"\n"}
    </pre>
  );
}

function Choices({ completion, active, take }: { completion: Completion | null; active: number; take: (i: number) => void }): JSX.Element {
  const lines = completion ? typed.value.slice(0, completion.from).split("\n") : [""];
  const style = { top: `${lines.length * 22 + 8}px`, left: `${Math.min(70, (lines.at(-1) ?? "").length) * 8.4}px` };
  return (
    <ul id="completions" class={`menu completions${completion ? "" : " gone"}`} role="listbox" aria-label="Completions" style={style}>
      {(completion?.choices ?? []).map((each, i) => (
        <li key={each.text} id={`completion-${i}`} role="option" aria-selected={i === active} class={i === active ? "on" : ""} onMouseDown={(event) => (event.preventDefault(), take(i))}>
          <span class="mono">{each.text}</span><span class="t2 trunc">{each.doc}</span>
        </li>
      ))}
    </ul>
  );
}

/** What is wrong, where, and what would mend it. */
function Wrong({ focus }: { focus: () => void }): JSX.Element {
  const wrong = problem.value;
  if (!wrong) return <div id="query-problem" class="vh" role="status" />;
  const spot = wrong.position === null ? null : spotOf(wrongText.value, wrong.position);
  const mend = wrongText.value === typed.value ? mending(wrongText.value, wrong.detail, wrong.position) : null;
  return (
    <div id="query-problem" class="callout error editor-wrong" role="alert">
      <Glyph name="st-error" tone="m-error" />
      <div class="grow"><b>{spot ? `Line ${spot.line}, column ${spot.column}: ` : ""}{wrong.detail}</b><div class="t2">{wrong.hint ? `${wrong.hint}. ` : ""}Nothing was run.</div></div>
      {mend ? <button class="btn" onClick={() => ((typed.value = mend.text), run(mend.text), focus())}><Glyph name="ui-wand" size="s" />{mend.label}</button> : null}
    </div>
  );
}

function vocabulary(): Vocabulary {
  version.value;
  const [types, hosts, kinds] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const thing of picture.value?.things.values() ?? []) {
    types.add(thing.type);
    kinds.add(thing.kind);
    if (thing.host) hosts.add(thing.host);
  }
  const attributes = new Set([...(model.value?.common ?? []), ...Object.values(model.value?.hover ?? {}).flat()]);
  return { kinds: [...kinds].sort(), types: [...types].sort(), attributes: [...attributes].sort(), hosts: [...hosts].sort() };
}
