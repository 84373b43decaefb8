/** A made-up estate for tests: hosts with instances on a switch, and whatever a test adds. */
import { Picture, type Thing } from "../src/live/picture";

export function thing(id: string, kind: string, more: Partial<Thing> = {}): Thing {
  return { id, name: id.slice(id.lastIndexOf(":") + 1), kind, type: kind, host: "", parent: "", state: "", note: "", project: "", zone: "", networks: null, ...more };
}

export function estate(hosts: number, instances: number): Picture {
  const picture = new Picture();
  const add = (each: Thing): void => void picture.things.set(each.id, each);
  for (let h = 1; h <= hosts; h++) {
    const host = `h${h}`;
    add(thing(host, "host", { host, name: host, zone: h % 2 ? "zone-a" : "zone-b" }));
    add(thing(`${host}/ovs`, "vedge", { host, parent: host, name: "ovs" }));
    add(thing(`${host}/ovs/bridge:br-int`, "ovs_bridge", { host, parent: `${host}/ovs` }));
    add(thing(`${host}/dev:eth0`, "host_pnic", { host, parent: host, state: "up" }));
    for (let i = 1; i <= instances; i++) {
      const vm = `${host}/netns:vm-${i}`;
      add(thing(vm, "instance", { host, parent: host, project: i % 2 ? "shop" : "billing" }));
      add(thing(`${vm}/dev:eth0`, "vnic", { host, parent: vm, state: "up", note: `10.0.${h}.${i}` }));
      add(thing(`${host}/ovs/port:v${i}`, "ovs_port", { host, parent: `${host}/ovs/bridge:br-int` }));
      add(thing(`${host}/dev:v${i}`, "device", { host, parent: host, type: "veth", state: "up" }));
      picture.tie("layer2.veth", `${host}/dev:v${i}`, `${vm}/dev:eth0`);
      picture.tie("layer2.ovs", `${host}/ovs/port:v${i}`, `${host}/dev:v${i}`);
      picture.tie("instance-vnic", vm, `${vm}/dev:eth0`);
    }
    if (h > 1) picture.tie("layer3.tunnel", `h1/dev:eth0`, `${host}/dev:eth0`);
  }
  return picture;
}
