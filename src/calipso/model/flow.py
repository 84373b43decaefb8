"""A flow: one conversation at one layer of encapsulation, as seen at one point of capture.

The fields are those of Skydive's flow schema, in the names of this project; `web` gives them under Skydive's where it
speaks its API. Times are microseconds since the epoch, octets are counted on the wire from the layer on.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Finish = Literal["", "timeout", "tcp_fin", "tcp_rst"]


class FlowLink(msgspec.Struct, frozen=True, omit_defaults=True):
    """`a`, `b`: MACs; `id`: VLAN, for QinQ the outer one in the upper twelve of 24 bits."""

    protocol: str = "ETHERNET"
    a: str = ""
    b: str = ""
    id: int = 0


class FlowNetwork(msgspec.Struct, frozen=True, omit_defaults=True):
    """`id`: number of the tunnel that it is inside of (VNI, GRE key, label)."""

    protocol: Literal["IPV4", "IPV6"]
    a: str
    b: str
    id: int = 0


class FlowTransport(msgspec.Struct, frozen=True):
    protocol: str
    a: int
    b: int


class FlowIcmp(msgspec.Struct, frozen=True):
    type: int
    code: int
    id: int = 0


class FlowMetric(msgspec.Struct, frozen=True):
    """`rtt`: nanoseconds, 0 for not known."""

    ab_packets: int = 0
    ab_bytes: int = 0
    ba_packets: int = 0
    ba_bytes: int = 0
    start: int = 0
    last: int = 0
    rtt: int = 0


class FlowTcp(msgspec.Struct, frozen=True, omit_defaults=True):
    """When each side began, ended, reset; TTL of its SYN; segments that came after later ones.

    The rest is of captures that follow TCP's numbers: segments with data not seen before and its octets, gaps in what
    was seen and the octets they leave out, segments that brought nothing new, whether beginning and end were seen.
    """

    ab_syn: int = 0
    ba_syn: int = 0
    ab_fin: int = 0
    ba_fin: int = 0
    ab_rst: int = 0
    ba_rst: int = 0
    ab_syn_ttl: int = 0
    ba_syn_ttl: int = 0
    ab_out_of_order: int = 0
    ba_out_of_order: int = 0
    ab_packets: int = 0
    ba_packets: int = 0
    ab_bytes: int = 0
    ba_bytes: int = 0
    ab_skipped: int = 0
    ba_skipped: int = 0
    ab_skipped_bytes: int = 0
    ba_skipped_bytes: int = 0
    ab_retransmitted: int = 0
    ba_retransmitted: int = 0
    ab_saw_start: int = 0
    ba_saw_start: int = 0
    ab_saw_end: int = 0
    ba_saw_end: int = 0


class FlowDns(msgspec.Struct, frozen=True, omit_defaults=True):
    """Its first answer, or question without one. questions, answers: one on a line, as in zone files (RFC 1035 §5).

    answer, authoritative, truncated: 1 for yes. opcode, code: RFC 6895 §2.2 and §2.3.
    """

    id: int = 0
    answer: int = 0
    opcode: int = 0
    code: int = 0
    authoritative: int = 0
    truncated: int = 0
    questions: str = ""
    answers: str = ""


class FlowDhcp(msgspec.Struct, frozen=True, omit_defaults=True):
    """Its first message. type: discover, offer, request … reply: 1 for one. lease: seconds. Addresses "" for none."""

    id: int = 0
    type: str = ""
    reply: int = 0
    client_mac: str = ""
    client: str = ""
    yours: str = ""
    next_server: str = ""
    relay: str = ""
    requested: str = ""
    server: str = ""
    lease: int = 0
    host_name: str = ""


class FlowVrrp(msgspec.Struct, frozen=True, omit_defaults=True):
    """An advertisement of VRRPv2. interval: seconds. addresses: with blanks between them."""

    router: int = 0
    priority: int = 0
    interval: int = 0
    authentication: int = 0
    addresses: str = ""


class RawPacket(msgspec.Struct, frozen=True):
    """`time` in ns since the epoch, `wire` the length before it was cut, `key` the packed key of its flow."""

    time: int
    frame: bytes
    wire: int
    link: int
    key: bytes = b""


class FlowPacket(msgspec.Struct, frozen=True):
    """A packet that was kept of a flow (uuid), the `index`th from 1 on. time: ns since the epoch. wire: its length
    before it was cut. link: as in pcap's LINKTYPE.
    """

    flow: str
    index: int
    time: int
    wire: int
    link: int
    frame: bytes

    @property
    def place(self) -> tuple[int, str, int]:
        """Where it stands among others: they are told in this order."""
        return self.time, self.flow, self.index


class Flow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """See the module. `a` is who spoke first.

    uuid: this flow at this point. tracking_id: equal wherever it is seen; l3_tracking_id: also where its link header
    differs. asked_name: TLS's server name, HTTP's host or DNS's question, where first payloads are read.
    parent: uuid of the tunnel it is inside of. node: id of the object it was captured on. l2, network and so
    on are absent where there is no such layer. a_object, b_object: ids of the objects its ends belong to.
    """

    uuid: str
    tracking_id: str
    l3_tracking_id: str
    layers_path: str
    application: str
    start: int
    last: int
    metric: FlowMetric
    last_update: FlowMetric = FlowMetric()
    link: FlowLink | None = None
    network: FlowNetwork | None = None
    transport: FlowTransport | None = None
    icmp: FlowIcmp | None = None
    tcp: FlowTcp | None = None
    fragments: int = 0
    fragment_errors: int = 0
    parent: str = ""
    node: str = ""
    capture: str = ""
    host: str = ""
    finish: Finish = ""
    a_object: str = ""
    b_object: str = ""
    tunnel: str = ""
    raw_packets: int = 0
    asked_name: str = ""
    dns: FlowDns | None = None
    dhcp: FlowDhcp | None = None
    vrrp: FlowVrrp | None = None
