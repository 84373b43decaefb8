import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask, knows } from "../api/client";
import { Problem } from "../api/problem";
import { refused, signIn } from "../api/session";
import { NewPassword } from "../pages/access/NewPassword";
import { unfit } from "../pages/access/roles";

/** The status that says: this password was made for you, choose your own. */
const CHOOSE = 409;

/** Asks for a name and password, or for a token. The address `calipso up` prints brings a token behind its `#`. */
export function SignIn(): JSX.Element {
  const [name, secret, fresh, again] = [useSignal(""), useSignal(""), useSignal(""), useSignal("")];
  const choosing = useSignal(false);
  const trouble = useSignal(refused.value ? "You were signed out: the session or token has expired or was ended, or your role or password was changed. You come back to where you are." : "");
  const asking = useSignal(false);
  const unready = choosing.value && (!fresh.value || fresh.value !== again.value || unfit(fresh.value, again.value) !== "");
  const enter = async (): Promise<void> => {
    const [user, password] = [name.value.trim(), secret.value];
    if (!user) {
      await knows(password.trim());
      signIn(password);
      return;
    }
    const made = choosing.value ? await ask("change_password", { name: user, password, new_password: fresh.value }) : await ask("log_in", { name: user, password });
    signIn(made.token, user);
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!secret.value.trim() || unready) return;
    asking.value = true;
    try {
      await enter();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      choosing.value = choosing.value || error.status === CHOOSE;
      trouble.value = error.status === CHOOSE ? "" : said(error);
    } finally {
      asking.value = false;
    }
  };
  return (
    <main class="signin">
      <form class="card signin-card" onSubmit={(event) => void submit(event)}>
        <h1>Sign in to Calipso</h1>
        {choosing.value ? (
          <p class="t2">This password was made for you by somebody who knows it. Choose one that only you know; then you are in.</p>
        ) : (
          <p class="t2">
            With your name and password, or with a token alone: one is in the file <code>token</code> of the server's folder,
            and at a terminal <code>calipso up</code> prints an address that signs in by itself.
          </p>
        )}
        <label class="col">
          <span class="b">Name <span class="t3">if you have one here</span></span>
          <input class="field" type="text" autocomplete="username" autocapitalize="none" spellcheck={false} autofocus disabled={choosing.value} value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        </label>
        <label class="col">
          <span class="b">Password or token</span>
          <input class="field mono" type="password" autocomplete="current-password" spellcheck={false} disabled={choosing.value} value={secret.value} onInput={(event) => (secret.value = event.currentTarget.value)} aria-describedby="signin-trouble" />
        </label>
        {choosing.value ? <NewPassword fresh={fresh} again={again} /> : null}
        <div id="signin-trouble" role="alert">{trouble.value ? <div class="callout error">{trouble.value}</div> : null}</div>
        <button class="btn p" disabled={asking.value || unready}>{choosing.value ? "Choose it and sign in" : "Sign in"}</button>
        <p class="t3 f12">What signs you in stays in this tab and goes with it.</p>
      </form>
    </main>
  );
}

function said(problem: Problem): string {
  if (problem.status === 401) return "The server does not know this token, or it has expired.";
  return problem.unreachable ? "The server does not answer." : [problem.detail, problem.hint].filter(Boolean).join("; ");
}
