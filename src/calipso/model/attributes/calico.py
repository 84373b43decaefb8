"""What is told of Project Calico: Felix as a switching process, whose interfaces it routes for and what leads on."""

from __future__ import annotations

from calipso.model.attributes.declare import Attribute, Entry, Facet, Field, ListOf

_CALICO, _DEVICE = ("calico",), ("device",)
_TEXTS = ListOf("text")
_PEER = Entry(
    (
        Field("name", "text"),
        Field("address", "text"),
        Field("state", "text"),
        Field("as_number", "integer"),
        Field("local_as", "integer"),
        Field("error", "text"),
        Field("imported", "integer"),
        Field("exported", "integer"),
    )
)

CALICO = Facet(
    "calico",
    "A host's Felix, the interfaces of workloads that it routes for and the NICs that lead to other hosts'.",
    (
        Attribute("name", "text", (*_CALICO, *_DEVICE), "", "its name"),
        Attribute("host", "text", (*_CALICO, *_DEVICE), "", "the host it is on"),
        Attribute("netns", "text", (*_CALICO, *_DEVICE), "", "id of the host: Felix is in its own namespace"),
        Attribute("vedge", "text", _DEVICE, "ip-route(8)", "id of the Felix whose routes lead out by it"),
        Attribute("vedge", "text", _CALICO, "", "its own id: what ends in it ends in a switching process"),
        Attribute("routed_by", "text", _DEVICE, "ip-route(8)", "id of the Felix that routes what comes in by it"),
        Attribute("workload_ips", _TEXTS, _DEVICE, "ip-route(8)", "addresses that are routed to it, one by one"),
        Attribute("state", "text", _CALICO, "ps(1)", "`up` when Felix runs, `down` when only what it made is there"),
        Attribute("interface_prefixes", _TEXTS, _CALICO, "felix.cfg InterfacePrefix", "of workloads' interfaces"),
        Attribute("datastore", "text", _CALICO, "felix.cfg DatastoreType", "`etcdv3`, `kubernetes`"),
        Attribute("workloads", "integer", _CALICO, "", "interfaces that it routes for"),
        Attribute("blocks", _TEXTS, _CALICO, "ip-route(8)", "its blocks of addresses, unused ones led nowhere"),
        Attribute("carries", _TEXTS, _CALICO, "", "over what the networks of its workloads leave: `routed`"),
        Attribute("bgp_peers", ListOf(_PEER), _CALICO, "birdc show protocols all", "its BGP sessions"),
        Attribute("as_numbers", ListOf("integer"), _CALICO, "birdc show protocols all", "its own side's AS"),
    ),
)
