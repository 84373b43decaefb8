/** Objects that have a clique of their own. */
import type { Thing } from "./picture";
import { model, picture } from "./store";

/** Whether cliques begin at objects of a kind. */
export function hasClique(kind: string | undefined): boolean {
  return model.value?.clique_types.some((each) => each.focal_kind === kind) ?? false;
}

/** The object whose clique is opened for one that is looked at: itself, or what it is part of, as a NIC of its instance. */
export function focalOf(id: string): Thing | undefined {
  const things = picture.value?.things;
  let thing = things?.get(id);
  while (thing && !hasClique(thing.kind)) thing = things?.get(thing.parent);
  return thing;
}
