import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { SupportedEnvironment } from "../../api/types";
import { loadEnvironments } from "../../live/store";
import { attempt } from "../../parts/asked";
import { Check, Field } from "../../parts/Form";
import { Glyph } from "../../parts/Glyph";
import { Trouble } from "../../parts/Said";
import { go, place } from "../../state/place";
import { counted } from "../../state/words";
import { fileOf, missing } from "./draft";
import { CredentialStep, EndpointStep, TypeStep } from "./Steps";
import { Tests } from "./Tests";
import { change, draft, startOver, tests } from "./wizard";

const STEPS = [
  { id: "type", label: "Type" }, { id: "endpoints", label: "Endpoints" }, { id: "credentials", label: "Credentials" }, { id: "test", label: "Test" }, { id: "start", label: "Scope and start" },
] as const;

export const visit = (step: string): void => go({ more: { ...place.value.more, step } });

export function Wizard({ list }: { list: readonly SupportedEnvironment[] }): JSX.Element {
  const step = place.value.more["step"] ?? "type";
  const here = STEPS.findIndex((each) => each.id === step);
  const lacks = missing(draft.value, step);
  const failed = draft.value.hosts.filter((host) => tests.value[host.name]?.state === "failed");
  return (
    <div class="wizard">
      <nav class="wizard-steps" aria-label="Steps">
        {STEPS.map((each, i) => <Step key={each.id} n={i + 1} id={each.id} label={each.label} here={each.id === step} />)}
      </nav>
      <div class="page" tabIndex={0} role="region" aria-label={STEPS[here]?.label ?? "Step"}>
        {step === "type" ? <TypeStep list={list} /> : null}
        {step === "endpoints" ? <EndpointStep /> : null}
        {step === "credentials" ? <CredentialStep /> : null}
        {step === "test" ? <Tests /> : null}
        {step === "start" ? <StartStep /> : (
          <div class="wizard-foot">
            {here > 0 ? <button class="btn" onClick={() => visit(STEPS[here - 1]?.id ?? "type")}>Back</button> : null}
            <span class="t2 f12">{lacks || (step === "test" && failed.length ? `${failed.map((host) => host.name).join(", ")} will be drawn as not reached until it answers.` : "")}</span>
            <button class="btn p" disabled={lacks !== ""} onClick={() => visit(STEPS[here + 1]?.id ?? "start")}>{step === "test" && failed.length ? `Go on without ${failed.length === 1 ? failed[0]?.name : `${failed.length} of them`}` : "Go on"}</button>
          </div>
        )}
      </div>
    </div>
  );
}

function Step({ n, id, label, here }: { n: number; id: string; label: string; here: boolean }): JSX.Element {
  const done = !here && isDone(id);
  return (
    <button class="wizard-step" aria-current={here ? "step" : undefined} onClick={() => visit(id)}>
      <span class={`wizard-n${done ? " done" : ""}`}>{done ? <Glyph name="ui-check" size="s" /> : n}</span>
      <span class="col"><span class="b">{label}</span><span class="t2 f12">{noteOf(id)}</span></span>
    </button>
  );
}

function isDone(id: string): boolean {
  const { hosts } = draft.value;
  if (id === "type" || id === "endpoints") return !missing(draft.value, id);
  if (id === "credentials") return hosts.length > 0 && hosts.every((host) => ["ok", "remark", "waits"].includes(tests.value[host.name]?.state ?? ""));
  return id === "test" && hosts.length > 0 && hosts.every((host) => ["ok", "remark", "waits"].includes(tests.value[host.name]?.state ?? ""));
}

function noteOf(id: string): string {
  const said = draft.value;
  if (id === "type") return [said.type === "Plain" ? "Linux hosts" : said.type, said.distribution, said.version].filter(Boolean).join(", ");
  if (id === "endpoints") return said.hosts.length ? `${said.hosts.length} given` : "none yet";
  if (id === "credentials") return "kept on the server";
  if (id === "test") return `${said.hosts.filter((host) => tests.value[host.name]?.state === "ok").length} of ${said.hosts.length} pass`;
  return said.base ? "change it" : "add it";
}

function StartStep(): JSX.Element {
  const scan = useSignal(true);
  const trouble = useSignal<Problem | null>(null);
  const busy = useSignal(false);
  const said = draft.value;
  const lacks = missing(said, "type") || missing(said, "endpoints");
  const keep = async (): Promise<void> => {
    busy.value = true;
    const { name } = said;
    const kept = await attempt(async () => {
      await ask("put_environment", { text: fileOf(said) });
      await loadEnvironments();
    }, (problem) => (trouble.value = problem));
    busy.value = false;
    if (!kept) return;
    startOver();
    if (scan.value) await attempt(async () => void (await ask("start_scan", { environment: name, queue: true })), () => undefined);
    go({ page: scan.value ? "scans" : "environments", environment: name, focus: "", more: {} });
  };
  return (
    <>
      <div class="wizard-lead"><h2>{said.base ? `Change ${said.name}` : `Add ${said.name || "it"}`}</h2><p class="t2">{counted(said.hosts.length, "entry is", "entries are")} looked at from now on, each by every source that finds something there.</p></div>
      <div class="form">
        <Field label="History" type="number" value={said.historyDays} change={(historyDays) => change({ historyDays })} hint="Days that changes are kept." />
      </div>
      <Check label="Run a scan now and watch it" on={scan.value} change={(on) => (scan.value = on)} />
      <details class="sheet"><summary class="sheet-head"><b>As a file</b><span class="t3">what is kept; the same as calipso env add FILE takes</span></summary><div class="sheet-body"><pre class="raw">{masked(fileOf(said))}</pre></div></details>
      <Trouble problem={trouble.value} />
      <div class="wizard-foot">
        <button class="btn" onClick={() => visit("test")}>Back</button>
        <span class="t2 f12">{lacks}</span>
        <button class="btn p" disabled={lacks !== "" || busy.value} onClick={() => void keep()}>{said.base ? "Keep the change" : "Add environment"}</button>
      </div>
    </>
  );
}

function masked(text: string): string {
  return text.replace(/("(?:[a-z_]*password|passphrase|community|auth_key|priv_key)": ")(?!env:|file:)[^"]+"/g, '$1********"');
}
