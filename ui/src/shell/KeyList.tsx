import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { bound } from "../state/keys";

export const keyListOpen = signal(false);

export function KeyList(): JSX.Element | null {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (keyListOpen.value) dialog.current?.showModal();
  }, [keyListOpen.value]);
  if (!keyListOpen.value) return null;
  return (
    <dialog class="card keys" ref={dialog} aria-labelledby="keys-title" onClose={() => (keyListOpen.value = false)}>
      <h2 id="keys-title">Keys</h2>
      <dl class="kv">
        {bound().map((each) => [<dt key={each.keys}>{each.keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt>, <dd key={`${each.keys} does`}>{each.does}</dd>])}
      </dl>
      <form method="dialog"><button class="btn">Close</button></form>
    </dialog>
  );
}
