"""What IFLA_INFO_DATA and IFLA_INFO_SLAVE_DATA mean, by kind: include/uapi/linux/if_link.h, if_tunnel.h.

Counters, timers and what ages is left out on purpose: it would make every look a change.
"""

from __future__ import annotations

from calipso.model.types import TUNNEL_TYPES
from calipso.sources.linux.wire import (
    Decoder,
    Table,
    array,
    be16,
    be32,
    boolean,
    choice,
    hardware,
    ip,
    mac,
    nested,
    present,
    s32,
    set_ip,
    u8,
    u16,
    u32,
)

_NAME = "link"


def _bridge_id(body: bytes, start: int, end: int) -> str | None:
    """Priority and address, `8000.aa:bb:cc:dd:ee:ff`."""
    return f"{body[start : start + 2].hex()}.{body[start + 2 : start + 8].hex(':')}" if end - start >= 8 else None


def _ethertype(body: bytes, start: int, end: int) -> str | None:
    value = be16(body, start, end)
    return {0x8100: "802.1Q", 0x88A8: "802.1ad"}.get(value, f"0x{value:04x}") if value is not None else None


def _vlan_flags(body: bytes, start: int, end: int) -> list[str] | None:
    value = u32(body, start, end)
    names = {1: "reorder_hdr", 2: "gvrp", 4: "loose_binding", 8: "mvrp", 16: "bridge_binding"}
    return None if value is None else [name for bit, name in names.items() if value & bit]


def _port_range(body: bytes, start: int, end: int) -> list[int] | None:
    low, high = be16(body, start, end), be16(body, start + 2, end)
    return [low, high] if low is not None and high is not None else None


def _seconds(of: Decoder) -> Decoder:
    """Hundredths of a second, as the bridge counts (USER_HZ)."""

    def decode(body: bytes, start: int, end: int) -> float | None:
        value = of(body, start, end)
        return None if value is None else value / 100

    return decode


BRIDGE: Table = {
    1: ("forward_delay", _seconds(u32)),
    2: ("hello_time", _seconds(u32)),
    3: ("max_age", _seconds(u32)),
    4: ("ageing_time", _seconds(u32)),
    5: ("stp", boolean),
    6: ("priority", u16),
    7: ("vlan_filtering", boolean),
    8: ("vlan_protocol", _ethertype),
    9: ("group_fwd_mask", u16),
    10: ("root_id", _bridge_id),
    11: ("id", _bridge_id),
    12: ("root_port", u16),
    13: ("root_path_cost", u32),
    20: ("group_address", mac),
    22: ("multicast_router", u8),
    23: ("multicast_snooping", boolean),
    25: ("multicast_querier", boolean),
    27: ("multicast_hash_max", u32),
    36: ("nf_call_iptables", boolean),
    37: ("nf_call_ip6tables", boolean),
    38: ("nf_call_arptables", boolean),
    39: ("default_pvid", u16),
    41: ("vlan_stats", boolean),
    43: ("igmp_version", u8),
    44: ("mld_version", u8),
    49: ("fdb_max_learned", u32),
}
BRIDGE_PORT: Table = {
    1: ("state", choice({0: "disabled", 1: "listening", 2: "learning", 3: "forwarding", 4: "blocking"})),
    2: ("priority", u16),
    3: ("cost", u32),
    4: ("hairpin", boolean),
    5: ("bpdu_guard", boolean),
    6: ("root_block", boolean),
    7: ("fast_leave", boolean),
    8: ("learning", boolean),
    9: ("unicast_flood", boolean),
    10: ("proxy_arp", boolean),
    13: ("root_id", _bridge_id),
    14: ("bridge_id", _bridge_id),
    15: ("designated_port", u16),
    16: ("designated_cost", u16),
    17: ("id", u16),
    18: ("number", u16),
    25: ("multicast_router", u8),
    27: ("multicast_flood", boolean),
    28: ("multicast_to_unicast", boolean),
    29: ("vlan_tunnel", boolean),
    30: ("broadcast_flood", boolean),
    31: ("group_fwd_mask", u16),
    32: ("neighbor_suppress", boolean),
    33: ("isolated", boolean),
    34: ("backup_port", u32),
    39: ("locked", boolean),
}
_BOND_MODES = {
    0: "balance-rr",
    1: "active-backup",
    2: "balance-xor",
    3: "broadcast",
    4: "802.3ad",
    5: "balance-tlb",
    6: "balance-alb",
}
BOND: Table = {
    1: ("mode", choice(_BOND_MODES)),
    2: ("active_slave", u32),
    3: ("miimon", u32),
    4: ("updelay", u32),
    5: ("downdelay", u32),
    6: ("use_carrier", boolean),
    7: ("arp_interval", u32),
    8: ("arp_targets", array(ip, _NAME)),
    9: ("arp_validate", u32),
    10: ("arp_all_targets", u32),
    11: ("primary", u32),
    12: ("primary_reselect", choice({0: "always", 1: "better", 2: "failure"})),
    13: ("fail_over_mac", choice({0: "none", 1: "active", 2: "follow"})),
    14: (
        "xmit_hash_policy",
        choice({0: "layer2", 1: "layer3+4", 2: "layer2+3", 3: "encap2+3", 4: "encap3+4", 5: "vlan+srcmac"}),
    ),
    15: ("resend_igmp", u32),
    16: ("peer_notifications", u8),
    17: ("all_slaves_active", boolean),
    18: ("min_links", u32),
    19: ("lp_interval", u32),
    20: ("packets_per_slave", u32),
    21: ("lacp_rate", choice({0: "slow", 1: "fast"})),
    22: ("ad_select", choice({0: "stable", 1: "bandwidth", 2: "count"})),
    23: (
        "ad",
        nested(
            {
                1: ("aggregator", u16),
                2: ("ports", u16),
                3: ("actor_key", u16),
                4: ("partner_key", u16),
                5: ("partner_mac", mac),
            },
            _NAME,
        ),
    ),
    24: ("ad_actor_system_priority", u16),
    26: ("ad_actor_system", mac),
    27: ("tlb_dynamic_lb", boolean),
    28: ("peer_notification_delay", u32),
    29: ("lacp_active", boolean),
    30: ("missed_max", u8),
}
BOND_SLAVE: Table = {
    1: ("state", choice({0: "active", 1: "backup"})),
    2: ("mii_status", choice({0: "up", 1: "going down", 2: "down", 3: "going back"})),
    4: ("permanent_mac", mac),
    5: ("queue_id", u16),
    6: ("aggregator", u16),
    7: ("ad_actor_port_state", u8),
    8: ("ad_partner_port_state", u16),
    9: ("priority", s32),
}
VLAN: Table = {1: ("vlan_id", u16), 2: ("vlan_flags", _vlan_flags), 5: ("vlan_protocol", _ethertype)}
VXLAN: Table = {
    1: ("vni", u32),
    2: ("remote_ip", set_ip),
    3: ("lower", u32),
    4: ("local_ip", set_ip),
    5: ("ttl", u8),
    6: ("tos", u8),
    7: ("learning", boolean),
    8: ("ageing", u32),
    9: ("limit", u32),
    10: ("source_ports", _port_range),
    11: ("proxy", boolean),
    12: ("route_short_circuit", boolean),
    13: ("l2miss", boolean),
    14: ("l3miss", boolean),
    15: ("udp_port", be16),
    16: ("remote_ip", set_ip),
    17: ("local_ip", set_ip),
    18: ("udp_checksum", boolean),
    23: ("group_policy", present),
    25: ("collect_metadata", boolean),
    27: ("gpe", present),
    29: ("df", u8),
    30: ("vni_filter", boolean),
}
GENEVE: Table = {
    1: ("vni", u32),
    2: ("remote_ip", set_ip),
    3: ("ttl", u8),
    4: ("tos", u8),
    5: ("udp_port", be16),
    6: ("collect_metadata", present),
    7: ("remote_ip", set_ip),
    8: ("udp_checksum", boolean),
    13: ("df", u8),
}
GRE: Table = {
    1: ("lower", u32),
    2: ("iflags", be16),
    3: ("oflags", be16),
    4: ("ikey", be32),
    5: ("okey", be32),
    6: ("local_ip", set_ip),
    7: ("remote_ip", set_ip),
    8: ("ttl", u8),
    9: ("tos", u8),
    10: ("pmtudisc", boolean),
    14: ("encap_type", u16),
    16: ("encap_sport", be16),
    17: ("encap_dport", be16),
    18: ("collect_metadata", present),
    20: ("fwmark", u32),
    21: ("erspan_index", u32),
    22: ("erspan_version", u8),
}
IP_TUNNEL: Table = {
    1: ("lower", u32),
    2: ("local_ip", set_ip),
    3: ("remote_ip", set_ip),
    4: ("ttl", u8),
    5: ("tos", u8),
    6: ("encap_limit", u8),
    9: ("protocol", u8),
    10: ("pmtudisc", boolean),
    15: ("encap_type", u16),
    17: ("encap_sport", be16),
    18: ("encap_dport", be16),
    19: ("collect_metadata", present),
    20: ("fwmark", u32),
}
VTI: Table = {
    1: ("lower", u32),
    2: ("ikey", be32),
    3: ("okey", be32),
    4: ("local_ip", set_ip),
    5: ("remote_ip", set_ip),
    6: ("fwmark", u32),
}
_MACVLAN_MODES = {1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"}
MACVLAN: Table = {1: ("mode", choice(_MACVLAN_MODES, u32)), 2: ("flags", u16)}
IPVLAN: Table = {1: ("mode", choice({0: "l2", 1: "l3", 2: "l3s"}, u16)), 2: ("flags", u16)}
VRF: Table = {1: ("table", u32)}
TUN: Table = {
    1: ("owner", u32),
    2: ("group", u32),
    3: ("mode", choice({1: "tun", 2: "tap"})),
    4: ("packet_information", boolean),
    5: ("vnet_header", boolean),
    6: ("persistent", boolean),
    7: ("multi_queue", boolean),
    8: ("queues", u32),
}
XFRM: Table = {2: ("interface_id", u32)}
IPOIB: Table = {1: ("pkey", u16), 2: ("mode", choice({0: "datagram", 1: "connected"}, u16))}
NETKIT: Table = {2: ("primary", boolean), 3: ("policy", u32), 5: ("mode", choice({0: "l2", 1: "l3"}, u32))}
HSR: Table = {1: ("slave1", u32), 2: ("slave2", u32), 4: ("supervision_address", hardware), 6: ("version", u8)}

KINDS: dict[str, tuple[str, Table]] = {
    "bridge": ("bridge_", BRIDGE),
    "bond": ("bond_", BOND),
    "vlan": ("", VLAN),
    "vxlan": ("", VXLAN),
    "geneve": ("", GENEVE),
    **dict.fromkeys(("gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ip6erspan"), ("", GRE)),
    **dict.fromkeys(("ipip", "sit", "ip6tnl"), ("", IP_TUNNEL)),
    **dict.fromkeys(("vti", "vti6"), ("", VTI)),
    **dict.fromkeys(("macvlan", "macvtap"), ("macvlan_", MACVLAN)),
    **dict.fromkeys(("ipvlan", "ipvtap"), ("ipvlan_", IPVLAN)),
    "vrf": ("vrf_", VRF),
    "tun": ("tun_", TUN),
    "xfrm": ("xfrm_", XFRM),
    "ipoib": ("ipoib_", IPOIB),
    "netkit": ("netkit_", NETKIT),
    "hsr": ("hsr_", HSR),
}
"""Kind → prefix of its attributes (empty where the name is one of the model's own) and its table."""

SLAVE_KINDS: dict[str, tuple[str, Table]] = {
    "bridge": ("bridge_port_", BRIDGE_PORT),
    "bond": ("bond_slave_", BOND_SLAVE),
}

TUNNELS = TUNNEL_TYPES | {"xfrm"}
KEYED = frozenset(("gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ip6erspan", "vti", "vti6"))
CABLES = frozenset(("veth", "netkit", "vxcan"))
"""Kinds that come in pairs: IFLA_LINK is the other end."""
