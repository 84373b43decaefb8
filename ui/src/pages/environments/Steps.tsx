import type { JSX } from "preact";
import type { SupportedEnvironment } from "../../api/types";
import { Field } from "../../parts/Form";
import { Glyph } from "../../parts/Glyph";
import { TYPES, WAYS, type DraftHost, type FieldSpec, type Values, type Way } from "./draft";
import { change, changeHost, draft, tests } from "./wizard";

/** What kind of environment it is; choices follow from the list of supported environments. */
export function TypeStep({ list }: { list: readonly SupportedEnvironment[] }): JSX.Element {
  const said = draft.value;
  const fitting = list.filter((each) => each.type === said.type);
  const versions = fitting.filter((each) => each.distribution === said.distribution);
  const drivers = versions.filter((each) => !said.version || each.version === said.version);
  return (
    <>
      <div class="wizard-lead"><h2>What is to be watched</h2><p class="t2">The type decides what is asked for; everything is only read.</p></div>
      <div class="form" role="radiogroup" aria-label="Type">
        {TYPES.map((type) => (
          <button key={type.id} class="choice" role="radio" aria-checked={said.type === type.id} onClick={() => change({ type: type.id, distribution: "", version: "", mechanism: "", typeDriver: "" })}>
            <span class="row g2"><Glyph name={type.glyph} />{type.label}</span><span class="t2 f12">{type.says}</span>
          </button>
        ))}
      </div>
      <div class="form">
        <Field label="Name" value={said.name} change={(name) => change({ name })} mono hint={said.base ? "Another name makes another environment." : "How it is called here."} />
        {fitting.length ? <Pick label="Distribution" among={fitting.map((each) => each.distribution)} value={said.distribution} set={(distribution) => change({ distribution, version: "", mechanism: "", typeDriver: "" })} /> : null}
        {versions.length ? <Pick label="Version" among={versions.map((each) => each.version)} value={said.version} set={(version) => change({ version })} /> : null}
        {drivers.length ? <Pick label="Mechanism driver" among={drivers.map((each) => each.mechanism_driver)} value={said.mechanism} set={(mechanism) => change({ mechanism })} /> : null}
        {drivers.length ? <Pick label="Type driver" among={drivers.filter((each) => !said.mechanism || said.mechanism === each.mechanism_driver).map((each) => each.type_driver)} value={said.typeDriver} set={(typeDriver) => change({ typeDriver })} /> : null}
      </div>
    </>
  );
}

function Pick({ label, among, value, set }: { label: string; among: readonly string[]; value: string; set: (value: string) => void }): JSX.Element {
  const choices = ["", ...new Set([...among, ...(value ? [value] : [])])].filter((each, i) => each || !i);
  return <Field label={label} value={value} change={set} choices={choices.map((each) => ({ value: each, label: each || "not said" }))} />;
}

const OFFERED: Readonly<Record<string, readonly Way[]>> = { OpenStack: ["openstack", "mysql", "ssh", "agent", "snmp"] };

export function EndpointStep(): JSX.Element {
  const ways = OFFERED[draft.value.type] ?? (["ssh", "agent", "local", "snmp"] as const);
  const add = (way: Way): void => {
    const number = draft.value.hosts.length + 1;
    change({ hosts: [...draft.value.hosts, { name: way === "openstack" ? "api" : way === "mysql" ? "database" : way === "snmp" ? `switch${number}` : `host${number}`, way, values: {} }] });
  };
  return (
    <>
      <div class="wizard-lead"><h2>Where it is</h2><p class="t2">Each entry is looked at by itself: one that fails keeps nothing from the others.</p></div>
      {draft.value.hosts.map((host, place) => (
        <section class="sheet" key={place} aria-label={host.name || "without a name"}>
          <div class="sheet-head"><Glyph name={WAYS[host.way].glyph} /><b>{WAYS[host.way].label}</b><span class="t3">{WAYS[host.way].says}</span><span class="grow" />
            <button class="btn q" aria-label={`Remove ${host.name}`} onClick={() => change({ hosts: draft.value.hosts.filter((_, i) => i !== place) })}><Glyph name="ui-close" size="s" />Remove</button></div>
          <div class="sheet-body form">
            <Field label="Name" value={host.name} change={(name) => changeHost(place, { name })} mono hint="As the host calls itself." />
            <Fields fields={WAYS[host.way].where} values={host.values} set={(values) => changeHost(place, { values })} host={host} />
          </div>
        </section>
      ))}
      <div class="row wrap"><span class="t2">Add</span>{ways.map((way) => <button key={way} class="btn" onClick={() => add(way)}><Glyph name="ui-plus" size="s" />{WAYS[way].label}</button>)}</div>
    </>
  );
}

export function CredentialStep(): JSX.Element {
  const hosts = draft.value.hosts;
  const own = hosts.map((host, place) => ({ host, place })).filter(({ host }) => WAYS[host.way].who.length);
  return (
    <>
      <div class="wizard-lead"><h2>Who Calipso is there</h2><p class="t2">Secrets stay on the server. This browser keeps none of them, and no answer shows one.</p></div>
      {hosts.some((host) => host.way === "ssh") ? (
        <section class="sheet" aria-label="All hosts by SSH">
          <div class="sheet-head"><h2>All hosts by SSH</h2><span class="t3">for each that says nothing else</span></div>
          <div class="sheet-body form"><Fields fields={WAYS.ssh.who} values={draft.value.all} set={(all) => change({ all })} /></div>
        </section>
      ) : null}
      {own.map(({ host, place }) => (
        <details class="sheet" key={host.name} open={host.way !== "ssh" || WAYS.ssh.who.some((field) => host.values[field.name])}>
          <summary class="sheet-head"><Glyph name={WAYS[host.way].glyph} /><b>{host.name}</b><span class="t3">{host.way === "ssh" ? "otherwise than all" : WAYS[host.way].label}</span></summary>
          <div class="sheet-body form"><Fields fields={WAYS[host.way].who} values={host.values} set={(values) => changeHost(place, { values })} host={host} /></div>
        </details>
      ))}
      {!own.length ? <p class="t2">Nothing that is named needs credentials here.</p> : null}
    </>
  );
}

/** The fields of an entry; what a test said of one is said at it. */
function Fields({ fields, values, set, host }: { fields: readonly FieldSpec[]; values: Values; set: (values: Values) => void; host?: DraftHost }): JSX.Element {
  const probe = host ? tests.value[host.name]?.probe : null;
  const concerned = probe?.error ? (probe.field ?? "").split(", ").map((each) => each.split(".").at(-1)) : [];
  return (
    <>
      {fields.map((field) => (
        <Field key={field.name} label={field.label} hint={field.hint ?? ""} mono wrong={concerned.includes(field.name) ? probe?.reason ?? "" : ""}
          type={field.type === "secret" && !/^(env|file):/.test(values[field.name] ?? "") ? "password" : field.type === "number" ? "number" : "text"}
          {...(field.choices ? { choices: field.choices.map((each) => ({ value: each, label: each || "not said" })) } : {})}
          value={values[field.name] ?? ""} change={(value) => set({ ...values, [field.name]: value })} />
      ))}
    </>
  );
}
