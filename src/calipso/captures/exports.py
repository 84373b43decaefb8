"""The engines that take in what switches and routers export, the best first for each type of object."""

from __future__ import annotations

from calipso.captures.netflow import NetFlow, ipfix
from calipso.captures.ovs_ipfix import OvsIpfix
from calipso.captures.ovs_mirror import OvsMirror
from calipso.captures.ovs_netflow import OvsNetFlow
from calipso.captures.ovs_sflow import OvsSflow
from calipso.captures.pcap_socket import PcapSocket
from calipso.captures.sflow import Sflow
from calipso.seams import CaptureEngine

EXPORTS: tuple[CaptureEngine, ...] = (
    OvsSflow(),
    OvsNetFlow(),
    OvsIpfix(),
    OvsMirror(),
    Sflow(),
    NetFlow(),
    ipfix(),
    PcapSocket(),
)
