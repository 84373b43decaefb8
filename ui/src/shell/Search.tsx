import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { Hit, SearchAnswer } from "../api/types";
import { glyphOf, labelOf } from "../live/kinds";
import { sought } from "../live/sought";
import { model, picture } from "../live/store";
import { Glyph } from "../parts/Glyph";
import { at, environment, go } from "../state/place";
import { count } from "../state/words";
import { chosen, doings, groups, parts, READS } from "./suggestions";

const text = signal("");
const shown = signal(false);
const answer = signal<SearchAnswer | null>(null);
const took = signal(0);
const trouble = signal("");
const active = signal(0);
const WAIT = 60;

/** At once: whoever types on right after the key loses no letter. */
export const search = { open: () => field?.focus() };
let field: HTMLInputElement | null = null;

let timer: ReturnType<typeof setTimeout> | undefined;
let running: AbortController | null = null;

function typed(value: string): void {
  text.value = value;
  active.value = 0;
  shown.value = true;
  clearTimeout(timer);
  running?.abort();
  if (!value.trim()) answer.value = null;
  else timer = setTimeout(() => void look(value), WAIT);
}

async function look(value: string): Promise<void> {
  running = new AbortController();
  const began = performance.now();
  try {
    answer.value = await ask("search", { text: value, environment: environment.value, at: at.value, limit: 20 }, running.signal);
    took.value = performance.now() - began;
    trouble.value = "";
  } catch (error) {
    if (error instanceof Problem) trouble.value = error.detail;
  }
}

export function Search(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    field = input.current;
    return () => void (field = null);
  }, []);
  const close = (): void => {
    shown.value = false;
    input.current?.blur();
  };
  const open = shown.value && text.value.trim() !== "";
  return (
    <div class={`search${open ? " on" : ""}`} onFocusOut={(event) => !event.currentTarget.contains(event.relatedTarget as Node) && (shown.value = false)}>
      <Glyph name="ui-search" />
      <input
        ref={input} class="grow bare" value={text.value} placeholder="Search name, address, MAC, id or run a query" spellcheck={false} autocomplete="off"
        role="combobox" aria-label="Search" aria-expanded={open} aria-controls="suggestions" aria-autocomplete="list"
        aria-activedescendant={open ? `hit-${active.value}` : undefined}
        onInput={(event) => typed(event.currentTarget.value)} onFocus={() => (shown.value = true)} onKeyDown={(event) => stroke(event, close)}
      />
      <kbd>{open ? "Esc" : "/"}</kbd>
      {open ? <Suggestions close={close} /> : <div id="suggestions" role="listbox" hidden aria-label="Suggestions" />}
    </div>
  );
}

function stroke(event: KeyboardEvent, close: () => void): void {
  const total = (answer.value?.hits.length ?? 0) + doings(text.value, answer.value).length;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    active.value = total ? (active.value + (event.key === "ArrowDown" ? 1 : total - 1)) % total : 0;
  } else if (event.key === "Tab" && answer.value && active.value < answer.value.hits.length && !event.shiftKey) {
    active.value = answer.value.hits.length;
  } else if (event.key === "Enter") {
    take(event.ctrlKey ? -1 : active.value, close);
  } else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function take(place: number, close: () => void): void {
  const target = chosen(place, text.value, answer.value);
  if (!target) return;
  close();
  document.getElementById("main")?.focus(); // what is found is there: Tab goes on from it
  go(target);
  sought.value = target.focus ?? "";
}

function Suggestions({ close }: { close: () => void }): JSX.Element {
  const found = answer.value;
  let place = -1;
  return (
    <div class="menu suggestions" onMouseDown={(event) => event.preventDefault()}>
      <div class="row suggestions-head">
        <span class="f12 t3">Reads as</span>
        <span class="chip acc">{READS[found?.read_as ?? "name"]}</span>
        <span class="f12 t3">in</span>
        <span class="chip">{environment.value}</span>
        <span class="grow" />
        <span class="f12 t3">{trouble.value || (found ? `${count(found.total)} ${found.total === 1 ? "match" : "matches"} in ${Math.round(took.value)} ms` : "")}</span>
      </div>
      <div id="suggestions" role="listbox" aria-label="Suggestions" class="suggestions-list">
        {groups(found).map((group) => (
          <div key={group.label} role="group" aria-label={group.label}>
            <div class="row f11 t3 suggestions-group" aria-hidden="true"><span class="b">{group.label}</span><span class="grow" /><span>{group.hint}</span></div>
            {group.hits.map((hit) => {
              place++;
              return <Option key={hit.id} hit={hit} place={place} close={close} />;
            })}
          </div>
        ))}
        <div role="group" aria-label="Do">
          <div class="row f11 t3 suggestions-group" aria-hidden="true"><span class="b">Do</span><span class="grow" /><span>Tab, then Enter</span></div>
          {doings(text.value, found).map((doing) => {
            place++;
            const mine = place;
            return (
              <div key={doing.says} id={`hit-${mine}`} role="option" aria-selected={mine === active.value} class="row suggestion" onClick={() => take(mine, close)}>
                <Glyph name={doing.glyph} tone="t2" />
                <span class="grow trunc">{doing.says} <span class="mono">{doing.code}</span></span>
                {doing.key ? <kbd>{doing.key}</kbd> : null}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Option({ hit, place, close }: { hit: Hit; place: number; close: () => void }): JSX.Element {
  const name = parts(hit.name, text.value);
  const value = hit.field === "name" || hit.value === hit.name ? null : parts(hit.value ?? "", text.value);
  return (
    <div id={`hit-${place}`} role="option" aria-selected={place === active.value} class="row suggestion" onClick={() => take(place, close)}>
      <Glyph name={glyphOf({ kind: hit.kind, note: "" })} tone="t2" />
      <span class="grow trunc">
        <span class="mono b"><Marked of={name} /></span>{" "}
        <span class="t2 f12">{value ? <Marked of={value} /> : null}{ownerOf(hit)}{hit.host && hit.host !== hit.name ? ` on ${hit.host}` : ""}{hit.until ? `, until ${hit.until.slice(0, 16).replace("T", " ")}` : ""}</span>
      </span>
      {hit.until ? <span class="chip past">past</span> : hit.state === "down" ? <Glyph name="st-error" size="s" tone="m-error" /> : null}
      <span class="f11 t3 suggestion-kind">{labelOf(model.value, hit.kind)}</span>
    </div>
  );
}

/** Whose part a hit is, where that is not its host: the instance that has the address. */
function ownerOf(hit: Hit): string {
  const things = picture.value?.things;
  const owner = things?.get(things.get(hit.id)?.parent ?? "");
  return owner && owner.id !== hit.host && owner.host ? ` of ${owner.name}` : "";
}

function Marked({ of }: { of: { text: string; hit: boolean }[] }): JSX.Element {
  return <>{of.map((part, i) => (part.hit ? <mark key={i}>{part.text}</mark> : <span key={i}>{part.text}</span>))}</>;
}
