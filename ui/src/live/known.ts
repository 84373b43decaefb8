/** What is known of the traffic on a link. Pure. */
import { count, figured } from "../state/words";

/** packets: counted so far, while two readings of the counter are not there yet. */
export interface Known {
  value: number;
  unit: "pkt/s" | "packets" | "b/s" | "MTU";
}

/** The figure of a link: that of what it goes through, else of its ends, the greatest of them; the least MTU. */
export function figureAt(ends: readonly string[], through: readonly string[], values: ReadonlyMap<string, Known>): Known | null {
  for (const ids of [through, ends]) {
    const found = ids.flatMap((id) => values.get(id) ?? []);
    if (found.length) return found.reduce(telling);
  }
  return null;
}

/** The one of two that says more of a link. */
export function telling(one: Known, other: Known): Known {
  if (one.unit !== other.unit) return one.unit === "packets" ? other : one;
  return (one.unit === "MTU" ? one.value <= other.value : one.value >= other.value) ? one : other;
}

export function figureWords(said: Known | null): string {
  if (!said) return "";
  if (said.unit === "MTU") return `MTU ${said.value}`;
  return said.unit === "packets" ? `${count(said.value)} packets` : figured(said.value, said.unit);
}
