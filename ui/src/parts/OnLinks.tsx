import type { JSX } from "preact";
import { figure, FIGURES } from "../live/figures";
import { go, place } from "../state/place";

/** What stands at links. `off`: also nothing; otherwise the one that is chosen cannot be given up. */
export function OnLinks({ off = false }: { off?: boolean }): JSX.Element {
  const choose = (id: string): void => go({ more: { ...place.value.more, links: off && id === figure.value ? "" : id } });
  return (
    <span class="row">
      <span class="f12 t3">Links</span>
      <span class="seg" role="group" aria-label="Text at links">
        {FIGURES.map((each) => (
          <button key={each.id} class={each.id === figure.value ? "on" : ""} aria-pressed={each.id === figure.value} onClick={() => choose(each.id)}>{each.label}</button>
        ))}
      </span>
    </span>
  );
}
