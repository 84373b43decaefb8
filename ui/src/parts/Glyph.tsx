import type { JSX } from "preact";

/** A glyph of the sprite; decoration, its meaning is always said beside it. */
export function Glyph({ name, size = "", tone = "" }: { name: string; size?: "" | "xs" | "s" | "m" | "l"; tone?: string }): JSX.Element {
  return (
    <svg class={`i ${size} ${tone}`} aria-hidden="true">
      <use href={`#g-${name}`} />
    </svg>
  );
}
