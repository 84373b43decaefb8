/** The cliques of both ends, asked for anew as the picture changes. */
import { effect, signal } from "@preact/signals";
import { ask } from "../../api/client";
import { Problem } from "../../api/problem";
import { token } from "../../api/session";
import type { CliqueView } from "../../api/types";
import { picture, revision } from "../../live/store";
import { at, environment, place } from "../../state/place";

export const near = signal<CliqueView | null>(null);
export const far = signal<CliqueView | null>(null);
export const cliqueTrouble = signal<Problem | null>(null);
const REST = 400;
let timer: ReturnType<typeof setTimeout> | undefined;
let last = "";

effect(() => {
  const { page, focus, peer } = place.value;
  const key = [environment.value, focus, peer, at.value].join("\n");
  revision.value; // what changed may be on the way
  if (page !== "tree" || !focus || !token.value || !picture.value) return;
  if (key !== last) {
    last = key;
    clearTimeout(timer);
    timer = undefined;
    void load(key, focus, peer);
  } else timer ??= setTimeout(() => ((timer = undefined), void load(last, place.peek().focus, place.peek().peer)), REST);
});

async function load(key: string, focus: string, peer: string): Promise<void> {
  const where = { environment: environment.peek(), at: at.peek() };
  try {
    const found = await Promise.all([ask("get_clique", { ...where, id: focus, peer }), peer ? ask("get_clique", { ...where, id: peer }) : null]);
    if (key !== last) return;
    near.value = found[0] ?? null;
    far.value = found[1] ?? null;
    cliqueTrouble.value = null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (key !== last) return;
    near.value = null;
    cliqueTrouble.value = error;
  }
}
