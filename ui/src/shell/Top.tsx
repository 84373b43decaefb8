import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { leave } from "../api/client";
import { user } from "../api/session";
import { connection, environments, picture, revision } from "../live/store";
import { Glyph } from "../parts/Glyph";
import { PAGES } from "../pages";
import { announce } from "../state/announce";
import { frozen, go, place } from "../state/place";
import { choose, following, theme } from "../state/theme";
import { count } from "../state/words";
import { Search } from "./Search";

export function Top(): JSX.Element {
  return (
    <header class="top">
      <Crumbs />
      <Search />
      <div class="topright">
        <Connected />
        <CopyLink />
        <button class="btn q" onClick={() => choose(following(theme.value))} title={`Theme: ${theme.value}`} aria-label={`Theme: ${theme.value}`}>
          <Glyph name="ui-theme" />
        </button>
        <button class="btn q" onClick={() => void leave()} title={user.value ? `Sign ${user.value} out` : "Sign out"} aria-label="Sign out">
          <Glyph name="ui-user" />
        </button>
      </div>
    </header>
  );
}

function CopyLink(): JSX.Element {
  const copied = useSignal(false);
  const copy = (): void => {
    void navigator.clipboard?.writeText(location.href).then(() => {
      copied.value = true;
      announce("Link copied");
      setTimeout(() => (copied.value = false), 1500);
    });
  };
  return (
    <button class={`btn q${copied.value ? " ok" : ""}`} onClick={copy} title="Copy link to this view" aria-label="Copy link to this view">
      <Glyph name={copied.value ? "ui-check" : "ui-link"} />
    </button>
  );
}

/** Where one is: the environment, then what holds the object that is looked at. */
function Crumbs(): JSX.Element {
  const { environment, focus } = place.value;
  const trail = trailOf(focus);
  return (
    <nav class="crumbs" aria-label="Where you are">
      <span class="env">
        <Glyph name="environment" />
        {(environments.value ?? []).length > 1 ? (
          <select class="bare" aria-label="Environment" value={environment} onChange={(event) => go({ environment: event.currentTarget.value, focus: "", peer: "", open: [], at: "" })}>
            {(environments.value ?? []).map((each) => <option key={each.name} value={each.name}>{each.name}</option>)}
          </select>
        ) : (
          environment || "No environment"
        )}
      </span>
      {trail.length === 0 ? <Crumb name={titleOf(place.value.page)} last /> : trail.map((each, i) => <Crumb key={each.id} name={each.name} id={each.id} last={i === trail.length - 1} />)}
    </nav>
  );
}

function Crumb({ name, id, last }: { name: string; id?: string; last: boolean }): JSX.Element {
  return (
    <>
      <Glyph name="ui-right" tone="sep" />
      {last ? <b class="trunc">{name}</b> : <button class="link" onClick={() => go({ focus: id ?? "" })}>{name}</button>}
    </>
  );
}

/** Pages about the picture are of the whole estate; the others are called as they are. */
function titleOf(id: string): string {
  const page = PAGES.find((each) => each.id === id);
  return !page || page.section === 0 ? "Estate" : page.label;
}

function trailOf(focus: string): { id: string; name: string }[] {
  const trail: { id: string; name: string }[] = [];
  for (let each = picture.value?.things.get(focus); each && trail.length < 8; each = picture.value?.things.get(each.parent)) {
    trail.unshift({ id: each.id, name: each.name });
  }
  return trail;
}

function Connected(): JSX.Element {
  const [tone, word] = stateOf();
  return (
    <span class={`conn ${tone}`} title={tone === "" ? "Every change arrives as it happens" : ""}>
      <span class="dot" />
      <span data-test="connection">{word}</span> <span class="t3 mono">rev {count(picture.value?.revision && frozen.value ? picture.value.revision : revision.value)}</span>
    </span>
  );
}

function stateOf(): ["" | "off" | "frozen", string] {
  if (frozen.value) return ["frozen", "Frozen"];
  if (connection.value === "live") return ["", "Live"];
  return ["off", { connecting: "Connecting", "catching up": "Catching up", offline: "Offline" }[connection.value]];
}
