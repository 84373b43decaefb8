"""Link kinds on the wire: what users rely on in their records. Messages are built; kernels with all kinds are rare."""

from __future__ import annotations

from typing import Any

import pytest

from calipso.errors import ParseError
from calipso.model.record import Record
from calipso.sources.linux.devices import Device, build_devices, state_of
from calipso.sources.linux.overlay import overlay_records
from calipso.sources.linux.parse_ethtool import Hardware
from calipso.sources.linux.parse_links import parse_links
from calipso.sources.linux.parse_namespaces import Namespace
from tests.support.netlink_messages import attribute, be16, be32, ip, link, mac, u8, u16

ROOT = Namespace(id="h", part="root", path="", inode=1, reference=0)


def build(
    *messages: bytes, hardware: dict[int, Hardware] | None = None, known: dict[int, str] | None = None
) -> list[Device]:
    return build_devices("h", ROOT, parse_links(b"".join(messages)), {}, hardware or {}, (known or {}).get)


def attributes(*messages: bytes, **options: Any) -> dict[str, Any]:
    (device,) = build(*messages, **options)
    return device.record.attributes


def test_vlan() -> None:
    a = attributes(link(7, "eth0.10", attribute(5, 2), kind="vlan", data=[u16(1, 10), be16(5, 0x8100)]))
    assert (a["vlan_id"], a["vlan_protocol"], a["segment"]) == (10, "802.1Q", "segment:vlan/-/10")
    assert (a["parent_netns"], a["parent_ifindex"]) == ("h", 2)


def test_vlan_in_another_namespace_than_its_parent() -> None:
    message = link(7, "v", attribute(5, 2), attribute(37, 3), kind="vlan", data=[u16(1, 10)])
    assert attributes(message, known={3: "h/netns:a"})["parent_netns"] == "h/netns:a"
    unresolved = attributes(message)
    assert "parent_netns" not in unresolved and unresolved["parent_nsid"] == 3


def test_bond_and_its_member() -> None:
    ad = attribute(23, [u16(1, 1), u16(2, 2), mac(5, "02:00:00:00:00:99")])
    bond = attributes(
        link(5, "bond0", kind="bond", data=[u8(1, 4), attribute(2, 3), attribute(3, 100), u8(14, 1), u8(21, 1), ad])
    )
    assert bond["bond_mode"] == "802.3ad" and bond["bond_active_slave"] == 3
    assert bond["bond_xmit_hash_policy"] == "layer3+4" and bond["bond_lacp_rate"] == "fast"
    assert bond["bond_ad"]["partner_mac"] == "02:00:00:00:00:99"
    slave = [u8(1, 1), u8(2, 0), attribute(3, 12), mac(4, "02:00:00:00:00:01")]
    member = attributes(link(3, "eth0", attribute(10, 5), slave=("bond", slave)))
    assert member["master"] == 5 and member["slave_kind"] == "bond"
    assert member["bond_slave_state"] == "backup" and member["bond_slave_mii_status"] == "up"
    assert member["bond_slave_permanent_mac"] == "02:00:00:00:00:01"
    assert not [name for name in member if "failure" in name], "a counter is no attribute"


def test_geneve_and_vxlan_that_take_their_number_from_each_packet() -> None:
    fixed = attributes(link(4, "g1", kind="geneve", data=[attribute(1, 77), ip(2, "192.0.2.9"), be16(5, 6081)]))
    assert (fixed["vni"], fixed["remote_ip"], fixed["udp_port"]) == (77, "192.0.2.9", 6081)
    assert fixed["segment"] == "segment:geneve/-/77"
    external = attributes(link(4, "genev_sys", kind="geneve", data=[attribute(1, 0), attribute(6, b"")]))
    assert external["collect_metadata"] is True
    assert "vni" not in external and "segment" not in external


@pytest.mark.parametrize("kind", ["gre", "gretap", "ip6gretap"])
def test_gre_with_key(kind: str) -> None:
    data = [
        attribute(1, 2),
        be16(2, 0x2000),
        be16(3, 0x2000),
        be32(4, 5),
        be32(5, 6),
        ip(6, "192.0.2.1"),
        ip(7, "192.0.2.2"),
    ]
    (device,) = build(link(9, "gre1", kind=kind, data=data, hardware=778))
    a = device.record.attributes
    assert (a["key"], a["in_key"], a["local_ip"], a["remote_ip"]) == (6, 5, "192.0.2.1", "192.0.2.2")
    assert (a["underlay_netns"], a["underlay_ifindex"]) == ("h", 2)
    assert "mac" not in a, "its link-layer address is an IP address"
    (endpoint,) = overlay_records("h", [device.record])
    assert endpoint.id == "h/otep:gre:192.0.2.1"


@pytest.mark.parametrize(("kind", "overlay"), [("ipip", "ipip"), ("sit", "ipip"), ("ip6tnl", "ipip")])
def test_ip_tunnels(kind: str, overlay: str) -> None:
    data = [attribute(1, 2), ip(2, "192.0.2.1"), ip(3, "192.0.2.2"), u8(4, 64)]
    (device,) = build(link(9, "t", kind=kind, data=data, hardware=768))
    assert device.record.attributes["underlay_ifindex"] == 2
    assert [each.id for each in overlay_records("h", [device.record])] == [f"h/otep:{overlay}:192.0.2.1"]


def test_fallback_tunnel_devices_are_no_endpoints() -> None:
    (device,) = build(link(9, "gre0", kind="gre", data=[attribute(1, 0), ip(6, "0.0.0.0")], hardware=778))
    assert overlay_records("h", [device.record]) == []


def test_tunnels_of_one_address_share_an_endpoint() -> None:
    one = link(4, "vx1", kind="vxlan", data=[attribute(1, 1), ip(4, "192.0.2.1"), be16(15, 4789)])
    two = link(5, "vx2", kind="vxlan", data=[attribute(1, 2), ip(4, "192.0.2.1"), be16(15, 4789)])
    records = overlay_records("h", [device.record for device in build(one, two)])
    assert [each.id for each in records] == ["h/otep:vxlan:192.0.2.1", "segment:vxlan/-/1", "segment:vxlan/-/2"]
    assert records[0].attributes["tunnels"] == ["h/dev:vx1", "h/dev:vx2"]


def test_vrf_ipvlan_macvtap_dummy_and_kinds_of_tomorrow() -> None:
    assert attributes(link(3, "red", kind="vrf", data=[attribute(1, 1001)]))["vrf_table"] == 1001
    ipvlan = attributes(link(3, "ipv", attribute(5, 2), kind="ipvlan", data=[u16(1, 2)]))
    assert ipvlan["ipvlan_mode"] == "l3s" and ipvlan["parent_ifindex"] == 2
    assert (
        attributes(link(3, "mvt", attribute(5, 2), kind="macvtap", data=[attribute(1, 8)]))["macvlan_mode"]
        == "passthru"
    )
    (dummy,) = build(link(3, "d0", kind="dummy"))
    assert dummy.record.type == "dummy"
    (tomorrow,) = build(link(3, "x0", attribute(999, b"?"), kind="quantum", data=[attribute(1, 1)]))
    assert tomorrow.record.type == "quantum" and tomorrow.record.attributes["name"] == "x0"


def test_types_without_kind() -> None:
    lo, eth0 = build(link(1, "lo", hardware=772), link(2, "eth0"))
    assert (lo.record.type, eth0.record.type) == ("loopback", "device")


def test_virtual_functions() -> None:
    def vf(index: int, vlan: int) -> bytes:
        return attribute(
            1,
            [
                attribute(1, index.to_bytes(4, "little") + bytes.fromhex("0200000000a1") + bytes(26)),
                attribute(2, b"".join(each.to_bytes(4, "little") for each in (index, vlan, 3))),
                attribute(4, b"".join(each.to_bytes(4, "little") for each in (index, 1))),
                attribute(5, b"".join(each.to_bytes(4, "little") for each in (index, 2))),
                attribute(6, b"".join(each.to_bytes(4, "little") for each in (index, 0, 1000))),
            ],
        )

    (device,) = build(link(2, "ens5f0", attribute(22, [vf(1, 0), vf(0, 100)])))
    first, second = device.record.attributes["vfs"]
    assert (first["index"], second["index"]) == (0, 1)
    assert (first["mac"], first["vlan"], first["qos"]) == ("02:00:00:00:00:a1", 100, 3)
    assert (first["spoof_check"], first["link_state"], first["max_tx_rate"]) == (True, "disable", 1000)
    assert [each.id for each in device.functions] == ["h/dev:ens5f0/vf:0", "h/dev:ens5f0/vf:1"]
    assert all(each.type == "vf" for each in device.functions)


@pytest.mark.parametrize(
    ("hardware", "parent", "expected"),
    [
        (Hardware(driver="ixgbe", bus_info="0000:3b:00.0"), (), ("pci", "0000:3b:00.0")),
        (Hardware(driver="virtio_net", bus_info="0000:00:03.0"), ("virtio", "virtio0"), ("virtio", "0000:00:03.0")),
        (Hardware(driver="r8152", bus_info="usb-0000:00:14.0-2"), (), ("usb", "usb-0000:00:14.0-2")),
        (
            Hardware(driver="hv_netvsc", bus_info="5620e0c7-8062-4dce-aeb7-520c7ef76171"),
            (),
            ("vmbus", "5620e0c7-8062-4dce-aeb7-520c7ef76171"),
        ),
        (Hardware(driver="tun", bus_info="tap"), (), None),
        (Hardware(driver="bridge", bus_info="N/A"), (), None),
        (Hardware(), (), None),
    ],
)
def test_what_a_device_sits_on(hardware: Hardware, parent: tuple[str, ...], expected: tuple[str, str] | None) -> None:
    extra = [attribute(57, parent[0]), attribute(56, parent[1])] if parent else []
    a = attributes(link(2, "eth0", *extra), hardware={2: hardware})
    assert (expected is None and "bus_address" not in a) or (a["bus"], a["bus_address"]) == expected


@pytest.mark.parametrize(("port", "expected"), [("pf0vf3", True), ("c1pf0sf2", True), ("pf0", True), ("p0", False)])
def test_representors(port: str, expected: bool) -> None:
    a = attributes(link(2, "enp", attribute(36, bytes(8)), attribute(38, port)))
    assert a.get("is_representor", False) is expected


@pytest.mark.parametrize(
    ("flags", "operstate", "expected"),
    [(0x10001, "up", "up"), (0x10001, "unknown", "up"), (1, "unknown", "down"), (0, "up", "down"), (1, "down", "down")],
)
def test_state(flags: int, operstate: str, expected: str) -> None:
    assert state_of(flags, operstate) == expected


def test_names_that_are_no_utf8_and_alternative_names() -> None:
    names = attribute(52, [attribute(53, "zz"), attribute(53, "enp0s3")])
    a = attributes(link(2, "x", names, attribute(20, b"al\xffias\0")))
    assert a["altnames"] == ["enp0s3", "zz"]
    assert a["alias"] == "al\\xffias"


def test_counters_stay_beside_the_record() -> None:
    packed = b"".join(each.to_bytes(8, "little") for each in range(1, 25))
    (device,) = build(link(2, "eth0", attribute(23, packed)))
    assert device.counters["rx_packets"] == 1 and device.counters["rx_nohandler"] == 24
    assert "counters" not in device.record.attributes


def test_ports_of_bridges_are_not_read_as_interfaces() -> None:
    assert parse_links(link(2, "eth0", family=7)) == []


@pytest.mark.parametrize("cut", [5, 17, 33, 40])
def test_a_cut_off_message_is_an_error(cut: int) -> None:
    with pytest.raises(ParseError):
        parse_links(link(2, "eth0", attribute(4, 1500))[:cut])


def test_an_interrupted_dump_is_an_error() -> None:
    message = bytearray(link(2, "eth0"))
    message[6] |= 0x10
    with pytest.raises(ParseError, match="changed while"):
        parse_links(bytes(message))


def test_records_of_a_device_hold_no_none() -> None:
    def check(value: object) -> None:
        assert value is not None
        if isinstance(value, dict):
            for each in value.values():
                check(each)

    (device,) = build(link(2, "eth0", kind="bridge", data=[u8(7, 1)]))
    assert isinstance(device.record, Record)
    check(device.record.attributes)
