import type { JSX } from "preact";
import { labelOf } from "../../live/kinds";
import { severityOf, WORDS } from "../../live/severity";
import { model, staleHosts } from "../../live/store";
import { arrangement } from "./arrangement";
import { area, drawn, hovered } from "./Canvas";

const WIDE = 240;

/** What the pointer rests on: its whole name and what the model shows first of its kind. */
export function Hover(): JSX.Element | null {
  const target = hovered.value;
  const box = target && arrangement.value?.boxes.byId.get(target.id);
  const at = target && drawn.value?.targets.find((each) => each.id === target.id);
  if (!box || !at || at.h > area.value.h * 0.5) return null;
  const left = Math.min(Math.max(8, at.x + at.w + 10), area.value.w - WIDE - 8);
  const top = Math.min(Math.max(8, at.y), area.value.h - 120);
  const thing = box.thing;
  return (
    <div class="float hover" style={{ left: `${left}px`, top: `${top}px` }} aria-hidden="true">
      <div class="f11 t3">{labelOf(model.value, box.kind)}{thing ? `, ${WORDS[severityOf(thing, staleHosts.value)]}` : ""}</div>
      <div class="mono b">{box.name || labelOf(model.value, box.kind, true)}</div>
      {box.note ? <div class="mono f12 t2">{box.note}</div> : null}
      {box.folded ? <div class="f12 t3">{box.folded} more stand behind it</div> : null}
      {box.children.length ? <div class="f12 t3">{box.children.length} within</div> : null}
    </div>
  );
}
