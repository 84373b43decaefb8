"""Real namespaces, watched."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from calipso.seams import Reply, Request, SourceConfig
from calipso.sources.linux import SOURCE
from calipso.transports.kernel import OVERRUN
from calipso.transports.local import LocalTransport
from tests.support.picture import Watched

pytestmark = pytest.mark.live

SOON = 1.0
"""Seconds within which a change has to be told."""


@asynccontextmanager
async def watching(transport: LocalTransport | None = None, **options: Any) -> AsyncIterator[Watched]:
    chosen = transport or LocalTransport()
    watched = Watched(SOURCE.watch(chosen, SourceConfig(host="here", options=options)))
    try:
        await watched.until(lambda picture: picture.status.get("root") and picture.status.get("root routes"))
        await asyncio.sleep(0.3)
        yield watched
    finally:
        await watched.close()
        await chosen.close()


def live(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(test(), 60)

    asyncio.run(limited())


async def run(lab: Any, *commands: str) -> None:
    await asyncio.to_thread(lab.run, *commands)


def test_namespaces_come_and_go(lab: Any) -> None:
    async def scenario() -> None:
        async with watching() as watched:
            await run(lab, "ip netns add @a")
            took = await watched.until(lambda picture: picture.get(lab.id("a", "lo")))
            assert took <= SOON
            assert watched.picture.get(lab.id("a")) is not None
            await run(lab, "ip netns del @a")
            took = await watched.until(lambda picture: not picture.below(lab.id("a")))
            assert took <= SOON
            assert not [part for part in watched.picture.status if part.startswith(f"netns:{lab.name('a')}")]

    live(scenario)


def test_interfaces_addresses_and_tables_follow(lab: Any) -> None:
    async def scenario() -> None:
        lab.run("ip netns add @a")
        async with watching() as watched:
            va, vb = lab.id("a", "va"), lab.id("a", "vb")
            await run(lab, "ip -n @a link add va type veth peer name vb")
            assert await watched.until(lambda picture: picture.get(va) and picture.get(vb)) <= SOON
            await run(lab, "ip -n @a link set va up", "ip -n @a link set vb up", "ip -n @a addr add 10.7.0.1/24 dev va")
            took = await watched.until(
                lambda picture: picture.get(va)["state"] == "up" and "10.7.0.1" in picture.get(va).get("ips", ())
            )
            assert took <= SOON
            await run(lab, "ip -n @a route add 192.0.2.0/24 via 10.7.0.2")
            await watched.until(
                lambda picture: "192.0.2.0/24" in str(picture.get(va, "netlink.routes") or ""), seconds=3
            )
            await run(lab, "ip -n @a rule add from 10.7.0.0/24 table 9 priority 9")
            await watched.until(
                lambda picture: "10.7.0.0/24" in str(picture.get(lab.id("a"), "netlink.rules")), seconds=3
            )
            await run(lab, "ip -n @a link del va")
            took = await watched.until(lambda picture: not picture.below(va) and not picture.below(vb))
            assert took <= SOON

    live(scenario)


def test_a_rename_and_a_move_say_what_was(lab: Any) -> None:
    async def scenario() -> None:
        lab.run("ip netns add @a", "ip netns add @b", "ip -n @a link add v0 type veth peer name v1")
        async with watching() as watched:
            await watched.until(lambda picture: picture.get(lab.id("a", "v0")))
            await run(lab, "ip -n @a link set v0 name w0")
            await watched.until(lambda picture: picture.get(lab.id("a", "w0")))
            assert watched.picture.get(lab.id("a", "v0")) is None
            assert watched.picture.get(lab.id("a", "w0"))["was"] == lab.id("a", "v0")
            await run(lab, "ip -n @a link set w0 netns @b")
            assert await watched.until(lambda picture: picture.get(lab.id("b", "w0"))) <= SOON
            await watched.until(lambda picture: picture.get(lab.id("a", "w0")) is None)
            await watched.until(lambda picture: (picture.get(lab.id("b", "w0")) or {}).get("was") == lab.id("a", "w0"))
            assert watched.picture.get(lab.id("b", "w0"))["peer_netns"] == lab.id("a")
            await watched.until(lambda picture: picture.get(lab.id("a", "v1"))["peer_netns"] == lab.id("b"))

    live(scenario)


def test_a_move_into_a_namespace_just_made(lab: Any) -> None:
    async def scenario() -> None:
        lab.run("ip netns add @a", "ip -n @a link add v0 type veth peer name v1")
        async with watching() as watched:
            await watched.until(lambda picture: picture.get(lab.id("a", "v0")))
            await asyncio.to_thread(lab.batch, ["netns add @new"])
            await run(lab, "ip -n @a link set v0 netns @new")
            # where it is may be read before the kernel told that it moved: what it was follows
            await watched.until(
                lambda picture: (picture.get(lab.id("new", "v0")) or {}).get("was") == lab.id("a", "v0")
            )

    live(scenario)


def test_namespaces_of_processes_come_and_go(lab: Any) -> None:
    async def scenario() -> None:
        async with watching() as watched:
            inode = await asyncio.to_thread(lab.unnamed)
            await watched.until(lambda picture: picture.get(f"here/netns:ino:{inode}/dev:lo"), seconds=5)
            lab.processes[-1].kill()
            lab.processes[-1].wait()
            await watched.until(lambda picture: not picture.below(f"here/netns:ino:{inode}"), seconds=5)

    live(scenario)


def test_a_burst_of_two_hundred_namespaces_is_complete(lab: Any) -> None:
    async def scenario() -> None:
        count = 200
        lines = [
            line
            for i in range(count)
            for line in (
                f"netns add @{i}",
                f"link add x{i} type veth peer name y netns @{i}",
                f"link set x{i} netns @{i}",
            )
        ]
        wanted = {lab.id(str(i), name) for i in range(count) for name in ("lo", f"x{i}", "y")}
        async with watching() as watched:
            await asyncio.to_thread(lab.batch, lines)
            took = await watched.until(lambda picture: wanted <= {id for id, _ in picture.records}, seconds=20)
            assert took <= 2.0
            for i in range(count):
                assert watched.picture.get(lab.id(str(i), f"x{i}"))["peer_netns"] == lab.id(str(i))
            await asyncio.to_thread(lab.batch, [f"netns del @{i}" for i in range(count)])
            await watched.until(lambda picture: not picture.below(f"here/netns:{lab.prefix}"), seconds=20)

    live(scenario)


class CountingLosses(LocalTransport):
    """Counts how often the kernel said that events were lost."""

    losses = 0

    async def listen(self, request: Request) -> AsyncIterator[Reply]:
        async for reply in super().listen(request):
            at = 0
            while at < len(reply.body):
                length, number = struct.unpack_from("=Ii", reply.body, at)
                self.losses += number == OVERRUN
                at += 8 + length
            yield reply


def test_events_that_are_lost_are_made_up_for(lab: Any) -> None:
    async def scenario() -> None:
        lab.run("ip netns add @a")
        transport = CountingLosses(receive_buffer=2304)
        async with watching(transport) as watched:
            await watched.until(lambda picture: picture.get(lab.id("a", "lo")))
            for i in range(60):
                # Without giving the watch a chance: its socket overflows.
                lab.run(f"ip -n @a link add d{i} type ifb", f"ip -n @a link set d{i} up")
            lab.run("ip -n @a link del d7")
            wanted = {lab.id("a", f"d{i}") for i in range(60)} - {lab.id("a", "d7")}
            await watched.until(lambda picture: {id for id, _ in picture.below(lab.id("a", "d"))} == wanted, seconds=10)
        assert transport.losses, "the test is about nothing without a loss"

    live(scenario)


def test_a_namespace_that_cannot_be_read_is_told_and_its_end_too(lab: Any) -> None:
    async def scenario() -> None:
        async with watching() as watched:
            path = f"/run/netns/{lab.name('broken')}"
            await run(lab, f"touch {path}")
            await watched.until(lambda picture: picture.status.get(f"netns:{lab.name('broken')}") == "failed")
            await watched.until(lambda picture: picture.get("here", "linux")["namespaces_complete"] is False)
            os.unlink(path)
            await watched.until(lambda picture: picture.get(lab.id("broken")) is None)
            await watched.until(lambda picture: f"netns:{lab.name('broken')}" not in picture.status)

    live(scenario)


def test_rule_sets_follow(lab: Any) -> None:
    async def scenario() -> None:
        lab.run("ip netns add @a")
        async with watching(interval=2) as watched:
            await run(lab, "ip netns exec @a nft add table ip guard")
            await watched.until(lambda picture: picture.get(lab.id("a"), "netfilter"), seconds=10)
            await run(lab, "ip netns exec @a nft delete table ip guard")
            await watched.until(lambda picture: not picture.get(lab.id("a"), "netfilter"), seconds=10)

    live(scenario)


def test_a_watched_namespace_is_not_kept_alive(lab: Any) -> None:
    """Removing a namespace removes the far ends of its cables at once, watched or not."""

    async def scenario() -> None:
        lab.run("ip netns add @a", "ip netns add @b", "ip -n @a link add va type veth peer name vb netns @b")
        async with watching() as watched:
            await watched.until(lambda picture: picture.get(lab.id("b", "vb")))
            lab.run("ip netns del @a")
            took = await watched.until(lambda picture: picture.get(lab.id("b", "vb")) is None)
            assert took <= SOON

    live(scenario)


def test_a_host_made_of_namespaces_is_watched_from_outside(lab: Any) -> None:
    async def scenario() -> None:
        pid = lab.host("ip link set lo up")
        inside = f"nsenter -t {pid} -a --"
        async with watching(LocalTransport(pid)) as watched:
            await run(lab, f"{inside} ip netns add vm")
            assert await watched.until(lambda picture: picture.get("here/netns:vm/dev:lo")) <= SOON
            await run(lab, f"{inside} ip link add e0 type veth peer name e1 netns vm")
            await watched.until(lambda picture: picture.get("here/netns:vm/dev:e1"))
            assert watched.picture.get("here/dev:e0")["peer_netns"] == "here/netns:vm"
            await run(lab, f"{inside} ip netns del vm")
            assert await watched.until(lambda picture: not picture.below("here/netns:vm", "here/dev:e0")) <= SOON

    live(scenario)


def test_a_namespace_made_anew_under_its_name_is_read_anew(lab: Any) -> None:
    async def scenario() -> None:
        lab.run("ip netns add @a", "ip -n @a link add old type veth peer name old1")
        async with watching() as watched:
            await watched.until(lambda picture: picture.get(lab.id("a", "old")))
            for turn in range(5):
                lab.batch(["netns del @a", "netns add @a"])
                lab.run(f"ip -n @a link add new{turn} type veth peer name x")
                await watched.until(
                    lambda picture, turn=turn: (
                        picture.get(lab.id("a", f"new{turn}"))
                        and {id for id, _ in picture.below(lab.id("a") + "/dev:")}
                        == {lab.id("a", name) for name in ("lo", "x", f"new{turn}")}
                    ),
                    seconds=5,
                )

    live(scenario)
