"""The declared model is whole: what is named exists, and the original's lists are all there."""

from __future__ import annotations

import pytest

from calipso.errors import ConfigError
from calipso.model import cliques_original, constants, hover
from calipso.model.cliques import CLIQUE_TYPES
from calipso.model.environment import Environment, parse_environment
from calipso.model.kinds import BY_NAME
from calipso.model.links import CODES, LINK_TYPES
from calipso.model.rules import Join, Rule, Via, Walk
from calipso.model.scoring import ALL, choose, clique_types, score
from calipso.model.types import INTRINSIC_KINDS, OBJECT_TYPES

KINDS = set(BY_NAME)


MERCURY: dict[str, object] = {"distribution": "Mercury"}
CALICO: dict[str, object] = {
    "type": "Kubernetes",
    "distribution": "Kubernetes",
    "mechanism_drivers": ("Calico",),
    "type_drivers": ("bgp",),
}


def flat(rule: Rule | str) -> list[Join | Walk | str]:
    return [*flat(rule.first), *flat(rule.second)] if isinstance(rule, Via) else [rule]


def test_every_rule_names_kinds_types_and_link_types_that_exist() -> None:
    types = {each.name for each in OBJECT_TYPES}
    for link in LINK_TYPES:
        for part in (each for rule in link.rules for each in flat(rule)):
            if isinstance(part, str):
                assert CODES[part.lstrip("-")] < CODES[link.name], f"{link.name} reads {part}, which comes after it"
                continue
            ends = (part.source, part.target) if isinstance(part, Join) else (part.source, part.stop)
            for end in ends:
                assert end.kinds <= KINDS and end.types | end.not_types <= types, link.name


def test_every_kind_that_is_derived_or_shown_is_declared() -> None:
    assert set(INTRINSIC_KINDS.values()) <= KINDS
    assert set(hover.HOVER) <= KINDS
    assert {end for link in LINK_TYPES if not link.device_level for end in (link.source, link.target)} <= KINDS
    layers = [
        BY_NAME[name].layer for name in ("instance", "vnic", "vconnector", "vedge", "otep", "host_pnic", "network")
    ]
    assert layers == sorted(set(layers)), "the lanes of a clique are in order from the workload to the network"


def test_every_link_of_our_clique_types_is_declared_in_one_direction() -> None:
    for each in CLIQUE_TYPES:
        for name in each.link_types:
            a, _, b = name.partition("-")
            known = name in CODES or f"{b}-{a}" in CODES
            assert known or name in ("switch_pnic-switch_pnic", "switch_pnic-host_pnic"), name


def test_all_clique_types_of_the_original_are_there() -> None:
    assert len(cliques_original.FIRST_GENERATION) == 12
    assert len(cliques_original.SECOND_GENERATION) == 25
    known = {*constants.SECOND_GENERATION["link_types"], "osd-host", "instance-network", "vnic-container"}
    for each in (*cliques_original.FIRST_GENERATION, *cliques_original.SECOND_GENERATION):
        assert set(each.link_types) <= known, each.name


def test_the_lists_of_the_original() -> None:
    first, second = constants.FIRST_GENERATION, constants.SECOND_GENERATION
    assert first["link_states"] == ("up", "down") == second["link_states"]
    assert len(first["link_types"]) == 27 and len(second["link_types"]) == 40
    assert "notset" in first["log_levels"] and "notset" not in second["log_levels"]
    assert hover.FIRST_GENERATION["otep"] == ("object_name", "overlay_type", "ip_address", "type", "ports")
    assert "taints" in hover.SECOND_GENERATION["host"]


@pytest.mark.parametrize(
    ("said", "focal", "name"),
    [
        ({}, "instance", "instance"),
        ({"distribution": "Mercury"}, "instance", "mercury_instance_vconnector_clique"),
        (MERCURY | {"distribution_version": "28000"}, "instance", "mercury_instance_vedge_clique"),
        (MERCURY | {"distribution_version": "26000"}, "instance", "mercury_instance_vconnector_clique"),
        ({"name": "Apex-Euphrates"}, "vservice", "vservice"),
        (CALICO, "container", "container-calico"),
    ],
)  # fmt: skip
def test_the_originals_choice_by_environment(said: dict[str, object], focal: str, name: str) -> None:
    environment = Environment(**{"name": "x", "cliques": "calipso", **said})  # type: ignore[arg-type]
    chosen = choose(clique_types(environment), focal, environment)
    assert chosen is not None and chosen.name == name


def test_ours_are_used_everywhere_unless_asked_otherwise() -> None:
    environment = Environment(name="Apex-Euphrates", distribution="Mercury")
    chosen = choose(clique_types(environment), "instance", environment)
    assert chosen is not None and chosen.origin == "ours"
    named = next(each for each in ALL if each.environment.get("environment_name") == "Apex-Euphrates")
    assert score(named, environment) == 64


@pytest.mark.parametrize(
    ("said", "where", "hint"),
    [
        ({"name": "x", "hostz": {}}, "environment.hostz", "hosts"),
        ({"name": "x", "hosts": {"h1": {"pidd": 1}}}, "environment.hosts.h1.pidd", "pid"),
        ({"name": "x", "type": "openstack"}, "environment.type", "OpenStack"),
        ({}, "environment.name", ""),
        ("text", "environment", ""),
    ],
)
def test_what_is_wrong_in_an_environment_is_named(said: object, where: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_environment(said)
    assert error.value.message.startswith(where)
    assert hint in error.value.message + error.value.hint
