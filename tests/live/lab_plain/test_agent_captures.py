"""Captures and injections at hosts with agents: processes of their own, which end and come back, as does the server."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from calipso.errors import CalipsoError, Unreachable
from calipso.model.flow import Flow
from calipso.runtime import feed
from calipso.runtime.home import Home
from calipso.runtime.remote import Remote
from calipso.runtime.tokens import admin_token
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME
from tests.live.lab_plain.test_agents import told_by_agents

pytestmark = [pytest.mark.live, pytest.mark.timeout(280)]
PINGS = 5
ACROSS = ["h1/dev:vha", "h1/dev:eth0", "h2/dev:eth0", "h2/dev:vhc"]
"""From vm-a to vm-c: its tap, both uplinks, the tap there."""
QUERY = f"G.V().Has('TID', Within({', '.join(repr(each) for each in ACROSS)}))"
TARGET = "10.10.0.12"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Process:
    """`calipso` with a folder of its own; `enter`: what it is run by."""

    def __init__(self, folder: Path, *words: str, enter: tuple[str, ...] = (), token: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self.log = folder / "said"
        env = {**os.environ, "CALIPSO_HOME": str(folder), "CALIPSO_TOKEN": token, "NO_COLOR": "1"}
        argv = [*enter, sys.executable, "-m", "calipso", *words]
        self.started = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=self.log.open("ab"))
        self.entered = bool(enter)

    def pids(self) -> list[int]:
        """nsenter has a child that is in the other namespace of pids: it is that one that is meant."""
        pid = self.started.pid
        if not self.entered:
            return [pid]
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def end(self, how: int = signal.SIGTERM) -> None:
        if self.started.poll() is None:
            for pid in self.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, how)
            self.started.wait(60)


class Site:
    """A server and the agents of the lab's hosts, which reach it though the hosts' own networks do not."""

    def __init__(self, lab: Running, folder: Path) -> None:
        self.lab, self.folder, self.port = lab, folder, free_port()
        self.home: Home = told_by_agents(lab, folder / "server")
        self.token = admin_token(self.home.token)
        self.url = f"http://127.0.0.1:{self.port}"
        self.running: dict[str, Process] = {}

    async def up(self) -> None:
        self.running["server"] = Process(self.home.path, "up", "--port", str(self.port))
        await until("the server answers", lambda: self.does("get_agents"))

    def agent(self, host: str, *options: str, by: tuple[str, ...] = ()) -> None:
        # without its network namespace: the agent finds that of its host as the one of the host's first process
        enter = ("nsenter", "--target", str(self.lab.hosts[host]), "--mount", "--pid", "--uts", "--ipc", "--", *by)
        words = ("agent", self.url, "--env", NAME, "--host", host, *options)
        self.running[host] = Process(self.folder / host, *words, enter=enter, token=self.token)

    def end(self, who: str, how: int = signal.SIGTERM) -> None:
        self.running.pop(who).end(how)

    async def does(self, what: str, **values: Any) -> Any:
        try:
            return await Remote(self.url, self.token).call(what, **values)
        except OSError as error:
            raise Unreachable(str(error)) from error

    async def points(self, id: str) -> dict[str, Any]:
        found = (await self.does("get_captures", environment=NAME)).captures
        return {point.node: point for each in found if each.id == id for point in each.points}

    async def active(self, id: str = "walk", nodes: list[str] = ACROSS) -> bool:
        points = await self.points(id)
        return set(points) == set(nodes) and {point.state for point in points.values()} == {"active"}

    async def pings(self, since: str = "") -> list[Flow]:
        found = (await self.does("get_flows", environment=NAME, since=since, limit=1000)).flows
        return [flow for flow in found if flow.icmp is not None and flow.icmp.type == 8]

    def holds(self, host: str) -> int:
        """How many programs and sockets for packets the agent of a host has open."""
        packet = Path(f"/proc/{self.lab.hosts[host]}/net/packet").read_text().splitlines()[1:]
        sockets = {f"socket:[{line.split()[-1]}]" for line in packet}
        found = 0
        for pid in self.running[host].pids():
            for each in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):
                    to = os.readlink(each)
                    found += "bpf" in to or to in sockets
        return found

    def ping(self, count: int = PINGS) -> None:
        self.lab.inside("h1", "vm-a", "ping", "-q", "-c", str(count), "-i", "0.1" if count < 50 else "0.01", TARGET)


async def until(what: str, holds: Callable[[], Awaitable[Any]], seconds: float = 60.0) -> Any:
    """What holds, as soon as it does: answers that fail are asked for again."""
    last: Any = None

    async def ask() -> Any:
        nonlocal last
        while True:
            with suppress(CalipsoError):
                if last := await holds():
                    return last
            await asyncio.sleep(0.2)

    try:
        return await asyncio.wait_for(ask(), seconds)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {seconds} s, last {last!r}") from None


@asynccontextmanager
async def served(lab: Running, folder: Path, *options: str, by: tuple[str, ...] = ()) -> AsyncIterator[Site]:
    """options: of the agents; by: what runs them."""
    site = Site(lab, folder)
    try:
        await site.up()
        for host in lab.hosts:
            site.agent(host, *options, by=by)
        await until("agents told of every point", lambda: known(site))
        yield site
    except BaseException:
        for log in (folder / name / "said" for name in ("server", *lab.hosts)):
            print(log, log.read_text() if log.exists() else "")
        raise
    finally:
        for who in reversed(list(site.running)):
            site.end(who, signal.SIGKILL if who != "server" else signal.SIGTERM)


async def known(site: Site) -> bool:
    found = await site.does("query", environment=NAME, query=QUERY)
    return len(found.items) == len(ACROSS)


def counted(flows: list[Flow], pings: int) -> bool:
    return {flow.node for flow in flows if (flow.metric.ab_packets, flow.metric.ba_packets) == (pings, pings)} == {
        *ACROSS
    }


def test_one_chain_from_two_agents_that_outlives_agent_and_server(lab: Running, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with served(lab, tmp_path) as site:
            await site.does("create_capture", environment=NAME, query=QUERY, id="walk")
            await until("captured", site.active)
            site.ping()
            flows = await until("flows", lambda: counted_flows(site, PINGS))
            path = await site.does("get_flow_path", environment=NAME, id=flows[0].uuid)
            assert [hop.node for hop in path.hops] == ACROSS and path.order == "graph", path
            assert {(hop.ab_packets, hop.ba_packets) for hop in path.hops} == {(PINGS, PINGS)}
            assert {(flow.a_object, flow.b_object) for flow in flows} == {
                ("h1/netns:vm-a/dev:eth0", "h2/netns:vm-c/dev:eth0")
            }
            await until("counts, which are told apart from flows", lambda: lossless(site))

            # an agent that is killed goes on with its captures
            site.end("h1", signal.SIGKILL)
            await until("away", lambda: state_is(site, "h1/dev:vha", "away"))
            site.agent("h1")
            await until("captured again", site.active)
            site.ping(PINGS + 1)
            await until("flows after the agent's end", lambda: counted_flows(site, PINGS + 1))

            # what is seen while the server is away comes when it is back, though the agent has ended meanwhile
            site.end("server", signal.SIGKILL)
            site.end("h2", signal.SIGKILL)
            site.agent("h2")
            spool = tmp_path / "h2" / f"agent-{NAME}-h2.flows.db"
            await until("captures without a server", lambda: captures_alone(site, spool))
            site.ping(PINGS + 2)
            await site.up()
            await until("flows of the absence", lambda: counted_flows(site, PINGS + 2))

            # what is not wanted any more is let go of
            await until("held", lambda: held(site))
            await site.does("remove_capture", environment=NAME, id="walk")
            await until("let go", lambda: idle(site))

    asyncio.run(scenario())


async def counted_flows(site: Site, pings: int) -> list[Flow]:
    flows = [flow for flow in await site.pings() if flow.metric.ab_packets == pings]
    return flows if counted(flows, pings) else []


async def state_is(site: Site, node: str, state: str) -> bool:
    return bool((await site.points("walk"))[node].state == state)


async def captures_alone(site: Site, queue: Path) -> bool:
    """Pings until the agent has kept flows of them, at its host's points, on its own disk."""
    site.ping(1)
    await asyncio.sleep(1.0)
    return {flow.node for flow in kept(queue) if flow.icmp is not None} == {"h2/dev:eth0", "h2/dev:vhc"}


def kept(queue: Path) -> list[Flow]:
    """What waits in an agent's queue of flows."""
    with closing(sqlite3.connect(f"file:{queue}?mode=ro", uri=True)) as database:
        return [flow for (body,) in database.execute("SELECT body FROM part") for flow in feed.unpack_flows(body)]


async def lossless(site: Site) -> bool:
    points = (await site.points("walk")).values()
    assert not any(each.counts.dropped or each.counts.lost for each in points)
    return all(each.counts.received for each in points)


async def held(site: Site) -> bool:
    return all(site.holds(host) for host in site.lab.hosts)


async def idle(site: Site) -> bool:
    return not any(site.holds(host) for host in ("h1", "h2"))


def test_the_server_is_away_and_the_budget_ends_it(lab: Running, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with served(lab, tmp_path) as site:
            await site.does("create_capture", environment=NAME, query=QUERY, id="short", ttl=20)
            await until("captured", lambda: site.active("short"))
            site.end("server", signal.SIGKILL)
            said = tmp_path / "h1" / "said"
            await until("ended by its time", lambda: asyncio.to_thread(lambda: "its time is over" in said.read_text()))
            await site.up()
            await until("gone", lambda: nothing(site))

    asyncio.run(scenario())


def test_the_server_is_away_and_packets_and_share_of_a_cpu_end_it(lab: Running, tmp_path: Path) -> None:
    """Also for an agent that begins anew: what is used up stays used up."""

    async def scenario() -> None:
        async with served(lab, tmp_path) as site:
            for id, budget in (("few", {"packets": 500}), ("idle", {"cpu": 1e-7}), ("free", {})):
                await site.does("create_capture", environment=NAME, query=QUERY, id=id, engine="afpacket", **budget)
            await until("captured", lambda: begun(tmp_path / "h1", {"few", "idle", "free"}))
            site.end("server", signal.SIGKILL)
            said = tmp_path / "h1" / "said"
            await until("ended by what it used", lambda: pinged_until(site, said, "% of a CPU for"))
            await until("ended by its packets", lambda: pinged_until(site, said, "500 are its budget"))
            site.end("h1")
            before = said.stat().st_size
            site.agent("h1")
            await until("ended still", lambda: pinged_until(site, said, "500 are its budget", before))
            assert "packets were seen" in said.read_text()[before:]
            await site.up()
            await until("nothing is ordered of the one that saw enough", lambda: only(site, {"idle", "free"}))

    asyncio.run(scenario())


def test_agents_end_when_they_are_told_to_just_after_their_server_died(lab: Running, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with served(lab, tmp_path) as site:
            await site.does("create_capture", environment=NAME, query=QUERY, id="walk")
            for again in range(3):
                await until("captured", site.active)
                site.ping(50)
                site.end("server", signal.SIGKILL)
                for host in lab.hosts:
                    await asyncio.to_thread(site.end, host)
                if again < 2:
                    for host in lab.hosts:
                        site.agent(host)
                    await site.up()

    asyncio.run(scenario())


async def begun(folder: Path, captures: set[str]) -> bool:
    """Whether an agent keeps the orders of captures on its disk."""
    with closing(sqlite3.connect(f"file:{folder / f'agent-{NAME}-h1.flows.db'}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT value FROM meta WHERE key = 'orders'").fetchone()
    return found is not None and all(f'"{id}"' in found[0] for id in captures)


async def pinged_until(site: Site, said: Path, what: str, after: int = 0) -> bool:
    site.ping(100)
    return what in (await asyncio.to_thread(said.read_text))[after:]


async def only(site: Site, captures: set[str]) -> bool:
    return {each.id for each in (await site.does("get_captures", environment=NAME)).captures} <= captures


async def nothing(site: Site) -> bool:
    return not (await site.does("get_captures", environment=NAME)).captures


def test_packets_sent_by_an_agent_are_the_flows_that_both_see(lab: Running, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with served(lab, tmp_path) as site:
            await site.does("create_capture", environment=NAME, query=QUERY, id="walk")
            await until("captured", site.active)
            begun = await site.does("inject_packet", environment=NAME, source="h1/netns:vm-a", target="h2/netns:vm-c",
                                    count=PINGS, interval=20)  # fmt: skip
            done = await until("sent", lambda: ended(site, begun.id))
            assert (done.state, done.sent, done.errors, done.error) == ("done", PINGS, 0, "")
            found = await until("its flows", lambda: of_tracking(site, done.tracking_ids[0]))
            assert {flow.node for flow in found} == set(ACROSS)
            with pytest.raises(CalipsoError, match="no object"):
                await site.does("inject_packet", environment=NAME, source="h1/dev:none", target=TARGET)

    asyncio.run(scenario())


async def ended(site: Site, id: str) -> Any:
    (now,) = (await site.does("get_injections", environment=NAME, id=id)).items
    return now if now.state != "running" else None


async def of_tracking(site: Site, tracking: str) -> list[Flow]:
    found = (await site.does("get_flows", environment=NAME, tracking_id=tracking)).flows
    whole = [flow for flow in found if (flow.metric.ab_packets, flow.metric.ba_packets) == (PINGS, PINGS)]
    return whole if len(whole) == len(ACROSS) else []


def test_an_agent_that_may_not_says_so(lab: Running, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with served(lab, tmp_path, "--no-capture", "--no-inject") as site:
            await site.does("create_capture", environment=NAME, query=QUERY, id="walk")
            point = await until("refused", lambda: refused(site))
            assert point.state == "not here" and "--no-capture" in point.reason
            for each in (await site.does("get_agents")).items:
                assert "--no-capture" in each.captures and "--no-inject" in each.sends
            with pytest.raises(CalipsoError, match="--no-inject"):
                await site.does("inject_packet", environment=NAME, source="h1/netns:vm-a", target=TARGET)

    asyncio.run(scenario())


def test_an_agent_without_the_privilege_says_so_and_looks(lab: Running, tmp_path: Path) -> None:
    async def scenario() -> None:
        kept = "+sys_admin,+sys_ptrace,+net_admin,+dac_override,-net_raw,-bpf,-perfmon"
        async with served(lab, tmp_path, by=("setpriv", f"--bounding-set={kept}", "--")) as site:
            (said, *_) = (await site.does("get_agents")).items
            assert "CAP_NET_RAW" in said.sends and "afpacket" in said.engines
            with pytest.raises(CalipsoError, match="CAP_NET_RAW"):
                await site.does("inject_packet", environment=NAME, source="h1/netns:vm-a", target=TARGET)
            await site.does("create_capture", environment=NAME, query=QUERY, id="walk", engine="afpacket")
            point = await until("failed", lambda: reasoned(site))
            assert point.state == "failed" and "CAP_NET_RAW" in point.reason

    asyncio.run(scenario())


async def reasoned(site: Site) -> Any:
    point = (await site.points("walk")).get("h1/dev:vha")
    return point if point is not None and point.state == "failed" else None


async def refused(site: Site) -> Any:
    points = await site.points("walk")
    return points.get("h1/dev:vha")
