"""What `ip -d -j` says of a kind of interface, in the words that `link_kinds.py` gives to the kernel's own attributes.

Source: the print functions of iproute2 (ip/iplink_<kind>.c, ip/link_gre.c …), versions 4.20 to 6.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

Convert = Callable[[Any, Mapping[str, int]], Any]
"""(value, name of an interface → its index) → value; None leaves it out."""
Words = Mapping[str, tuple[str, Convert]]


def same(value: Any, names: Mapping[str, int]) -> Any:
    return value


def flag(value: Any, names: Mapping[str, int]) -> bool:
    """true, 1, "on" and a key without a value."""
    return value in (True, 1, "on", None, "1")


def hundredths(value: Any, names: Mapping[str, int]) -> float:
    return float(value) / 100


def hexadecimal(value: Any, names: Mapping[str, int]) -> int:
    return int(value, 16) if isinstance(value, str) else int(value)


def bridge_id(value: Any, names: Mapping[str, int]) -> str:
    """`8000.9a:53:3a:1:f5:d7`: iproute2 leaves leading zeros out."""
    priority, _, mac = str(value).partition(".")
    return f"{priority.zfill(4)}.{':'.join(part.zfill(2) for part in mac.split(':'))}"


def address(value: Any, names: Mapping[str, int]) -> str | None:
    try:
        found = ipaddress.ip_address(str(value))
    except ValueError:
        return None
    return None if found.is_unspecified else str(found)


def index(value: Any, names: Mapping[str, int]) -> int | None:
    """An interface by name; one that iproute2 knows no name of is `if` and its number."""
    return index_of(str(value), names)


def index_of(name: str, names: Mapping[str, int]) -> int | None:
    found = names.get(name)
    if found is None and re.fullmatch(r"if\d+", name):
        return int(name[2:])
    return found


def number(value: Any, names: Mapping[str, int]) -> int:
    """Also `inherit`, `auto` and hexadecimal text."""
    if isinstance(value, str):
        try:
            return int(value, 0)
        except ValueError:
            return 1 if value == "inherit" else 0
    return int(value)


def ttl(value: Any, names: Mapping[str, int]) -> int:
    return number(value, names) if value != "inherit" else 0


def key(value: Any, names: Mapping[str, int]) -> int:
    """Keys of GRE are printed like addresses."""
    text = str(value)
    return int(ipaddress.IPv4Address(text)) if text.count(".") == 3 else int(text, 0)


def lower(value: Any, names: Mapping[str, int]) -> Any:
    return [str(each).lower() for each in value] if isinstance(value, list) else str(value).lower()


def choice(values: Mapping[str, int]) -> Convert:
    return lambda value, names: values.get(str(value), value if isinstance(value, int) else 0)


def _range(value: Any, names: Mapping[str, int]) -> list[int] | None:
    return [int(value["low"]), int(value["high"])] if isinstance(value, dict) else None


def _aggregation(value: Any, names: Mapping[str, int]) -> dict[str, Any] | None:
    words = {"aggregator": "aggregator", "num_ports": "ports", "actor_key": "actor_key", "partner_key": "partner_key",
             "partner_mac": "partner_mac"}  # fmt: skip
    return {to: value[name] for name, to in words.items() if name in value} if isinstance(value, dict) else None


def _plain(*names: str, by: Convert = same) -> dict[str, tuple[str, Convert]]:
    return {name: (name, by) for name in names}


_DF = choice({"unset": 0, "set": 1, "inherit": 2})
_REMOTE: Words = {
    **dict.fromkeys(("remote", "remote6", "group", "group6"), ("remote_ip", address)),
    **dict.fromkeys(("local", "local6"), ("local_ip", address)),
}
BRIDGE: Words = {
    **_plain("forward_delay", "hello_time", "max_age", "ageing_time", by=hundredths),
    **_plain("priority", "vlan_protocol", "root_port", "root_path_cost", "fdb_max_learned"),
    **_plain("vlan_filtering", "nf_call_iptables", "nf_call_ip6tables", "nf_call_arptables", by=flag),
    "stp_state": ("stp", flag),
    "group_fwd_mask": ("group_fwd_mask", hexadecimal),
    "root_id": ("root_id", bridge_id),
    "bridge_id": ("id", bridge_id),
    "group_addr": ("group_address", same),
    "mcast_router": ("multicast_router", same),
    "mcast_snooping": ("multicast_snooping", flag),
    "mcast_querier": ("multicast_querier", flag),
    "mcast_hash_max": ("multicast_hash_max", same),
    "vlan_default_pvid": ("default_pvid", same),
    "vlan_stats_enabled": ("vlan_stats", flag),
    "mcast_igmp_version": ("igmp_version", same),
    "mcast_mld_version": ("mld_version", same),
}
BRIDGE_PORT: Words = {
    **_plain("state", "priority", "cost", "designated_port", "designated_cost", "multicast_router"),
    **_plain("hairpin", "root_block", "learning", "proxy_arp", "vlan_tunnel", "isolated", "locked", by=flag),
    **_plain("root_id", "bridge_id", by=bridge_id),
    "guard": ("bpdu_guard", flag),
    "fastleave": ("fast_leave", flag),
    "flood": ("unicast_flood", flag),
    "id": ("id", hexadecimal),
    "no": ("number", hexadecimal),
    "mcast_flood": ("multicast_flood", flag),
    "mcast_to_unicast": ("multicast_to_unicast", flag),
    "bcast_flood": ("broadcast_flood", flag),
    "group_fwd_mask": ("group_fwd_mask", hexadecimal),
    "neigh_suppress": ("neighbor_suppress", flag),
    "backup_port": ("backup_port", index),
}
BOND: Words = {
    **_plain("mode", "miimon", "updelay", "downdelay", "arp_interval", "primary_reselect", "fail_over_mac"),
    **_plain("xmit_hash_policy", "resend_igmp", "min_links", "lp_interval", "packets_per_slave", "ad_select"),
    **_plain("ad_actor_system", "missed_max"),
    **_plain("use_carrier", "all_slaves_active", by=flag),
    **_plain("active_slave", "primary", by=index),
    "num_peer_notif": ("peer_notifications", same),
    "ad_lacp_rate": ("lacp_rate", same),
    "ad_lacp_active": ("lacp_active", flag),
    "ad_actor_sys_prio": ("ad_actor_system_priority", same),
    "tlb_dynamic_lb": ("tlb_dynamic_lb", flag),
    "peer_notify_delay": ("peer_notification_delay", same),
    "ad_info": ("ad", _aggregation),
}
BOND_SLAVE: Words = {
    "state": ("state", lower),
    "mii_status": ("mii_status", lower),
    "perm_hwaddr": ("permanent_mac", same),
    "queue_id": ("queue_id", same),
    "ad_aggregator_id": ("aggregator", same),
    "ad_actor_oper_port_state": ("ad_actor_port_state", same),
    "ad_partner_oper_port_state": ("ad_partner_port_state", same),
    "prio": ("priority", same),
}
VLAN: Words = {"id": ("vlan_id", same), "flags": ("vlan_flags", lower), "protocol": ("vlan_protocol", same)}
VXLAN: Words = {
    **_REMOTE,
    **_plain("learning", "proxy", "l2miss", "l3miss", by=flag),
    "id": ("vni", same),
    "link": ("lower", index),
    "ttl": ("ttl", ttl),
    "tos": ("tos", number),
    "ageing": ("ageing", number),
    "limit": ("limit", number),
    "port_range": ("source_ports", _range),
    "rsc": ("route_short_circuit", flag),
    "port": ("udp_port", same),
    "udp_csum": ("udp_checksum", flag),
    "gbp": ("group_policy", flag),
    "gpe": ("gpe", flag),
    "external": ("collect_metadata", flag),
    "vnifilter": ("vni_filter", flag),
    "df": ("df", _DF),
}
GENEVE: Words = {
    **_REMOTE,
    "id": ("vni", same),
    "ttl": ("ttl", ttl),
    "tos": ("tos", number),
    "port": ("udp_port", same),
    "external": ("collect_metadata", flag),
    "udp_csum": ("udp_checksum", flag),
    "df": ("df", _DF),
}
TUNNEL: Words = {
    **_REMOTE,
    **_plain("ikey", "okey", by=key),
    "link": ("lower", index),
    "ttl": ("ttl", ttl),
    "tos": ("tos", number),
    "pmtudisc": ("pmtudisc", flag),
    "external": ("collect_metadata", flag),
    "fwmark": ("fwmark", number),
    "erspan_index": ("erspan_index", same),
    "erspan_ver": ("erspan_version", same),
}
TUN: Words = {
    "type": ("mode", same),
    "pi": ("packet_information", flag),
    "vnet_hdr": ("vnet_header", flag),
    "persist": ("persistent", flag),
    "multi_queue": ("multi_queue", flag),
    "numqueues": ("queues", same),
}
MACVLAN: Words = {"mode": ("mode", same)}
IPVLAN: Words = {"mode": ("mode", same), "flags": ("flags", choice({"bridge": 0, "private": 1, "vepa": 2}))}

_OFF = dict.fromkeys(("proxy", "route_short_circuit", "l2miss", "l3miss", "collect_metadata"), False)
SILENT: Mapping[str, Mapping[str, Any]] = {
    "vxlan": {**_OFF, "tos": 0, "ttl": 0, "limit": 0},
    "macvlan": {"flags": 0},
    "macvtap": {"flags": 0},
}
"""What iproute2 leaves out when it is off or zero."""
KINDS: Mapping[str, Words] = {
    "bridge": BRIDGE, "bond": BOND, "vlan": VLAN, "vxlan": VXLAN, "geneve": GENEVE, "tun": TUN,
    **dict.fromkeys(("gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ip6erspan"), TUNNEL),
    **dict.fromkeys(("ipip", "sit", "ip6tnl", "vti", "vti6"), TUNNEL),
    **dict.fromkeys(("macvlan", "macvtap"), MACVLAN), **dict.fromkeys(("ipvlan", "ipvtap"), IPVLAN),
    "vrf": {"table": ("table", same)}, "xfrm": {"if_id": ("interface_id", number)},
}  # fmt: skip
SLAVES: Mapping[str, Words] = {"bridge": BRIDGE_PORT, "bond": BOND_SLAVE}


def details(said: Mapping[str, Any], words: Words, prefix: str, names: Mapping[str, int]) -> dict[str, Any]:
    """What is said of a kind, in our words; what cannot be read is left out."""
    out = {}
    for name, value in said.items():
        entry = words.get(name)
        if entry is None:
            continue
        try:
            found = entry[1](value, names)
        except (ValueError, TypeError, KeyError):
            continue
        if found is not None:
            out[prefix + entry[0]] = found
    return out
