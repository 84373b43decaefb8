import { batch, computed, effect, signal } from "@preact/signals";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import { token } from "../api/session";
import type { EnvironmentView, Model, ScopeView } from "../api/types";
import { announce } from "../state/announce";
import { at, environment } from "../state/place";
import { Feed, type Notice } from "./feed";
import { Picture, type Change } from "./picture";

export type Connection = "connecting" | "live" | "catching up" | "offline";

/** Everything that is shared by pages and comes from the server. Whoever reads `version` is told of changes. */
export const connection = signal<Connection>("connecting");
export const offlineSince = signal(0);
export const nextTry = signal(0);
export const environments = signal<EnvironmentView[] | null>(null);
export const model = signal<Model | null>(null);
export const sources = signal<ScopeView[]>([]);
export const revision = signal(0);
export const newest = signal(0);
export const trouble = signal<Problem | null>(null);
export const recent = signal<{ at: number; changes: Change[] }[]>([]);

/** What was told last beside the graph: how far a scan is, a message. */
export const noticed = signal<Notice | null>(null);

const RECENT = 200;
/** Changes that are remembered at most. */
const MOST_RECENT = 10_000;
/** While changes come without end, the picture follows so often; ms. What nobody looks at follows less often. */
const DRAWN_EVERY = 100;
const HIDDEN_EVERY = 1000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const SOURCES_EVERY = 5000;

const live = signal<Picture | null>(null);
const past = signal<Picture | null>(null);
/** Rises with each change of the picture that is shown. */
export const version = signal(0);
/** What is there: now, or at the moment the address names. Null until it came. */
export const picture = computed(() => (at.value ? past.value : live.value));

let feed: Feed | null = null;
let wait = FIRST_WAIT;
let generation = 0;
let pending: Change[] = [];
let told = { seq: 0, ts: "" };
let drawing = false;
let drawn = 0;

/** Follow what the address names, for as long as the page lives. */
export function follow(): void {
  effect(() => {
    if (token.value) void loadEnvironments();
  });
  effect(() => {
    if (token.value && environment.value) void begin(environment.value, true);
  });
  effect(() => {
    if (token.value && environment.value && at.value) void loadPast(environment.value, at.value);
    else past.value = null;
    version.value = version.peek() + 1;
  });
  setInterval(() => {
    if (token.value && environment.value && connection.value === "live") void loadSources(environment.value);
  }, SOURCES_EVERY);
}

export async function loadEnvironments(): Promise<void> {
  try {
    environments.value = (await ask("get_environments", {})).items;
    trouble.value = null;
  } catch (error) {
    if (error instanceof Problem) trouble.value = error;
  }
}

async function begin(name: string, fresh: boolean): Promise<void> {
  const mine = ++generation;
  feed?.close();
  pending = [];
  connection.value = fresh ? "connecting" : "catching up";
  if (fresh) live.value = null;
  try {
    const [answer, words] = await Promise.all([ask("get_map", { environment: name }), fresh ? ask("get_model", { environment: name }) : model.peek()]);
    if (mine !== generation) return;
    batch(() => {
      model.value = words;
      live.value = Picture.of(answer);
      revision.value = answer.freshness.revision;
      newest.value = Date.parse(answer.freshness.as_of);
      trouble.value = null;
      version.value++;
    });
    void loadSources(name);
    listen(name, answer.freshness.revision, mine);
  } catch (error) {
    if (mine !== generation || !(error instanceof Problem)) return;
    trouble.value = error;
    if (error.unreachable || error.status >= 500) retry(name, mine);
  }
}

function listen(name: string, since: number, mine: number): void {
  feed = new Feed(name, since, token.value, {
    opened: () => {
      wait = FIRST_WAIT;
      connection.value = "live";
      offlineSince.value = 0;
    },
    changed: (seq, ts, changes) => take(seq, ts, changes),
    noticed: (notice) => (noticed.value = notice),
    missed: () => void begin(name, false),
    closed: () => retry(name, mine),
  });
}

function retry(name: string, mine: number): void {
  if (mine !== generation || !token.value) return;
  connection.value = "offline";
  if (!offlineSince.value) offlineSince.value = Date.now();
  nextTry.value = Date.now() + wait;
  setTimeout(() => mine === generation && void begin(name, false), wait);
  wait = Math.min(LONGEST_WAIT, wait * 2);
}

/** Frames are kept until the next picture is drawn: a thousand changes a second cost ten drawings. */
function take(seq: number, ts: string, changes: Change[]): void {
  for (const change of changes) pending.push(change);
  told = { seq, ts };
  if (drawing) return;
  drawing = true;
  const wait = document.hidden ? HIDDEN_EVERY : drawn + DRAWN_EVERY - performance.now();
  if (wait > 0) setTimeout(draw, wait);
  else requestAnimationFrame(draw);
}

function draw(): void {
  drawing = false;
  drawn = performance.now();
  const changes = pending;
  pending = [];
  if (!changes.length) return;
  const touched = live.value?.apply(changes) ?? [];
  batch(() => {
    revision.value = told.seq;
    newest.value = Date.parse(told.ts);
    recent.value = remembered([{ at: newest.value, changes: changes.map(brief) }, ...recent.value]);
    if (at.value === "") version.value++;
  });
  if (touched.length > 0) announce(`${changes.length} ${changes.length === 1 ? "change" : "changes"}`);
}

/** What is kept of a change: who and how, without all that was said of it. */
function brief({ object, link }: Change): Change {
  if (!object) return link ? { link } : {};
  const { op, id, kind, host, name } = object;
  return { object: { op, id, kind, host, name }, ...(link ? { link } : {}) };
}

function remembered(frames: { at: number; changes: Change[] }[]): typeof frames {
  let sum = 0;
  const end = frames.findIndex((frame) => (sum += frame.changes.length) > MOST_RECENT);
  return frames.slice(0, end < 0 ? RECENT : Math.max(1, Math.min(end, RECENT)));
}

async function loadPast(name: string, moment: string): Promise<void> {
  try {
    const answer = await ask("get_map", { environment: name, at: moment });
    if (at.value !== moment || environment.value !== name) return;
    batch(() => {
      past.value = Picture.of(answer);
      trouble.value = null;
      version.value++;
    });
  } catch (error) {
    if (error instanceof Problem && at.value === moment) trouble.value = error;
  }
}

export async function loadSources(name: string): Promise<void> {
  try {
    const { items } = await ask("get_sources", { environment: name });
    if (environment.value === name) sources.value = items;
  } catch (error) {
    if (error instanceof Problem) trouble.value = error;
  }
}

/** Scopes whose last look did not complete. */
export const staleScopes = computed(() => sources.value.filter((each) => each.stale));
let staleBefore: ReadonlySet<string> = new Set();
/** Hosts some of whose facts may be old; the same set until it is another, as everything is drawn anew with it. */
export const staleHosts = computed(() => {
  const found = new Set(staleScopes.value.map((each) => each.host));
  const unchanged = found.size === staleBefore.size && [...found].every((each) => staleBefore.has(each));
  return unchanged ? staleBefore : (staleBefore = found);
});
