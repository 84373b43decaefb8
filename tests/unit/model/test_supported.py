"""What is said of an environment that is not on the list of supported ones, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from calipso.errors import ConfigError
from calipso.model.environment import parse_environment
from calipso.model.supported import driver

KOLLA = {"name": "e", "type": "OpenStack", "distribution": "Kolla", "distribution_version": "train"}


@pytest.mark.parametrize(
    ("said", "field", "near"),
    [
        ({"distribution": "Kola"}, "distribution", "Kolla"),
        ({"distribution": "Mercury", "distribution_version": ""}, "distribution_version", "27747"),
        ({"distribution": "In-house"}, "distribution", ""),
        ({"distribution_version": "tran"}, "distribution_version", "train"),
        ({"mechanism_drivers": ["OVN"]}, "mechanism_drivers", "OVS"),
        ({"mechanism_drivers": ["openvswitch"], "type_drivers": ["geneve"]}, "type_drivers", "vxlan"),
        ({"mechanism_drivers": ["in-house"]}, "mechanism_drivers", ""),
        ({"mechanism_drivers": ["VPP"]}, "mechanism_drivers", ""),
        ({"distribution": "Debian", "type": "Docker"}, "distribution_version", ""),
    ],
)
def test_what_is_not_listed_is_a_warning(said: dict[str, Any], field: str, near: str) -> None:
    (remark,) = parse_environment(KOLLA | said).remarks()
    assert (remark.level, remark.field) == ("warning", field)
    assert near in remark.near if near else not remark.near
    assert str(remark).startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("said", "field", "hint"),
    [
        ({"mechanism_drivers": ["OVSS"]}, "mechanism_drivers", "OVS"),
        ({"mechanism_drivers": ["openvswich"]}, "mechanism_drivers", "openvswitch"),
        ({"type_drivers": ["vxlam"]}, "type_drivers", "vxlan"),
        ({"type": "Kubernetes"}, "type", "OpenStack"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(said: dict[str, Any], field: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_environment(KOLLA | said, "file")
    assert error.value.where == f"file.{field}" and hint in error.value.hint


def test_what_is_listed_or_says_nothing_is_not_remarked() -> None:
    assert parse_environment({"name": "e"}).remarks() == ()
    assert parse_environment(KOLLA).remarks() == ()
    drivers = {"mechanism_drivers": ["linuxbridge", "OVS"], "type_drivers": ["flat", "vxlan"]}
    assert parse_environment(KOLLA | drivers | {"distribution": "kolla"}).remarks() == ()


def test_drivers_go_by_the_names_of_neutron_too() -> None:
    assert [driver(each) for each in ("openvswitch", "ovn", "LinuxBridge", "sriovnicswitch", "other")] == [
        "OVS", "OVN", "LXB", "SRIOV", "other",
    ]  # fmt: skip
