import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { glyphOf, labelOf } from "../../live/kinds";
import { WORDS } from "../../live/severity";
import { model } from "../../live/store";
import { Tree, type Branch } from "../../parts/Tree";
import { go, place } from "../../state/place";
import { arrangement } from "./arrangement";
import type { Box } from "./boxes";

/** The map as a tree: the same boxes, the same selection. */
export function Twin(): JSX.Element {
  const closed = useSignal<ReadonlySet<string>>(new Set());
  const open = useSignal<ReadonlySet<string>>(new Set());
  const root = useComputed(() => (arrangement.value ? branchOf(arrangement.value.boxes.root, 0) : null));
  const isOpen = (branch: Branch): boolean => (open.value.has(branch.id) || branch.level < 2) && !closed.value.has(branch.id);
  const toggle = (branch: Branch, wanted: boolean): void => {
    open.value = without(open.value, branch.id, wanted);
    closed.value = without(closed.value, branch.id, !wanted);
  };
  return (
    <div class="map-twin">
      {root.value ? <Tree label="Map" root={root.value} isOpen={isOpen} toggle={toggle} chosen={place.value.focus} choose={(id) => go({ focus: id })} /> : null}
    </div>
  );
}

function without(from: ReadonlySet<string>, id: string, add: boolean): ReadonlySet<string> {
  const next = new Set(from);
  if (add) next.add(id);
  else next.delete(id);
  return next;
}

function branchOf(box: Box, level: number): Branch {
  return {
    id: box.id, level, glyph: glyphOf({ kind: box.kind, note: box.note }), name: box.name || labelOf(model.value, box.kind, true), mono: box.thing !== null,
    says: `${labelOf(model.value, box.kind)}, ${WORDS[box.severity]}`, note: box.note, severity: box.severity, count: box.children.length,
    selectable: box.thing !== null, children: box.children.map((child) => branchOf(child, level + 1)),
  };
}
