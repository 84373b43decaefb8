/** Flows as rows: what the filter asks for, rates from one answer to the next, what is worst. Pure. */
import type { Flow, GetFlows } from "../../api/types";
import { figured } from "../../state/words";

export type Wanted = Partial<Record<"address" | "mac" | "application" | "protocol" | "node" | "capture" | "flow" | "since", string>>;
const FIELDS = ["address", "mac", "application", "protocol", "node", "capture", "flow", "since"] as const;
const PROTOCOLS = new Set(["tcp", "udp", "sctp"]);
/** ICMP has no ports: it is told by its application. */
const ICMP: Readonly<Record<string, string>> = { icmp: "ICMPv4", icmpv4: "ICMPv4", icmpv6: "ICMPv6" };
const POINTS = 60;

/** What words of the filter bar ask for: `field:value`, or a bare word that tells what it is by its shape. */
export function wantedOf(filter: string): Wanted {
  const wanted: Wanted = {};
  for (const word of filter.split(/\s+/).filter(Boolean)) {
    const field = FIELDS.find((each) => word.toLowerCase().startsWith(`${each}:`));
    if (field) wanted[field] = word.slice(field.length + 1);
    else if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(word)) wanted.mac = word.toLowerCase();
    else if (/^[0-9.]+$|^[0-9a-f]*:[0-9a-f:]+$/i.test(word)) wanted.address = word;
    else if (PROTOCOLS.has(word.toLowerCase())) wanted.protocol = word.toLowerCase();
    else wanted.application = ICMP[word.toLowerCase()] ?? word.toUpperCase();
  }
  return wanted;
}

export function filterOf(wanted: Wanted): string {
  return FIELDS.filter((each) => wanted[each]).map((each) => `${each}:${wanted[each]}`).join(" ");
}

export function requestOf(environment: string, wanted: Wanted, at: string): GetFlows {
  const request: GetFlows = { environment, limit: 1000 };
  for (const field of FIELDS) if (wanted[field]) request[field === "flow" ? "tracking_id" : field] = wanted[field] ?? "";
  if (at) Object.assign(request, { since: request.since ?? at, until: at });
  return request;
}

const KEYS = { address: "Network", mac: "Link", application: "Application", protocol: "Transport.Protocol", node: "NodeTID", capture: "CaptureID", flow: "TrackingID" } as const;

/** The same as a query. */
export function queryOf(wanted: Wanted, at: string): string {
  const has = Object.entries(KEYS).flatMap(([field, key]) => {
    const said = wanted[field as keyof typeof KEYS];
    return said ? [`.Has('${key}', '${(field === "protocol" ? said.toUpperCase() : said).replace(/[\\']/g, "\\$&")}')`] : [];
  });
  return `G${at ? `.At('${at}')` : ""}.Flows()${has.join("")}`;
}

export interface Row {
  flow: Flow;
  a: string;
  b: string;
  protocol: string;
  application: string;
  /** Bits a second and packets a second each way, as of the last two answers. */
  rate: number;
  ab: number;
  ba: number;
  points: readonly number[];
  state: "one way" | "fragments" | "over" | "";
}

interface Seen {
  at: number;
  bytes: number;
  ab: number;
  ba: number;
  row: Pick<Row, "rate" | "ab" | "ba">;
  points: number[];
}

/** Remembers each flow from one answer to the next. */
export class Rates {
  readonly #seen = new Map<string, Seen>();
  readonly total: { at: number; rate: number }[] = [];

  /** Rows of an answer that came at `now` (ms), the worst first, then by rate. */
  take(flows: readonly Flow[], now: number): Row[] {
    const rows = flows.map((flow) => this.#row(flow, now));
    const there = new Set(flows.map((flow) => flow.uuid));
    for (const uuid of this.#seen.keys()) if (!there.has(uuid)) this.#seen.delete(uuid);
    this.total.push({ at: now, rate: distinct(rows).reduce((sum, each) => sum + each.rate, 0) });
    if (this.total.length > POINTS * 2) this.total.shift();
    const rank = (row: Row): number => ["one way", "fragments", "", "over"].indexOf(row.state);
    return rows.sort((one, other) => rank(one) - rank(other) || other.rate - one.rate || other.flow.last - one.flow.last || one.flow.uuid.localeCompare(other.flow.uuid));
  }

  #row(flow: Flow, now: number): Row {
    const { ab_bytes = 0, ba_bytes = 0, ab_packets = 0, ba_packets = 0 } = flow.metric;
    const before = this.#seen.get(flow.uuid);
    const bytes = ab_bytes + ba_bytes;
    const seconds = before ? Math.max(0.001, (now - before.at) / 1000) : 0;
    const row = before ? { rate: (Math.max(0, bytes - before.bytes) * 8) / seconds, ab: Math.max(0, ab_packets - before.ab) / seconds, ba: Math.max(0, ba_packets - before.ba) / seconds } : firstRate(flow, now);
    const points = [...(before?.points ?? []), row.rate].slice(-POINTS);
    this.#seen.set(flow.uuid, { at: now, bytes, ab: ab_packets, ba: ba_packets, row, points });
    const ends = endsOf(flow);
    return { flow, ...ends, ...row, points, protocol: (flow.transport?.protocol ?? (flow.icmp ? "icmp" : flow.network?.protocol) ?? flow.link?.protocol ?? "").toLowerCase(), application: flow.application.toLowerCase(), state: stateOf(flow) };
  }
}

/** Before there is an answer to compare with: what the flow itself says of its last stretch. */
function firstRate(flow: Flow, now: number): Pick<Row, "rate" | "ab" | "ba"> {
  const { start = 0, last = 0, ab_bytes = 0, ba_bytes = 0, ab_packets = 0, ba_packets = 0 } = flow.last_update ?? {};
  const seconds = (last - start) / 1e6;
  if (seconds <= 0 || now - last / 1000 > 60_000) return { rate: 0, ab: 0, ba: 0 };
  return { rate: ((ab_bytes + ba_bytes) * 8) / seconds, ab: ab_packets / seconds, ba: ba_packets / seconds };
}

/** Only what must be answered can be one way: a TCP connection, an echo. */
function stateOf(flow: Flow): Row["state"] {
  const { ab_packets = 0, ba_packets = 0 } = flow.metric;
  const asks = flow.transport?.protocol.toUpperCase() === "TCP" || (flow.icmp && (flow.icmp.type === 8 || flow.icmp.type === 128));
  if (asks && ab_packets > 1 && ba_packets === 0) return "one way";
  if (flow.fragment_errors) return "fragments";
  return flow.finish ? "over" : "";
}

export function endsOf(flow: Flow): { a: string; b: string } {
  const { transport, network, link } = flow;
  const end = (address: string, port: number | undefined): string => (port === undefined ? address : address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);
  if (network) return { a: end(network.a, transport?.a), b: end(network.b, transport?.b) };
  return { a: link?.a ?? "", b: link?.b ?? "" };
}

export function rateWords(bits: number): string {
  return figured(bits, "b/s");
}

/** Each flow once, though it is captured at several points. */
function distinct(rows: readonly Row[]): Row[] {
  const once = new Map<string, Row>();
  for (const row of rows) if ((once.get(row.flow.tracking_id)?.rate ?? -1) < row.rate) once.set(row.flow.tracking_id, row);
  return [...once.values()];
}

/** Who sends and receives most, by address. */
export function talkers(rows: readonly Row[], most: number): { name: string; rate: number; object: string | undefined }[] {
  const rates = new Map<string, { rate: number; object: string | undefined }>();
  for (const { flow, a, b, rate } of distinct(rows)) {
    for (const [name, object] of new Map([[flow.network?.a ?? a, flow.a_object], [flow.network?.b ?? b, flow.b_object]])) {
      const before = rates.get(name);
      rates.set(name, { rate: (before?.rate ?? 0) + rate, object: before?.object || object });
    }
  }
  return [...rates].map(([name, each]) => ({ name, ...each })).sort((one, other) => other.rate - one.rate || one.name.localeCompare(other.name)).slice(0, most);
}

/** A line through points as an SVG path within a box. */
export function lineOf(points: readonly number[], width: number, height: number, slots = points.length): string {
  const most = Math.max(1, ...points);
  const step = width / Math.max(1, slots - 1);
  const left = width - (points.length - 1) * step;
  return points.map((value, i) => `${i ? "L" : "M"}${(left + i * step).toFixed(1)} ${(height - 1 - (value / most) * (height - 2)).toFixed(1)}`).join("");
}
