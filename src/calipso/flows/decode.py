"""A frame taken apart into conversations, the outermost first: what the eBPF program and the C core do, in Python.

Ethernet with VLAN and QinQ (IEEE 802.1Q), MPLS (RFC 3032), IPv4 (RFC 791), IPv6 with extension headers (RFC 8200), TCP,
UDP, SCTP, ICMP, ICMPv6; inside of VXLAN (RFC 7348), Geneve (RFC 8926), GRE (RFC 2784, 2890), ERSPAN, IPIP, SIT,
MPLS in UDP (RFC 7510) and GTP-U it goes on. Whatever is cut off or makes no sense is counted as the conversation it was
recognised as so far: no frame is lost for being malformed.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from calipso.flows import record as r

ETHERNET, RAW_IP = 1, 101
"""Link types of pcap: LINKTYPE_ETHERNET, LINKTYPE_RAW."""
DEEPEST = 4
"""Conversations taken out of one frame: one more than nested tunnels."""

_VLANS = frozenset({0x8100, 0x88A8, 0x9100})
_IPV4, _IPV6, _MPLS, _MPLS_MULTICAST, _BRIDGED = 0x0800, 0x86DD, 0x8847, 0x8848, 0x6558
_ERSPAN_2, _ERSPAN_3 = 0x88BE, 0x22EB
_TCP, _UDP, _SCTP, _UDPLITE, _GRE, _ICMP, _ICMP6, _VRRP = 6, 17, 132, 136, 47, 1, 58, 112
_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
"""IPv6 extension headers whose length is in units of eight octets after the first eight."""
_FRAGMENT, _AUTHENTICATION = 44, 51
_PORTS = {4789: r.VXLAN, 8472: r.VXLAN, 6081: r.GENEVE, 6635: r.MPLS_UDP, 2152: r.GTPU}
_REPLIES = {0: 8, 14: 13, 16: 15, 18: 17}
_REPLIES_6 = {129: 128}
"""Types of ICMP replies → of the requests that they belong to."""
_NOTHING = b"\0" * 6


class Piece(NamedTuple):
    """Where a fragment belongs: octets `at` to `at + size` of a datagram, known by its conversation's key without ports
    and its identification, with the side that sent it; `more` follow.
    """

    datagram: bytes
    at: int
    size: int
    more: bool


class Layer(NamedTuple):
    """One conversation a frame is part of. `side`: whose frame it is. `length`: octets from here to the frame's end.

    `sequence`, `payload_length`: of TCP. `answers`: a reply of ICMP; `asks`: a request. Several fragments that are
    counted together are so many `packets`, `fragment`s and `fragment_error`s of them.
    """

    key: bytes
    side: int
    length: int
    mac_source: bytes
    mac_destination: bytes
    tcp_flags: int = 0
    sequence: int = 0
    payload_length: int = 0
    ttl: int = 0
    fragment: int = 0
    fragment_error: int = 0
    asks: bool = False
    answers: bool = False
    payload: bytes = b""
    piece: Piece | None = None
    packets: int = 1


class _Position:
    """How far a frame is taken apart. `ethertype`: of what is at `at`; None: an Ethernet header is there."""

    __slots__ = ("at", "ethertype", "frame", "ifindex", "inner_vlan", "l2_key", "mac_destination", "mac_source",
                 "parent", "raw", "start", "tunnel", "tunnel_id", "vlan", "wire")  # fmt: skip

    def __init__(self, frame: bytes, wire: int, ifindex: int, *, l2_key: bool) -> None:
        self.frame, self.wire, self.ifindex, self.l2_key = frame, wire, ifindex, l2_key
        self.at = self.start = self.tunnel = self.tunnel_id = self.parent = self.vlan = self.inner_vlan = self.raw = 0
        self.ethertype: int | None = None
        self.mac_source = self.mac_destination = _NOTHING

    def inside(self, tunnel: int, tunnel_id: int, at: int, ethertype: int | None, parent: bytes) -> None:
        """Go on with what a tunnel carries."""
        self.tunnel, self.tunnel_id, self.at, self.start = tunnel, tunnel_id, at, at
        self.ethertype, self.parent = ethertype, r.parent_of(parent)
        self.vlan = self.inner_vlan = 0
        self.raw = int(ethertype is not None)
        self.mac_source = self.mac_destination = _NOTHING


def decode(
    frame: bytes, wire: int, *, link: int = ETHERNET, ifindex: int = 0, vlan: int = 0, l2_key: bool = False
) -> list[Layer]:
    """The conversations of a frame; `wire` is its length before it was cut. `vlan`: the tag that the kernel took off.

    `l2_key`: MACs tell conversations of the network layer apart too. Empty for a frame without a whole link header.
    """
    position = _Position(frame, wire, ifindex, l2_key=l2_key)
    position.vlan = vlan
    if link == RAW_IP:
        position.ethertype = _IPV6 if frame[:1] and frame[0] >> 4 == 6 else _IPV4
        position.raw = 1
    found: list[Layer] = []
    for _ in range(DEEPEST):
        if position.ethertype is None and not _link(position):
            break
        layer, more = _network(position)
        found.append(layer)
        if not more:
            break
    return found


def _word(frame: bytes, at: int) -> int:
    return frame[at] << 8 | frame[at + 1]


def _link(p: _Position) -> bool:
    """Past the Ethernet header and its tags; False where there is none."""
    frame, at = p.frame, p.at
    if len(frame) < at + 14:
        return False
    p.mac_destination, p.mac_source = frame[at : at + 6], frame[at + 6 : at + 12]
    ethertype, at = _word(frame, at + 12), at + 14
    while ethertype in _VLANS and len(frame) >= at + 4:
        tag = _word(frame, at) & 0xFFF
        if not p.vlan:
            p.vlan = tag
        elif not p.inner_vlan:
            p.inner_vlan = tag
        ethertype, at = _word(frame, at + 2), at + 4
    p.at, p.ethertype = at, ethertype
    return True


def _network(p: _Position) -> tuple[Layer, bool]:
    """The conversation at the position, and whether it carries another: then the position is inside of it."""
    ethertype = p.ethertype
    if ethertype == _IPV4 and len(p.frame) >= p.at + 20 and p.frame[p.at] >> 4 == 4 and p.frame[p.at] & 15 >= 5:
        return _ipv4(p)
    if ethertype == _IPV6 and len(p.frame) >= p.at + 40 and p.frame[p.at] >> 4 == 6:
        return _ipv6(p)
    if ethertype in (_MPLS, _MPLS_MULTICAST):
        layer = _of_link(p, r.MPLS)
        return layer, _labels(p, r.MPLS, layer.key)
    return _of_link(p, 0), False


def _of_link(p: _Position, carries: int) -> Layer:
    return _layer(p, r.LINK, p.mac_source + b"\0" * 10, p.mac_destination + b"\0" * 10, r.NO_PROTOCOL, 0, 0, 0, carries)


def _ipv4(p: _Position) -> tuple[Layer, bool]:
    frame, at = p.frame, p.at
    header, total, offset = (frame[at] & 15) * 4, _word(frame, at + 2), _word(frame, at + 6)
    source, destination = frame[at + 12 : at + 16] + b"\0" * 12, frame[at + 16 : at + 20] + b"\0" * 12
    later = offset & 0x1FFF != 0
    more = offset & 0x2000 != 0
    size = max(0, total - header)
    piece = (_word(frame, at + 4), (offset & 0x1FFF) * 8, size, more, frame[at + 9]) if later or more else None
    said = _Internet(r.IPV4, source, destination, frame[at + 9], frame[at + 8], later or more, later,
                     bool(more and (total - header) % 8), at + total, piece)  # fmt: skip
    p.at = at + header
    return _transport(p, said)


class _Internet(NamedTuple):
    """What the network header says. `end`: where its packet ends: what follows is padding of the link.

    `piece`: of a fragment: identification, where it begins, its octets, whether more follow, the protocol of them all.
    """

    family: int
    source: bytes
    destination: bytes
    protocol: int
    ttl: int
    fragment: bool
    later: bool
    wrong: bool
    end: int
    piece: tuple[int, int, int, bool, int] | None = None


def _ipv6(p: _Position) -> tuple[Layer, bool]:
    frame, at = p.frame, p.at
    protocol, ttl, end = frame[at + 6], frame[at + 7], at + 40 + _word(frame, at + 4)
    source, destination = frame[at + 8 : at + 24], frame[at + 24 : at + 40]
    at += 40
    fragment = later = wrong = False
    piece = None
    while len(frame) >= at + 8:
        if protocol in _EXTENSIONS:
            protocol, at = frame[at], at + 8 + frame[at + 1] * 8
        elif protocol == _AUTHENTICATION:
            protocol, at = frame[at], at + 8 + frame[at + 1] * 4
        elif protocol == _FRAGMENT:
            field = _word(frame, at + 2)
            fragment, later = True, later or field & 0xFFF8 != 0
            wrong = wrong or bool(field & 1 and (end - at - 8) % 8)
            if field & 0xFFF9:
                ident = int.from_bytes(frame[at + 4 : at + 8], "big")
                piece = (ident, field & 0xFFF8, max(0, end - at - 8), bool(field & 1), frame[at])
            protocol, at = frame[at], at + 8
            if later:
                break
        else:
            break
    p.at = at
    return _transport(p, _Internet(r.IPV6, source, destination, protocol, ttl, fragment, later, wrong, end, piece))


def _transport(p: _Position, ip: _Internet) -> tuple[Layer, bool]:
    frame, at = p.frame, p.at
    left = 0 if ip.later else len(frame) - at
    protocol = ip.protocol
    if protocol == _TCP and left >= 14:
        return _tcp(p, ip), False
    if protocol in (_UDP, _SCTP, _UDPLITE) and left >= 4:
        source, destination = _word(frame, at), _word(frame, at + 2)
        carries = _PORTS.get(destination, 0) if protocol == _UDP and left >= 8 else 0
        if carries:
            return _udp_tunnel(p, ip, carries, destination)
        header = {_UDP: 8, _UDPLITE: 8, _SCTP: 12}[protocol]
        return _of(p, ip, source, destination, payload=frame[at + header : ip.end]), False
    if protocol in (_ICMP, _ICMP6) and left >= 8:
        return _icmp(p, ip), False
    if protocol == _GRE and left >= 4:
        return _gre(p, ip)
    if protocol in (4, 41) and left >= 20:
        return _ip_in_ip(p, ip)
    return _of(p, ip, 0, 0, payload=frame[at : ip.end] if protocol == _VRRP and not ip.later else b""), False


def _of(
    p: _Position, ip: _Internet, source: int, destination: int, *, icmp: int = 0, carries: int = 0, **more: Any
) -> Layer:
    layer = _layer(p, ip.family, ip.source, ip.destination, ip.protocol, source, destination, icmp, carries)
    return layer._replace(
        ttl=ip.ttl, fragment=int(ip.fragment), fragment_error=int(ip.wrong), piece=_piece(p, ip), **more
    )


def _piece(p: _Position, ip: _Internet) -> Piece | None:
    if ip.piece is None:
        return None
    ident, at, size, more, protocol = ip.piece
    whole = _layer(p, ip.family, ip.source, ip.destination, protocol, 0, 0, 0, 0)
    return Piece(whole.key + struct.pack("=II", ident, whole.side), at, size, more)


def _layer(
    p: _Position, family: int, source: bytes, destination: bytes, protocol: int, source_port: int,
    destination_port: int, icmp: int, carries: int,
) -> Layer:  # fmt: skip
    swapped = (source, source_port) > (destination, destination_port)
    macs = (p.mac_source, p.mac_destination) if p.l2_key else (_NOTHING, _NOTHING)
    if swapped:
        source, destination, source_port, destination_port = destination, source, destination_port, source_port
        macs = (macs[1], macs[0])
    key = r.KEY.pack(
        source, destination, source_port, destination_port, protocol, family, p.tunnel, carries, p.tunnel_id,
        p.ifindex, p.vlan, p.inner_vlan, p.ethertype or 0, icmp, p.parent, *macs, p.raw,
    )  # fmt: skip
    return Layer(key, int(swapped), max(0, p.wire - p.start), p.mac_source, p.mac_destination)


def _tcp(p: _Position, ip: _Internet) -> Layer:
    frame, at = p.frame, p.at
    header = (frame[at + 12] >> 4) * 4
    return _of(
        p, ip, _word(frame, at), _word(frame, at + 2),
        tcp_flags=frame[at + 13],
        sequence=int.from_bytes(frame[at + 4 : at + 8], "big"),
        payload_length=max(0, ip.end - at - header),
        payload=frame[at + header : ip.end],
    )  # fmt: skip


def _icmp(p: _Position, ip: _Internet) -> Layer:
    """Both sides have the identifier for a port: request and reply are one conversation."""
    frame, at = p.frame, p.at
    kind, code = frame[at], frame[at + 1]
    replies = _REPLIES if ip.protocol == _ICMP else _REPLIES_6
    answers, asks = kind in replies, kind in replies.values()
    identifier = _word(frame, at + 4) if answers or asks else 0
    sequence = _word(frame, at + 6) if answers or asks else 0
    said = replies.get(kind, kind) << 8 | code
    return _of(p, ip, identifier, identifier, icmp=said, answers=answers, asks=asks, sequence=sequence)


# ── tunnels ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _udp_tunnel(p: _Position, ip: _Internet, carries: int, port: int) -> tuple[Layer, bool]:
    """The source port only spreads flows over paths: both sides have the tunnel's own."""
    frame, at = p.frame, p.at + 8
    if carries == r.MPLS_UDP:
        layer = _of(p, ip, port, port, carries=carries)
        p.at = at
        return layer, _labels(p, r.MPLS_UDP, layer.key)
    if len(frame) < at + 8:
        return _of(p, ip, port, port, carries=carries), False
    layer = _of(p, ip, port, port, carries=carries)
    if carries == r.GTPU:
        inner = at + (12 if frame[at] & 7 else 8)
        number = int.from_bytes(frame[at + 4 : at + 8], "big")
        if frame[at + 1] != 255 or len(frame) <= inner:  # only G-PDUs carry packets
            return layer, False
        p.inside(carries, number, inner, _IPV6 if frame[inner] >> 4 == 6 else _IPV4, layer.key)
        return layer, True
    number = int.from_bytes(frame[at + 4 : at + 7], "big")
    if carries == r.VXLAN:
        p.inside(carries, number, at + 8, None, layer.key)
        return layer, True
    ethertype = _word(frame, at + 2)
    p.inside(carries, number, at + 8 + (frame[at] & 0x3F) * 4, None if ethertype == _BRIDGED else ethertype, layer.key)
    return layer, True


def _gre(p: _Position, ip: _Internet) -> tuple[Layer, bool]:
    frame, at = p.frame, p.at
    flags, ethertype = _word(frame, at), _word(frame, at + 2)
    inner = at + 4 + (4 if flags & 0x8000 else 0)
    number = 0
    if flags & 0x2000:
        number = int.from_bytes(frame[inner : inner + 4], "big") if len(frame) >= inner + 4 else 0
        inner += 4
    sequenced = bool(flags & 0x1000)
    inner += 4 if sequenced else 0
    if flags & 7:  # versions of GRE other than 0 (PPTP) carry no network packets of this form
        return _of(p, ip, 0, 0), False
    carries = {_BRIDGED: r.GRETAP, _MPLS: r.MPLS, _ERSPAN_2: r.ERSPAN, _ERSPAN_3: r.ERSPAN}.get(ethertype, r.GRE)
    layer = _of(p, ip, 0, 0, carries=carries)
    if carries == r.MPLS:
        p.at = inner
        return layer, _labels(p, r.MPLS, layer.key)
    if carries == r.ERSPAN:
        return layer, _erspan(p, layer.key, inner, ethertype, sequenced=sequenced)
    p.inside(carries, number, inner, None if carries == r.GRETAP else ethertype, layer.key)
    return layer, True


def _erspan(p: _Position, parent: bytes, at: int, ethertype: int, *, sequenced: bool) -> bool:
    """Type I has no header, II one of 8 octets, III one of 12 and perhaps 8 more (draft-foschiano-erspan)."""
    frame = p.frame
    if ethertype == _ERSPAN_2 and not sequenced:
        p.inside(r.ERSPAN, 0, at, None, parent)
        return True
    size = 8 if ethertype == _ERSPAN_2 else 12
    if len(frame) < at + size:
        return False
    session = _word(frame, at + 2) & 0x3FF
    if ethertype == _ERSPAN_3 and frame[at + 11] & 1:
        size += 8
    p.inside(r.ERSPAN, session, at + size, None, parent)
    return True


def _ip_in_ip(p: _Position, ip: _Internet) -> tuple[Layer, bool]:
    carries = r.IPIP if ip.protocol == 4 else r.SIT
    layer = _of(p, ip, 0, 0, carries=carries)
    p.inside(carries, 0, p.at, _IPV4 if ip.protocol == 4 else _IPV6, layer.key)
    return layer, True


def _labels(p: _Position, tunnel: int, parent: bytes) -> bool:
    """Past a stack of labels: the innermost one is the tunnel's number, and the first four bits tell what follows."""
    frame, at, label = p.frame, p.at, 0
    while len(frame) >= at + 4:
        entry = int.from_bytes(frame[at : at + 4], "big")
        label, at = entry >> 12, at + 4
        if entry & 0x100:
            break
    else:
        return False
    if len(frame) <= at:
        return False
    version = frame[at] >> 4
    if version in (4, 6):
        p.inside(tunnel, label, at, _IPV4 if version == 4 else _IPV6, parent)
    else:  # an Ethernet pseudowire, after a control word when that begins with zeros (RFC 4448)
        p.inside(tunnel, label, at + (4 if version == 0 else 0), None, parent)
    return True
