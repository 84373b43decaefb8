"""What the kinds of interface, networks and pools become."""

from __future__ import annotations

from typing import Any

from calipso.model.attributes import undeclared
from calipso.sources.libvirt import SOURCE
from calipso.sources.libvirt.parse_domain import Domain
from calipso.sources.libvirt.parse_host import network_record, pool_entry, pools_record
from calipso.sources.libvirt.parse_stats import parse_counters, parse_statuses, tells_a_change
from tests.support.libvirt_texts import DOMAIN, NETWORK, POOL, PORT, STATS, UUID
from tests.support.told_host import ToldHost, looked

RECORDS = Domain(DOMAIN, "h1", parse_statuses(STATS)).records()


def nic(last: str) -> dict[str, Any]:
    return next(each.attributes for each in RECORDS if each.id.endswith(last))


def test_every_kind_of_interface() -> None:
    bridge = nic(":01")
    assert (bridge["tap"], bridge["bridge_name"], bridge["port_id"]) == ("tap2b3d0d1d-27", "br-int", PORT)
    assert (nic(":02")["network_name"], nic(":02")["port_group"], nic(":02")["state"]) == ("default", "slow", "down")
    assert (nic(":03")["tap"], nic(":04")["lower_device"], nic(":04")["mode"]) == ("vnet2", "eth1", "vepa")
    assert nic(":05")["pci_address"] == "0000:3b:02.1"
    assert (nic(":06")["socket"], nic(":07")["vdpa_device"]) == ("/run/vhu1", "/dev/vhost-vdpa-0")
    assert nic(":07.2")["interface_type"] == "user", "a twin address has a number"


def test_the_guest_and_what_openstack_notes() -> None:
    guest = RECORDS[0]
    assert guest.id == f"instance:{UUID}"
    said = guest.attributes
    assert (said["name"], said["domain_name"], said["status"]) == ("web", "instance-1", "running")
    assert (said["project"], said["flavor"], said["memory"]) == ("red", "nano", 49152 * 1024)
    assert [disk["name"] for disk in said["disks"]] == ["vda", "sda"]


def test_a_guest_that_is_off_has_no_tap() -> None:
    off = Domain(DOMAIN.replace(" id='1'", ""), "h1", {})
    assert off.taps() == {}
    assert {each.attributes["state"] for each in off.records()[1:]} == {"down"}


def test_networks_and_pools() -> None:
    network = network_record(NETWORK, "h1", frozenset({UUID}))
    assert network.id == f"network:{UUID}"
    assert (network.attributes["status"], network.attributes["gateways"]) == ("active", ["192.168.122.1"])
    (pools,) = pools_record([pool_entry(POOL, frozenset())], "h1")
    assert pools.attributes["pools"][0]["status"] == "inactive"
    assert [said for each in (*RECORDS, network, pools) for said in undeclared(each)] == []


def test_counters_and_events() -> None:
    assert parse_counters(STATS) == {"tap2b3d0d1d-27": {"rx_bytes": 486, "rx_packets": 5, "tx_dropped": 0}}
    assert tells_a_change("2026-01-01 00:00:00.000+0000: event 'device-added' for domain 'x': net1")
    assert tells_a_change("event 'lifecycle' for domain x: Started Booted"), "as libvirt before 7 prints it"
    assert not tells_a_change("event 'rtc-change' for domain 'x': 0")


def test_a_host_without_libvirt_has_nothing_to_say() -> None:
    assert looked(SOURCE, ToldHost()) == []
