/** An environment on its way: what the wizard asks, and the file it becomes. Pure. */
import type { Environment, Probed, SupportedEnvironment } from "../../api/types";

export type Way = "ssh" | "local" | "agent" | "openstack" | "mysql" | "snmp";
export type Values = Readonly<Record<string, string>>;

export interface FieldSpec {
  name: string;
  label: string;
  hint?: string;
  type?: "number" | "secret" | "list" | "flag";
  choices?: readonly string[];
}

interface WaySpec {
  label: string;
  glyph: string;
  says: string;
  /** Where it is. */
  where: readonly FieldSpec[];
  /** Who we are there. */
  who: readonly FieldSpec[];
}

const SECRET = "A file:PATH or env:NAME of the server, or the secret itself, which is kept encrypted.";

export const WAYS: Readonly<Record<Way, WaySpec>> = {
  ssh: {
    label: "Linux host by SSH", glyph: "host", says: "Nothing is installed there.",
    where: [
      { name: "host", label: "Address", hint: "Name or address; its own name when empty." },
      { name: "port", label: "Port", type: "number", hint: "22 when empty." },
      { name: "jump", label: "Through", type: "list", hint: "Gateways in order: user@host:port" },
    ],
    who: [
      { name: "user", label: "User" },
      { name: "password", label: "Password", type: "secret", hint: SECRET },
      { name: "keys", label: "Key files", type: "list", hint: "Paths on the server, split by commas." },
      { name: "sudo_password", label: "Password of sudo", type: "secret", hint: "Only where sudo asks for one." },
      { name: "known_hosts", label: "Known hosts", hint: "File of host keys; ~/.ssh/known_hosts when empty." },
      { name: "config", label: "SSH configuration", hint: "~/.ssh/config when empty; none for no file." },
    ],
  },
  agent: { label: "Linux host by its agent", glyph: "agent", says: "An agent on the host delivers what it sees.", where: [], who: [] },
  local: { label: "This machine", glyph: "host", says: "Looked at directly.", where: [], who: [] },
  openstack: {
    label: "APIs of an OpenStack", glyph: "environment", says: "Keystone, Nova, Neutron, by clouds.yaml.",
    where: [
      { name: "cloud", label: "Cloud", hint: "Its name in clouds.yaml, which holds how to log in." },
      { name: "region", label: "Region" },
      { name: "interface", label: "Interface", choices: ["", "public", "internal", "admin"] },
      { name: "clouds", label: "clouds.yaml", hint: "Path on the server; where OpenStack's client looks when empty." },
    ],
    who: [],
  },
  mysql: {
    label: "Databases of an OpenStack", glyph: "device", says: "Read only, MySQL or MariaDB.",
    where: [{ name: "host", label: "Server" }, { name: "port", label: "Port", type: "number", hint: "3306 when empty." }, { name: "tls", label: "TLS", choices: ["", "off", "preferred", "required", "verify"] }],
    who: [{ name: "user", label: "User" }, { name: "password", label: "Password", type: "secret", hint: "A file:PATH or env:NAME of the server." }],
  },
  snmp: {
    label: "Switch by SNMP", glyph: "switch", says: "Its ports, neighbours and tables.",
    where: [{ name: "address", label: "Address" }, { name: "port", label: "Port", type: "number", hint: "161 when empty." }],
    who: [
      { name: "community", label: "Community", type: "secret", hint: "Of version 2c." }, { name: "user", label: "User", hint: "Of version 3." },
      { name: "auth_key", label: "Authentication key", type: "secret" }, { name: "priv_key", label: "Privacy key", type: "secret" },
    ],
  },
};

export interface DraftHost {
  name: string;
  way: Way;
  values: Values;
}

export interface Draft {
  name: string;
  type: string;
  distribution: string;
  version: string;
  mechanism: string;
  typeDriver: string;
  hosts: readonly DraftHost[];
  /** Credentials of every host by SSH that says nothing else. */
  all: Values;
  historyDays: string;
  /** The file that is changed; null for a new environment. What the wizard does not ask stays. */
  base: Environment | null;
}

export const EMPTY: Draft = { name: "", type: "Plain", distribution: "", version: "", mechanism: "", typeDriver: "", hosts: [], all: {}, historyDays: "30", base: null };

export const TYPES = [
  { id: "Plain", glyph: "host", label: "Linux hosts", says: "Namespaces, bridges, Open vSwitch, libvirt, LXD; by SSH or agents." },
  { id: "OpenStack", glyph: "environment", label: "OpenStack", says: "Its APIs or databases, and the hosts that carry it." },
  { id: "Docker", glyph: "container", label: "Docker", says: "Engines and swarms on Linux hosts." },
  { id: "Kubernetes", glyph: "pod", label: "Kubernetes", says: "The hosts of a cluster." },
] as const;

/** What is still missing for a step to be done, as a sentence; "" when nothing is. */
export function missing(draft: Draft, step: string): string {
  if (step === "type") return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(draft.name) ? "" : "It needs a name: letters, digits, dots and dashes.";
  if (step === "endpoints") {
    if (!draft.hosts.length) return "Nothing is named yet that could be looked at.";
    const nameless = draft.hosts.findIndex((host) => !host.name.trim());
    if (nameless >= 0) return `Entry ${nameless + 1} has no name.`;
    const names = draft.hosts.map((host) => host.name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    return twice ? `${twice} is there twice.` : "";
  }
  return "";
}

/** The file of a draft: only what was said, over what was there. */
export function fileOf(draft: Draft, only?: string): string {
  const { base } = draft;
  const hosts = Object.fromEntries(draft.hosts.filter((host) => !only || host.name === only).map((host) => [host.name, hostOf(host, draft)]));
  const said = {
    ...(base ? pruned(base) : {}),
    name: draft.name, type: draft.type, distribution: draft.distribution, distribution_version: draft.version,
    mechanism_drivers: listed(draft.mechanism), type_drivers: listed(draft.typeDriver), hosts,
    ...(draft.historyDays && Number(draft.historyDays) > 0 ? { history_days: Number(draft.historyDays) } : {}),
  };
  return JSON.stringify(pruned(said), null, 2);
}

function hostOf(host: DraftHost, draft: Draft): Record<string, unknown> {
  const before = pruned(draft.base?.hosts?.[host.name] ?? {});
  for (const way of ["ssh", "agent", "openstack", "mysql", "snmp"]) if (way !== host.way) delete before[way];
  if (host.way === "local") return before;
  if (host.way === "agent") return { ...before, agent: true };
  const given = host.way === "ssh" ? { ...draft.all, ...withoutEmpty(host.values) } : host.values;
  const fields = [...WAYS[host.way].where, ...WAYS[host.way].who];
  const kept = { ...((before[host.way] as Record<string, unknown> | undefined) ?? {}) };
  for (const field of fields) {
    const value = given[field.name] ?? "";
    if (value === "") delete kept[field.name];
    else kept[field.name] = field.type === "number" ? Number(value) : field.type === "list" ? listed(value) : value;
  }
  return { ...before, [host.way]: kept };
}

/** The draft that an environment's file is changed by. */
export function draftOf(config: Environment): Draft {
  const hosts = Object.entries(config.hosts ?? {}).map(([name, host]): DraftHost => {
    const way = (["ssh", "openstack", "mysql", "snmp"] as const).find((each) => host[each]) ?? (host.agent ? "agent" : "local");
    const said = way === "local" || way === "agent" ? {} : (host[way] as unknown as Record<string, unknown>);
    const known = new Set([...WAYS[way].where, ...WAYS[way].who].map((field) => field.name));
    const values = Object.fromEntries(Object.entries(said).filter(([field, value]) => known.has(field) && !isEmpty(value)).map(([field, value]) => [field, Array.isArray(value) ? value.join(", ") : String(value)]));
    return { name, way, values };
  });
  return {
    name: config.name ?? "", type: config.type ?? "Plain", distribution: config.distribution ?? "", version: config.distribution_version ?? "",
    mechanism: (config.mechanism_drivers ?? []).join(", "), typeDriver: (config.type_drivers ?? []).join(", "), hosts, all: {},
    historyDays: String(config.history_days ?? 30), base: config,
  };
}

/** The draft as it may be kept in a browser: without secrets. */
export function keepable(draft: Draft): Draft {
  const secrets = new Set(Object.values(WAYS).flatMap((way) => way.who).filter((field) => field.type === "secret").map((field) => field.name));
  const clean = (values: Values): Values => Object.fromEntries(Object.entries(values).filter(([name, value]) => !secrets.has(name) || /^(env|file):/.test(value)));
  return { ...draft, all: clean(draft.all), hosts: draft.hosts.map((host) => ({ ...host, values: clean(host.values) })) };
}

/** How a draft stands in the list of supported environments. */
export function support(draft: Draft, list: readonly SupportedEnvironment[]): { match: "exact" | "no" | "free"; found: SupportedEnvironment | null } {
  const sameType = list.filter((each) => each.type === draft.type);
  if (!draft.distribution) return { match: "free", found: null };
  const found = sameType.find((each) =>
    each.distribution === draft.distribution && (!draft.version || each.version === draft.version) &&
    (!draft.mechanism || listed(draft.mechanism).includes(each.mechanism_driver)) && (!draft.typeDriver || listed(draft.typeDriver).includes(each.type_driver)));
  return found ? { match: "exact", found } : { match: "no", found: null };
}

/** What a connection test means, as a sentence: refused and unreachable are never the same text. */
export function meaning(host: DraftHost, all: Values, told: Probed): string {
  const values = host.way === "ssh" ? { ...all, ...withoutEmpty(host.values) } : host.values;
  const place = values["host"] || values["address"] || values["cloud"] || host.name;
  const port = values["port"] || { ssh: "22", mysql: "3306", snmp: "161" }[host.way as string] || "";
  const at = port ? `${place} port ${port}` : place;
  if (told.error === "AuthFailed") {
    const what = values["password"] ? "the password" : values["keys"] ? "the key" : "the login";
    return `${place} answered, and refused ${what}${values["user"] ? ` for user ${values["user"]}` : ""}`;
  }
  if (told.error === "TimedOut") return `No answer from ${at} in ${Math.round(told.seconds)} s`;
  if (told.error === "Unreachable") return `${at} cannot be reached`;
  if (told.error === "ConfigError") return `Something in what is said of ${host.name} is not right`;
  return told.error ? `${host.name} cannot be looked at` : told.reason;
}

function listed(text: string): string[] {
  return text.split(",").map((each) => each.trim()).filter(Boolean);
}

function isEmpty(value: unknown): boolean {
  return value === "" || value === null || value === undefined || value === 0 || value === false || (Array.isArray(value) && !value.length) || (typeof value === "object" && value !== null && !Object.keys(value).length);
}

function withoutEmpty(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}

/** Without what is empty anyway, so that the file says only what somebody said. A flag that is off may be said. */
function pruned(said: object): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(said)) {
    if (isEmpty(value) && value !== false) continue;
    if (name === "agent" && value === false && !("host" in said)) continue;
    out[name] = typeof value === "object" && !Array.isArray(value) ? keptMapping(name, value as object) : value;
  }
  return out;
}

function keptMapping(name: string, value: object): unknown {
  if (name === "hosts") return Object.fromEntries(Object.entries(value).map(([host, each]) => [host, pruned(each as object)]));
  return ["ssh", "snmp", "openstack", "mysql", "amqp"].includes(name) ? pruned(value) : value;
}
