import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { knows } from "../api/client";
import { Problem } from "../api/problem";
import { refused, signIn } from "../api/session";

/** Asks for a token. The address `calipso up` prints brings one behind its `#`. */
export function SignIn(): JSX.Element {
  const secret = useSignal("");
  const trouble = useSignal(refused.value ? "This token has expired or was revoked. Whoever made it can make another; you come back to where you are." : "");
  const asking = useSignal(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!secret.value.trim()) return;
    asking.value = true;
    try {
      await knows(secret.value.trim());
      signIn(secret.value);
    } catch (error) {
      trouble.value = error instanceof Problem ? said(error) : String(error);
    } finally {
      asking.value = false;
    }
  };
  return (
    <main class="signin">
      <form class="card signin-card" onSubmit={(event) => void submit(event)}>
        <h1>Sign in to Calipso</h1>
        <p class="t2">
          A token is in the file <code>token</code> of the server's folder; <code>calipso token create</code> makes more. At a
          terminal, <code>calipso up</code> prints an address that signs in by itself.
        </p>
        <label class="col">
          <span class="b">Token</span>
          <input class="field mono" type="password" autocomplete="off" spellcheck={false} autofocus value={secret.value} onInput={(event) => (secret.value = event.currentTarget.value)} aria-describedby="signin-trouble" />
        </label>
        <div id="signin-trouble" role="alert">{trouble.value ? <div class="callout error">{trouble.value}</div> : null}</div>
        <button class="btn p" disabled={asking.value}>Sign in</button>
        <p class="t3 f12">The token stays in this tab and goes with it.</p>
      </form>
    </main>
  );
}

function said(problem: Problem): string {
  if (problem.status === 401) return "The server does not know this token, or it has expired.";
  return problem.unreachable ? "The server does not answer." : problem.detail;
}
