import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Problem } from "../../api/problem";
import type { InjectPacket } from "../../api/types";
import { picture } from "../../live/store";
import { attempt } from "../../parts/asked";
import { Check, Dialog, Field } from "../../parts/Form";
import { Trouble } from "../../parts/Said";
import { environment, looked, place } from "../../state/place";
import { send } from "./watching";

type Kind = Exclude<NonNullable<InjectPacket["type"]>, "pcap">;
const KINDS: readonly { value: Kind; label: string }[] = [
  { value: "icmp4", label: "ICMP echo request" }, { value: "icmp6", label: "ICMPv6 echo request" }, { value: "tcp4", label: "TCP SYN" },
  { value: "tcp6", label: "TCP SYN over IPv6" }, { value: "udp4", label: "UDP" }, { value: "udp6", label: "UDP over IPv6" },
];

/** Packets to send from an object to another, or to an address. */
export function InjectForm({ close }: { close: () => void }): JSX.Element {
  const focus = looked.peek();
  const said = useSignal({ source: focus, target: place.peek().peer, type: "icmp4", count: "5", interval: "200", port: "80", size: "56", random: false });
  const problem = useSignal<Problem | null>(null);
  const busy = useSignal(false);
  const set = (name: keyof typeof said.value) => (value: string): void => void (said.value = { ...said.value, [name]: value });
  const { source, target, type, count, interval, port, size, random } = said.value;
  const named = (id: string): string => {
    const thing = picture.value?.things.get(id);
    return thing ? `${thing.name}${thing.note ? `, ${thing.note}` : ""}${thing.host && thing.host !== thing.name ? `, on ${thing.host}` : ""}` : "an id, a query that finds one, or an address";
  };
  const start = async (): Promise<void> => {
    busy.value = true;
    const order = { source, target, environment: environment.value, type: type as Kind, count: Number(count), interval: Number(interval), packet: { size: Number(size) }, mode: random ? "random" as const : "unique" as const };
    const made = type.startsWith("icmp") ? order : { ...order, target_port: Number(port) };
    if (await attempt(() => send(made), (wrong) => (problem.value = wrong))) close();
    busy.value = false;
  };
  return (
    <Dialog title="Send packets" act="Send" run={() => void start()} close={close} busy={busy.value}>
      <div class="form-pair">
        <Field label="From" hint={named(source).replace(", or an address", "")} mono value={source} change={set("source")} />
        <Field label="To" hint={named(target)} mono value={target} change={set("target")} />
      </div>
      <div class="form-three">
        <Field label="What" choices={KINDS} value={type} change={set("type")} />
        <Field label="How many" type="number" value={count} change={set("count")} />
        <Field label="Every, ms" type="number" value={interval} change={set("interval")} />
      </div>
      <div class="form-three">
        {type.startsWith("icmp") ? null : <Field label="To port" type="number" value={port} change={set("port")} />}
        <Field label="Octets of payload" type="number" value={size} change={set("size")} />
      </div>
      <Check label="each packet a flow of its own" on={random} change={(on) => (said.value = { ...said.value, random: on })} />
      <p class="f12 t2 form-note">Addresses and the next hop are what routes and neighbours of the source say now. They act now, also while the past is shown.</p>
      <Trouble problem={problem.value} />
    </Dialog>
  );
}
