import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask } from "../../api/client";
import { Problem } from "../../api/problem";
import type { Flow } from "../../api/types";
import { attempt } from "../../parts/asked";
import { download } from "../../parts/download";
import { Glyph } from "../../parts/Glyph";
import { Trouble } from "../../parts/Said";
import { environment, go, place } from "../../state/place";
import { counted } from "../../state/words";
import { pointOf } from "./names";

/** The packets of a flow that were kept, as a file. */
export function Packets({ flow }: { flow: Flow }): JSX.Element {
  const problem = useSignal<Problem | null>(null);
  const kept = flow.raw_packets ?? 0;
  const save = async (): Promise<void> => {
    const told = await ask("get_packets", { environment: environment.value, uuid: flow.uuid });
    const missing = told.packets ? undefined : told.missing?.[0];
    if (missing) throw new Problem(404, missing);
    download(new Blob([Uint8Array.from(atob(told.pcap), (each) => each.charCodeAt(0))], { type: "application/vnd.tcpdump.pcap" }), `flow-${flow.uuid}.pcap`);
  };
  return (
    <section>
      <h3 class="sech">Kept<span class="r">{pointOf(flow.node)}</span></h3>
      {kept ? (
        <>
          <p>{counted(kept, "packet", "packets")}, the first ones that were seen here, whole.</p>
          <p class="row"><button class="btn p" onClick={() => void attempt(save, (wrong) => (problem.value = wrong))}><Glyph name="ui-export" size="s" />Download pcap</button></p>
        </>
      ) : (
        <>
          <p class="t2">Its capture keeps no packets here. One that keeps some is told so before it starts.</p>
          <p class="row">{flow.node ? <button class="btn" onClick={() => go({ focus: flow.node ?? "", more: { ...place.value.more, node: "", do: "capture" } })}><Glyph name="ui-rec" size="s" />Capture packets here</button> : null}</p>
        </>
      )}
      <Trouble problem={problem.value} />
    </section>
  );
}
