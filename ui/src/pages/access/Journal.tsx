import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { Deed } from "../../api/types";
import { attempt } from "../../parts/asked";
import { Field } from "../../parts/Form";
import { Empty, Stated, Trouble, Waiting } from "../../parts/Said";
import { when } from "../../parts/words";

/** Every write: who, what, when, and how it ended; also what was refused. */
export function Journal(): JSX.Element {
  const [who, what] = [useSignal(""), useSignal("")];
  const deeds = useSignal<Deed[] | null>(null);
  const next = useSignal("");
  const trouble = useSignal<Problem | null>(null);
  const load = (cursor: string): Promise<boolean> => attempt(async () => {
    const page = await ask("get_audit", { who: who.value.trim(), what: what.value.trim(), limit: 100, cursor });
    deeds.value = [...(cursor ? deeds.value ?? [] : []), ...page.items];
    next.value = page.next ?? "";
  }, (problem) => (trouble.value = problem));
  useEffect(() => void load(""), [who.value, what.value]);
  return (
    <div class="page" tabIndex={0} role="region" aria-label="Journal">
      <div class="form"><Field label="Who" value={who.value} change={(value) => (who.value = value)} mono hint="A token's or a user's name, whole." /><Field label="What" value={what.value} change={(value) => (what.value = value)} mono hint="An operation, as put_environment." /></div>
      <Trouble problem={trouble.value} />
      {!deeds.value && !trouble.value ? <Waiting /> : null}
      {deeds.value ? (
        <section class="sheet" aria-label="Writes">
          {deeds.value.length ? (
            <table>
              <thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">How it ended</th><th scope="col">Of what</th></tr></thead>
              <tbody>{deeds.value.map((each, i) => (
                <tr key={i}><td class="mono">{when(each.at)}</td><td class="b" title={each.who}>{each.who.split(".session-")[0]}</td><td class="mono">{each.what}</td><td><Stated severity={each.outcome === "done" ? "ok" : "warn"} word={each.outcome} /></td>
                  <td class="wide t2">{Object.entries(each.about ?? {}).filter(([, value]) => value !== "").map(([name, value]) => `${name} ${value}`).join(", ")}</td></tr>
              ))}</tbody>
            </table>
          ) : <Empty title="No write fits">Reads are not noted.</Empty>}
        </section>
      ) : null}
      {next.value ? <button class="btn" onClick={() => void load(next.value)}>Earlier ones</button> : null}
    </div>
  );
}
