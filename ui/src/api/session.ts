import { signal } from "@preact/signals";

const KEY = "calipso.token";
const USER = "calipso.user";

/** The token this tab signs its requests with, "" for none. It lives as long as the tab and is never in an address. */
export const token = signal(begin());

/** Whose password this tab was signed in by, "" when it was by a token. */
export const user = signal(token.value ? sessionStorage.getItem(USER) ?? "" : "");

/** Take the token of an earlier page of this tab, or the one the address brought behind its `#`, and clean the address. */
function begin(): string {
  const brought = new URLSearchParams(location.hash.slice(1)).get("token")?.trim();
  if (!brought) return sessionStorage.getItem(KEY) ?? "";
  sessionStorage.setItem(KEY, brought);
  sessionStorage.removeItem(USER);
  history.replaceState(history.state, "", location.pathname + location.search);
  return brought;
}

/** Whether the server refused the token that this tab was signed in with. */
export const refused = signal(false);

/** Sign this tab in by a token; name: of the user whose password gave it. */
export function signIn(secret: string, name = ""): void {
  const said = secret.trim();
  sessionStorage.setItem(KEY, said);
  sessionStorage.setItem(USER, name);
  refused.value = false;
  user.value = name;
  token.value = said;
}

export function signOut(): void {
  forget(false);
}

/** The server does not take the token any more. */
export function turnedAway(): void {
  forget(true);
}

function forget(byServer: boolean): void {
  refused.value = byServer;
  sessionStorage.removeItem(KEY);
  sessionStorage.removeItem(USER);
  user.value = "";
  token.value = "";
}
