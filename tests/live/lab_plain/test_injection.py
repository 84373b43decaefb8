"""Packets sent from an instance: they arrive at one on another host, and captures count what was sent."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calipso.errors import Forbidden, QueryError, Unreachable
from calipso.model.flow import Flow
from calipso.operations.capture_documents import CaptureSpec
from calipso.operations.injecting import InjectionView
from calipso.operations.registry import BY_NAME, perform
from calipso.runtime.system import System, opened
from calipso.seams import FlowFilter
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, home
from tests.support.packets import echo, ethernet, ipv4, pcap

pytestmark = pytest.mark.live
SENT = 7


async def does(system: System, what: str, who: str = "admin", **values: Any) -> Any:
    operation = BY_NAME[what]
    request: Any = msgspec.convert({**values, "environment": NAME}, operation.request)
    return await perform(system, operation, request, who)


async def ended(system: System, begun: InjectionView) -> InjectionView:
    """At most 10 s later."""
    for _ in range(100):
        now: InjectionView = (await does(system, "get_injections", id=begun.id)).items[0]
        if now.state != "running":
            return now
        await asyncio.sleep(0.1)
    raise AssertionError(now)


async def caused(system: System, done: InjectionView, packets: int) -> list[Flow]:
    """The flows of an injection once every point has counted so many packets one way; at most 10 s later."""
    captures = system.captures(NAME)
    for _ in range(50):
        await captures.turn()
        found = captures.flows.find(FlowFilter(tracking_ids=tuple(done.tracking_ids)))
        if found and all(max(flow.metric.ab_packets, flow.metric.ba_packets) >= packets for flow in found):
            return found
        await asyncio.sleep(0.2)
    raise AssertionError([(flow.node, flow.metric) for flow in found])


class Pair:
    """An instance on each host, of one network: (host, name), the host's end of its cable, its address."""

    def __init__(self, lab: Running) -> None:
        first = next(vm for vm in lab.lab.hosts[0].vms if not vm.bridge)
        second = next(vm for vm in lab.lab.hosts[1].vms if vm.network == first.network)
        self.source, self.target = f"h1/netns:{first.name}", f"h2/netns:{second.name}"
        self.near, self.far = f"h1/dev:{first.near}", f"h2/dev:{second.near}"
        self.address, self.own = second.address, first.address


async def begin(system: System, pair: Pair) -> None:
    """A look at everything, and a capture at the host's ends of both cables."""
    assert await system.scan(NAME) == []
    captures = system.captures(NAME)
    captures.running = True
    captures.create(CaptureSpec(query=f"G.V('{pair.near}', '{pair.far}')"))
    await captures.turn()
    assert [point.state for point in captures.states()[0].points] == ["active", "active"]


def test_echo_requests_are_answered_and_counted_at_both_ends(lab: Running, tmp_path: Path) -> None:
    pair = Pair(lab)

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            await begin(system, pair)
            begun = await does(system, "inject_packet", source=pair.source, target=pair.target, count=SENT, interval=20,
                               packet={"size": 56, "icmp_id": 4711})  # fmt: skip
            done = await ended(system, begun)
            assert (done.state, done.sent, done.errors, done.error) == ("done", SENT, 0, "")
            assert (done.target_ip, done.source_ip, done.icmp_id) == (pair.address, pair.own, 4711)
            (tracking,) = done.tracking_ids
            found = await caused(system, done, SENT)
            assert {flow.node for flow in found} == {pair.near, pair.far}
            assert {flow.tracking_id for flow in found} == {tracking}
            # the target's kernel takes the packets for what they are: it answers each
            assert {(flow.metric.ab_packets, flow.metric.ba_packets) for flow in found} == {(SENT, SENT)}
            assert {(flow.metric.ab_bytes, flow.metric.ba_bytes) for flow in found} == {(SENT * 98, SENT * 98)}
            deed = next(each for each in reversed(system.journal.deeds()) if each.what == "inject_packet")
            assert (deed.who, deed.outcome, deed.about["target"]) == ("admin", "done", pair.target)

    asyncio.run(work())


def test_every_kind_arrives_as_it_was_sent(lab: Running, tmp_path: Path) -> None:
    pair = Pair(lab)
    frame = ethernet(ipv4(echo(8, 77, 1), 1, "198.51.100.1", "198.51.100.2"), 0x0800)

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            await begin(system, pair)
            asked: dict[str, dict[str, Any]] = {
                "ICMPv4": {"mode": "random"},
                "UDP": {"type": "udp4", "target_port": 9999, "packet": {"payload": "calipso", "increment": 3}},
                "TCP": {"type": "tcp4", "target_port": 9, "source_port": 40_001},
            }
            for layer, options in asked.items():
                begun = await does(system, "inject_packet", source=pair.source, target=pair.address, count=SENT,
                                   interval=0, **options)  # fmt: skip
                done = await ended(system, begun)
                assert (done.state, done.sent, done.errors) == ("done", SENT, 0)
                each = SENT if layer != "ICMPv4" else 1
                assert len(done.tracking_ids) == SENT // each
                found = await caused(system, done, each)
                assert {flow.node for flow in found} == {pair.near, pair.far}
                assert all(layer in flow.layers_path for flow in found)
                if layer == "UDP":
                    assert {flow.metric.ab_bytes + flow.metric.ba_bytes for flow in found} >= {
                        sum(14 + 28 + 7 + 3 * nth for nth in range(SENT))
                    }
            said = base64.b64encode(pcap([(1.0, frame)] * SENT)).decode()
            source = f"{pair.source}/dev:eth0"
            done = await ended(system, await does(system, "inject_packet", source=source, type="pcap", pcap=said,
                                                  interval=1))  # fmt: skip
            assert (done.state, done.sent) == ("done", SENT)
            found = await caused(system, done, SENT)
            assert pair.near in {flow.node for flow in found}

    asyncio.run(work())


def test_what_a_role_may_not_send_is_refused_and_noted(lab: Running, tmp_path: Path) -> None:
    pair = Pair(lab)

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            await begin(system, pair)
            system.tokens.create("writer", ["write"], 0)
            for said in ({"target": "192.0.2.99", "target_mac": "02:00:00:00:00:01"}, {"target": pair.address,
                         "source_ip": "192.0.2.7"}, {"target": pair.address, "count": 10_001}):  # fmt: skip
                with pytest.raises(Forbidden):
                    await does(system, "inject_packet", "writer", source=pair.source, **said)
            frame = ethernet(ipv4(echo(8, 77, 1), 1, "198.51.100.1", "198.51.100.2"), 0x0800)
            with pytest.raises(Forbidden):
                await does(system, "inject_packet", "writer", source=f"{pair.source}/dev:eth0", type="pcap",
                           pcap=base64.b64encode(pcap([(1.0, frame)])).decode())  # fmt: skip
            assert [each.outcome for each in system.journal.deeds()[-4:]] == ["Forbidden"] * 4
            done = await ended(system, await does(system, "inject_packet", "writer", source=pair.source,
                                                  target=pair.target, interval=0, count=150))  # fmt: skip
            assert (done.sent, done.who) == (150, "writer")
            with pytest.raises(QueryError, match="no route"):
                await does(system, "inject_packet", source=pair.source, target="2001:db8::1", type="icmp6")
            outside = await does(system, "inject_packet", source=pair.source, target="192.0.2.99/24")
            assert outside.target_ip == "192.0.2.99" and outside.target_mac not in ("", outside.source_mac)
            with pytest.raises(Unreachable):
                await does(system, "inject_packet", source=pair.source, target=pair.target,
                           source_mac="02:00:00:00:00:01", type="pcap",
                           pcap=base64.b64encode(pcap([(1.0, frame)])).decode())  # fmt: skip
            begun = await does(system, "inject_packet", source=pair.source, target=pair.target, count=1000)
            stopped = await does(system, "remove_injection", id=begun.id)
            assert stopped.state == "stopped" and stopped.sent < 10

    asyncio.run(work())
