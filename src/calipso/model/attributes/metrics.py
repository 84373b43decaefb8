"""Counters that are kept beside the graph: the latest value of each object's."""

from __future__ import annotations

import msgspec

from calipso.model.attributes.declare import INTERFACE


class Metric(msgspec.Struct, frozen=True):
    """One counter or gauge of objects of some types."""

    name: str
    unit: str
    types: tuple[str, ...]
    source: str
    doc: str


_IF = (INTERFACE,)
_LINK = "struct rtnl_link_stats64"
_OVS = "OVSDB Interface statistics"
_BOTH = f"{_LINK}; {_OVS}"

METRICS: tuple[Metric, ...] = (
    Metric("rx_packets", "packets", _IF, _BOTH, "received"),
    Metric("tx_packets", "packets", _IF, _BOTH, "sent"),
    Metric("rx_bytes", "bytes", _IF, _BOTH, "received"),
    Metric("tx_bytes", "bytes", _IF, _BOTH, "sent"),
    Metric("rx_errors", "packets", _IF, _BOTH, "received and bad"),
    Metric("tx_errors", "packets", _IF, _BOTH, "that could not be sent"),
    Metric("rx_dropped", "packets", _IF, _BOTH, "received and not taken in"),
    Metric("tx_dropped", "packets", _IF, _BOTH, "dropped on the way out"),
    Metric("multicast", "packets", _IF, _LINK, "multicast packets received"),
    Metric("collisions", "collisions", _IF, _BOTH, "on the medium while sending"),
    Metric("rx_length_errors", "packets", _IF, _LINK, "of an invalid length"),
    Metric("rx_over_errors", "packets", _IF, _LINK, "that overran the receiver"),
    Metric("rx_crc_errors", "packets", _IF, _LINK, "with a wrong checksum"),
    Metric("rx_frame_errors", "packets", _IF, _LINK, "not aligned to octets"),
    Metric("rx_fifo_errors", "packets", _IF, _LINK, "that found the receive queue full"),
    Metric("rx_missed_errors", "packets", _IF, _LINK, "that the host was too slow for"),
    Metric("tx_aborted_errors", "packets", _IF, _LINK, "given up while sending"),
    Metric("tx_carrier_errors", "packets", _IF, _LINK, "lost for want of a carrier"),
    Metric("tx_fifo_errors", "packets", _IF, _LINK, "lost to an empty transmit queue"),
    Metric("tx_heartbeat_errors", "packets", _IF, _LINK, "without the medium's heartbeat"),
    Metric("tx_window_errors", "packets", _IF, _LINK, "that collided late"),
    Metric("rx_compressed", "packets", _IF, _LINK, "received compressed"),
    Metric("tx_compressed", "packets", _IF, _LINK, "sent compressed"),
    Metric("rx_nohandler", "packets", _IF, _LINK, "received on an inactive device"),
    Metric("rx_frame_err", "packets", _IF, _OVS, "not aligned to octets"),
    Metric("rx_over_err", "packets", _IF, _OVS, "that overran the receiver"),
    Metric("rx_crc_err", "packets", _IF, _OVS, "with a wrong checksum"),
    Metric("rx_multicast_packets", "packets", _IF, _OVS, "multicast packets received"),
    Metric("conntrack_count", "connections", ("host", "netns"), "net.netfilter.nf_conntrack_count", "tracked now"),
    Metric("conntrack_max", "connections", ("host", "netns"), "net.netfilter.nf_conntrack_max", "tracked at most"),
)
"""Open vSwitch hands on whatever else a datapath or driver counts under the name that it gives."""
