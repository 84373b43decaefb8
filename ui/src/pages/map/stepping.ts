/** Moving the selection with arrows: to the nearest object that way. */
import { nearest, type Spot } from "../../parts/nearest";
import { go, place } from "../../state/place";
import { arrangement } from "./arrangement";
import { area, drawn } from "./Canvas";

export function step(dx: number, dy: number): void {
  const boxes = arrangement.value?.boxes;
  const targets = (drawn.value?.targets ?? []).filter((each) => boxes?.byId.get(each.id)?.thing);
  const home = boxes?.home.get(place.value.focus);
  const { w, h } = area.value;
  const outside: Spot = { id: "", x: w / 2 - dx * w, y: h / 2 - dy * h, w: 0, h: 0, depth: 1 };
  const found = nearest(targets.find((each) => each.id === home) ?? outside, targets, dx, dy);
  if (found) go({ focus: found.id });
}
