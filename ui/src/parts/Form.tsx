import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface FieldProps {
  label: string;
  hint?: string;
  /** Why what is written here is not right; said at the field. */
  wrong?: string;
  value: string;
  change: (value: string) => void;
  type?: "text" | "password" | "number";
  choices?: readonly { value: string; label: string }[];
  placeholder?: string;
  mono?: boolean;
  /** What a browser may fill in, as the autocomplete attribute names it. */
  fill?: string;
}

/** A labelled field with its hint and what is wrong with it. */
export function Field({ label, hint = "", wrong = "", value, change, type = "text", choices, placeholder, mono = false, fill = "off" }: FieldProps): JSX.Element {
  const id = useId();
  const about = { id, "aria-invalid": wrong ? true : undefined, "aria-describedby": `${id}-hint` };
  return (
    <div class="form-field">
      <label class="b f12" for={id}>{label}</label>
      {choices ? (
        <select {...about} class="field" value={value} onChange={(event) => change(event.currentTarget.value)}>
          {choices.map((each) => <option key={each.value} value={each.value}>{each.label}</option>)}
        </select>
      ) : (
        <input {...about} class={`field${mono ? " mono" : ""}${wrong ? " wrong" : ""}`} type={type} autocomplete={fill} spellcheck={false} placeholder={placeholder} value={value} onInput={(event) => change(event.currentTarget.value)} />
      )}
      <span class={`f11 ${wrong ? "error" : "t3"}`} id={`${id}-hint`}>{wrong || hint}</span>
    </div>
  );
}

export function Check({ label, on, change, disabled = false }: { label: string; on: boolean; change: (on: boolean) => void; disabled?: boolean }): JSX.Element {
  return <label class="row g2"><input type="checkbox" checked={on} disabled={disabled} onChange={(event) => change(event.currentTarget.checked)} />{label}</label>;
}

/** A form over the page. Escape closes it; focus returns to what opened it. */
export function Dialog({ title, act, run, close, busy = false, children }: { title: string; act: string; run: () => void; close: () => void; busy?: boolean; children: ComponentChildren }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    run();
  };
  return (
    <dialog class="card keys asking" ref={dialog} aria-label={title} onClose={close}>
      <h2>{title}</h2>
      <form onSubmit={submit}>
        {children}
        <div class="row"><button class="btn p" type="submit" disabled={busy}>{act}</button><button class="btn" type="button" onClick={() => dialog.current?.close()}>Cancel</button></div>
      </form>
    </dialog>
  );
}

/** A question before something that cannot be taken back. Focus returns to what opened it. */
export function Confirm({ title, act, run, close, children }: { title: string; act: string; run: () => void; close: () => void; children?: ComponentChildren }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="card keys confirm" ref={dialog} aria-label={title} onClose={close}>
      <h2>{title}</h2>
      {children}
      <div class="row"><button class="btn danger" onClick={run}>{act}</button><button class="btn" onClick={() => dialog.current?.close()}>Keep it</button></div>
    </dialog>
  );
}
