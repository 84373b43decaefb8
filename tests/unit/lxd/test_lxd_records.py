"""What the source makes of the daemon's documents: where containers are, how machines are cabled."""

from __future__ import annotations

import pytest

from calipso.errors import ParseError
from calipso.sources.lxd.parse import parse_instances, parse_networks
from tests.support.docker_said import BOX, VM, lxd


def test_a_container_is_in_its_namespace_and_a_machine_at_its_tap() -> None:
    found = {record.id: record for record in lxd()}
    box, vm = found[f"container:lxd-{BOX}"], found[f"instance:{VM}"]
    assert (box.type, box.attributes["netns"]) == ("container", "h/netns:x")
    assert (vm.type, "netns" in vm.attributes) == ("domain", False)
    inside = found[f"container:lxd-{BOX}/vnic:00:16:3e:00:00:01"].attributes
    outside = found[f"instance:{VM}/vnic:00:16:3e:00:00:01"].attributes
    assert inside["netns"] == "h/netns:x" and "tap" not in inside
    assert (outside["tap"], outside["instance"]) == ("tap0", f"instance:{VM}")


def test_only_networks_of_the_daemon_are_networks() -> None:
    names = {record.attributes["name"] for record in lxd() if record.type == "network"}
    assert names == {"lxdbr0", "wire"}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"metadata": {"name": 1}}', b'{"error": "not authorized"}'])
def test_what_is_no_answer_is_told(body: bytes) -> None:
    for parse in (parse_instances, parse_networks):
        with pytest.raises(ParseError):
            parse(body)
