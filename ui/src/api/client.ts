import { addressOf } from "./address";
import { Problem, problemOf } from "./problem";
import { signOut, token, turnedAway, user } from "./session";
import { WAYS, type Operations } from "./types";

/** What is asked before anybody is signed in. */
const OPEN: ReadonlySet<keyof Operations> = new Set(["log_in", "change_password"]);

/** Ask for an operation. Rejects with `Problem`; an unknown token signs out. */
export async function ask<K extends keyof Operations>(
  operation: K,
  request: Operations[K]["request"],
  cancel?: AbortSignal,
): Promise<Operations[K]["response"]> {
  const [method, path] = WAYS[operation];
  const secret = token.peek();
  if (!secret && !OPEN.has(operation)) throw new Problem(401, "nobody is signed in");
  const headers: Record<string, string> = secret ? { Authorization: `Bearer ${secret}` } : {};
  const init: RequestInit = { method, headers };
  if (cancel) init.signal = cancel;
  let address = `/api/v1/${path}`;
  if (method === "GET") address = addressOf(path, request as Record<string, unknown>);
  else {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(request);
  }
  const response = await sent(address, init);
  if (response.status === 401 && secret === token.peek()) turnedAway();
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Operations[K]["response"];
}

/** Whether the server takes a token, before anything is kept of it. Rejects with `Problem`. */
export async function knows(secret: string): Promise<void> {
  const response = await sent("/api/v1/environments", { headers: { Authorization: `Bearer ${secret}` } });
  if (!response.ok) throw await problemOf(response);
}

/** Sign out; the session of a user ends at the server too, where that can be reached. */
export async function leave(): Promise<void> {
  try {
    if (user.peek()) await ask("log_out", {});
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  signOut();
}

async function sent(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "The server does not answer.", "It is asked again as soon as it is back.");
  }
}
