"""Captures and injections in Skydive's form."""

from __future__ import annotations

from typing import Any

from calipso.errors import QueryError
from calipso.operations.capturing import CaptureList, CaptureView
from calipso.operations.injecting import InjectionList, InjectionView
from calipso.operations.metadata import Json
from calipso.web.skydive_caller import Caller

TARGETS = {"netflowv5": "netflow", "erspanv1": "erspan"}
ENGINES = {"pcap": "afpacket"}
"""Skydive's names of those that have another here: what libpcap takes live is by AF_PACKET, with the same filters."""


def _capture(capture: CaptureView) -> Json:
    return {
        "UUID": capture.id, "GremlinQuery": capture.query, "Name": capture.name, "Description": capture.description,
        "Type": capture.engine, "BPFFilter": capture.bpf, "RawPacketLimit": capture.raw_packets,
        "HeaderSize": capture.header, "IPDefrag": capture.extra.defragment,
        "ExtraTCPMetric": capture.extra.tcp_metric, "ReassembleTCP": capture.extra.first_payload,
        "Target": capture.extra.target, "TargetType": _target_type(capture),
        "ExtraLayers": list(capture.extra.layers), "LayerKeyMode": "L2" if capture.l2_key else "L3",
        "Count": sum(point.state == "active" for point in capture.points),
    }  # fmt: skip


def _target_type(capture: CaptureView) -> str:
    """Empty where nothing is sent on."""
    known = {ours: theirs for theirs, ours in TARGETS.items()}
    kind = capture.extra.target_type
    return known.get(kind, kind) if capture.extra.target or kind not in known else ""


async def captures(caller: Caller) -> dict[str, Json]:
    found: CaptureList = await caller.does("get_captures")
    return {each.id: _capture(each) for each in found.captures}


async def put_capture(caller: Caller, body: Json, create: bool) -> Json:
    """Raises `QueryError` for what is not there, and for a change: a capture is what it was ordered to be."""
    if not create:
        raise QueryError("a capture is not changed", hint="remove it, and make another")
    header = _number(body, "HeaderSize", 0)
    engine = str(body.get("Type") or "")
    return _capture(await caller.does(
        "create_capture", query=body.get("GremlinQuery") or "", id=body.get("UUID") or "", name=body.get("Name") or "",
        description=body.get("Description") or "", engine=ENGINES.get(engine, engine), bpf=body.get("BPFFilter") or "",
        raw_packets=body.get("RawPacketLimit") or 0, l2_key=(body.get("LayerKeyMode") or "L2") == "L2",
        extra={
            "defragment": bool(body.get("IPDefrag")), "tcp_metric": bool(body.get("ExtraTCPMetric")),
            "first_payload": bool(body.get("ReassembleTCP")), "layers": body.get("ExtraLayers") or [],
            "target": body.get("Target") or "" if body.get("TargetType") != "local" else "",
            "target_type": TARGETS.get(body.get("TargetType") or "", body.get("TargetType") or "netflow"),
        },
        header=min(max(header, 64), 4096) if header else 256, port=_number(body, "Port", 0),
        sampling=max(_number(body, "SamplingRate", 1), 1),
    ))  # fmt: skip


async def remove_capture(caller: Caller, id: str) -> None:
    await caller.does("remove_capture", id=id)


def _injection(view: InjectionView) -> Json:
    return {
        "UUID": view.id, "Src": view.source, "Dst": view.target, "SrcIP": view.source_ip, "DstIP": view.target_ip,
        "SrcMAC": view.source_mac, "DstMAC": view.target_mac, "SrcPort": view.source_port, "DstPort": view.target_port,
        "Type": view.type, "ICMPID": view.icmp_id, "Count": view.count, "Interval": int(view.interval),
        "Mode": view.mode, "TTL": view.ttl, "StartTime": view.began, "TrackingID": next(iter(view.tracking_ids), ""),
        "State": view.state, "Sent": view.sent, "Errors": view.errors,
    }  # fmt: skip


async def injections(caller: Caller) -> dict[str, Json]:
    found: InjectionList = await caller.does("get_injections")
    return {each.id: _injection(each) for each in found.items}


async def put_injection(caller: Caller, body: Json, create: bool) -> Json:
    """Raises `QueryError`, also for a change."""
    if not create:
        raise QueryError("an injection is not changed", hint="remove it, and make another")
    pcap = body.get("Pcap")
    said: dict[str, Any] = {
        "id": body.get("UUID") or "", "source": body.get("Src") or "",
        "target": body.get("DstIP") or body.get("Dst") or "",
        "type": "pcap" if pcap else body.get("Type") or "icmp4", "source_ip": body.get("SrcIP") or "",
        "source_mac": body.get("SrcMAC") or "", "target_mac": body.get("DstMAC") or "",
        "source_port": body.get("SrcPort") or 0, "target_port": body.get("DstPort") or 0,
        "count": body.get("Count") or 1, "interval": body.get("Interval") or 0, "mode": body.get("Mode") or "unique",
        "pcap": pcap or "",
        "packet": {
            "payload": body.get("Payload") or "", "increment": _number(body, "IncrementPayload", 0),
            "icmp_id": body.get("ICMPID") or 0, "ttl": body.get("TTL") or 64,
        },
    }  # fmt: skip
    return _injection(await caller.does("inject_packet", **said))


async def remove_injection(caller: Caller, id: str) -> None:
    await caller.does("remove_injection", id=id)


def _number(body: Json, name: str, otherwise: int) -> int:
    """Raises `QueryError`."""
    value = body.get(name) or otherwise
    if not isinstance(value, int):
        raise QueryError(f"{name} is a number")
    return value
