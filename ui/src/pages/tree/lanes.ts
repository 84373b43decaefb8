/**
 * A clique, or those of both ends of a conversation, as a lane diagram: columns by layer, one lane an end, what both
 * share at the right. Pure: cliques to positions, edges and steps.
 */
import type { CliqueView, Conversation, Edge, LostTunnel, Model, Node, Tunnel } from "../../api/types";
import { clock, tail } from "../../state/words";

export const COLUMN = 140;
export const NARROW = 112;
export const HEAD = 46;
export const UPPER = 156;
const LANE_ABOVE = 82;
const LANE_BELOW = 88;
const BETWEEN = 104;
export const PITCH = 108;
export const TILE = 44;
const MOST = 5;
const MARGIN = 30;

export interface Column {
  layer: number;
  kind: string;
  /** The link type that leads here. */
  by: string;
  x: number;
}

export interface LaneNode {
  id: string;
  kind: string;
  name: string;
  host: string;
  state: string;
  column: number;
  /** 0 upper, 1 lower, -1 shared by both. */
  lane: number;
  x: number;
  y: number;
  /** Expected and not there. */
  ghost: boolean;
  /** How many further ones stand behind it. */
  more: number;
}

export interface LaneEdge {
  type: string;
  from: string;
  to: string;
  through: readonly string[];
  state: "up" | "down" | "unknown";
  step: number;
  overlay: boolean;
}

export interface Lane {
  host: string;
  top: number;
  bottom: number;
  axis: number;
  right: number;
}

export interface Step {
  n: number;
  from: string;
  to: string;
  type: string;
  state: "pass" | "fails" | "unknown" | "not reached";
  evidence: string;
  host: string;
}

export interface Diagram {
  columns: Column[];
  nodes: LaneNode[];
  edges: LaneEdge[];
  lanes: Lane[];
  steps: Step[];
  width: number;
  height: number;
  /** The step that fails, 0 for none. */
  broken: number;
  ghost: LaneNode | null;
  /** The tunnel between both ends that was there and is gone. */
  lost: LostTunnel | null;
}

/** Without one of these a lane ends: a bridge or an overlay may well not be there. */
const NEEDED = new Set(["vnic", "vedge", "host_pnic"]);
const WORKLOAD = 0;

interface Side {
  clique: CliqueView;
  host: string;
  lane: number;
}

/** What joins both ends is told with the first of the cliques. `width`: of the area it is drawn in. */
export function diagram(clique: CliqueView, peer: CliqueView | null, model: Model, width = 0): Diagram {
  const both = (peer && clique.conversation?.peer === peer.focal && clique.conversation) || null;
  const layers = new Map(model.kinds.map((kind) => [kind.name, kind.layer ?? -1]));
  const sides = [clique, peer].flatMap((each, lane) => (each ? [{ clique: each, host: hostOf(each), lane }] : []));
  const known = placed(sides, layers, both?.tunnel ?? null);
  const columns = columnsOf([...known.values()].map((each) => each.node), layers, sides.flatMap((each) => each.clique.links), width);
  const nodes = arranged(known, columns, layers, sides);
  const needed = new Set(both?.tunnel?.state === "missing" ? [...NEEDED, "otep"] : NEEDED);
  const ghost = missing(nodes, columns, sides, needed, new Map(model.kinds.map((kind) => [kind.name, kind.label])));
  if (ghost) nodes.push(ghost);
  const lanes = position(nodes, columns, sides);
  const edges = edgesOf(sides, nodes, both);
  const { steps, broken } = numbered(edges, nodes, ghost, both);
  const bottom = Math.max(...lanes.map((lane) => lane.bottom), ...nodes.map((node) => node.y + 84));
  return { columns, nodes, edges, lanes, steps, broken, ghost, lost: both?.tunnel?.state === "missing" ? (both.tunnel.lost?.[0] ?? null) : null, width: (columns.at(-1)?.x ?? 0) + COLUMN / 2 + 10, height: bottom + MARGIN };
}

function hostOf(clique: CliqueView): string {
  return clique.objects.find((each) => each.id === clique.focal)?.host ?? "";
}

interface Known {
  node: Node;
  lane: number;
}

/**
 * Each object once: in the lane of its host, shared when it is on none of them or both cliques hold it. Of tunnel
 * endpoints those of the tunnel alone, where it is known which that is.
 */
function placed(sides: readonly Side[], layers: ReadonlyMap<string, number>, tunnel: Tunnel | null): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const side of sides) {
    for (const node of side.clique.objects) {
      if ((layers.get(node.kind) ?? -1) < 0) continue;
      if (tunnel && node.kind === "otep" && node.id !== tunnel.source && node.id !== tunnel.target) continue;
      const before = known.get(node.id);
      const own = node.host === side.host && !isFabric(node.kind);
      const lane = own ? (before && before.lane !== side.lane ? -1 : side.lane) : -1;
      known.set(node.id, { node, lane: sides.length === 2 && sides[0]?.host === sides[1]?.host && before ? -1 : lane });
    }
  }
  return known;
}

function isFabric(kind: string): boolean {
  return kind === "switch" || kind === "switch_pnic" || kind === "network";
}

function columnsOf(nodes: readonly Node[], layers: ReadonlyMap<string, number>, links: readonly Edge[], width: number): Column[] {
  const kinds = new Map(nodes.map((node) => [node.id, node.kind]));
  const found = [...new Set(nodes.map((node) => layers.get(node.kind) ?? 0))].sort((a, b) => a - b);
  const each = Math.max(NARROW, width ? Math.min(COLUMN + 30, (width - 20) / found.length) : COLUMN);
  return found.map((layer, i) => {
    const kind = nodes.find((node) => layers.get(node.kind) === layer)?.kind ?? "";
    const by = links.find((link) => layers.get(kinds.get(link.target) ?? "") === layer && (layers.get(kinds.get(link.source) ?? "") ?? 99) < layer);
    return { layer, kind, by: by?.type ?? "", x: 10 + each / 2 + i * each };
  });
}

function arranged(known: ReadonlyMap<string, Known>, columns: readonly Column[], layers: ReadonlyMap<string, number>, sides: readonly Side[]): LaneNode[] {
  const links = sides.flatMap((side) => side.clique.links);
  const rows = new Map<string, number>();
  const nodes: LaneNode[] = [];
  columns.forEach((column, c) => {
    for (const lane of [0, 1, -1]) {
      const here = [...known.values()].filter((each) => each.lane === lane && layers.get(each.node.kind) === column.layer);
      const ordered = here.map((each) => ({ each, at: barycentre(each.node.id, links, rows) })).sort((a, b) => a.at - b.at || a.each.node.name.localeCompare(b.each.node.name));
      const focal = ordered.findIndex(({ each }) => sides.some((side) => side.clique.focal === each.node.id));
      if (focal > 0) ordered.unshift(...ordered.splice(focal, 1));
      ordered.slice(0, MOST).forEach(({ each: { node } }, row) => {
        rows.set(node.id, row);
        const more = row === MOST - 1 ? ordered.length - MOST : 0;
        nodes.push({ id: node.id, kind: node.kind, name: node.name, host: node.host, state: node.state ?? "", column: c, lane, x: column.x, y: row, ghost: false, more });
      });
    }
  });
  return nodes;
}

/** The mean row of what it is linked with at the left. */
function barycentre(id: string, links: readonly Edge[], rows: ReadonlyMap<string, number>): number {
  const left = links.flatMap((link) => (link.target === id ? [rows.get(link.source)] : link.source === id ? [rows.get(link.target)] : [])).filter((row) => row !== undefined);
  return left.length ? left.reduce((sum, row) => sum + row, 0) / left.length : 99;
}

/** What the other end has and this one lacks, where nothing passes without it: the first such column. */
function missing(nodes: readonly LaneNode[], columns: readonly Column[], sides: readonly Side[], needed: ReadonlySet<string>, labels: ReadonlyMap<string, string>): LaneNode | null {
  for (const side of sides) {
    for (const [c, column] of columns.entries()) {
      if (column.layer === WORKLOAD || !needed.has(column.kind)) continue;
      if (nodes.some((node) => node.column === c && (node.lane === side.lane || node.lane === -1))) continue;
      if (!nodes.some((node) => node.column === c)) continue;
      return { id: `missing:${side.host}/${column.kind}`, kind: column.kind, name: labels.get(column.kind) ?? column.kind, host: side.host, state: "down", column: c, lane: side.lane, x: column.x, y: 0, ghost: true, more: 0 };
    }
  }
  return null;
}

/** Rows become heights; shared parts stand between the lanes, or on the only one. */
function position(nodes: LaneNode[], columns: readonly Column[], sides: readonly Side[]): Lane[] {
  const lanes: Lane[] = [];
  let top = UPPER - LANE_ABOVE;
  for (const side of sides) {
    const mine = nodes.filter((node) => node.lane === side.lane);
    const axis = top + LANE_ABOVE;
    const most = Math.max(0, ...mine.map((node) => node.y));
    const bottom = axis + LANE_BELOW + most * PITCH;
    const last = Math.max(0, ...mine.map((node) => node.column));
    for (const node of mine) node.y = axis + node.y * PITCH;
    lanes.push({ host: side.host, top, bottom, axis, right: (columns[last]?.x ?? 0) + COLUMN / 2 - 8 });
    top = bottom + BETWEEN;
  }
  const shared = nodes.filter((node) => node.lane === -1);
  const [first, last] = [lanes[0]?.axis ?? UPPER, lanes.at(-1)?.axis ?? UPPER];
  const rows = new Map<number, number>();
  for (const node of shared) rows.set(node.column, Math.max(rows.get(node.column) ?? 0, node.y + 1));
  for (const node of shared) {
    const n = rows.get(node.column) ?? 1;
    const middle = lanes.length > 1 ? (first + last) / 2 - ((n - 1) * PITCH) / 2 : first;
    node.y = middle + node.y * PITCH;
  }
  return lanes;
}

function edgesOf(sides: readonly Side[], nodes: readonly LaneNode[], both: Conversation | null): LaneEdge[] {
  const there = new Map(nodes.map((node) => [node.id, node]));
  const edges = new Map<string, LaneEdge>();
  for (const side of sides) {
    for (const link of side.clique.links) {
      const [from, to] = [there.get(link.source), there.get(link.target)];
      if (!from || !to) continue;
      const [left, right] = from.column <= to.column ? [from, to] : [to, from];
      const state = link.state === "down" || link.state === "unknown" ? link.state : "up";
      edges.set(`${link.type}\n${left.id}\n${right.id}`, { type: link.type, from: left.id, to: right.id, through: link.through ?? [], state, step: 0, overlay: false });
    }
  }
  const tunnel = both?.tunnel;
  if (tunnel && there.has(tunnel.source) && there.has(tunnel.target)) {
    const state = tunnel.state === "up" || tunnel.state === "unknown" ? tunnel.state : "down";
    edges.set("overlay", { type: "otep-otep", from: tunnel.source, to: tunnel.target, through: tunnel.through ?? [], state, step: 0, overlay: true });
  }
  return shortest([...edges.values()], there);
}

/** A link over several columns is left out where a chain of shorter ones says the same. */
function shortest(edges: LaneEdge[], nodes: ReadonlyMap<string, LaneNode>): LaneEdge[] {
  const next = new Map<string, string[]>();
  for (const edge of edges) if (!edge.overlay) next.set(edge.from, [...(next.get(edge.from) ?? []), edge.to]);
  const reaches = (from: string, to: string, skip: boolean): boolean => (next.get(from) ?? []).some((each) => (each === to ? !skip : reaches(each, to, false)));
  return edges.filter((edge) => {
    const span = (nodes.get(edge.to)?.column ?? 0) - (nodes.get(edge.from)?.column ?? 0);
    return edge.overlay || edge.state !== "up" || span < 2 || !reaches(edge.from, edge.to, true);
  });
}

/** The upper lane from left to right, then the lower one back; after the step that fails nothing is reached. */
function numbered(edges: LaneEdge[], nodes: readonly LaneNode[], ghost: LaneNode | null, both: Conversation | null): { steps: Step[]; broken: number } {
  const by = new Map(nodes.map((node) => [node.id, node]));
  const laneOf = (edge: LaneEdge): number => Math.max(by.get(edge.from)?.lane ?? 0, by.get(edge.to)?.lane ?? 0, 0);
  const walked = edges.filter((edge) => !edge.overlay);
  const order = (lane: number): LaneEdge[] =>
    walked.filter((edge) => laneOf(edge) === lane).sort((a, b) => {
      const [x, y] = [by.get(a.from) as LaneNode, by.get(b.from) as LaneNode];
      return (x.column - y.column || x.y - y.y || (by.get(a.to)?.y ?? 0) - (by.get(b.to)?.y ?? 0)) * (lane ? -1 : 1);
    });
  const steps: Step[] = [];
  let broken = 0;
  for (const lane of [0, 1]) {
    const mine = order(lane);
    const gap = ghost?.lane === lane ? ghost : null;
    for (const edge of mine) {
      if (gap && lane === 1 && !broken && (by.get(edge.from)?.column ?? 0) < gap.column) broken = add(gapStep(gap));
      const back = lane === 1;
      edge.step = steps.length + 1;
      const state = edge.state === "down" ? "fails" : broken ? "not reached" : edge.state === "unknown" ? "unknown" : "pass";
      add({ n: 0, from: back ? edge.to : edge.from, to: back ? edge.from : edge.to, type: edge.type, state, evidence: evidenceOf(edge), host: by.get(edge.from)?.host ?? "" });
      if (edge.state === "down" && !broken) broken = steps.length;
    }
    if (gap && !broken) broken = add(gapStep(gap));
    const between = lane === 0 ? tunnel(nodes, both) : null;
    if (between) {
      const n = add(broken ? { ...between, state: "not reached" } : between);
      for (const edge of edges) if (edge.overlay) edge.step = n;
      if (between.state === "fails" && !broken) broken = n;
    }
  }
  return { steps, broken };

  function add(step: Step): number {
    return steps.push({ ...step, n: steps.length + 1 });
  }
}

/** The step from lane to lane: where a tunnel is needed, and where nobody knows whether one is and both could have it. */
function tunnel(nodes: readonly LaneNode[], both: Conversation | null): Step | null {
  const told = both?.tunnel;
  const ends = [0, 1].map((lane) => nodes.find((node) => node.kind === "otep" && node.lane === lane && !node.ghost)?.id ?? "");
  if (!both || (!told && both.networks?.length !== 0 && both.networks !== null)) return null;
  const [from, to] = [told?.source || ends[0], told?.target || ends[1]];
  if (!from || !to) return null;
  const state = told?.state === "up" ? "pass" : told?.state === "missing" || told?.state === "down" ? "fails" : "unknown";
  return { n: 0, from, to, type: "otep-otep", state, evidence: told ? goneSince(told.evidence, told.lost?.[0]) : both.note, host: "" };
}

function goneSince(evidence: string, lost: LostTunnel | undefined): string {
  return lost ? `${evidence}, since ${clock(Date.parse(lost.until))}` : evidence;
}

function gapStep(ghost: LaneNode): Step {
  return { n: 0, from: "", to: ghost.id, type: "", state: "fails", evidence: `${ghost.host} has none that leads on`, host: ghost.host };
}

function evidenceOf(edge: LaneEdge): string {
  const through = [...new Set(edge.through.map(tail))].join(", "); // a device and its port have one name
  if (edge.state === "down") return through ? `down, through ${through}` : "an end is down";
  return through ? `through ${through}` : "both ends are there";
}
