import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { CreatedToken } from "../../api/types";
import { attempt, useAsked } from "../../parts/asked";
import { Check, Confirm, Field } from "../../parts/Form";
import { Empty, Stated, Trouble, Waiting } from "../../parts/Said";
import { when } from "../../parts/words";
import { lasting } from "../../state/words";
import { Once } from "./Once";
import { misnamed } from "./names";
import { SCOPES, type Scope } from "./scopes";

const ENDS = [{ value: "", label: "never" }, { value: "1d", label: "in 1 day" }, { value: "30d", label: "in 30 days" }, { value: "90d", label: "in 90 days" }, { value: "365d", label: "in a year" }, { value: "at", label: "at a moment" }];

export function Tokens(): JSX.Element {
  const asked = useAsked("get_tokens", {}, 15);
  const made = useSignal<CreatedToken | null>(null);
  const going = useSignal("");
  const trouble = useSignal<Problem | null>(null);
  const revoke = (): Promise<boolean> => attempt(async () => {
    await ask("revoke_token", { name: going.value });
    going.value = "";
    await asked.again();
  }, (problem) => (trouble.value = problem));
  return (
    <div class="page" tabIndex={0} role="region" aria-label="Tokens">
      <New done={(answer) => ((made.value = answer), void asked.again())} />
      {made.value ? <Once title={`The token of ${made.value.about.name} is shown this once`} secret={made.value.token} close={() => (made.value = null)} /> : null}
      <Trouble problem={asked.trouble} />
      {!asked.answer && !asked.trouble ? <Waiting /> : null}
      {asked.answer ? (
        <section class="sheet" aria-label="Named tokens">
          {asked.answer.items.length ? (
            <table>
              <thead><tr>{["Name", "State", "May", "Made", "Ends", ""].map((each) => <th key={each} scope="col">{each || <span class="vh">Actions</span>}</th>)}</tr></thead>
              <tbody>{asked.answer.items.map((each) => (
                <tr key={each.name}>
                  <td class="b">{each.name}</td><td><Stated severity={each.expired ? "stale" : "ok"} word={each.expired ? "over" : "good"} /></td>
                  <td>{each.scopes.map((scope) => <span key={scope} class="chip">{scope}</span>)}</td><td class="mono">{when(each.created)}</td>
                  <td class="mono">{each.expires ? `${when(each.expires)}${each.expired ? "" : `, in ${lasting(Date.parse(each.expires) - Date.now())}`}` : "never"}</td>
                  <td class="num"><button class="btn q danger" aria-label={`Revoke ${each.name}`} onClick={() => (going.value = each.name)}>Revoke</button></td>
                </tr>
              ))}</tbody>
            </table>
          ) : <Empty title="There are no named tokens">The admin token of the server's folder always works; make others for people and programs.</Empty>}
        </section>
      ) : null}
      {going.value ? (
        <Confirm title={`Revoke ${going.value}`} act="Revoke it" run={() => void revoke()} close={() => (going.value = "")}>
          <p>Whoever uses it is refused from the next request on. It cannot be brought back; another one can be made.</p>
          <Trouble problem={trouble.value} />
        </Confirm>
      ) : null}
    </div>
  );
}

function New({ done }: { done: (made: CreatedToken) => void }): JSX.Element {
  const [name, ends, moment] = [useSignal(""), useSignal("90d"), useSignal("")];
  const scopes = useSignal<readonly Scope[]>(["read"]);
  const trouble = useSignal<Problem | null>(null);
  const wrong = misnamed(name.value, 80);
  const make = (): Promise<boolean> => attempt(async () => {
    done(await ask("create_token", { name: name.value, scopes: [...scopes.value], expires: ends.value === "at" ? moment.value : ends.value }));
    name.value = "";
  }, (problem) => (trouble.value = problem));
  return (
    <section class="sheet" aria-label="Create a token">
      <form class="sheet-body" onSubmit={(event) => (event.preventDefault(), void make())}>
        <div class="form">
          <Field label="Who it is for" value={name.value} change={(value) => (name.value = value)} mono wrong={wrong} hint="Its name stands in the journal." />
          <Field label="Ends" value={ends.value} change={(value) => (ends.value = value)} choices={ENDS} />
          {ends.value === "at" ? <Field label="Moment" value={moment.value} change={(value) => (moment.value = value)} mono hint="As 2030-01-31T00:00:00Z." /> : null}
        </div>
        <fieldset class="plain"><legend>What it may</legend>
          {SCOPES.map((scope) => <Check key={scope.id} label={`${scope.id}: ${scope.says}`} on={scopes.value.includes(scope.id)} change={(on) => (scopes.value = on ? [...scopes.value, scope.id] : scopes.value.filter((each) => each !== scope.id))} />)}
        </fieldset>
        <Trouble problem={trouble.value} />
        <div class="row"><button class="btn p" disabled={!name.value || wrong !== "" || !scopes.value.length}>Create token</button></div>
      </form>
    </section>
  );
}
