import { effect, signal } from "@preact/signals";
import { ask } from "../../api/client";
import { Problem } from "../../api/problem";
import type { Probed } from "../../api/types";
import { announce } from "../../state/announce";
import { EMPTY, fileOf, keepable, type Draft, type DraftHost } from "./draft";

const KEY = "calipso.environment-draft";

/** The environment being added or changed. It is kept in this browser without its secrets. */
export const draft = signal<Draft>(kept());
/** Host → how its test stands. */
export const tests = signal<Readonly<Record<string, Test>>>({});

export interface Test {
  state: "running" | "ok" | "remark" | "failed" | "waits";
  seconds: number;
  says: string;
  probe: Probed | null;
  raw: readonly string[];
}

function kept(): Draft {
  try {
    const said = JSON.parse(localStorage.getItem(KEY) ?? "null") as Draft | null;
    return said ? { ...EMPTY, ...said } : EMPTY;
  } catch {
    return EMPTY; // of an older version
  }
}

effect(() => localStorage.setItem(KEY, JSON.stringify(keepable(draft.value))));

export function change(part: Partial<Draft>): void {
  draft.value = { ...draft.value, ...part };
}

export function changeHost(place: number, part: Partial<DraftHost>): void {
  change({ hosts: draft.value.hosts.map((host, i) => (i === place ? { ...host, ...part } : host)) });
}

export function startOver(next: Draft = EMPTY): void {
  draft.value = next;
  tests.value = {};
}

/** Test every host at once; each row fills as its answer comes. */
export async function testAll(): Promise<void> {
  await Promise.all(draft.value.hosts.map((host) => test(host)));
  const failed = Object.values(tests.value).filter((each) => each.state === "failed").length;
  announce(failed ? `${failed} of ${draft.value.hosts.length} tests failed` : "All tests pass");
}

export async function test(host: DraftHost): Promise<void> {
  const note = (told: Test): void => void (tests.value = { ...tests.value, [host.name]: told });
  if (host.way === "agent") return note({ state: "waits", seconds: 0, says: "waits for the agent on the host to call", probe: null, raw: [] });
  note({ state: "running", seconds: 0, says: "", probe: null, raw: [] });
  const began = Date.now();
  try {
    note(host.way === "ssh" || host.way === "openstack" ? await connected(host) : await looked(host, began));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    note({ state: "failed", seconds: (Date.now() - began) / 1000, says: error.detail, probe: null, raw: error.hint ? [error.hint] : [] });
  }
}

async function connected(host: DraftHost): Promise<Test> {
  const { items } = await ask("test_connections", { text: fileOf(draft.peek(), host.name), timeout: 10 });
  const probe = items.find((each) => each.status === "failed") ?? items[0] ?? null;
  if (!probe) return { state: "remark", seconds: 0, says: "there is no connection test for it; a scan tells", probe, raw: [] };
  return { state: probe.status === "ok" ? "ok" : "failed", seconds: probe.seconds, says: probe.reason, probe, raw: [probe.reason, probe.hint ?? ""].filter(Boolean) };
}

/** What has no test of its own is looked at once, and nothing of it is kept. */
async function looked(host: DraftHost, began: number): Promise<Test> {
  const { items } = await ask("try_environment", { text: fileOf(draft.peek(), host.name) });
  const good = items.filter((each) => each.status === "ok");
  const bad = items.filter((each) => each.status !== "ok" && each.status !== "nothing there");
  const raw = bad.flatMap((each) => each.errors.map((error) => `${each.source}: ${error.message}`));
  const says = good.length ? `${good.map((each) => each.source).join(", ")} can be read` : raw[0] ?? "nothing was found there";
  return { state: !bad.length ? "ok" : good.length ? "remark" : "failed", seconds: (Date.now() - began) / 1000, says, probe: null, raw };
}
