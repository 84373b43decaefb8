"""Workflows: what comes with Calipso works, what is added runs, what is hostile can do nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from calipso.errors import Conflict, Forbidden, NotFound, QueryError
from calipso.model.flow import Flow, FlowMetric, FlowNetwork, FlowTransport
from calipso.model.moments import rfc3339
from calipso.model.record import Record, RunBegan, RunEnded, Scope, Seen
from calipso.operations.workflows import Parameter
from calipso.runtime import sandbox
from calipso.runtime.at import now
from calipso.runtime.sandbox import CHILD
from tests.support.system import ask, estate


def ran(source: str, folder: Path, seconds: float = 10.0) -> Any:
    async def work() -> Any:
        async with estate(folder) as system:
            await ask(system, "put_workflow", id="w", name="w", source=source)
            return await ask(system, "call_workflow", id="w", parameters={}, seconds=seconds)

    return asyncio.run(work())


def test_those_that_come_with_calipso(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            assert [each.name for each in (await ask(system, "get_workflows")).items] == [
                "check_connectivity", "check_mtu", "flow_matrix", "flow_validation",
            ]  # fmt: skip
            ends = {"source": "h1/netns:vm-a/dev:eth0", "target": "h1/dev:vha"}
            found = await ask(system, "call_workflow", id="check_connectivity", parameters=ends)
            assert (found.status, found.result["connected"], found.result["path"]) == ("done", True, [*ends.values()])
            assert found.result["packets"] == {
                "sent": 0, "answered": 0, "last": "", "points": [], "why": "nothing is sent without a server",
            }  # fmt: skip
            none = {**ends, "packets": 0}
            assert (await ask(system, "call_workflow", id="check_connectivity", parameters=none)).result[
                "packets"
            ] is None
            away = {**ends, "target": "nowhere"}
            assert (await ask(system, "call_workflow", id="check_connectivity", parameters=away)).result["path"] == []
            assert (await ask(system, "call_workflow", id="check_mtu", parameters=ends)).result["same"] is True
            with pytest.raises(QueryError):
                await ask(system, "call_workflow", id="check_mtu", parameters={"source": "h1"})
            with pytest.raises(QueryError):
                await ask(system, "call_workflow", id="check_mtu", parameters={**ends, "more": 1})
            with pytest.raises(Forbidden):
                await ask(system, "remove_workflow", id="check_mtu")
            with pytest.raises(Conflict):
                await ask(system, "put_workflow", name="check_mtu", source="def run(api): return 1")
            with pytest.raises(NotFound):
                await ask(system, "call_workflow", id="nothing", parameters={})
            with pytest.raises(QueryError):
                await ask(system, "put_workflow", name="x", source="def run(:")

    asyncio.run(work())


def flow(uuid: str, node: str, packets: int, **said: Any) -> Flow:
    start = now() - 5_000_000
    metric = FlowMetric(packets, packets * 100, 1, 60, start, start + 10)
    given = {
        "tracking_id": "t", "l3_tracking_id": "t3", "layers_path": "Ethernet/IPv4/TCP", "application": "HTTPS",
        "network": FlowNetwork("IPV4", "10.0.0.2", "10.0.0.1"), "transport": FlowTransport("TCP", 443, 40_000),
        "a_object": "h1/netns:vm-a/dev:eth0", "b_object": "h2/netns:vm-a/dev:eth0",
    } | said  # fmt: skip
    return Flow(uuid=uuid, node=node, start=start, last=start + 10, metric=metric, **given)


SOCKET = {
    "protocol": "tcp", "state": "established", "local_address": "10.0.0.2", "local_port": 443,
    "remote_address": "10.0.0.1", "remote_port": 40_000, "process": "nginx",
}  # fmt: skip


def test_the_matrix_counts_each_conversation_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            system.captures("estate").flows.add([
                flow("1", "h1/dev:vha", 4), flow("2", "h1/dev:eth0", 3),
                flow("3", "h1/dev:vha", 2, tracking_id="u", l3_tracking_id="u3",
                     transport=FlowTransport("TCP", 443, 40_001)),
                flow("4", "h1/dev:vha", 9, tracking_id="p", l3_tracking_id="p3", transport=None, application="ICMPv4",
                     a_object="", b_object=""),
                flow("5", "h1/dev:vha", 1, tracking_id="arp", l3_tracking_id="arp", network=None, transport=None),
            ])  # fmt: skip
            record = Record("h2", "sockets", "host", {"sockets": [SOCKET]})
            await system.site("estate").put([Seen(Scope("test", "h2"), (record,))])
            found = await ask(system, "call_workflow", id="flow_matrix", parameters={})
            assert found.status == "done", found
            web = {
                "from": "h2/netns:vm-a/dev:eth0", "to": "h1/netns:vm-a/dev:eth0", "service": "TCP/443",
                "conversations": 2, "there_packets": 2, "there_bytes": 120, "back_packets": 6, "back_bytes": 600,
                "processes": ["nginx"],
            }  # fmt: skip
            ping = {
                "from": "10.0.0.2", "to": "10.0.0.1", "service": "ICMPv4", "conversations": 1, "there_packets": 9,
                "there_bytes": 900, "back_packets": 1, "back_bytes": 60, "processes": [],
            }  # fmt: skip
            assert found.result == {"rows": [ping, web], "total": 2, "truncated": False, "lost": 0}
            hosts = await ask(system, "call_workflow", id="flow_matrix", parameters={"by": "host", "limit": 2})
            assert [(row["from"], row["to"]) for row in hosts.result["rows"]] == [
                ("10.0.0.2", "10.0.0.1"), ("h2", "h1"),
            ]  # fmt: skip

    asyncio.run(work())


def test_it_asks_acts_and_says_what_it_does(tmp_path: Path) -> None:
    source = """
def run(api):
    names = sorted(api.query("G.V().Has('Type', 'host').Values('Name')"))
    api.log("found", names)
    api.call("put_user_node", id="made", metadata={"Name": "made", "Type": "switch"})
    try:
        api.call("query", query="G.V().Outt()")
    except RuntimeError as error:
        api.log(str(error)[:12])
    return {"names": names, "made": len(api.query("G.V('user:made')"))}
"""
    found = ran(source, tmp_path)
    assert (found.status, found.result) == ("done", {"names": ["h1", "h2"], "made": 1})
    assert found.log == ["found ['h1', 'h2']", "unknown step"]


def test_a_query_takes_what_a_workflow_returns_and_it_only_reads(tmp_path: Path) -> None:
    sources = {
        "names": "def run(api, type, more):\n    q = \"G.V().Has('Type', '\" + type + \"').Values('Name')\"\n"
                 "    return sorted(api.query(q)) + [more]",
        "writes": "def run(api):\n    return api.call('remove_alert', id='x')",
        "nested": "def run(api):\n    return api.query(\"G.Workflow('writes')\")",
        "one": "def run(api):\n    return {'a': 1}",
    }  # fmt: skip

    async def work() -> None:
        async with estate(tmp_path) as system:
            for name, source in sources.items():
                parameters = (Parameter(name="type"), Parameter(name="more", default="x")) if name == "names" else ()
                await ask(system, "put_workflow", id=name, name=name, source=source, parameters=parameters)

            async def items(text: str, **more: Any) -> list[Any]:
                answer = await ask(system, "query", query=text, **more)
                return list(answer.items)

            assert await items("G.Workflow('names', 'host')") == ["h1", "h2", "x"]
            assert await items("G.Workflow('names', 'host', 'y').Count()", at="now") == [3]
            assert await items("g.workflow('one')") == [{"a": 1}]
            ts = system.site("estate").graph().ts
            await system.site("estate").put([RunBegan(Scope("test", "h2")), RunEnded(Scope("test", "h2"), "completed")])
            assert await items("G.Workflow('names', 'host')", at=rfc3339(ts + 1000)) == ["h1", "h2", "x"]
            assert await items("G.Workflow('names', 'host')") == ["h1", "x"]
            for wrong, message in (
                ("G.Workflow('writes')", "does not call 'remove_alert' here"),
                ("G.Workflow('nested')", "runs no other"), ("G.V().where(Workflow('one'))", "asked of"),
                ("G.Workflow('names', 'a', 'b', 'c')", "has 2 parameters"), ("G.Workflow('names')", "'type'"),
                ("G.Workflow()", "takes 1"), ("G.Workflow(7)", "named by a text"),
            ):  # fmt: skip
                with pytest.raises(QueryError, match=message):
                    await items(wrong)
            with pytest.raises(NotFound):
                await items("G.Workflow('nothing')")
            with pytest.raises(QueryError, match="runs no workflows"):
                await ask(system, "put_alert", expression="G.Workflow('one')")

    asyncio.run(work())


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def run(api):\n    import os", "Import is not allowed"),
        ("def run(api):\n    return ().__class__", "'__class__' is not allowed"),
        ("def run(api):\n    return '{0.x}'.format(api)", "'format' is not allowed"),
        ("def run(api):\n    return open('/etc/passwd')", "'open' is not defined"),
        ("def run(api):\n    return [0] * 10**10", "MemoryError"),
        ("def run(api):\n    return api.call('get_tokens')", "does not call 'get_tokens'"),
        ("def run(api):\n    return api.call('call_workflow', id='w')", "does not call 'call_workflow'"),
        ("def run(api):\n    return [api.call('get_environments') for _ in range(2000)]", "more than 1000"),
        ("def run(api):\n    return 'x' * (20 << 20)", "more than 8 MiB"),
        ("def run(api):\n    return [float('nan')]", "not JSON compliant"),
        ("def run(api):\n    return '\\ud800'", "cannot be told as JSON"),
        ("def run(api):\n    return {1}", "not JSON serializable"),
        ("def run(api):\n    api.wait(1e9)", "from 0 to 60 seconds"),
        ("def run(api):\n    api.wait(50)", "longer than 1"),
        ("x = 1", "run(api"),
        ("def run(api):\n    while True: pass", "longer than 1"),
        ("def run(api):\n    while True: api.log('x' * 999)", "longer than 1"),
    ],
)
def test_what_is_hostile_fails_and_nothing_else_does(source: str, words: str, tmp_path: Path) -> None:
    found = ran(source, tmp_path, 1.0 if words.startswith("longer") else 20.0)
    assert found.status == "failed"
    assert words in found.error
    assert len(found.log) <= sandbox.LINES


ESCAPED = """
import os, socket, sys
sys.path.insert(0, {folder!r})
import sandbox_child
def tried(deed):
    try:
        deed()
    except OSError as error:
        return error.errno
    return 0
sandbox_child.close_in(5, 1 << 30)
deeds = [lambda: open("/etc/passwd"), lambda: socket.socket(), lambda: os.fork(), lambda: os.kill(1, 0),
         lambda: os.execv("/bin/true", ["true"]), lambda: os.unlink("x"), lambda: os.setuid(0)]
print([tried(deed) for deed in deeds])
"""


def test_who_gets_out_of_python_still_can_do_nothing() -> None:
    code = ESCAPED.format(folder=str(CHILD.parent))
    said = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=30)
    assert said.stdout.strip() == "[1, 1, 1, 1, 1, 1, 1]", said.stderr
