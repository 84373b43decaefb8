"""What LXD and Incus tell: their REST API's Instance, InstanceState and Network."""

from __future__ import annotations

from calipso.model.attributes.declare import Attribute, Facet, ListOf

_C, _D, _N, _NET = ("container",), ("domain",), ("nic",), ("network",)
_I = (*_C, *_D)
_TEXTS = ListOf("text")

LXD = Facet(
    "lxd",
    "Containers, virtual machines and networks of LXD and Incus.",
    (
        Attribute("host", "text", (*_I, *_N, *_NET), "", "the host it is on"),
        Attribute("owner", "text", (*_I, *_N), "", "id of what holds it: host, container or machine"),
        Attribute("name", "text", (*_I, *_NET), "Instance name", "what it is called"),
        Attribute("lxd_project", "text", _I, "Instance project", "the daemon's project it belongs to"),
        Attribute("profiles", _TEXTS, _I, "Instance profiles", "profiles it is made of, in their order"),
        Attribute("architecture", "text", _I, "Instance architecture", "processor it is for"),
        Attribute("image", "text", _I, "image.description", "image it was made of"),
        Attribute("created", "text", _I, "Instance created_at", "when it was made, RFC 3339"),
        Attribute("pid", "integer", _I, "InstanceState pid", "its first process, as the host counts"),
        Attribute("netns", "text", (*_C, *_N), "", "id of the namespace its first process is in"),
        Attribute("network_ids", _TEXTS, _I, "devices.*.network", "ids of the managed networks it is in"),
        Attribute("status", "text", _I, "Instance status", "`running`, `stopped`, `frozen` …"),
        Attribute("state", "text", _I, "", "`up` while it runs, else `down`"),
        Attribute("instance", "text", _N, "", "id of the virtual machine it belongs to"),
        Attribute("mac", "text", _N, "volatile.*.hwaddr", "its MAC"),
        Attribute("tap", "text", _N, "volatile.*.host_name", "the host's end of a virtual machine's cable"),
        Attribute("network_id", "text", _N, "devices.*.network", "id of its managed network"),
        Attribute("driver", "text", _NET, "Network type", "`bridge`, `macvlan`, `physical`, `ovn` …"),
        Attribute("subnets", _TEXTS, _NET, "ipv4.address, ipv6.address", "the network's own address and prefix"),
        Attribute("bridge_device", "text", _NET, "", "id of the Linux bridge that is it"),
        Attribute("parent_device", "text", _NET, "parent", "id of the device it is on"),
    ),
)
