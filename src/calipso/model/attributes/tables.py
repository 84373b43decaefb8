"""Tables of the kernel, each a facet of its own: forwarding, neighbours, routes, rules, filters, sockets."""

from __future__ import annotations

from calipso.model.attributes.declare import INTERFACE, Attribute, Entry, Facet, Field, ListOf, MapOf

_IF = (INTERFACE,)
_NETNS = ("host", "netns")

_TEXTS = ListOf("text")
_INTEGERS = ListOf("integer")

_FDB = Entry(
    (
        Field("mac", "text"),
        Field("state", "text"),
        Field("dst", "text"),
        Field("vlan", "integer"),
        Field("port", "integer"),
        Field("vni", "integer"),
        Field("source_vni", "integer"),
        Field("via_ifindex", "integer"),
        Field("master", "integer"),
        Field("nexthop", "integer"),
        Field("flags", _TEXTS),
    )
)
_NEIGHBOR = Entry((Field("ip", "text"), Field("mac", "text"), Field("state", "text"), Field("flags", _TEXTS)))
_METRICS = Entry(
    (
        Field("mtu", "integer", "bytes"),
        Field("window", "integer", "bytes"),
        Field("cwnd", "integer", "segments"),
        Field("advmss", "integer", "bytes"),
        Field("reordering", "integer", "segments"),
        Field("hoplimit", "integer"),
        Field("initcwnd", "integer", "segments"),
        Field("features", "integer"),
        Field("rto_min", "integer", "ms"),
        Field("initrwnd", "integer", "segments"),
        Field("quickack", "integer"),
        Field("congestion_control", "text"),
    )
)
_HOP = Entry(
    (
        Field("ifindex", "integer"),
        Field("weight", "integer"),
        Field("gateway", "text"),
        Field("encap", "text"),
        Field("flags", _TEXTS),
    )
)
_ROUTE = Entry(
    (
        Field("family", "integer"),
        Field("table", "integer"),
        Field("dst", "text"),
        Field("type", "text"),
        Field("protocol", "text"),
        Field("scope", "text"),
        Field("from", "text"),
        Field("tos", "integer"),
        Field("iif", "integer"),
        Field("gateway", "text"),
        Field("metric", "integer"),
        Field("source", "text"),
        Field("metrics", _METRICS),
        Field("nexthops", ListOf(_HOP)),
        Field("nexthop", "integer"),
        Field("preference", "integer"),
        Field("encap", "text"),
        Field("flags", _TEXTS),
    )
)
_RULE = Entry(
    (
        Field("family", "integer"),
        Field("priority", "integer"),
        Field("action", "text"),
        Field("table", "integer"),
        Field("from", "text"),
        Field("to", "text"),
        Field("not", "boolean"),
        Field("iif", "text"),
        Field("oif", "text"),
        Field("tos", "integer"),
        Field("fwmark", "integer"),
        Field("fwmask", "integer"),
        Field("goto", "integer"),
        Field("l3mdev", "boolean"),
        Field("users", _INTEGERS),
        Field("ip_protocol", "integer"),
        Field("source_ports", _INTEGERS),
        Field("destination_ports", _INTEGERS),
        Field("suppress_group", "integer"),
        Field("suppress_prefix_length", "integer"),
    )
)
_SOCKET = Entry(
    (
        Field("protocol", "text"),
        Field("state", "text"),
        Field("local_address", "text"),
        Field("local_port", "integer"),
        Field("remote_address", "text"),
        Field("remote_port", "integer"),
        Field("pid", "integer"),
        Field("process", "text"),
    )
)


def _total(table: str, types: tuple[str, ...]) -> Attribute:
    return Attribute(f"{table}_total", "integer", types, "", "how many there are, when they are too many to be kept")


TABLE_FACETS: tuple[Facet, ...] = (
    Facet(
        "netlink.fdb",
        "Where a bridge's port or a tunnel sends what is for an address. Ages are left out.",
        (
            Attribute("fdb", ListOf(_FDB), _IF, "RTM_NEWNEIGH, AF_BRIDGE", "forwarding entries by address"),
            _total("fdb", _IF),
        ),
    ),
    Facet(
        "netlink.neighbors",
        "What an interface knows of its neighbours. Ages are left out: what was ever resolved is `known`.",
        (
            Attribute("neighbors", ListOf(_NEIGHBOR), _IF, "RTM_NEWNEIGH", "IP neighbours by address"),
            _total("neighbors", _IF),
        ),
    ),
    Facet(
        "netlink.routes",
        "Routes that leave by an interface, of all tables.",
        (
            Attribute("routes", ListOf(_ROUTE), _IF, "RTM_NEWROUTE", "routes; `dst` is `default` or a prefix"),
            _total("routes", _IF),
        ),
    ),
    Facet(
        "netlink.rules",
        "Policy routing of a namespace, and the routes that leave by no interface.",
        (
            Attribute("rules", ListOf(_RULE), _NETNS, "RTM_NEWRULE", "policy rules in the order they are tried"),
            _total("rules", _NETNS),
            Attribute("routes", ListOf(_ROUTE), _NETNS, "RTM_NEWROUTE", "blackhole, unreachable, prohibit … routes"),
            _total("routes", _NETNS),
        ),
    ),
    Facet(
        "netfilter",
        "Rule sets of a namespace, without counters and without what packets put into sets.",
        (
            Attribute("nftables", ListOf("anything"), _NETNS, "libnftables-json(5)", "tables, chains, sets and rules"),
            Attribute("iptables", MapOf(_TEXTS), _NETNS, "iptables-save(8)", "IPv4 chains and rules by table"),
            Attribute("ip6tables", MapOf(_TEXTS), _NETNS, "ip6tables-save(8)", "IPv6 chains and rules by table"),
            Attribute("missing_tools", _TEXTS, _NETNS, "", "commands that would tell more and are not there"),
        ),
    ),
    Facet(
        "sockets",
        "Listening and established TCP and UDP sockets of a namespace, and the processes that hold them.",
        (
            Attribute(
                "sockets", ListOf(_SOCKET), _NETNS, "struct inet_diag_msg, proc(5)", "sockets by protocol and port"
            ),
            _total("sockets", _NETNS),
        ),
    ),
)
