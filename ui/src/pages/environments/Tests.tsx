import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Field } from "../../parts/Form";
import { Glyph } from "../../parts/Glyph";
import { counted } from "../../state/words";
import { meaning, WAYS, type DraftHost } from "./draft";
import { change, changeHost, draft, test, testAll, tests, type Test } from "./wizard";

const MARKS = { ok: ["st-ok", "m-ok", "passes"], remark: ["st-warn", "m-warn", "with a remark"], failed: ["st-error", "m-error", "fails"], waits: ["st-unknown", "m-unknown", "waits"] } as const;

/** All tests with their results as they come. A failing row opens by itself and can be mended there. */
export function Tests(): JSX.Element {
  const hosts = draft.value.hosts;
  const states = hosts.map((host) => tests.value[host.name]?.state);
  const many = (state: Test["state"]): number => states.filter((each) => each === state).length;
  return (
    <>
      <div class="row wizard-lead">
        <div class="grow">
          <h2>Test the connections</h2>
          <p class="t2">Each test logs in as a scan will, and does nothing else. No test writes anything.</p>
        </div>
        <button class="btn" disabled={many("running") > 0} onClick={() => void testAll()}>{states.some(Boolean) ? "Test all again" : "Test all"}</button>
      </div>
      <section class="sheet" aria-label="Tests" aria-busy={many("running") > 0}>
        <div class="sheet-head">
          <b>{counted(hosts.length, "test", "tests")}</b>
          {many("ok") ? <span class="row g2 ok"><Glyph name="st-ok" size="s" />{many("ok")} pass</span> : null}
          {many("remark") ? <span class="row g2 warn"><Glyph name="st-warn" size="s" />{many("remark")} with a remark</span> : null}
          {many("failed") ? <span class="row g2 error"><Glyph name="st-error" size="s" />{many("failed")} {many("failed") === 1 ? "fails" : "fail"}</span> : null}
          {many("running") ? <span class="t2">{many("running")} running</span> : null}
          <span class="grow" />
          <progress class={many("failed") ? "bad" : ""} max={hosts.length} value={states.filter((each) => each && each !== "running").length} aria-label="Tests that ended" />
        </div>
        {hosts.map((host, place) => <Row key={host.name} host={host} place={place} />)}
      </section>
    </>
  );
}

function Row({ host, place }: { host: DraftHost; place: number }): JSX.Element {
  const told = tests.value[host.name];
  const mark = told && told.state !== "running" ? MARKS[told.state] : null;
  const address = host.values["host"] || host.values["address"] || host.values["cloud"] || host.name;
  const user = host.values["user"] || (host.way === "ssh" ? draft.value.all["user"] : "");
  return (
    <>
      <div class={`test${told?.state === "failed" ? " failed" : ""}`} data-test={`test-${host.name}`}>
        {mark ? <Glyph name={mark[0]} tone={mark[1]} /> : told ? <span class="ring" aria-hidden="true" /> : <span />}
        <b class="trunc">{WAYS[host.way].label.replace(/^.* by /, "")} {host.name}</b>
        <span class="mono trunc">{user ? `${user}@` : ""}{address}</span>
        <span class={`trunc${told?.state === "failed" ? " b" : " t2"}`}>{!told ? "not tested yet" : told.state === "running" ? "running" : told.state === "failed" ? short(told) : told.says}</span>
        <span class="mono t2 num">{told && told.seconds ? (told.seconds < 0.001 ? "< 1 ms" : `${Math.round(told.seconds * 1000)} ms`) : ""}</span>
        <button class="btn q" disabled={told?.state === "running"} onClick={() => void test(host)}>{told ? "Test again" : "Test"}<span class="vh"> {host.name}</span></button>
      </div>
      {told?.state === "failed" ? <Why host={host} told={told} place={place} /> : null}
    </>
  );
}

function short(told: Test): string {
  return { AuthFailed: "Authentication refused", TimedOut: "No answer", Unreachable: "Not reached", ConfigError: "Not as it should be said" }[told.probe?.error ?? ""] ?? told.says;
}

/** What was reached, what was refused, the raw line, and the fields it concerns, to be mended here. */
function Why({ host, told, place }: { host: DraftHost; told: Test; place: number }): JSX.Element {
  const open = useSignal(true);
  const concerned = (told.probe?.field ?? "").split(", ").map((each) => each.split(".").at(-1));
  const fields = [...WAYS[host.way].where, ...WAYS[host.way].who].filter((field) => concerned.includes(field.name));
  const says = told.probe ? meaning(host, draft.value.all, told.probe) : told.says;
  return (
    <div class="test-why" role="group" aria-label={`Why ${host.name} fails`}>
      <div class="col">
        <h3>{says}</h3>
        <pre class="raw">{told.raw.join("\n") || told.says}</pre>
      </div>
      <div class="col">
        <h3 class="sech">What to do</h3>
        {open.value && fields.map((field) => (
          <Field key={field.name} label={field.label} type={field.type === "secret" ? "password" : "text"} mono wrong={told.probe?.error === "AuthFailed" ? "refused" : told.probe?.reason ?? ""}
            value={host.values[field.name] ?? draft.value.all[field.name] ?? ""} change={(value) => changeHost(place, { values: { ...host.values, [field.name]: value } })} />
        ))}
        <button class="btn p" onClick={() => void test(draft.value.hosts[place] ?? host)}>Test {host.name} again</button>
        <button class="btn" onClick={() => change({ hosts: draft.value.hosts.filter((each) => each !== host) })}>Leave {host.name} out for now</button>
      </div>
    </div>
  );
}
