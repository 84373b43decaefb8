"""Random histories of a small estate: hosts, namespaces, veths, bridges, Open vSwitch, segments, guests' NICs."""

from __future__ import annotations

from hypothesis import strategies as st

from calipso.graph.codec import Codec
from calipso.graph.value import FacetChange
from calipso.model import ids

HOSTS = ("h1", "h2")
MACS = tuple(f"02:00:00:00:00:{i:02x}" for i in range(4))
SCOPE = "netlink@h1"

host = st.sampled_from(HOSTS)
small = st.integers(0, 3)
some = st.booleans()


@st.composite
def devices(draw: st.DrawFn) -> tuple[str, str, str, dict]:
    name = draw(host)
    space = draw(st.sampled_from([ids.host(name), ids.netns(name, "blue"), ids.netns(name, "qrouter-r1")]))
    number = draw(small)
    kind = draw(st.sampled_from(["veth", "bridge", "device", "tun", "vxlan"]))
    attributes = {
        "host": name, "netns": space, "name": f"dev{number}", "ifindex": number + 1, "mac": draw(st.sampled_from(MACS)),
        "mtu": draw(st.sampled_from([1500, 1450])), "state": draw(st.sampled_from(["up", "down"])),
    }  # fmt: skip
    if draw(some):
        attributes["master"] = draw(small) + 1
    if kind == "veth" and draw(some):
        attributes["peer_netns"], attributes["peer_ifindex"] = ids.netns(name, "blue"), draw(small) + 1
    if draw(some):
        attributes["ips"] = [f"10.0.0.{draw(small)}"]
    return ids.device(space, f"dev{number}"), "netlink", kind, attributes


@st.composite
def interfaces(draw: st.DrawFn) -> tuple[str, str, str, dict]:
    name, number = draw(host), draw(small)
    ovs, device = ids.ovs(name), f"dev{number}"
    attributes = {
        "host": name, "ovs": ovs, "netns": ids.host(name), "name": device, "port": ids.ovs_port(ovs, device),
        "bridge": ids.ovs_bridge(ovs, "br0"), "owner": ids.ovs_bridge(ovs, "br0"), "ofport": number + 1,
    }  # fmt: skip
    if draw(some):
        attributes["attached_mac"] = draw(st.sampled_from(MACS))
    kind = draw(st.sampled_from(["system", "internal", "patch"]))
    return ids.ovs_interface(ovs, device), "ovs", kind, attributes


@st.composite
def ports(draw: st.DrawFn) -> tuple[str, str, str, dict]:
    name, number = draw(host), draw(small)
    ovs, device = ids.ovs(name), f"dev{number}"
    attributes = {
        "host": name, "ovs": ovs, "bridge": ids.ovs_bridge(ovs, "br0"), "owner": ids.ovs_bridge(ovs, "br0"),
        "name": device, "tag": draw(small), "interfaces": [ids.ovs_interface(ovs, device)],
    }  # fmt: skip
    return ids.ovs_port(ovs, device), "ovs", "ovsport", attributes


@st.composite
def others(draw: st.DrawFn) -> tuple[str, str, str, dict]:
    name = draw(host)
    ovs = ids.ovs(name)
    pick = draw(st.integers(0, 5))
    if pick == 0:
        said = {"name": name, "host": name, "hostname": draw(st.sampled_from([name, name + ".example", "h1"]))}
        return ids.host(name), "linux", "host", said | {"machine_id": draw(st.sampled_from(["m1", "m2"]))}
    if pick == 1:
        space = draw(st.sampled_from(["blue", "qrouter-r1"]))
        return ids.netns(name, space), "netlink", "netns", {"host": name, "name": space, "inode": draw(small)}
    if pick == 2:
        said = {"host": name, "name": "ovs", "system_id": draw(st.sampled_from(["s1", "s2"]))}
        return ovs, "ovs", "ovs", said
    if pick == 3:
        segments = [{"tag": draw(small), "segment": "segment:vxlan/-/10", "medium": "overlay/vxlan"}]
        return ovs, "ovs.segments", "ovs", {"host": name, "segments": segments}
    if pick == 4:
        bridge = ids.ovs_bridge(ovs, "br0")
        return bridge, "ovs", "ovsbridge", {"host": name, "ovs": ovs, "owner": ovs, "name": "br0"}
    nic = ids.guest_nic(ids.instance("u1"), draw(st.sampled_from(MACS)))
    return nic, "ovs", "nic", {"host": name, "instance": ids.instance("u1"), "mac": nic.partition("vnic:")[2]}


records = st.one_of(devices(), devices(), interfaces(), ports(), others())
codec = Codec()


@st.composite
def changes(draw: st.DrawFn) -> FacetChange:
    id, facet, kind, attributes = draw(records)
    body = codec.encode(kind, SCOPE, attributes) if draw(st.integers(0, 3)) else None
    return FacetChange(id, facet, body)


ticks = st.lists(changes(), min_size=1, max_size=8)
