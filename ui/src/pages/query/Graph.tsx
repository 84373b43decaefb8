import type { JSX } from "preact";
import { glyphOf } from "../../live/kinds";
import { picture, version } from "../../live/store";
import { go, place } from "../../state/place";
import { shortened } from "../../state/words";
import type { Edge, Result } from "./results";

const ROW = 28;
const TOP = 40;
const MOST = 120;
const BOX = { w: 150, h: 22 };
const GAP = 210;
const LETTERS = 17;

interface Side {
  ids: string[];
  place: Map<string, number>;
}

/** From what was found to what it is linked with: both sides in the order of the rows, so that an edge ends at its row. */
export function Graph({ result }: { result: Result }): JSX.Element {
  version.value;
  const edges = edgesOf(result);
  const [left, right] = [sideOf(edges.map((each) => each.source)), sideOf(edges.map((each) => each.target))];
  const tall = TOP + Math.max(left.ids.length, right.ids.length, 1) * ROW + 10;
  const offset = (side: Side): number => (Math.max(left.ids.length, right.ids.length) - side.ids.length) * (side === left && left.ids.length === 1 ? ROW / 2 : 0);
  const y = (side: Side, id: string): number => TOP + offset(side) + (side.place.get(id) ?? 0) * ROW + ROW / 2;
  const [x1, x2] = [16 + BOX.w, 16 + GAP];
  const { focus } = place.value;
  return (
    <div class="graph-frame" tabIndex={0} role="region" aria-label="Graph">
      <svg class="scene" width={x2 + BOX.w + 16} height={tall} role="group" aria-label="Objects and their links">
        <text x={16} y={20} class="x3 s11">from</text><text x={x2} y={20} class="x3 s11">to, row by row</text>
        {edges.map((each) => {
          const [from, to] = [y(left, each.source), y(right, each.target)];
          const lit = each.source === focus || each.target === focus;
          return <path key={`${each.type} ${each.source} ${each.target}`} class={`lk${lit ? " hi" : ""}${/vxlan|overlay|otep|tunnel/.test(each.type) ? " ovl" : ""}`} d={`M${x1} ${from}C${x1 + 30} ${from} ${x2 - 30} ${to} ${x2} ${to}`}><title>{each.type}</title></path>;
        })}
        {left.ids.map((id) => <Box key={id} id={id} x={16} y={y(left, id)} />)}
        {right.ids.map((id) => <Box key={id} id={id} x={x2} y={y(right, id)} />)}
      </svg>
      {edges.length ? null : <p class="empty t2">Nothing here is linked.</p>}
    </div>
  );
}

/** Links of the answer itself, else those of the objects found. */
function edgesOf(result: Result): Edge[] {
  if (result.edges.length) return unique(result.edges).slice(0, MOST);
  const rank = new Map(result.rows.map((row, i) => [row.id, i]));
  const found: Edge[] = [];
  for (const tie of picture.value?.ties.values() ?? []) {
    if (rank.has(tie.source)) found.push(tie);
    else if (rank.has(tie.target)) found.push({ type: tie.type, source: tie.target, target: tie.source });
  }
  found.sort((one, other) => (rank.get(one.source) ?? 0) - (rank.get(other.source) ?? 0));
  return unique(found).slice(0, MOST);
}

function unique(edges: readonly Edge[]): Edge[] {
  const seen = new Set<string>();
  return edges.filter((each) => !seen.has(`${each.source}\n${each.target}`) && seen.add(`${each.source}\n${each.target}`));
}

function sideOf(ids: readonly string[]): Side {
  const distinct = [...new Set(ids)];
  return { ids: distinct, place: new Map(distinct.map((id, i) => [id, i])) };
}

function Box({ id, x, y }: { id: string; x: number; y: number }): JSX.Element {
  const thing = picture.value?.things.get(id);
  const name = thing?.name ?? id;
  const look = (): void => go({ focus: id });
  const stroke = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    look();
  };
  return (
    <g role="button" tabindex={0} class="lane-node" aria-label={`${name}${thing ? `, ${thing.host}` : ""}`} onClick={look} onKeyDown={stroke}>
      <title>{id}</title>
      <rect x={x} y={y - BOX.h / 2} width={BOX.w} height={BOX.h} rx={4} class={`tile${place.value.focus === id ? " sel" : ""}`} />
      <svg x={x + 6} y={y - 7} width={14} height={14} class="t2"><use href={`#g-${glyphOf(thing ?? { kind: "device", note: "" })}`} /></svg>
      <text x={x + 26} y={y + 4} class="mono s11">{shortened(name, LETTERS, true)}</text>
    </g>
  );
}
