import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Problem } from "../../api/problem";
import { picture } from "../../live/store";
import { Trouble } from "../../parts/Said";
import { environment, place } from "../../state/place";
import { create } from "./watching";

const TTLS: readonly [number, string][] = [[60, "1 minute"], [600, "10 minutes"], [3600, "1 hour"], [86400, "1 day"], [0, "until it is ended"]];

/** What to capture, and for how long: a budget before it starts. */
export function CaptureForm({ close }: { close: () => void }): JSX.Element {
  const focus = picture.value?.things.get(place.value.focus);
  const query = useSignal(focus ? `G.V(${JSON.stringify(focus.id)})` : "G.V().Has('Kind', 'vnic')");
  const name = useSignal("");
  const bpf = useSignal("");
  const ttl = useSignal(600);
  const packets = useSignal(0);
  const problem = useSignal<Problem | null>(null);
  const start = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await create({ query: query.value, environment: environment.value, name: name.value, bpf: bpf.value, ttl: ttl.value, raw_packets: packets.value });
      close();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem.value = error;
    }
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  return (
    <form class="capture-form" aria-label="New capture" onSubmit={(event) => void start(event)} onKeyDown={escape}>
      <label class="col grow"><span class="f12 t2">On every object that this finds</span><span class="field"><input class="bare mono grow" value={query.value} required spellcheck={false} onInput={(event) => (query.value = event.currentTarget.value)} /></span></label>
      <label class="col"><span class="f12 t2">Name</span><span class="field"><input class="bare" value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} /></span></label>
      <label class="col"><span class="f12 t2">Only packets that fit (pcap filter)</span><span class="field"><input class="bare mono" value={bpf.value} spellcheck={false} placeholder="tcp port 443" onInput={(event) => (bpf.value = event.currentTarget.value)} /></span></label>
      <label class="col"><span class="f12 t2">For</span><select class="btn wide" value={String(ttl.value)} onChange={(event) => (ttl.value = Number(event.currentTarget.value))}>{TTLS.map(([value, word]) => <option key={value} value={String(value)}>{word}</option>)}</select></label>
      <label class="col"><span class="f12 t2">Packets kept of each flow</span><span class="field"><input class="bare num" type="number" min={0} max={100000} value={packets.value} onInput={(event) => (packets.value = Number(event.currentTarget.value))} /></span></label>
      <button class="btn p" type="submit">Start capture</button>
      <button class="btn q" type="button" onClick={close}>Cancel</button>
      <div class="capture-trouble"><Trouble problem={problem.value} /></div>
    </form>
  );
}
