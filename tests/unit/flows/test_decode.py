"""Every encapsulation, told apart into its conversations, each with its own octets."""

from __future__ import annotations

import pytest

from calipso.flows import naming
from calipso.flows import record as r
from calipso.flows.decode import RAW_IP, decode
from tests.support import packets as p

INNER = p.ethernet(p.ipv4(p.udp(b"x" * 10, 1000, 53), 17, "192.0.2.1", "192.0.2.2"), 0x0800)
INNER_IP = p.ipv4(p.tcp(b"", 1000, 80), 6, "192.0.2.1", "192.0.2.2")


def told(frame: bytes, **said: int) -> list[tuple[str, str, int, int]]:
    """(path, tunnel, its number, octets) of each conversation."""
    out = []
    for layer in decode(frame, len(frame), **said):  # type: ignore[arg-type]
        key = r.unpack_key(layer.key)
        out.append((naming.layers_path(key), r.TUNNELS[key.tunnel], key.tunnel_id, layer.length))
    return out


def outer(payload: bytes, protocol: int) -> bytes:
    return p.ethernet(p.ipv4(payload, protocol), 0x0800)


UDP_IN = ("Ethernet/IPv4/UDP", len(INNER))
TCP_IN = ("IPv4/TCP", len(INNER_IP))


@pytest.mark.parametrize(
    ("frame", "path", "tunnel", "number", "inner"),
    [
        (outer(p.vxlan(INNER, 10010), 17), "Ethernet/IPv4/UDP/VXLAN", "VXLAN", 10010, UDP_IN),
        (outer(p.geneve(INNER, 7, options=b"\0" * 8), 17), "Ethernet/IPv4/UDP/Geneve", "GENEVE", 7, UDP_IN),
        (outer(p.geneve(INNER_IP, 7, 0x0800), 17), "Ethernet/IPv4/UDP/Geneve", "GENEVE", 7, TCP_IN),
        (outer(p.gre(INNER_IP, 0x0800, key=5), 47), "Ethernet/IPv4/GRE", "GRE", 5, TCP_IN),
        (outer(p.gre(INNER, 0x6558, sequence=3), 47), "Ethernet/IPv4/GRE", "ETHERIP-GRE", 0, UDP_IN),
        (outer(p.erspan2(INNER, 9), 47), "Ethernet/IPv4/GRE/ERSPAN", "ERSPAN", 9, UDP_IN),
        (outer(p.gre(INNER, 0x88BE), 47), "Ethernet/IPv4/GRE/ERSPAN", "ERSPAN", 0, UDP_IN),
        (outer(INNER_IP, 4), "Ethernet/IPv4", "IPIP", 0, TCP_IN),
        (outer(p.ipv6(p.tcp(b"", 1, 2), 6), 41), "Ethernet/IPv4", "SIT", 0, ("IPv6/TCP", 60)),
        (p.ethernet(p.labels(INNER_IP, 16, 17), 0x8847), "Ethernet/MPLS", "MPLS", 17, TCP_IN),
        (outer(p.gre(p.labels(INNER_IP, 18), 0x8847), 47), "Ethernet/IPv4/GRE/MPLS", "MPLS", 18, TCP_IN),
        (outer(p.udp(p.labels(INNER_IP, 19), 5, 6635), 17), "Ethernet/IPv4/UDP/MPLS", "MPLS-UDP", 19, TCP_IN),
    ],
)  # fmt: skip
def test_tunnels(frame: bytes, path: str, tunnel: str, number: int, inner: tuple[str, int]) -> None:
    assert told(frame) == [(path, "", 0, len(frame)), (inner[0], tunnel, number, inner[1])]


def test_a_tunnel_in_a_tunnel_names_both() -> None:
    middle = outer(p.vxlan(INNER, 2), 17)
    layers = decode(frame := outer(p.vxlan(middle, 1), 17), len(frame))
    keys = [r.unpack_key(layer.key) for layer in layers]
    assert [key.tunnel_id for key in keys] == [0, 1, 2]
    assert [key.parent for key in keys] == [0, r.parent_of(layers[0].key), r.parent_of(layers[1].key)]


@pytest.mark.parametrize("vlans", [(), (10,), (100, 10)])
def test_vlans(vlans: tuple[int, ...]) -> None:
    frame = p.ethernet(p.ipv4(p.udp(b"", 1, 2), 17), 0x0800, vlans=vlans)
    (layer,) = decode(frame, len(frame))
    key = r.unpack_key(layer.key)
    assert [each for each in (key.vlan, key.inner_vlan) if each] == list(vlans)
    assert naming.layers_path(key) == "/".join(["Ethernet", *["Dot1Q"] * len(vlans), "IPv4", "UDP"])


@pytest.mark.parametrize(
    "frame",
    [
        p.ethernet(p.ipv4(p.udp(b"", 1, 2), 17), 0x0800), p.ethernet(p.ipv6(p.tcp(b"", 9, 3), 6), 0x86DD),
        p.ethernet(p.ipv4(p.sctp(b"", 4, 3), 132), 0x0800), p.ethernet(p.ipv4(p.echo(8, 77, 1), 1), 0x0800),
        p.ethernet(b"\0" * 28, 0x0806),
    ],
)  # fmt: skip
def test_both_directions_are_one_conversation(frame: bytes) -> None:
    there = decode(frame, len(frame))[0]
    back = bytearray(frame)
    back[0:6], back[6:12] = frame[6:12], frame[0:6]
    size, at = (4, 26) if frame[12:14] == b"\x08\x00" else (16, 22)
    if frame[12:14] != b"\x08\x06":
        back[at : at + size], back[at + size : at + 2 * size] = frame[at + size : at + 2 * size], frame[at : at + size]
        end = at + 2 * size
        if frame[23] == 1 and size == 4:
            back[end] = 0  # an echo's reply
        else:
            back[end : end + 2], back[end + 2 : end + 4] = frame[end + 2 : end + 4], frame[end : end + 2]
    again = decode(bytes(back), len(back))[0]
    assert (again.key, again.side) == (there.key, 1 - there.side)


def test_extension_headers_are_passed() -> None:
    payload = bytes([60, 0]) + b"\0" * 6 + bytes([17, 0]) + b"\0" * 6 + p.udp(b"data", 1, 2)
    (layer,) = decode(frame := p.ethernet(p.ipv6(payload, 0), 0x86DD), len(frame))
    key = r.unpack_key(layer.key)
    assert (key.protocol, key.port_a, key.port_b) == (17, 1, 2)


def test_fragments_after_the_first_have_no_ports_and_are_counted() -> None:
    first = p.ethernet(p.ipv4(p.udp(b"x" * 16, 1, 2), 17, more=True), 0x0800)
    later = p.ethernet(p.ipv4(b"\0\1\0\2" * 4, 17, offset=24), 0x0800)
    odd = p.ethernet(p.ipv4(b"x" * 9, 17, offset=24, more=True), 0x0800)
    told = [decode(frame, len(frame))[0] for frame in (first, later, odd)]
    assert [(each.fragment, each.fragment_error) for each in told] == [(True, False), (True, False), (True, True)]
    assert [r.unpack_key(each.key).port_b for each in told] == [2, 0, 0]


def test_a_frame_without_link_header() -> None:
    (layer,) = decode(INNER_IP, len(INNER_IP), link=RAW_IP)
    assert naming.layers_path(r.unpack_key(layer.key)) == "IPv4/TCP"


def test_what_is_cut_off_is_counted_as_far_as_it_is_known() -> None:
    frame = outer(p.vxlan(INNER, 10010), 17)
    for size in range(14, len(frame) + 1):
        layers = decode(frame[:size], len(frame))
        assert layers and layers[0].length == len(frame)
    assert decode(frame[:13], len(frame)) == []


def test_a_unicast_arp_is_of_the_link_alone() -> None:
    (layer,) = decode(frame := p.ethernet(b"\0" * 28, 0x0806), len(frame))
    key = r.unpack_key(layer.key)
    assert (naming.layers_path(key), key.protocol, naming.address(key.address_a, key.family)) == (
        "Ethernet/ARP", r.NO_PROTOCOL, p.MAC_A,
    )  # fmt: skip
