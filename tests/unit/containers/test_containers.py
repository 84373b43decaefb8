"""Containers by the control groups that engines make: forms of cgroup v1 and v2, of every driver."""

from __future__ import annotations

import pytest

from calipso.model.attributes import undeclared
from calipso.sources.containers.parse import Membership, parse_cgroup
from tests.support.docker_said import CONTAINED as ID
from tests.support.docker_said import POD as UID
from tests.support.docker_said import contained

INNER = "b" * 64


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"9:pids:/docker/{ID}\n", Membership(ID, "docker")),
        (f"0::/system.slice/docker-{ID}.scope\n", Membership(ID, "docker")),
        (f"9:name=systemd:/libpod_parent/libpod-{ID}\n8:pids:/libpod_parent/libpod-{ID}\n", Membership(ID, "podman")),
        (f"0::/machine.slice/libpod-{ID}.scope/container\n", Membership(ID, "podman")),
        (f"0::/machine.slice/libpod-conmon-{ID}.scope\n", None),
        (
            f"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID.replace('-', '_')}.slice/"
            f"cri-containerd-{ID}.scope\n",
            Membership(ID, "containerd", UID),
        ),
        (f"5:cpu:/kubepods/besteffort/pod{UID}/{ID}\n", Membership(ID, "", UID)),
        (f"0::/kubepods-pod{UID}.slice:cri-containerd:{ID}\n", Membership(ID, "containerd", UID)),
        (f"0::/kubepods.slice/crio-{ID}.scope\n", Membership(ID, "cri-o")),
        (f"0::/docker/{ID}/docker/{INNER}\n", Membership(INNER, "docker")),
        ("0::/user.slice/user-0.slice\n", None),
        ("0::/\n", None),
        ("garbage", None),
        ("", None),
    ],
)
def test_a_group_tells_container_engine_and_pod(text: str, wanted: Membership | None) -> None:
    assert parse_cgroup(text) == wanted


def test_containers_of_a_namespace_and_not_of_another_declared_host() -> None:
    records = list(contained())
    assert [record.id for record in records] == [f"container:{ID}"]
    assert records[0].attributes["netns"] == "h/netns:cni-1"
    assert (records[0].attributes["pid"], records[0].attributes["pod"]) == (8, f"pod:{UID}")
    assert undeclared(records[0]) == []
