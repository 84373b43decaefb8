"""A guest that was given a virtual function (SR-IOV): as the kernel tells of it by netlink and libvirt by XML.

Messages and XML are built in their forms: no test machine has such a NIC.
"""

from __future__ import annotations

from calipso.graph.codec import Codec
from calipso.graph.value import FacetChange, Graph
from calipso.model.environment import Environment
from calipso.model.record import Record
from calipso.sources.libvirt.parse_domain import Domain
from calipso.sources.linux.devices import build_devices
from calipso.sources.linux.parse_ethtool import Hardware
from calipso.sources.linux.parse_links import parse_links
from calipso.sources.linux.parse_namespaces import Namespace
from tests.support.libvirt_texts import DOMAIN, UUID
from tests.support.netlink_messages import attribute, link

CODEC = Codec()
GUEST, OTHER = "fa163e000005", "0200000000a1"


def function(index: int, mac: str, vlan: int) -> bytes:
    """IFLA_VF_INFO with IFLA_VF_MAC and IFLA_VF_VLAN (linux/if_link.h)."""
    told = index.to_bytes(4, "little") + bytes.fromhex(mac) + bytes(26)
    return attribute(1, [attribute(1, told), attribute(2, b"".join(n.to_bytes(4, "little") for n in (index, vlan, 0)))])


def records(mac: str) -> list[Record]:
    root = Namespace(id="h1", part="root", path="", inode=1, reference=0)
    message = link(2, "ens5f0", attribute(22, [function(0, OTHER, 0), function(1, mac, 100)]))
    hardware = {2: Hardware(driver="ixgbe", bus_info="0000:3b:00.0")}
    (device,) = build_devices("h1", root, parse_links(message), {}, hardware, {}.get)
    host = Record("h1", "linux", "host", {"name": "h1", "host": "h1", "namespaces_complete": True})
    return [host, device.record, *device.functions, *Domain(DOMAIN, "h1", {}).records()]


def graph_of(mac: str) -> Graph:
    changes = [
        FacetChange(each.id, each.facet, CODEC.encode(each.type, "test", each.attributes)) for each in records(mac)
    ]
    return Graph(Environment(name="e"), CODEC).apply(changes, 1)[0]


def links_of(graph: Graph, id: str) -> set[tuple[str, str]]:
    head = graph.resolve(id)
    assert head is not None, id
    return {
        (link.type, other.id)
        for link in graph.links(head.ord)
        if (other := graph.get(link.other)) is not None and not other.id.startswith("instance:")
    }


def test_the_nic_is_on_the_virtual_function_of_its_address_and_on_the_physical_one() -> None:
    nic = f"instance:{UUID}/vnic:fa:16:3e:00:00:05"
    assert links_of(graph_of(GUEST), nic) == {
        ("layer2.tap", "h1/dev:ens5f0/vf:1"),
        ("vnic-host_pnic", "h1/dev:ens5f0"),
    }
    assert links_of(graph_of(OTHER), nic) == set()
