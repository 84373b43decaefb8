"""Names of attributes, Skydive's and ours, on the live graph and on a store's past."""

from __future__ import annotations

from typing import Any

import pytest

from calipso.query.names import ALIASES
from tests.support.queries import World, told

ALIASED = {
    "ID": "h1",
    "@ID": "h1",
    "TID": "h1",
    "Name": "eth0",
    "Type": "veth",
    "Kind": "host_pnic",
    "Host": "h2",
    "@Host": "h2",
    "MAC": "02:00:00:00:00:02",
    "MTU": 1400,
    "State": "DOWN",
    "IPV4": "192.0.2.2/24",
    "IPV6": "fe80::2/64",
    "IfIndex": 2,
    "Driver": "veth",
    "Speed": 10000,
    "LinkFlags": "UP",
    "PeerIfIndex": 9,
    "LinkNetNsID": 0,
    "LinkNetNsName": "h1",
    "MasterIndex": 12,
    "Vlan": 10,
    "Vlans": 20,
    "LocalIP": "192.0.2.1",
    "RemoteIP": "192.0.2.2",
    "VNI": "10010",
    "ExtID.vm-id": "5f0",
    "ExtID.vm-uuid": "5f0",
    "ExtID.iface-id": "9c1",
    "ExtID.attached-mac": "AC:01:16",
    "Ovs.OtherConfig.a.b": "c",
    "Features.rx-gro": True,
    "Hostname": "h1",
    "Manager": "libvirt",
    "Probe": "libvirt@h1",
    "attributes.mtu": 1400,
    "attributes.features.rx-gro": True,
    "facets.libvirt.peer_mac": "aa:01:0a",
    "Libvirt.PeerMac": "aa:01:0a",
    "Neighbors.MAC": None,
    "neighbors.ip": "192.0.2.7",
    "sockets.local_port": 22,
}


@pytest.mark.parametrize(("name", "value"), [each for each in ALIASED.items() if each[1] is not None])
def test_names_of_skydive_and_ours(world: World, name: str, value: Any) -> None:
    said = f"'{value}'" if isinstance(value, str) else str(value).lower()
    assert told(f"G.V().Has('{name}', {said}).Count()", world)[0] > 0
    assert told(f"G.V().Has('Name', Regex('.*')).Has('{name}', {said}).Count()", world)[0] > 0


def test_every_alias_can_be_asked(world: World) -> None:
    for name in ALIASES:
        told(f"G.V().Has('{name}', 'x')", world)
        told(f"G.V().Values('{name}')", world)
