import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { Model } from "../../api/types";
import { glyphOf, inkOf, labelOf } from "../../live/kinds";
import type { Picture } from "../../live/picture";
import { nearest } from "../../parts/nearest";
import { clock, shortened } from "../../state/words";
import { COLUMN, HEAD, TILE, type Diagram, type LaneEdge, type LaneNode, type Step } from "./lanes";

interface LanesProps {
  diagram: Diagram;
  model: Model;
  picture: Picture;
  chosen: string;
  choose: (id: string) => void;
  /** What stands under an edge, and whether it is on the way that is shown. */
  at: (edge: LaneEdge) => EdgeText;
}

export interface EdgeText {
  text: string;
  way: boolean;
}

const HALF = TILE / 2;
const STUB = 22;
/** The upper lane is read to the right, the lower one back. */
const DIRECTION = ["▸", "◂"] as const;
const CARD = { w: 424, h: 58 };

/** The picture of a clique: real elements, so that each node can be reached and read. */
export function Lanes({ diagram, model, picture, chosen, choose, at }: LanesProps): JSX.Element {
  const svg = useRef<SVGSVGElement>(null);
  const byId = new Map(diagram.nodes.map((node) => [node.id, node]));
  const each = (diagram.columns[1]?.x ?? COLUMN) - (diagram.columns[0]?.x ?? 0);
  const stroke = (event: KeyboardEvent): void => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const node = byId.get((event.target as Element).getAttribute("data-id") ?? "");
    if (!way || !node) return;
    const spots = diagram.nodes.map((other) => ({ id: other.id, x: other.x, y: other.y, w: 0, h: 0 }));
    const found = nearest({ id: node.id, x: node.x, y: node.y, w: 0, h: 0 }, spots, way[0] ?? 0, way[1] ?? 0);
    event.preventDefault();
    event.stopPropagation();
    svg.current?.querySelector<SVGGElement>(`[data-id="${CSS.escape(found?.id ?? "")}"]`)?.focus();
  };
  return (
    <svg ref={svg} class="scene lanes" width={diagram.width} height={diagram.height} viewBox={`0 0 ${diagram.width} ${diagram.height}`} role="group" aria-label="Lane diagram" onKeyDown={stroke}>
      {diagram.columns.map((column, i) => (
        <g key={column.layer}>
          {i % 2 ? <rect x={column.x - each / 2} y={0} width={each} height={diagram.height} class="lane-tint" /> : null}
          <text x={column.x} y={20} text-anchor="middle" class="bb">{labelOf(model, column.kind)}</text>
          <text x={column.x} y={36} text-anchor="middle" class="x2 s11">{column.by}</text>
        </g>
      ))}
      <path d={`M0 ${HEAD + 0.5}H${diagram.width}`} class="axis" />
      {diagram.lanes.map((lane) => (
        <g key={lane.host}>
          <rect x={8} y={lane.top} width={lane.right - 8} height={lane.bottom - lane.top} rx={8} class="lane" />
          <rect x={18} y={lane.top - 11} width={166} height={22} rx={4} class="lane-tab" />
          <use href="#g-host" x={26} y={lane.top - 7} width={14} height={14} class="kv-p" />
          <text x={46} y={lane.top + 4} class="mono bb">{shortened(lane.host, 17)}</text>
        </g>
      ))}
      {diagram.edges.map((edge) => <Edge key={`${edge.type} ${edge.from} ${edge.to}`} edge={edge} byId={byId} room={each - TILE - 8} broken={diagram.broken} at={at(edge)} />)}
      {diagram.ghost ? <Gap ghost={diagram.ghost} diagram={diagram} each={each} /> : null}
      {diagram.nodes.map((node) => <Node key={node.id} node={node} model={model} picture={picture} chosen={chosen === node.id} choose={choose} room={each} />)}
      {diagram.ghost || diagram.broken ? <Card diagram={diagram} model={model} /> : null}
      {diagram.edges.filter((edge) => edge.overlay && edge.state === "down").map((edge) => <Cut key="cut" edge={edge} diagram={diagram} byId={byId} />)}
    </svg>
  );
}

interface EdgeProps {
  edge: LaneEdge;
  byId: ReadonlyMap<string, LaneNode>;
  room: number;
  broken: number;
  at: EdgeText;
}

function Edge({ edge, byId, room, broken, at }: EdgeProps): JSX.Element | null {
  const [a, b] = [byId.get(edge.from), byId.get(edge.to)];
  if (!a || !b) return null;
  if (edge.overlay && edge.state === "down") return null; // Cut draws it
  if (edge.overlay || a.column === b.column) {
    const [upper, lower] = a.y < b.y ? [a, b] : [b, a];
    const between = [...byId.values()].some((node) => node.column === a.column && node.y > upper.y && node.y < lower.y);
    const aside = upper.x + HALF + 16;
    const way = between ? `M${upper.x + HALF + 2} ${upper.y + 12}H${aside}V${lower.y - HALF - 14}H${lower.x}v10` : `M${upper.x} ${upper.y + 78}V${lower.y - HALF - 4}`;
    const line = <path d={way} class={`lk${edge.overlay ? " ovl" : ""}${edge.state === "unknown" ? " agg" : ""}${at.way ? " way" : ""}`} />;
    if (!edge.step) return line;
    const [x, y] = [between ? aside : upper.x, (upper.y + 78 + lower.y - HALF) / 2];
    return <g class="step">{line}<Disc x={x} y={y} n={edge.step} way={at.way} /></g>;
  }
  const [x1, x2] = [a.x + HALF + 2, b.x - HALF - 2];
  const middle = (x1 + x2) / 2;
  const bend = Math.min(40, (x2 - x1) / 2);
  const down = edge.state === "down";
  const curve = `M${x1} ${a.y}C${x1 + bend} ${a.y} ${x2 - bend} ${b.y} ${x2} ${b.y}`;
  const y = (a.y + b.y) / 2;
  const flat = a.y === b.y;
  return (
    <g class={edge.step && edge.step === broken ? "step bad" : "step"}>
      {down && flat ? (
        <path d={`M${x1} ${a.y}H${middle - STUB}m0 -8v16M${x2} ${b.y}H${middle + STUB}m0 -8v16`} class="lk bad" />
      ) : (
        <path d={curve} class={`lk${down ? " bad" : ""}${edge.state === "unknown" ? " agg" : ""}${at.way ? " way" : ""}`} />
      )}
      {edge.through.length && flat ? <text x={middle} y={y - 13} text-anchor="middle" class="x2 s11">{shortened(labelFor(edge), Math.floor(room / 6), true)}</text> : null}
      {at.text && (flat || at.way) ? <text x={middle} y={y + 22} text-anchor="middle" class={`s11 ${at.way ? "xa" : "x2"}`}>{shortened(`${DIRECTION[b.lane === 1 || a.lane === 1 ? 1 : 0]} ${at.text}`, Math.floor(room / 5.6))}</text> : null}
      <Disc x={middle} y={y} n={edge.step} way={at.way} />
    </g>
  );
}

function Disc({ x, y, n, way = false }: { x: number; y: number; n: number; way?: boolean }): JSX.Element {
  return (
    <>
      <circle cx={x} cy={y} r={8.5} class={way ? "step-disc way" : "step-disc"} />
      <text x={x} y={y + 4} text-anchor="middle" class="s11 step-n">{n || ""}</text>
    </>
  );
}

/** The tunnel between both lanes, cut: a stub from each endpoint into the free band, where the reason stands beside it. */
function Cut({ edge, diagram, byId }: { edge: LaneEdge; diagram: Diagram; byId: ReadonlyMap<string, LaneNode> }): JSX.Element | null {
  const [a, b] = [byId.get(edge.from), byId.get(edge.to)];
  const [top, bottom] = diagram.lanes;
  if (!a || !b || !top || !bottom) return null;
  const [upper, lower] = a.y < b.y ? [a, b] : [b, a];
  const blocked = (node: LaneNode, way: number): boolean => diagram.nodes.some((each) => each.column === node.column && each.lane === node.lane && (each.y - node.y) * way > 0);
  const out = blocked(upper, 1) ? `M${upper.x + HALF + 2} ${upper.y + 12}h14V${top.bottom + STUB}` : `M${upper.x} ${upper.y + 78}V${top.bottom + STUB}`;
  const back = blocked(lower, -1) ? `M${lower.x + HALF + 2} ${lower.y - 12}h14V${bottom.top - STUB}` : `M${lower.x} ${lower.y - HALF - 4}V${bottom.top - STUB}`;
  const x = upper.x + (blocked(upper, 1) ? HALF + 16 : 0);
  return (
    <g class="step bad">
      <path d={`${out}m-8 0h16`} class="lk bad" />
      <path d={`${back}m-8 0h16`} class="lk bad" />
      <Disc x={x} y={(top.bottom + bottom.top) / 2} n={edge.step} />
    </g>
  );
}

/** What a link goes through, shortly: the first device and how many more. */
function labelFor(edge: LaneEdge): string {
  const first = edge.through[0] ?? "";
  const name = first.slice(Math.max(first.lastIndexOf("/"), first.lastIndexOf(":")) + 1);
  return edge.through.length > 1 ? `${name} +${edge.through.length - 1}` : name;
}

/** The cut before what is missing: stubs from both sides that end 22 px before it, in a bar. */
function Gap({ ghost, diagram, each }: { ghost: LaneNode; diagram: Diagram; each: number }): JSX.Element {
  const left = diagram.nodes.some((node) => node.lane === ghost.lane && node.column < ghost.column);
  const right = diagram.nodes.some((node) => node.lane === ghost.lane && node.column > ghost.column);
  const [from, to] = [ghost.x - HALF - STUB, ghost.x + HALF + STUB];
  return (
    <g>
      {left ? <path d={`M${ghost.x - each + HALF + 2} ${ghost.y}H${from}m0 -8v16`} class="lk bad" /> : null}
      {right ? <path d={`M${ghost.x + each - HALF - 2} ${ghost.y}H${to}m0 -8v16`} class="lk bad" /> : null}
    </g>
  );
}

interface NodeProps {
  node: LaneNode;
  model: Model;
  picture: Picture;
  chosen: boolean;
  choose: (id: string) => void;
  room: number;
}

/** The three lines under a tile: name, address or type, one fact. */
function captionOf(node: LaneNode, picture: Picture, letters: number): [string, string, string] {
  const thing = picture.things.get(node.id);
  const facts = [thing?.note, thing?.type, node.state].filter((each): each is string => Boolean(each) && each !== node.name);
  const second = node.ghost ? "missing" : shortened(facts[0] ?? "", letters, true);
  const third = node.ghost ? `of ${node.host}` : node.more > 0 ? `${node.more} more` : (facts[1] ?? "");
  return [shortened(node.name, letters, true), second, third];
}

function Node({ node, model, picture, chosen, choose, room }: NodeProps): JSX.Element {
  const thing = picture.things.get(node.id);
  const bad = node.state === "down";
  const lines = captionOf(node, picture, Math.floor((room - 8) / 7.3));
  const whole = `${node.name}, ${labelOf(model, node.kind)}${node.state ? `, ${node.state}` : ""}`;
  const take = (): void => {
    if (!node.ghost) choose(node.id);
  };
  return (
    <g
      role="button" tabindex={0} data-id={node.id} class="lane-node" aria-label={`${lines.filter(Boolean).join(" ")}: ${whole}`} aria-pressed={chosen} onClick={take}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        take();
      }}
    >
      <path d={`M${node.x - 46} ${node.y - HALF}h92v${TILE + 52}h-92z`} class="hit" />
      <rect x={node.x - HALF} y={node.y - HALF} width={TILE} height={TILE} rx={8} class={`tile${chosen ? " sel" : bad ? " err" : ""}${node.ghost ? " ghost" : ""}`} />
      <use href={`#g-${glyphOf(thing ?? { kind: node.kind, note: "" })}`} x={node.x - 12} y={node.y - 12} width={24} height={24} class={node.ghost ? "m-error" : kvOf(node.kind)} />
      {bad ? (
        <g><circle cx={node.x + HALF - 2} cy={node.y - HALF + 2} r={10} class="ground" /><use href="#g-st-error" x={node.x + HALF - 10} y={node.y - HALF - 6} width={16} height={16} class="m-error knock" /></g>
      ) : null}
      <text x={node.x} y={node.y + 40} text-anchor="middle" class={`mono${node.ghost ? " xe" : ""}`}>{`${lines[0]} `}</text>
      <text x={node.x} y={node.y + 56} text-anchor="middle" class={node.ghost ? "xe s11 bb" : "x2 s11"}>{`${lines[1]} `}</text>
      <text x={node.x} y={node.y + 71} text-anchor="middle" class="x3 s11">{lines[2]}</text>
    </g>
  );
}

function kvOf(kind: string): string {
  return { "kind-workload": "kv-w", "kind-virtual": "kv-v", "kind-physical": "kv-p" }[inkOf(kind)];
}

/** The reason, in the free band under the lane where it is; of what joins both lanes, beside the cut. */
function Card({ diagram, model }: { diagram: Diagram; model: Model }): JSX.Element | null {
  const step = diagram.steps[diagram.broken - 1];
  if (!step) return null;
  const node = diagram.ghost ?? diagram.nodes.find((each) => each.id === step.to);
  const lane = diagram.lanes[node?.lane ?? 0] ?? diagram.lanes[0];
  if (!node || !lane) return null;
  const [title, cause] = reasonOf(diagram, step, node, model);
  const between = diagram.edges.some((edge) => edge.overlay && edge.step === step.n);
  const [left, right] = [node.x - CARD.w - 34, node.x + 34];
  const x = between ? (left > 12 ? left : right) : Math.max(12, Math.min(node.x - CARD.w / 2, lane.right - CARD.w));
  const y = between ? (diagram.lanes[0]?.bottom ?? 0) + 23 : node.lane === 1 ? lane.top - CARD.h - 22 : lane.bottom + 22;
  const from = between ? `M${x === left ? x + CARD.w : x} ${y + CARD.h / 2}H${node.x}` : `M${node.x} ${node.lane === 1 ? node.y - HALF - 4 : node.y + 78}V${node.lane === 1 ? y + CARD.h : y}`;
  return (
    <g>
      <path d={from} class="lk bad thin" />
      <rect x={x} y={y} width={CARD.w} height={CARD.h} rx={6} class="reason" />
      <use href="#g-st-error" x={x + 12} y={y + 13} width={16} height={16} class="m-error" />
      <text x={x + 36} y={y + 25} class="s13 bb">{shortened(title, 56)}</text>
      <text x={x + 36} y={y + 45} class="x2">{shortened(cause, 66)}</text>
    </g>
  );
}

/** What fails, and why it matters: two sentences. */
function reasonOf(diagram: Diagram, step: Step, node: LaneNode, model: Model): [string, string] {
  const lost = diagram.lost;
  if (lost) return [`Step ${step.n} fails: ${lost.name} of ${lost.host} is gone`, `Since ${clock(Date.parse(lost.until))} no frame of their network gets across.`];
  if (diagram.ghost) return [`Step ${step.n} fails: no ${labelOf(model, node.kind).toLowerCase()} of ${node.host} is reached`, "The other end has one; nothing on this side leads to it."];
  if (step.type === "otep-otep") return [`Step ${step.n} fails: ${step.evidence}`, "Their network is an overlay: without a tunnel no frame gets across."];
  return [`Step ${step.n} fails: ${step.evidence}`, "The state of what the link goes through is down."];
}
