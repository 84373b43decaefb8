/** The way of a conversation as ids. Pure. */
import type { FlowPath } from "../api/types";

/** Every id that a conversation passes, each once, in order from A to B: ends, points of capture, what is between. */
export function along(path: FlowPath): string[] {
  const ids = [path.a_object, ...(path.before ?? [])];
  path.hops.forEach((hop, i) => ids.push(hop.node, ...(path.stages[i]?.between ?? [])));
  ids.push(...(path.after ?? []), path.b_object);
  return [...new Set(ids.filter((id): id is string => Boolean(id)))];
}
