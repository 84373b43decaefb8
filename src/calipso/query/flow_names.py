"""What a name means for a flow: dotted paths of `model/flow.py`, and Skydive's names (its flow schema) for the same.

`Network`, `Link` and `Transport` are both ends: a condition on them holds when it holds of either. Moments are
milliseconds under Skydive's names, as there, and microseconds under ours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from calipso.model.flow import (
    Flow,
    FlowDhcp,
    FlowDns,
    FlowIcmp,
    FlowLink,
    FlowMetric,
    FlowNetwork,
    FlowTcp,
    FlowTransport,
    FlowVrrp,
)

ENDS = ("network", "link", "transport")
_METRIC = {
    "ABPackets": "ab_packets", "ABBytes": "ab_bytes", "BAPackets": "ba_packets", "BABytes": "ba_bytes", "RTT": "rtt",
    "Start": "start", "Last": "last",
}  # fmt: skip
_TCP = {
    "SynStart": "syn", "SynTTL": "syn_ttl", "FinStart": "fin", "RstStart": "rst", "SegmentOutOfOrder": "out_of_order",
    "SegmentSkipped": "skipped", "SegmentSkippedBytes": "skipped_bytes", "Packets": "packets", "Bytes": "bytes",
    "SawStart": "saw_start", "SawEnd": "saw_end",
}  # fmt: skip
ALIASES: dict[str, str] = {
    "UUID": "uuid", "ID": "uuid", "id": "uuid", "TrackingID": "tracking_id", "L3TrackingID": "l3_tracking_id",
    "ParentUUID": "parent", "LayersPath": "layers_path", "Application": "application", "NodeTID": "node",
    "CaptureID": "capture", "Host": "host", "FinishType": "finish", "Start": "start", "Last": "last",
    "RTT": "metric.rtt",
    "Network": "network", "Link": "link", "Transport": "transport", "ICMP": "icmp", "Metric": "metric",
    "LastUpdateMetric": "last_update", "TCPMetric": "tcp", "DNS": "dns", "DHCPv4": "dhcp", "VRRPv2": "vrrp",
    "IPMetric.Fragments": "fragments",
    "IPMetric.FragmentErrors": "fragment_errors", "RawPacketsCaptured": "raw_packets",
    **{f"{layer}.{name}": f"{layer.lower()}.{name.lower()}"
       for layer in ("Network", "Link", "Transport") for name in ("Protocol", "A", "B", "ID")
       if f"{layer}.{name}" != "Transport.ID"},
    **{f"ICMP.{name}": f"icmp.{name.lower()}" for name in ("Type", "Code", "ID")},
    **{f"{whole}.{name}": f"{path}.{field}"
       for whole, path in (("Metric", "metric"), ("LastUpdateMetric", "last_update"))
       for name, field in _METRIC.items()},
    **{f"TCPMetric.{side.upper()}{name}": f"tcp.{side}_{field}"
       for side in ("ab", "ba") for name, field in _TCP.items()},
}  # fmt: skip
"""Skydive's name of a field → its path."""
_FINISH = {"": "NOT_FINISHED", "timeout": "TIMEOUT", "tcp_fin": "TCP_FIN", "tcp_rst": "TCP_RST"}
_FINISHED = {said: value for value, said in _FINISH.items()}


class FlowName(msgspec.Struct, frozen=True):
    """read: its value, None where there is none. path: in a filter of a store, "" when a store cannot tell it.

    form: `ms`, `finish`, `mac` or "".
    """

    read: Callable[[Flow], Any]
    path: str
    form: str = ""

    def stored(self, value: Any) -> Any:
        """A value of a query as stores have it."""
        if self.form == "finish":
            return _FINISHED.get(value, value)
        return value

    def literal(self, value: Any) -> Any:
        """A value of a query as it is compared."""
        return value.lower() if self.form == "mac" and isinstance(value, str) else value


def _paths() -> dict[str, bool]:
    """Every path → whether it is one value."""
    out = {}
    layers: dict[str, type[msgspec.Struct]] = {
        "link": FlowLink, "network": FlowNetwork, "transport": FlowTransport, "icmp": FlowIcmp, "tcp": FlowTcp,
        "metric": FlowMetric, "last_update": FlowMetric, "dns": FlowDns, "dhcp": FlowDhcp, "vrrp": FlowVrrp,
    }  # fmt: skip
    for field in msgspec.structs.fields(Flow):
        out[field.name] = field.name not in layers
        if field.name in layers:
            out |= {f"{field.name}.{each.name}": True for each in msgspec.structs.fields(layers[field.name])}
    return out


PATHS = _paths()


@lru_cache(maxsize=4096)
def flow_name(text: str) -> FlowName:
    """What a name means; one that no flow has is never there."""
    path = ALIASES.get(text, text)
    if path not in PATHS:
        return FlowName(lambda flow: None, "")
    if path in ENDS:
        return FlowName(lambda flow: _ends(flow, path), path, "mac" if path == "link" else "")
    if not PATHS[path]:
        return FlowName(lambda flow: _whole(flow, path), "")
    plain = _plain(path)
    if text != path and path.rpartition(".")[2] in ("start", "last"):
        return FlowName(lambda flow: plain(flow) // 1000, "", "ms")
    if text == "FinishType":
        return FlowName(lambda flow: _FINISH[flow.finish], path, "finish")
    return FlowName(plain, path, "mac" if path in ("link.a", "link.b") else "")


def _plain(path: str) -> Callable[[Flow], Any]:
    layer, dot, _ = path.partition(".")
    read = attrgetter(path)
    if not dot:
        return lambda flow: None if (value := read(flow)) == "" else value
    return lambda flow: None if getattr(flow, layer) is None or (value := read(flow)) == "" else value


def _ends(flow: Flow, layer: str) -> list[Any] | None:
    found = getattr(flow, layer)
    return None if found is None else [found.a, found.b]


def _whole(flow: Flow, layer: str) -> Any:
    found = getattr(flow, layer)
    return None if found is None else msgspec.to_builtins(found)


def named(flow: Flow) -> dict[str, Any]:
    """A flow as Skydive shows it: its names, layers that it has, moments in milliseconds."""
    out: dict[str, Any] = {}
    for text in SHOWN:
        value = flow_name(text).read(flow)
        if value is not None:
            section, dot, rest = text.partition(".")
            if dot:
                out.setdefault(section, {})[rest] = value
            else:
                out[text] = value
    return out


SHOWN = tuple(
    name
    for name in ALIASES
    if name
    not in ("ID", "id", "RTT", "Network", "Link", "Transport", "ICMP", "Metric", "LastUpdateMetric", "TCPMetric")
)
"""Skydive's names of a flow's own values."""


def own_names(flow: Flow, *, deep: bool) -> list[str]:
    """The names that a flow has a value for; with `deep` those inside layers too."""
    there = [path for path in PATHS if "." not in path and flow_name(path).read(flow) is not None]
    if not deep:
        return there
    inner = [path for path in PATHS if "." in path and flow_name(path).read(flow) is not None]
    return [*there, *inner]
