import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import { signIn } from "../../api/session";
import { attempt, useAsked } from "../../parts/asked";
import { Field } from "../../parts/Form";
import { Trouble, Waiting } from "../../parts/Said";
import { when } from "../../parts/words";
import { announce } from "../../state/announce";
import { lasting } from "../../state/words";
import { NewPassword } from "./NewPassword";
import { ROLES, unfit } from "./roles";
import { SCOPES } from "./scopes";

/** Whose token this tab asks with, what it may, and a user's own password. */
export function You(): JSX.Element {
  const { answer, trouble, again } = useAsked("who_am_i", {});
  const may = answer && (ROLES.find((each) => each.id === answer.role)?.says ?? answer.scopes.map((scope) => SCOPES.find((each) => each.id === scope)?.says ?? scope).join(", "));
  return (
    <div class="page" tabIndex={0} role="region" aria-label="You">
      <Trouble problem={trouble} again={() => void again()} />
      {!answer && !trouble ? <Waiting /> : null}
      {answer ? (
        <section class="sheet" aria-label="Who you are">
          <div class="sheet-body">
            <dl class="kv">
              <dt>Signed in as</dt><dd class="b">{answer.role ? answer.name : `whoever has the token ${answer.name}`}</dd>
              {answer.role ? <><dt>Role</dt><dd>{answer.role}</dd></> : null}
              <dt>May</dt><dd>{may}</dd>
              <dt>Until</dt><dd class="mono">{answer.expires ? `${when(answer.expires)}, in ${lasting(Date.parse(answer.expires) - Date.now())}` : "for as long as the token is good"}</dd>
            </dl>
          </div>
        </section>
      ) : null}
      {answer?.role ? <Password name={answer.name} changed={() => void again()} /> : null}
    </div>
  );
}

function Password({ name, changed }: { name: string; changed: () => void }): JSX.Element {
  const [now, fresh, once] = [useSignal(""), useSignal(""), useSignal("")];
  const trouble = useSignal<Problem | null>(null);
  const wrong = trouble.value?.status === 403 ? `${trouble.value.detail}. ${trouble.value.hint}` : "";
  const change = (): Promise<boolean> => attempt(async () => {
    signIn((await ask("change_password", { name, password: now.value, new_password: fresh.value })).token, name);
    now.value = fresh.value = once.value = "";
    announce("The password is changed");
    changed();
  }, (problem) => (trouble.value = problem));
  return (
    <section class="sheet" aria-label="Change your password">
      <form class="sheet-body" onSubmit={(event) => (event.preventDefault(), void change())}>
        <h2 class="f15">Change your password</h2>
        <p class="t2">All other sessions of yours end; this tab goes on.</p>
        <div class="form">
          <Field label="Password now" type="password" fill="current-password" value={now.value} change={(value) => (now.value = value)} wrong={wrong} />
          <NewPassword fresh={fresh} again={once} />
        </div>
        <Trouble problem={wrong ? null : trouble.value} />
        <div class="row"><button class="btn p" disabled={!now.value || !fresh.value || fresh.value !== once.value || unfit(fresh.value, once.value) !== ""}>Change password</button></div>
      </form>
    </section>
  );
}
