"""labs/openstack with routers on several hosts: what its agents are told, and what is expected of them."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Any

import pytest

from calipso.model import ids
from labs.openstack import declaration as d
from labs.openstack import lab
from labs.openstack.configuration import files, words
from labs.openstack.expectation import expected
from labs.openstack.running import Running, noted
from labs.plain.holders import Holder
from labs.plain.running import LabError
from tests.support.openstack_lab import once


def told(running: Running, host: d.Host, name: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.read_string(once(dict(files(words(running, host)))[f"/etc/neutron/{name}"]))
    return found


@pytest.mark.parametrize(
    ("routers", "modes"), [("legacy", ["legacy"] * 3), ("dvr", ["dvr_snat", "dvr", "dvr"]), ("ha", ["legacy"] * 3)]
)
def test_agents_are_told_how_routers_are_realised(routers: str, modes: list[str], tmp_path: Path) -> None:
    running = Running("ovs", tmp_path, tmp_path / "cache", {"ctl": Holder(2**22 + 1, 1)}, routers)
    assert [told(running, host, "l3_agent.ini")["DEFAULT"]["agent_mode"] for host in d.HOSTS] == modes
    server = told(running, d.CTL, "neutron.conf")["DEFAULT"]
    assert server.getboolean("router_distributed") == (routers == "dvr")
    assert server.getboolean("l3_ha") == (routers == "ha")
    switch = told(running, d.COMPUTES[0], "plugins/ml2/openvswitch_agent.ini")["agent"]
    assert switch.getboolean("enable_distributed_routing") == (routers == "dvr")
    running.note()
    again = noted(tmp_path)
    assert again is not None and again.routers == routers


def test_routers_of_agents_are_not_for_ovn(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="ML2/OVS"):
        lab.up(tmp_path / "state", tmp_path / "cache", "ovn", routers="dvr")
    assert not (tmp_path / "state").exists()


def test_a_distributed_router_is_joined_to_the_way_outside_of_its_host() -> None:
    def port(id: str, owner: str, network: str) -> dict[str, Any]:
        return {"id": f"{id}-port-of-it-alone", "owner": owner, "network": network}

    inside = port("11111111", "network:router_interface_distributed", "red")
    services = [
        {"netns": "qrouter-r1-of-the-lab", "host": "cmp1", "ports": [inside]},
        {"netns": "qrouter-r1-of-the-lab", "host": "cmp2", "ports": [inside]},
        {"netns": "fip-ext", "host": "cmp1", "ports": [port("22222222", "network:floatingip_agent_gateway", "ext")]},
        {"netns": "snat-r1-of-the-lab", "host": "ctl", "ports": [port("33333333", "network:router_gateway", "ext")]},
    ]
    wanted = expected({"instances": [], "services": services}, "ovs")
    way, router = ids.netns("cmp1", "fip-ext"), ids.netns("cmp1", "qrouter-r1-of-the-lab")
    ends = ids.device(way, "fpr-r1-of-the-"), ids.device(router, "rfp-r1-of-the-")
    assert {link for link in wanted.links if link[0] == "vnic-vnic"} == {("vnic-vnic", *ends)}
    nics = {id for id, kind in wanted.objects.items() if kind == "vnic" and id.endswith("/dev:qr-11111111-po")}
    assert {id.split("/")[0] for id in nics} == {"cmp1", "cmp2"}
