"""A real libvirtd with real guests (emulated, without a system), in namespaces of its own, followed live."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from calipso.graph.codec import Codec
from calipso.graph.reconcile import Reconciler
from calipso.graph.value import Graph
from calipso.model.environment import Environment
from calipso.model.record import Observation
from calipso.seams import SourceConfig
from calipso.sources.libvirt import SOURCE
from calipso.sources.linux import SOURCE as LINUX
from calipso.transports.local import LocalTransport

pytestmark = pytest.mark.live
FOLDERS = "/run /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt"
SETUP = f"""
set -e
for each in {FOLDERS}; do mkdir -p $each; mount -t tmpfs none $each; done
mkdir -p /etc/libvirt/qemu/networks /run/libvirt
ip link set lo up; ip link add br9 type bridge; ip link set br9 up
printf 'unix_sock_group="root"\\nunix_sock_ro_perms="0777"\\nauth_unix_ro="none"\\nauth_unix_rw="none"\\n' \
  > /etc/libvirt/libvirtd.conf
printf 'user="root"\\ngroup="root"\\nsecurity_driver="none"\\nstdio_handler="file"\\ncgroup_controllers=[]\\n\
remember_owner=0\\nnamespaces=[]\\n' > /etc/libvirt/qemu.conf
libvirtd -d
echo ready
sleep 300 & wait $!
"""
"""The first process has to reap: libvirt waits until a qemu that it only asked for its abilities is really gone."""
UUID = "11111111-2222-4333-8444-555555555555"
INSTANCE, MAC, LATE = f"instance:{UUID}", "52:54:00:00:00:01", "52:54:00:00:00:02"
NIC = "<interface type='bridge'><mac address='{}'/><source bridge='br9'/><target dev='{}'/></interface>"
DOMAIN = f"""<domain type='qemu'><name>guest 1</name><uuid>{UUID}</uuid><memory unit='MiB'>16</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices>{NIC.format(MAC, "tapg1")}</devices></domain>"""


class Machine:
    """A host made of namespaces, with libvirtd and a Linux bridge."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outside: list[subprocess.Popen[bytes]] = []
        argv = ["unshare", "-n", "-m", "-p", "-u", "--fork", "--kill-child", "--mount-proc", "sh", "-c", SETUP]
        self.outer = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert self.outer.stdout is not None and self.outer.stdout.readline() == "ready\n"
        self.pid = int(Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text())

    def cable(self, name: str) -> None:
        """A NIC whose other end is nowhere that the machine sees: what a physical one is to it."""
        outside = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo ready; exec sleep 300"], stdout=subprocess.PIPE)
        self.outside.append(outside)
        assert outside.stdout is not None and outside.stdout.readline() == b"ready\n"
        enter = ["nsenter", "-t", str(self.pid), "-n", "ip", "link"]
        ends = ["add", name, "type", "veth", "peer", "name", "far", "netns", str(outside.pid)]
        subprocess.run([*enter, *ends], check=True)
        subprocess.run([*enter, "set", name, "up"], check=True)

    def virsh(self, *words: str) -> None:
        argv = ["nsenter", "-t", str(self.pid), "-a", "--", "virsh", "-c", "qemu:///system", *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def file(self, text: str) -> str:
        path = self.folder / "definition.xml"
        path.write_text(text)
        return str(path)

    def end_daemon(self) -> None:
        pid = int(Path(f"/proc/{self.pid}/root/run/libvirtd.pid").read_text())
        subprocess.run(["nsenter", "-t", str(self.pid), "-a", "--", "kill", "-9", str(pid)], check=True)

    def close(self) -> None:
        """The first process of the pid namespace ends, and with it all that run there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.outer.wait()
        for each in self.outside:
            each.kill()
            each.communicate()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    try:
        yield made
    finally:
        made.close()


class Follower:
    """Takes what sources say into a graph."""

    def __init__(self) -> None:
        codec = Codec()
        self.graph, self.reconciler = Graph(Environment(name="live"), codec), Reconciler(codec)

    def take(self, *observations: Observation) -> None:
        now = max(time.time_ns() // 1000, self.graph.ts + 1)
        outcome = self.reconciler.take(observations, self.graph, now)
        self.graph, _ = self.graph.apply(outcome.changes, now)

    async def until(self, stream: AsyncIterator[Observation], id: str, **wanted: object) -> float:
        """Seconds until an object has these attributes (`there=False`: until it is gone); fails after ten."""
        there = wanted.pop("there", True)
        began = time.monotonic()
        async with asyncio.timeout(10):
            while not self.holds(id, bool(there), wanted):
                self.take(await anext(stream))
        return time.monotonic() - began

    def holds(self, id: str, there: bool, wanted: dict[str, object]) -> bool:
        head = self.graph.resolve(id)
        if head is None or not there:
            return (head is not None) == there
        said = self.graph.attributes(head)
        return all(said.get(name) == value for name, value in wanted.items())

    def links(self) -> set[tuple[str, str, str]]:
        """(id, link type, id) of all that start at an object."""
        return {
            (head.id, link.type, other.id)
            for head in self.graph.objects()
            for link in self.graph.links(head.ord)
            if link.outgoing and (other := self.graph.get(link.other)) is not None
        }


CONFIG = SourceConfig(host="h1")


def test_a_guest_from_definition_to_its_end_each_within_a_second(machine: Machine) -> None:
    async def follow() -> list[float]:
        follower, transport, took = Follower(), LocalTransport(pid=machine.pid), []
        stream = SOURCE.watch(transport, CONFIG)
        async with asyncio.timeout(10):
            while "libvirt@h1:pools" not in follower.reconciler.states:
                follower.take(await anext(stream))
        await asyncio.sleep(1.5)  # until the listener listens
        nic, late = f"{INSTANCE}/vnic:{MAC}", f"{INSTANCE}/vnic:{LATE}"
        plugged = machine.folder / "late.xml"
        plugged.write_text(NIC.format(LATE, "tapg2"))
        steps: list[tuple[tuple[str, ...], str, dict[str, object]]] = [
            (("define", machine.file(DOMAIN)), INSTANCE, {"status": "shut off"}),
            (("start", "guest 1"), nic, {"tap": "tapg1", "state": "up"}),
            (("attach-device", "guest 1", str(plugged)), late, {"tap": "tapg2"}),
            (("suspend", "guest 1"), INSTANCE, {"status": "paused"}),
            (("destroy", "guest 1"), nic, {"tap": None, "state": "down"}),
            (("undefine", "guest 1"), INSTANCE, {"there": False}),
        ]
        for words, id, wanted in steps:
            await asyncio.to_thread(machine.virsh, *words)
            took.append(await follower.until(stream, id, **wanted))
        assert follower.graph.resolve(nic) is None and follower.graph.resolve(late) is None
        await stream.aclose()  # type: ignore[attr-defined]
        await transport.close()
        return took

    took = asyncio.run(follow())
    assert max(took) <= 1.0, took


async def look(machine: Machine) -> Follower:
    """Read the host whole, and its guests once more: that changes nothing."""
    follower, transport = Follower(), LocalTransport(pid=machine.pid)
    for source in (SOURCE, LINUX, SOURCE):
        async for observation in source.collect(transport, CONFIG):
            follower.take(observation)
    before = follower.graph.rev
    async for observation in SOURCE.collect(transport, CONFIG):
        follower.take(observation)
    assert follower.graph.rev == before, "reading twice changes nothing"
    await transport.close()
    return follower


def test_the_graph_of_a_guest_on_a_bridge_is_exactly_this(machine: Machine) -> None:
    machine.virsh("define", machine.file(DOMAIN))
    machine.virsh("start", "guest 1")

    follower = asyncio.run(look(machine))
    nic = f"{INSTANCE}/vnic:{MAC}"
    head = follower.graph.resolve(INSTANCE)
    assert head is not None and (head.kind, head.name) == ("instance", "guest 1")
    assert {link for link in follower.links() if nic in link or INSTANCE in link} == {
        (INSTANCE, "ownership", nic),
        (INSTANCE, "instance-vnic", nic),
        ("h1/dev:tapg1", "layer2.tap", nic),
        (nic, "vnic-vconnector", "h1/dev:br9"),
    }


OTHER_WAYS = {
    "macvtap": (
        f"<interface type='direct'><mac address='{MAC}'/><source dev='eth1' mode='bridge'/></interface>",
        {("h1/dev:macvtap0", "layer2.tap"), ("h1/dev:eth1", "vnic-host_pnic")},
    ),
    "routed": (
        f"<interface type='ethernet'><mac address='{MAC}'/><target dev='tapg1'/></interface>",
        {("h1/dev:tapg1", "layer2.tap")},
    ),
}
"""How Neutron's drivers macvtap and Calico plug a guest in: what it is then linked to, besides itself."""


@pytest.mark.parametrize("way", list(OTHER_WAYS))
def test_the_graph_of_a_guest_without_a_bridge_is_exactly_this(machine: Machine, way: str) -> None:
    definition, wanted = OTHER_WAYS[way]
    machine.cable("eth1")
    machine.virsh("define", machine.file(DOMAIN.replace(NIC.format(MAC, "tapg1"), definition)))
    machine.virsh("start", "guest 1")

    follower = asyncio.run(look(machine))
    nic = f"{INSTANCE}/vnic:{MAC}"
    others = [({one, other} - {nic}, name) for one, name, other in follower.links() if nic in (one, other)]
    assert {(next(iter(ids)), name) for ids, name in others} == {
        (INSTANCE, "ownership"), (INSTANCE, "instance-vnic"), *wanted,
    }  # fmt: skip


def test_a_daemon_that_does_not_answer_is_a_failed_run_with_the_reason(machine: Machine) -> None:
    machine.virsh("define", machine.file(DOMAIN))

    async def look() -> Follower:
        follower, transport = Follower(), LocalTransport(pid=machine.pid)
        for turn in range(2):
            async for observation in SOURCE.collect(transport, CONFIG):
                follower.take(observation)
            if turn == 0:
                machine.end_daemon()
        await transport.close()
        return follower

    follower = asyncio.run(look())
    state = follower.reconciler.states["libvirt@h1"]
    assert state.status == "failed" and "qemu:///system" in state.errors[0].message
    assert follower.graph.resolve(INSTANCE) is not None
