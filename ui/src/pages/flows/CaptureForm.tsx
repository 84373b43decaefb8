import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Problem } from "../../api/problem";
import { WORKLOADS } from "../../live/kinds";
import { picture } from "../../live/store";
import { attempt } from "../../parts/asked";
import { Dialog, Field } from "../../parts/Form";
import { Trouble } from "../../parts/Said";
import { environment, looked } from "../../state/place";
import { counted } from "../../state/words";
import { create } from "./watching";

const TTLS = [["60", "1 minute"], ["600", "10 minutes"], ["3600", "1 hour"], ["86400", "1 day"], ["0", "until it is ended"]].map(([value, label]) => ({ value: value ?? "", label: label ?? "" }));
const INSIDE = new Set(["host", "vedge", "vconnector"]);

/** What is captured on for an object: itself, or the NICs within it. */
export function targetOf(id: string, kind: string): string {
  const own = `G.V(${JSON.stringify(id)})`;
  return WORKLOADS.has(kind) || INSIDE.has(kind) ? `${own}.Descendants().Has('Kind', Within('vnic', 'host_pnic'))` : own;
}

const numeral = (text: string): number => Math.max(0, Number(text) || 0);

/** What to capture, and for how long: a budget before it starts. */
export function CaptureForm({ close }: { close: () => void }): JSX.Element {
  const focus = picture.value?.things.get(looked.peek());
  const said = useSignal({ query: focus ? targetOf(focus.id, focus.kind) : "G.V().Has('Kind', 'vnic')", name: focus?.name ?? "", bpf: "", ttl: "600", packets: "1000000", cpu: "20", raw: "0" });
  const problem = useSignal<Problem | null>(null);
  const busy = useSignal(false);
  const set = (name: keyof typeof said.value) => (value: string): void => void (said.value = { ...said.value, [name]: value });
  const { query, name, bpf, ttl, packets, cpu, raw } = said.value;
  const start = async (): Promise<void> => {
    busy.value = true;
    const made = { query, environment: environment.value, name, bpf, ttl: Number(ttl), packets: numeral(packets), cpu: numeral(cpu) / 100, raw_packets: numeral(raw) };
    if (await attempt(() => create(made), (wrong) => (problem.value = wrong))) close();
    busy.value = false;
  };
  return (
    <Dialog title={focus ? `Capture at ${focus.name}` : "New capture"} act="Start capture" run={() => void start()} close={close} busy={busy.value}>
      <Field label="On every object that this finds" hint="Asked again as things change: what it finds newly is captured, what it finds no more is let go." mono value={query} change={set("query")} />
      <div class="form-pair">
        <Field label="Name" value={name} change={set("name")} />
        <Field label="Only packets that fit" hint="in the language of pcap-filter(7)" mono placeholder="tcp port 443" value={bpf} change={set("bpf")} />
      </div>
      <fieldset class="budget">
        <legend class="b f12">Budget: it ends by itself when one of these is used up</legend>
        <Field label="Packets" type="number" hint="over all points, 0 for any number" value={packets} change={set("packets")} />
        <Field label="Time" choices={TTLS} hint={Number(ttl) ? counted(Number(ttl), "second", "seconds") : "no end"} value={ttl} change={set("ttl")} />
        <Field label="Share of a CPU, %" type="number" hint="of one core, over all points, 0 for any" value={cpu} change={set("cpu")} />
      </fieldset>
      <Field label="Packets kept of each flow" type="number" hint="Whole packets, in memory while it lasts, to be downloaded as pcap. 0 keeps none and costs least." value={raw} change={set("raw")} />
      <Trouble problem={problem.value} />
    </Dialog>
  );
}
