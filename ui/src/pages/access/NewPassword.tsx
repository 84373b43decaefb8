import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { Field } from "../../parts/Form";
import { unfit } from "./roles";

/** A new password, twice. */
export function NewPassword({ fresh, again }: { fresh: Signal<string>; again: Signal<string> }): JSX.Element {
  const wrong = unfit(fresh.value, again.value);
  return (
    <>
      <Field label="New password" type="password" fill="new-password" value={fresh.value} change={(value) => (fresh.value = value)} wrong={again.value === "" ? wrong : ""} hint="A few words that belong together for you alone." />
      <Field label="The same again" type="password" fill="new-password" value={again.value} change={(value) => (again.value = value)} wrong={again.value === "" ? "" : wrong} />
    </>
  );
}
