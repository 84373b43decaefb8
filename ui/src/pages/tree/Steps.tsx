import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Glyph } from "../../parts/Glyph";
import { tail } from "../../state/words";
import type { EdgeText } from "./Lanes";
import type { Diagram, LaneEdge, Step } from "./lanes";

const MARK: Readonly<Record<Step["state"], string>> = { pass: "ok", fails: "error", unknown: "unknown", "not reached": "unknown" };

/** So many steps are seen before the one that fails. */
const BEFORE = 3;

/** The same path as an ordered table: the twin of the lanes. */
export function Steps({ diagram, chosen, choose, at }: { diagram: Diagram; chosen: string; choose: (id: string) => void; at: (edge: LaneEdge) => EdgeText }): JSX.Element {
  const texts = new Map(diagram.edges.filter((edge) => edge.step).map((edge) => [edge.step, at(edge)]));
  const names = new Map(diagram.nodes.map((node) => [node.id, node]));
  const nameOf = (id: string): string => {
    const node = names.get(id);
    return node ? (node.host && node.host !== node.name ? `${node.name}, ${node.host}` : node.name) : tail(id);
  };
  const rows = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const head = rows.current?.querySelector<HTMLElement>("thead");
    const first = diagram.broken > BEFORE ? rows.current?.querySelector<HTMLElement>(`tbody tr:nth-child(${diagram.broken - BEFORE})`) : null;
    if (rows.current) rows.current.scrollTop = first && head ? first.offsetTop - head.clientHeight : 0;
  }, [diagram.broken]);
  return (
    <div ref={rows} class="steps" tabIndex={0} role="region" aria-label="Steps">
      <h2 class="steps-title">Steps <span class="t3 f12">the same path as a table{diagram.broken ? ", around the break" : ""}</span></h2>
      <table>
        <thead><tr><th scope="col" class="num">Step</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Link</th><th scope="col">At the link</th><th scope="col">State</th><th scope="col">Evidence</th></tr></thead>
        <tbody>
          {diagram.steps.map((step) => (
            <tr key={step.n} class={chosen && (step.to === chosen || step.from === chosen) ? "on" : ""}>
              <td class="num t3">{step.n}</td>
              <td class="mono">{step.from ? <button class="link mono" onClick={() => choose(step.from)}>{nameOf(step.from)}</button> : ""}</td>
              <td class="mono"><button class="link mono" disabled={step.to.startsWith("missing:")} onClick={() => choose(step.to)}>{nameOf(step.to)}</button></td>
              <td>{step.type}</td>
              <td class="nowrap">{texts.get(step.n)?.text}{" "}{texts.get(step.n)?.way ? <span class="chip acc">on the path</span> : null}</td>
              <td><span class="row g2"><Glyph name={`st-${MARK[step.state]}`} size="s" tone={`m-${MARK[step.state]}`} />{step.state}</span></td>
              <td class="t2">{step.state === "not reached" ? "not reached" : step.evidence}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
