"""An engine that says everything the source `docker` can read, for tests that need it whole."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from calipso.errors import Unreachable
from calipso.model.record import Observation, Record, Seen
from calipso.seams import Http, Namespaces, Read, Reply, Request, SourceConfig
from calipso.sources.containers import SOURCE as CONTAINERS
from calipso.sources.docker import SOURCE
from calipso.sources.lxd.parse import parse_instances, parse_networks
from calipso.sources.lxd.records import records_of

WEB, SIDE, NETWORK, OVERLAY, GATEWAY = "a" * 64, "b" * 64, "c" * 64, "d" * 25, "e" * 64

_PLACE = {
    "NetworkID": NETWORK, "EndpointID": "f" * 64, "MacAddress": "02:42:AC:1E:00:02", "IPAddress": "172.30.0.2",
    "IPPrefixLen": 24, "Gateway": "172.30.0.1", "GlobalIPv6Address": "FD00:30::2", "GlobalIPv6PrefixLen": 64,
    "IPv6Gateway": "fd00:30::1",
}  # fmt: skip


def container(id: str, name: str, **more: Any) -> dict[str, Any]:
    """ContainerInspect of a running container in one network."""
    return {
        "Id": id, "Name": f"/{name}", "Created": "2024-01-01T00:00:00Z", "Image": "sha256:0",
        "State": {"Status": "running", "Pid": 7, "StartedAt": "2024-01-01T00:00:01Z"},
        "HostConfig": {"NetworkMode": "appnet"},
        "Config": {"Hostname": name, "Image": "busybox", "Labels": {"tier": "front"}, "Env": ["PASSWORD=hidden"]},
        "NetworkSettings": {
            "SandboxKey": f"/var/run/docker/netns/{id[:12]}", "Networks": {"appnet": _PLACE, "gone": None},
            "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "53/udp": None},
        },
        **more,
    }  # fmt: skip


SHARING = container(
    SIDE, "side", HostConfig={"NetworkMode": f"container:{WEB}"}, NetworkSettings={"SandboxKey": "", "Networks": {}}
)
ENDED = container(
    "9" * 64, "ended", State={"Status": "exited", "Pid": 0, "ExitCode": 3}, NetworkSettings={"SandboxKey": ""}
)
_LABELS = {"Labels": {"tier": "net"}}
NETWORKS = [
    {"Id": NETWORK, "Name": "appnet", "Driver": "bridge", "Scope": "local", "EnableIPv6": True, **_LABELS,
     "IPAM": {"Config": [{"Subnet": "172.30.0.0/24", "Gateway": "172.30.0.1", "IPRange": "172.30.0.0/25"}]}},
    {"Id": "1" * 64, "Name": "wire", "Driver": "macvlan", "Scope": "local", "Options": {"parent": "eth0"}},
    {"Id": OVERLAY, "Name": "ov", "Driver": "overlay", "Scope": "swarm", "Attachable": True},
    {"Id": GATEWAY, "Name": "docker_gwbridge", "Driver": "bridge", "Scope": "local",
     "Options": {"com.docker.network.bridge.name": "docker_gwbridge"}},
]  # fmt: skip
MEMBER = {"EndpointID": "0" * 64, "MacAddress": "02:42:ac:12:00:03", "IPv4Address": "172.18.0.3/16"}
ANSWERS: dict[str, Any] = {
    "/info": {
        "ID": "E", "Name": "h", "ServerVersion": "20.10", "Driver": "vfs", "CgroupDriver": "cgroupfs",
        "SystemTime": "2024-01-01T00:00:02.5Z",
        "Swarm": {"NodeID": "n", "NodeAddr": "192.0.2.1", "LocalNodeState": "active", "ControlAvailable": True},
    },
    "/containers/json?all=1": [{"Id": each["Id"]} for each in (container(WEB, "web"), SHARING, ENDED)],
    f"/containers/{WEB}/json": container(WEB, "web"),
    f"/containers/{SIDE}/json": SHARING,
    f"/containers/{'9' * 64}/json": ENDED,
    "/networks": NETWORKS,
    f"/networks/{OVERLAY}?verbose=true": {
        **NETWORKS[2], "Options": {"com.docker.network.driver.overlay.vxlanid_list": "4097"},
        "Peers": [{"Name": "a", "IP": "192.0.2.1"}, {"Name": "b", "IP": "192.0.2.2"}],
    },
    f"/networks/{GATEWAY}?verbose=true": {**NETWORKS[3], "Containers": {WEB: MEMBER}},
}  # fmt: skip


class FakeEngine:
    """Answers from a table; a path that is not in it is not there."""

    def __init__(self, answers: dict[str, Any] | None = None, socket: str = "/run/docker.sock") -> None:
        self.table = dict(ANSWERS if answers is None else answers)
        self.socket = socket
        self.answers: frozenset[type[Request]] = frozenset({Http, Read})
        self.namespaces: bytes | None = None

    async def ask(self, request: Request) -> Reply:
        if isinstance(request, Read):
            folder, _, name = self.socket.rpartition("/")
            if request.path == f"{folder}/":
                return Reply(f"{name}\n".encode())
            raise Unreachable(f"{request.path}: not there")
        if isinstance(request, Namespaces):
            return Reply(self.namespaces or b"")
        assert isinstance(request, Http)
        if request.path not in self.table:
            return Reply(b'{"message":"no such thing"}', 404)
        said = self.table[request.path]
        return Reply(said if isinstance(said, bytes) else json.dumps(said).encode(), 200)

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        raise Unreachable("no events")

    async def close(self) -> None: ...


def records(engine: FakeEngine | None = None) -> dict[str, Record]:
    """Id → what the source makes of an engine."""

    async def collect() -> dict[str, Record]:
        said = [each async for each in SOURCE.collect(engine or FakeEngine(), SourceConfig(host="h"))]
        return {record.id: record for each in said if isinstance(each, Seen) for record in each.records}

    return asyncio.run(collect())


def everything() -> Iterator[Record]:
    yield from records().values()


CONTAINED, POD = "a" * 64, "0a1b2c3d-0000-1111-2222-333344445555"


class ContainerHost:
    """A host without an engine: a namespace with three processes, of which one has ended, and another host's."""

    answers = frozenset({Namespaces, Read})

    async def ask(self, request: Request) -> Reply:
        if isinstance(request, Namespaces):
            listed = {"inode": 5, "paths": ["/run/netns/cni-1"], "processes": [[7, 1], [8, 1], [9, 1]]}
            foreign = {"inode": 6, "processes": [[70, 2]]}
            return Reply(json.dumps({"root": {"inode": 1}, "namespaces": [listed, foreign]}).encode())
        assert isinstance(request, Read)
        if request.path == "/proc/7/cgroup":
            raise Unreachable("ended")
        return Reply(f"0::/kubepods.slice/kubepods-pod{POD}.slice/cri-containerd-{CONTAINED}.scope\n".encode())


def contained() -> Iterator[Record]:
    """What the source `containers` makes of it."""

    async def collect() -> list[Observation]:
        config = SourceConfig(host="h", options={"declared": [70]})
        return [each async for each in CONTAINERS.collect(ContainerHost(), config)]  # type: ignore[arg-type]

    for each in asyncio.run(collect()):
        yield from each.records if isinstance(each, Seen) else ()


VM, BOX, NIC_MAC = "11111111-2222-3333-4444-555555555555", "66666666-2222-3333-4444-555555555555", "00:16:3E:00:00:01"
_DEVICES = {"eth0": {"type": "nic", "network": "lxdbr0"}, "root": {"type": "disk"}}


def lxd() -> list[Record]:
    """What the source `lxd` makes of a container, a virtual machine, and networks of two types."""

    def instance(name: str, type: str, uuid: str) -> dict[str, Any]:
        config = {"volatile.uuid": uuid, "volatile.eth0.hwaddr": NIC_MAC, "image.description": "busybox"}
        return {
            "name": name, "type": type, "status": "Running", "architecture": "x86_64", "profiles": ["default"],
            "created_at": "2024-01-01T00:00:00Z", "state": {"pid": 7}, "expanded_devices": _DEVICES,
            "expanded_config": {**config, "volatile.eth0.host_name": "tap0"},
        }  # fmt: skip

    said = {"metadata": [instance("box", "container", BOX), instance("vm", "virtual-machine", VM)]}
    bridge = {"name": "lxdbr0", "type": "bridge", "managed": True, "config": {"ipv4.address": "192.0.2.1/24"}}
    wire = {"name": "wire", "type": "macvlan", "managed": True, "config": {"parent": "eth0"}}
    networks = {"metadata": [bridge, wire, {"name": "lo", "type": "loopback"}]}
    return records_of(
        "h", parse_instances(json.dumps(said).encode()), parse_networks(json.dumps(networks).encode()), {7: "h/netns:x"}
    )
