"""What the original's API refuses of an environment: the error names the field."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from calipso.errors import ConfigError
from calipso.operations.original_rules import check
from tests.conformance.original.test_rest_of_the_original import DOCUMENT

AMQP = {"name": "AMQP", "host": "192.0.2.1", "port": "5672", "user": "guest"}
STRATO = {"distribution": "Stratoscale", "distribution_version": "2.1.6", "mechanism_drivers": ["OVS"]}


def test_a_supported_environment_passes() -> None:
    check(DOCUMENT)
    check({**DOCUMENT, "listen": True, "configuration": [*DOCUMENT["configuration"], AMQP]})
    check({**DOCUMENT, "mechanism_drivers": ["openvswitch"], "distribution_version": ["rocky"]})


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"configuration": DOCUMENT["configuration"][1:]}, "configuration"),
        ({"configuration": DOCUMENT["configuration"][:2]}, "configuration"),
        ({"operational": "asleep"}, "operational"),
        ({"app_path": "app"}, "app_path"),
        ({"environment_type": "Kubernetes"}, "configuration"),
        ({"distribution": "Nobody's"}, "distribution"),
        ({"distribution_version": "0.1"}, "distribution_version"),
        ({"mechanism_drivers": ["Calico"]}, "mechanism_drivers"),
        ({"type_drivers": "bgp"}, "type_drivers"),
        ({**STRATO, "type_drivers": "vlan", "listen": True}, "listen"),
        (
            {**STRATO, "type_drivers": "vlan", "configuration": [*DOCUMENT["configuration"], AMQP]},
            "configuration[3]",
        ),
    ],
)
def test_what_is_refused_is_named(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as error:
        check({**copy.deepcopy(DOCUMENT), **changes})
    assert error.value.where == f"environment.{where}"
