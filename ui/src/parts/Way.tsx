import type { JSX } from "preact";
import { way, wayNamed, wayTrouble } from "../live/way";
import { picture } from "../live/store";
import { go, place } from "../state/place";
import { count, counted } from "../state/words";
import { Glyph } from "./Glyph";

/** Whose way is shown, in one line; nothing without one. */
export function WayBar(): JSX.Element | null {
  if (!wayNamed.value) return null;
  const told = way.value;
  const close = (): void => go({ more: { ...place.value.more, path: "" } });
  return (
    <div class="verdict way-bar">
      <Glyph name="ui-path" tone="accent" />
      {told ? <Told /> : <span class="t2" role="status">{wayTrouble.value ? `${wayTrouble.value.detail} ${wayTrouble.value.hint}` : "Asking for the way of the flow."}</span>}
      <span class="grow" />
      <button class="btn" onClick={() => go({ page: "flows", focus: "", filter: `flow:${wayNamed.value}`, tab: "" })}>Its flows</button>
      <button class="btn q sq" aria-label="Show no path" onClick={close}><Glyph name="ui-close" size="s" /></button>
    </div>
  );
}

function Told(): JSX.Element | null {
  const told = way.value;
  const first = told?.hops[0];
  if (!told || !first) return null;
  const end = (id: string | undefined, address: string | undefined): string => {
    const thing = picture.value?.things.get(id ?? "");
    const owner = thing && thing.parent !== thing.host ? picture.value?.things.get(thing.parent) : undefined;
    return [owner?.name ?? thing?.name, address].filter(Boolean).join(" ");
  };
  const lost = told.stages.reduce((sum, stage) => sum + Math.max(0, stage.lost_ab ?? 0) + Math.max(0, stage.lost_ba ?? 0), 0);
  return (
    <>
      <b class="nowrap">{end(told.a_object, first.network_a)} to {end(told.b_object, told.hops.at(-1)?.network_b)}</b>
      <span class="trunc">Seen at {counted(told.hops.length, "point", "points")}, {count(first.ab_packets)} and {count(first.ba_packets)} packets at the first. {lost ? <span class="error">{counted(lost, "packet was", "packets were")} lost on the way.</span> : "None was lost between them."}</span>
    </>
  );
}
