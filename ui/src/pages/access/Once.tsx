import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Glyph } from "../../parts/Glyph";

/** A secret, this once: it is kept nowhere. */
export function Once({ title, secret, close }: { title: string; secret: string; close: () => void }): JSX.Element {
  const copied = useSignal(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(secret);
    copied.value = true;
  };
  return (
    <section class="sheet" aria-label={title} role="status">
      <div class="sheet-body">
        <h2 class="f15">{title}</h2>
        <p class="t2">Calipso keeps no copy of it. Give it to whoever needs it, by a way that only they read.</p>
        <div class="secret"><code data-test="secret">{secret}</code><button class="btn" onClick={() => void copy()}><Glyph name={copied.value ? "ui-check" : "ui-copy"} size="s" />{copied.value ? "Copied" : "Copy"}</button><button class="btn q" onClick={close}>I have it</button></div>
      </div>
    </section>
  );
}
