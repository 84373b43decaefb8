import type { JSX } from "preact";
import type { Flow } from "../../api/types";

/** The packets of a flow that were kept, as a file. */
export function Packets({ flow }: { flow: Flow }): JSX.Element {
  return <p class="f12 t2">{flow.raw_packets ?? 0}</p>;
}
