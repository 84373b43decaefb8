"""Tunnel endpoints and segments of kernel tunnels: what several devices, in several namespaces, say together."""

from __future__ import annotations

from collections.abc import Iterable

from calipso.model import ids
from calipso.model.record import Attributes, Record

_OVERLAYS = {
    "vxlan": "vxlan",
    "geneve": "geneve",
    **dict.fromkeys(("gre", "gretap", "ip6gre", "ip6gretap"), "gre"),
    **dict.fromkeys(("ipip", "ip6tnl", "sit"), "ipip"),
}
"""Kind of device → overlay type, as Open vSwitch and Neutron name it too."""


def overlay_records(host: str, devices: Iterable[Record]) -> list[Record]:
    """One endpoint a (type, local address), one segment a (type, number), in order of their ids.

    The local address is one of the namespace the tunnel sends from: its underlay's, else its own.
    """
    endpoints: dict[str, Attributes] = {}
    segments: dict[str, Attributes] = {}
    for device in sorted((each for each in devices if each.type in _OVERLAYS), key=lambda each: each.id):
        overlay = _OVERLAYS[device.type]
        a = device.attributes
        if device.type not in ("vxlan", "geneve") and "local_ip" not in a:
            continue
        local = a.get("local_ip", "")
        endpoint = endpoints.setdefault(
            ids.tunnel_endpoint(host, overlay, local),
            {
                "host": host,
                "netns": a.get("underlay_netns", a["netns"]),
                "overlay_type": overlay,
                "tunnels": [],
            },
        )
        if local:
            endpoint["ip"] = local
        if "udp_port" in a:
            endpoint.setdefault("udp_port", a["udp_port"])
        endpoint["tunnels"].append(device.id)
        if "vni" in a:
            key = ids.segment_key(overlay, None, a["vni"])
            segments[ids.segment(overlay, None, a["vni"])] = {
                "name": key,
                "key": key,
                "network_type": overlay,
                "segmentation_id": a["vni"],
            }
    return [
        *(Record(id, "netlink", "otep", endpoints[id]) for id in sorted(endpoints)),
        *(Record(id, "netlink", "segment", segments[id]) for id in sorted(segments)),
    ]
