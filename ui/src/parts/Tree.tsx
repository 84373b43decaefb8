import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Severity } from "../live/severity";
import { count } from "../state/words";
import { Glyph } from "./Glyph";

export interface Branch {
  id: string;
  level: number;
  glyph: string;
  name: string;
  mono: boolean;
  /** What a screen reader adds to the name: kind and state. */
  says: string;
  note: string;
  severity: Severity;
  count: number;
  selectable: boolean;
  children: readonly Branch[];
}

interface Line {
  branch: Branch;
  position: number;
  of: number;
  parent: number;
}

export interface TreeProps {
  label: string;
  root: Branch;
  isOpen: (branch: Branch) => boolean;
  toggle: (branch: Branch, open: boolean) => void;
  chosen: string;
  choose: (id: string) => void;
}

const ROW = 25;
const BEYOND = 20;

/** The lines of a tree that are open, with their place among their siblings. Pure. */
export function linesOf(root: Branch, isOpen: (branch: Branch) => boolean): Line[] {
  const lines: Line[] = [];
  const add = (branch: Branch, position: number, of: number, parent: number): void => {
    const mine = lines.push({ branch, position, of, parent }) - 1;
    if (isOpen(branch)) branch.children.forEach((child, i) => add(child, i + 1, branch.children.length, mine));
  };
  add(root, 1, 1, -1);
  return lines;
}

/** A tree of any size: only lines in view are in the document, the keyboard reaches all. */
export function Tree({ label, root, isOpen, toggle, chosen, choose }: TreeProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const tall = useSignal(600);
  const active = useSignal(chosen || root.id);
  const lines = linesOf(root, isOpen);
  const at = Math.max(0, lines.findIndex((line) => line.branch.id === active.value));
  const first = Math.max(0, Math.floor(top.value / ROW) - BEYOND);
  const last = Math.min(lines.length, Math.ceil((top.value + tall.value) / ROW) + BEYOND);
  useEffect(() => {
    const observer = new ResizeObserver(() => (tall.value = frame.current?.clientHeight ?? 600));
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (chosen) active.value = chosen;
  }, [chosen]);
  const move = (to: number): void => {
    const line = lines[Math.min(lines.length - 1, Math.max(0, to))];
    if (!line || !frame.current) return;
    active.value = line.branch.id;
    const y = lines.indexOf(line) * ROW;
    if (y < frame.current.scrollTop) frame.current.scrollTop = y;
    if (y + ROW > frame.current.scrollTop + tall.value) frame.current.scrollTop = y + ROW - tall.value;
  };
  const stroke = (event: KeyboardEvent): void => {
    if (!walk(event.key, lines, at, { move, toggle, isOpen, choose })) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class="tree" role="tree" aria-label={label} tabIndex={0} ref={frame} aria-activedescendant={lines[at] ? idOf(lines[at].branch) : undefined}
      onScroll={() => (top.value = frame.current?.scrollTop ?? 0)} onKeyDown={stroke}
    >
      <div role="presentation" class="tree-space" style={{ height: `${lines.length * ROW}px` }}>
        {lines.slice(first, last).map((line, i) => (
          <Row key={line.branch.id} line={line} y={(first + i) * ROW} open={isOpen(line.branch)} chosen={line.branch.id === chosen} active={first + i === at} toggle={toggle} choose={(id) => ((active.value = id), choose(id))} />
        ))}
      </div>
    </div>
  );
}

const idOf = (branch: Branch): string => `node-${branch.id.replace(/[^A-Za-z0-9_-]/g, "_")}`;

interface Moves {
  move: (to: number) => void;
  toggle: (branch: Branch, open: boolean) => void;
  isOpen: (branch: Branch) => boolean;
  choose: (id: string) => void;
}

/** The keys of a tree (WAI-ARIA Authoring Practices); whether one was meant for it. */
function walk(key: string, lines: Line[], at: number, { move, toggle, isOpen, choose }: Moves): boolean {
  const line = lines[at];
  if (!line) return false;
  const inner = line.branch.children.length > 0;
  if (key === "ArrowDown") move(at + 1);
  else if (key === "ArrowUp") move(at - 1);
  else if (key === "Home") move(0);
  else if (key === "End") move(lines.length - 1);
  else if (key === "ArrowRight") inner && !isOpen(line.branch) ? toggle(line.branch, true) : move(inner ? at + 1 : at);
  else if (key === "ArrowLeft") inner && isOpen(line.branch) ? toggle(line.branch, false) : move(line.parent);
  else if (key === "Enter" || key === " ") line.branch.selectable ? choose(line.branch.id) : toggle(line.branch, !isOpen(line.branch));
  else return false;
  return true;
}

interface RowProps {
  line: Line;
  y: number;
  open: boolean;
  chosen: boolean;
  active: boolean;
  toggle: (branch: Branch, open: boolean) => void;
  choose: (id: string) => void;
}

function Row({ line, y, open, chosen, active, toggle, choose }: RowProps): JSX.Element {
  const { branch } = line;
  const inner = branch.children.length > 0;
  return (
    <div
      id={idOf(branch)} role="treeitem" class={`tree-row${active ? " active" : ""}`} aria-level={branch.level + 1} aria-posinset={line.position} aria-setsize={line.of}
      aria-selected={chosen} aria-expanded={inner ? open : undefined} style={{ top: `${y}px`, paddingLeft: `${8 + branch.level * 13}px` }}
      onClick={() => (branch.selectable ? choose(branch.id) : toggle(branch, !open))}
    >
      {inner ? (
        <span class="tree-twist" onClick={(event) => (event.stopPropagation(), toggle(branch, !open))}><Glyph name={open ? "ui-down" : "ui-right"} size="xs" tone="t3" /></span>
      ) : (
        <span class="tree-twist" />
      )}
      <Glyph name={branch.glyph} size="s" tone="t2" />
      <span class={`trunc grow ${branch.mono ? "mono" : ""}`}>{branch.name}<span class="vh">, {branch.says}</span> {branch.note ? <span class="t3">{branch.note}</span> : null}</span>
      {branch.severity !== "ok" ? <Glyph name={`st-${branch.severity}`} size="xs" tone={`m-${branch.severity}`} /> : null}
      <span class="f11 t3">{branch.count ? count(branch.count) : ""}</span>
    </div>
  );
}
