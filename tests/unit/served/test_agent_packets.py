"""What an agent does with packets without a server: it remembers, keeps, counts what it loses, and holds to limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.table import FlowTable, Point
from calipso.model.flow import Flow
from calipso.runtime import agent_answers, feed
from calipso.runtime.agent_packets import AgentPackets, Limits
from calipso.runtime.at import now
from calipso.runtime.orders import Ability, Order
from calipso.runtime.spool import Spool
from calipso.seams import CapturePoint
from tests.support.counting import FRAME, Counting
from tests.support.injecting import Swallowing
from tests.support.waiting import until

POINT = CapturePoint(device="eth0", node="h1/dev:eth0", host="h1")
ORDER = Order(capture="c", point=POINT, type="veth")


class Server:
    """The other end of a conversation: what it was told."""

    def __init__(self) -> None:
        self.flows: list[tuple[int, tuple[Flow, ...]]] = []
        self.said: list[Any] = []

    async def send(self, message: bytes | str) -> None:
        if isinstance(message, bytes):
            number, body = feed.unframe(message)
            assert number & feed.FLOWS
            self.flows.append((number ^ feed.FLOWS, feed.unpack_flows(body)))
        else:
            self.said.append(feed.heard(message))


async def no_limit() -> None:
    return


def at_work(packets: AgentPackets, work: Callable[[Server], Awaitable[None]]) -> None:
    """With a server that listens, and does nothing by itself."""

    async def run() -> None:
        server = Server()
        works = [packets.run(no_limit), *packets.works(server)]  # type: ignore[arg-type]
        tasks = [asyncio.create_task(each) for each in works]
        try:
            await work(server)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())


def wanted(*orders: Order) -> feed.Told:
    return feed.Told(captures=feed.Wanted(orders, now()))


def test_what_was_ordered_goes_on_after_a_restart_and_ends_by_the_agents_own_clock(tmp_path: Path) -> None:
    engine = Counting()
    first = AgentPackets([engine], Swallowing(), Spool(tmp_path / "flows.db"))
    ahead = msgspec.structs.replace(ORDER, until=now() + 3_600_000_000 + 60_000_000)
    first.hear(feed.Told(captures=feed.Wanted((ahead,), now() + 3_600_000_000)))  # the server's clock is an hour ahead
    again = AgentPackets([engine], Swallowing(), Spool(tmp_path / "flows.db"))

    async def work(server: Server) -> None:
        await until(lambda: server.flows)
        assert server.flows[0][1][0].node == POINT.node
        await until(lambda: any(isinstance(said, feed.Report) and said.points for said in server.said))
        again.hear(wanted())
        await until(lambda: not again.host.busy)

    at_work(again, work)
    assert again.host.reports() == []
    (restored,) = first.host._orders.values()
    assert abs(restored.until - now() - 60_000_000) < 40_000_000


def test_flows_are_told_until_they_are_kept_and_what_is_dropped_is_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "flows.db")
    packets = AgentPackets([Counting()], Swallowing(), spool)

    async def work(server: Server) -> None:
        packets.hear(wanted(ORDER))
        await until(lambda: len(server.flows) >= 2)
        assert len(spool) >= 2, "nothing was acknowledged"
        packets.hear(feed.Told(flows=server.flows[1][0]))
        assert spool.after(0)[:1] == [] or spool.after(0)[0][0] > server.flows[1][0]
        spool.largest = spool.size + 1
        await until(lambda: packets.flows_lost)
        await until(lambda: any(isinstance(said, feed.Report) and said.flows_lost for said in server.said))

    at_work(packets, work)
    lost = packets.flows_lost
    spool.close()
    assert AgentPackets([Counting()], Swallowing(), Spool(tmp_path / "flows.db")).flows_lost == lost


def test_frames_are_sent_answered_and_limited(tmp_path: Path) -> None:
    injector = Swallowing()
    packets = AgentPackets([], injector, Spool(tmp_path / "flows.db"), Limits(rate=30))

    async def work(server: Server) -> None:
        packets.hear(feed.Told(frames=(feed.Batch(1, "s", POINT, (FRAME,) * 50),)))
        await until(lambda: server.said and isinstance(server.said[-1], feed.Sent))
        sent = server.said[-1]
        assert (sent.sent, sent.error, len(sent.failed)) == (1, "", 50 - len(injector.frames))
        assert 0 < len(injector.frames) <= 30 and "30 packets a second" in sent.failed[-1]
        assert injector.points == [POINT]
        packets.hear(feed.Told(frames=(feed.Batch(2, "s", POINT, last=True),)))
        await until(lambda: injector.closed)
        packets.hear(feed.Told(frames=(feed.Batch(3, "other", POINT, (FRAME,)),)))
        await until(lambda: len(injector.points) == 2)

    at_work(packets, work)
    assert injector.closed == 2, "nothing stays open without a server"


def test_what_the_host_does_not_allow_is_refused_and_said(tmp_path: Path) -> None:
    engine, injector = Counting(), Swallowing()
    packets = AgentPackets([engine], injector, Spool(tmp_path / "flows.db"), Limits(captures=False, sends=False))
    able = packets.ability()
    assert "--no-capture" in able.captures and "--no-inject" in able.sends
    assert [(each.name, each.reason) for each in able.engines] == [("counting", "")]

    async def work(server: Server) -> None:
        packets.hear(wanted(ORDER))
        packets.hear(feed.Told(frames=(feed.Batch(1, "s", POINT, (FRAME,)),)))
        await until(lambda: any(isinstance(said, feed.Sent) for said in server.said))
        (sent,) = (said for said in server.said if isinstance(said, feed.Sent))
        assert sent.denied and "--no-inject" in sent.error

    at_work(packets, work)
    assert engine.made == [] and injector.points == []


def test_older_agents_and_servers_understand_each_other() -> None:
    hello = msgspec.json.decode(b'{"environment": "e", "host": "h", "spool": "s", "version": "0"}', type=feed.Hello)
    assert hello.ability is None
    assert msgspec.json.encode(feed.Told(acked=7)) == b'{"acked":7}'
    assert feed.heard('{"something": "new"}') is None
    told = feed.Hello("e", "h", "s", "0", ability=Ability(sends="no"))
    assert msgspec.json.decode(msgspec.json.encode(told), type=feed.Hello) == told


def asking(packets: AgentPackets, *asks: feed.Ask) -> list[feed.Answer]:
    """What an agent answers."""
    said: list[feed.Answer] = []

    async def work(server: Server) -> None:
        for ask in asks:
            packets.hear(feed.Told(asks=(ask,)))
            await until(lambda: server.said and isinstance(server.said[-1], feed.Answer))
            said.append(server.said.pop())

    at_work(packets, work)
    return said


def test_packets_kept_of_flows_are_told_in_turns_and_unknown_flows_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_answers, "MOST", 2 * len(FRAME))
    packets = AgentPackets([], Swallowing(), Spool(tmp_path / "flows.db"))
    counter, table = Counter(packets=5), FlowTable(Point("n"))
    for n in range(5):
        counter.frame(FRAME, len(FRAME), 1_000_000_000 + n)
    table.update(r.unpack(counter.records()), 2_000_000_000)
    packets.shelf.take(counter.packets(), table)
    (flow,) = table.flows()
    first = asking(packets, feed.Ask(1, flows=(flow.uuid, "nobody")), feed.Ask(2, flows=("nobody",)))
    assert [(said.answers, said.error) for said in first] == [(1, ""), (2, "")]
    there = feed.unpack_packets(first[0].said)
    assert ([each.index for each in there], feed.unpack_packets(first[1].said)) == ([1, 2], ())
    (more,) = asking(packets, feed.Ask(3, flows=(flow.uuid,), after=there[-1].place))
    assert [each.index for each in feed.unpack_packets(more.said)] == [3, 4]


def test_a_question_that_cannot_be_answered_is_answered_with_why(tmp_path: Path) -> None:
    packets = AgentPackets([], Swallowing(), Spool(tmp_path / "flows.db"))
    asked = feed.Tracked("h1/netns:gone", "/nowhere/at-all", "10.1.0.2")
    wrong = feed.Tracked("h1", "", "everything")
    said = asking(packets, feed.Ask(1, tracked=asked), feed.Ask(2, tracked=wrong))
    assert "/nowhere/at-all" in said[0].error and "by an address" in said[1].error
