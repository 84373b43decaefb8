"""Two hosts made of namespaces with a real BIRD each, and the interfaces and routes that Felix makes for workloads.

Felix itself is had neither from Debian nor from PyPI: a process of its name stands in, and the routes are made here.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.seams import SourceConfig
from calipso.sources.calico import SOURCE
from calipso.transports.local import LocalTransport

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("bird", path="/usr/sbin:/sbin") is None, reason="needs BIRD: Debian's bird2"),
]
BIRD = """router id {own};
protocol device {{ }}
protocol kernel {{ learn; ipv4 {{ import where krt_source = 80; export where source = RTS_BGP; }}; }}
protocol bgp mesh {{
  local {own} as {own_as}; neighbor {other} as {other_as};
  connect retry time 1; error wait time 1, 1;
  ipv4 {{ import all; export where source != RTS_BGP; }};
}}
"""
SETUP = """
set -e
for each in /etc /run /var; do mount -t tmpfs none $each; done
mkdir -p /etc/calico /run/calico /run/bird; ip link set lo up
cat > /etc/bird.conf
printf '[global]\\nInterfacePrefix = tap\\nDatastoreType = etcdv3\\n' > /etc/calico/felix.cfg
cp "$(command -v sleep)" /run/calico-felix; /run/calico-felix 300 & echo $! > /run/felix.pid
echo ready
sleep 300 & wait $!
"""
START = ("bird", "-c", "/etc/bird.conf", "-s", "/run/calico/bird.ctl", "-P", "/run/bird.pid")


class Machine:
    """A host: network, mounts and processes of its own."""

    def __init__(self, name: str, bird: str) -> None:
        self.name = name
        argv = ["unshare", "-n", "-m", "-p", "--fork", "--kill-child", "--mount-proc", "sh", "-c", SETUP]
        self.outer = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.outer.stdin is not None and self.outer.stdout is not None
        self.outer.stdin.write(bird)
        self.outer.stdin.close()
        assert self.outer.stdout.readline() == "ready\n"
        self.pid = int(Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text())

    def run(self, *argv: str) -> str:
        enter = ["nsenter", "-t", str(self.pid), "-n", "-m", "-p"]
        return subprocess.run([*enter, *argv], check=True, capture_output=True, text=True, timeout=20).stdout

    def workload(self, tap: str, ip: str) -> None:
        """As Nova plugs a guest in and Felix routes to it."""
        self.run("ip", "tuntap", "add", tap, "mode", "tap")
        self.run("ip", "link", "set", tap, "up")
        self.run("ip", "route", "add", ip, "dev", tap, "scope", "link", "proto", "80")

    def end(self) -> None:
        self.outer.kill()
        self.outer.wait()


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    sides = ("192.0.2.1", 64512), ("192.0.2.2", 64513)
    made: list[Machine] = []
    try:
        for nth, (own, other) in enumerate((sides, sides[::-1]), 1):
            said = {"own": own[0], "own_as": own[1], "other": other[0], "other_as": other[1]}
            made.append(Machine(f"h{nth}", BIRD.format(**said)))
        one, two = made
        wire = ["ip", "link", "add", "eth1", "type", "veth", "peer", "name", "eth1", "netns", str(two.pid)]
        subprocess.run(["nsenter", "-t", str(one.pid), "-n", *wire], check=True)
        for machine, (address, _) in zip(made, sides, strict=True):
            machine.run("ip", "addr", "add", f"{address}/24", "dev", "eth1")
            machine.run("ip", "link", "set", "eth1", "up")
        yield one, two
    finally:
        for machine in made:
            machine.end()


def look(machine: Machine) -> dict[str, Record]:
    async def collected() -> list[Observation]:
        transport = LocalTransport(pid=machine.pid)
        try:
            return [each async for each in SOURCE.collect(transport, SourceConfig(host=machine.name))]
        finally:
            await transport.close()

    said = asyncio.run(collected())
    assert [each.status for each in said if isinstance(each, RunEnded)] == ["completed"], said
    return {record.id: record for each in said if isinstance(each, Seen) for record in each.records}


def settled(machine: Machine, state: str) -> dict[str, Record]:
    """What the host tells when its session is in a state: BGP takes its time."""
    deadline = time.monotonic() + 30
    while True:
        found = look(machine)
        (peer,) = found[f"{machine.name}/calico"].attributes["bgp_peers"]
        if peer["state"] == state:
            return found
        assert time.monotonic() < deadline, peer
        time.sleep(0.2)


def test_workloads_sessions_and_ways_to_other_hosts(machines: tuple[Machine, Machine]) -> None:
    one, two = machines
    one.workload("tap11111111-11", "10.65.0.2")
    one.workload("other0", "10.65.0.7")
    two.workload("tap22222222-22", "10.65.0.3")
    for machine in machines:
        machine.run(*START)
    found = settled(one, "Established")
    deadline = time.monotonic() + 10
    while "10.65.0.3" not in one.run("ip", "route", "show", "proto", "bird"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    found = look(one)
    calico = found["h1/calico"].attributes
    assert (calico["state"], calico["workloads"], calico["as_numbers"]) == ("up", 1, [64512])
    (peer,) = calico["bgp_peers"]
    assert (peer["address"], peer["as_number"], peer["imported"]) == ("192.0.2.2", 64513, 1)
    assert found["h1/dev:tap11111111-11"].attributes["workload_ips"] == ["10.65.0.2"]
    assert found["h1/dev:eth1"].attributes["vedge"] == "h1/calico"
    assert set(found) == {"h1/calico", "h1/dev:tap11111111-11", "h1/dev:eth1"}, "other0 is no workload's"

    two.run("sh", "-c", "kill $(cat /run/bird.pid)")
    one.run("sh", "-c", "kill $(cat /run/felix.pid)")
    deadline = time.monotonic() + 20
    while (now := look(one)["h1/calico"].attributes)["bgp_peers"][0]["state"] == "Established":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert now["state"] == "down" and now["bgp_peers"][0]["error"]
    assert look(one)["h1/dev:eth1"].attributes["vedge"] == "h1/calico", "the way to a peer needs no session"


def test_a_route_that_comes_is_seen_within_a_second(machines: tuple[Machine, Machine]) -> None:
    one, _ = machines
    one.run(*START)

    async def follow() -> float:
        transport = LocalTransport(pid=one.pid)
        stream: AsyncIterator[Observation] = SOURCE.watch(transport, SourceConfig(host="h1"))
        try:
            async for each in stream:
                if isinstance(each, RunEnded):
                    break
            await asyncio.sleep(1)  # what listens has to be there
            began = time.monotonic()
            await asyncio.to_thread(one.workload, "tap33333333-33", "10.65.0.4")
            async with asyncio.timeout(10):
                async for each in stream:
                    if isinstance(each, Seen) and any(one.id == "h1/dev:tap33333333-33" for one in each.records):
                        return time.monotonic() - began
        finally:
            with contextlib.suppress(RuntimeError):
                await stream.aclose()  # type: ignore[attr-defined]
            await transport.close()
        raise AssertionError("the stream ended")

    assert asyncio.run(follow()) <= 1.0
