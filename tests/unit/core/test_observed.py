"""What an API promises is told as missing only where nothing does it."""

from __future__ import annotations

import pytest

from calipso.graph.explain import why
from calipso.model import ids
from tests.support.estate import Estate, scratch

ADDRESS = "172.24.4.147"
RULE = f"-A neutron-l3-agent-PREROUTING -d {ADDRESS}/32 -i rfp-r1 -j DNAT --to-destination 10.1.0.225"
OTHER = RULE.replace(ADDRESS, "172.24.4.148")


@pytest.mark.parametrize(
    ("rules", "observed"),
    [
        ({"h1": [RULE]}, {"h1": True}),
        ({"h1": [OTHER]}, {"h1": False}),
        ({"h1": [OTHER], "h2": [RULE]}, {"h1": None, "h2": True}),
        ({"h1": [], "h2": [OTHER]}, {"h1": False, "h2": False}),
    ],
)
def test_one_of_a_routers_services_translates_a_floating_ip(
    rules: dict[str, list[str]], observed: dict[str, bool | None]
) -> None:
    said = Estate()
    said.record("router:r1", "neutron", "router", name="r", router_id="r1", distributed=True)
    said.record("floating_ip:f1", "neutron", "floating_ip", name=ADDRESS, ip=ADDRESS, router_id="r1")
    for host, lines in rules.items():
        said.record(host, "linux", "host", name=host, host=host, namespaces_complete=True)
        netns = ids.netns(host, "router-r1")
        said.record(netns, "netlink", "netns", host=host, name="router-r1", iptables={"nat": lines})
    graph, _ = scratch().apply(said.changes, 1)
    floating = graph.resolve("floating_ip:f1")
    assert floating is not None
    found = {}
    for link in graph.links(floating.ord, ("floating_ip-vservice",)):
        service = graph.get(link.other)
        assert service is not None
        found[service.host] = why(graph, "floating_ip-vservice", floating, service).observed
    assert found == observed
