"""Scans of labs/plain: whole, in parts, beside a watch; with a host, an agent, a server that dies."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from calipso.operations.scan_documents import ScanDocument
from calipso.runtime.spool import Spool
from calipso.runtime.system import System, opened
from calipso.web.server import Server
from labs.plain import lab as plain
from labs.plain.environment import FILE
from labs.plain.expectation import expected
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, differences, graph_of, home, links
from tests.live.lab_plain.test_agents import agent_of, settled, told_by_agents
from tests.live.served.test_server import CALIPSO, environment, server, wait
from tests.support.system import ask

pytestmark = pytest.mark.live
TOKEN = "t" * 40


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 100))


async def scanned(system: System, **plan: Any) -> ScanDocument:
    begun = await ask(system, "start_scan", environment=NAME, **plan)
    return await system.scans.finished(NAME, begun.id)


def stale_hosts(system: System) -> set[str]:
    return {state.scope.reporter for state in system.site(NAME).scopes() if state.stale}


async def messages(system: System, **asked: Any) -> list[Any]:
    items: list[Any] = (await ask(system, "get_messages", environment=NAME, **asked)).items
    return items


def test_the_healthy_lab_has_no_findings_and_no_messages(lab: Running, tmp_path: Path) -> None:
    async def work() -> None:
        async with opened(home(lab, tmp_path / "home"), NAME) as system:
            whole = await scanned(system, inventory="as it was built")
            assert (whole.status, whole.errors, whole.findings) == ("completed", [], [])
            assert {look.host for look in whole.looks} == set(lab.hosts)
            assert differences(graph_of(system), expected(lab.lab)) == []
            before = links(graph_of(system))
            anew = await scanned(system, only="links")
            assert (anew.status, anew.results.corrected, anew.looks) == ("completed", 0, [])
            assert links(graph_of(system)) == before
            counted = await scanned(system, only="cliques")
            assert counted.results.cliques["instance"] == sum(len(host.vms) for host in lab.lab.hosts)
            one = await scanned(system, object_id="h1/netns:vm-a")
            assert {(look.source, look.host) for look in one.looks} == {("linux", "h1")}
            deep = {key for key in one.results.scopes if key.endswith((" routes", " netfilter", " sockets"))}
            assert deep == {f"linux@h1:netns:vm-a {part}" for part in ("routes", "netfilter", "sockets")}
            assert differences(graph_of(system), expected(lab.lab)) == [] and await messages(system) == []

    run(work())


def test_a_host_that_died_is_named_nothing_is_deleted_and_the_next_good_scan_heals(
    lab: Running, tmp_path: Path
) -> None:
    async def work() -> None:
        async with opened(home(lab, tmp_path / "home"), NAME) as system:
            assert (await scanned(system)).status == "completed"
            before, alive = links(graph_of(system)), lab.hosts["h1"]
            gone = lab.hosts["h2"]
            os.kill(gone, signal.SIGKILL)
            wait(lambda: not Path(f"/proc/{gone}").exists(), "the host's first process ends")
            for _ in range(2):
                done = await scanned(system)
                assert done.status == "completed_with_errors"
                assert {error.host for error in done.errors} == {"h2"} and done.errors[0].message
                assert stale_hosts(system) == {"h2"} and links(graph_of(system)) == before
            said = await messages(system, open="yes")
            assert said and {each.related_object for each in said} == {"h2"}
            assert max(each.count for each in said) == 2 and len(said) < 5
            plain.down(lab.state)
            again = plain.up(lab.state, mortal=True)
            assert again.hosts["h1"] != alive
            healed = await scanned(system)
            assert (healed.status, healed.errors, healed.findings) == ("completed", [], [])
            assert [s.scope.key for s in system.site(NAME).scopes() if s.stale] == []
            assert stale_hosts(system) == set() and await messages(system, open="yes") == []
            assert differences(graph_of(system), expected(again.lab)) == []

    run(work())


def test_a_scan_beside_a_watch_is_whole_and_the_watch_goes_on(lab: Running, tmp_path: Path) -> None:
    async def work() -> None:
        async with opened(home(lab, tmp_path / "home"), NAME) as system:
            system.watch(NAME)
            for _ in range(3):
                done = await scanned(system)
                assert (done.status, done.errors, done.findings) == ("completed", [], [])
                assert differences(graph_of(system), expected(lab.lab)) == []
            lab.run("h1", "ip", "link", "add", "ct-new", "type", "bridge")
            async with asyncio.timeout(20):
                while graph_of(system).resolve("h1/dev:ct-new") is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            lab.run("h1", "ip", "link", "del", "ct-new")

    run(work())


def test_an_agent_that_dies_in_the_middle_of_a_scan(
    lab: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calipso.runtime.looking.AGENT_PATIENCE", 5.0)
    monkeypatch.setattr("calipso.runtime.agents.PATIENCE", 0.2)
    spools = {host: Spool(tmp_path / f"{host}.db") for host in lab.hosts}

    async def work() -> None:
        agents: dict[str, asyncio.Task[None]] = {}
        async with opened(told_by_agents(lab, tmp_path / "home"), NAME) as system:
            async with Server(system, TOKEN, "127.0.0.1", 0) as served:

                def begin(host: str) -> None:
                    agents[host] = asyncio.create_task(agent_of(lab, host, served.url, spools[host]).run())

                for host in spools:
                    begin(host)
                assert (await scanned(system)).status == "completed"
                await settled(system, expected(lab.lab))
                before = links(graph_of(system))
                agents["h2"].cancel()
                await asyncio.gather(agents["h2"], return_exceptions=True)
                done = await scanned(system)
                assert done.status == "completed_with_errors"
                assert [(error.host, error.message) for error in done.errors] == [("h2", "the agent is away")]
                assert stale_hosts(system) == {"h2"} and links(graph_of(system)) == before
                (message,) = await messages(system, open="yes")
                assert (message.related_object, message.message) == ("h2", "h2: the agent is away")
                begin("h2")
                healed = await scanned(system)
                assert healed.status == "completed" and stale_hosts(system) == set()
                assert await messages(system, open="yes") == []
            for task in agents.values():
                task.cancel()
            await asyncio.gather(*agents.values(), return_exceptions=True)

    try:
        run(work())
    finally:
        for spool in spools.values():
            spool.close()


# ── the program itself ───────────────────────────────────────────────────────────────────────────────────────────


def program(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CALIPSO, *words], env=environment(folder), capture_output=True, text=True, timeout=90)


def known(folder: Path, *words: str) -> Any:
    return json.loads(program(folder, *words, "-o", "json").stdout or "null")


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port where somebody listens and never says a word: a host that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def with_hanging_host(lab: Running, folder: Path, port: int) -> None:
    made = home(lab, folder)
    text = (
        lab.state / FILE
    ).read_text() + f"  hung: {{ssh: {{host: 127.0.0.1, port: {port}, connect_timeout: 120}}}}\n"
    (made.environments / f"{NAME}.yaml").write_text(text)


@pytest.mark.timeout(300)
def test_from_the_command_line_with_and_without_a_server(lab: Running, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    home(lab, folder)
    alone = program(folder, "scan", "--env", NAME)
    assert alone.returncode == 0 and "scan 1 completed" in alone.stderr, alone.stderr
    with server(folder):
        served = program(folder, "scan", "--env", NAME, "--inventory", "second", "-o", "json")
        assert json.loads(served.stdout)["status"] == "completed", served.stderr
        assert [each["id"] for each in known(folder, "scans", "list", "--env", NAME)] == ["2", "1"]
        assert [each["id"] for each in known(folder, "scans", "list", "--inventory", "second")] == ["2"]
        shown = program(folder, "scans", "show", "1", "--env", NAME)
        assert "completed" in shown.stdout and "h2" in shown.stdout
        added = program(folder, "scans", "schedule", "add", "once", "--env", NAME, "--only-nothing")
        assert added.returncode == 2
        assert program(folder, "scans", "schedule", "add", "once", "--env", NAME).returncode == 0
        wait(lambda: known(folder, "scans", "show", "--env", NAME)["id"] == "3", "it was due", 30)
        wait(lambda: known(folder, "scans", "show", "3", "--env", NAME)["status"] == "completed", "it ended", 30)
        assert known(folder, "messages", "list", "--env", NAME) == []


@pytest.mark.timeout(300)
def test_a_killed_server_leaves_an_aborted_scan_and_a_cancelled_one_is_told_apart(
    lab: Running, tmp_path: Path, deaf: int
) -> None:
    folder = tmp_path / "home"
    with_hanging_host(lab, folder, deaf)
    with server(folder, stop=signal.SIGKILL):
        following = subprocess.Popen([*CALIPSO, "scan", "--env", NAME], env=environment(folder),
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # fmt: skip
        wait(lambda: running(folder) == {"hung"}, "only the host that hangs is left", 40)
        refused = program(folder, "scan", "--env", NAME)
        assert refused.returncode == 1 and "scan 1 is running" in refused.stderr
        assert program(folder, "scans", "cancel", "--env", NAME).returncode == 0
        assert "aborted: it was cancelled" in following.communicate(timeout=30)[1] and following.returncode == 1
        leaving = subprocess.Popen([*CALIPSO, "scan", "--env", NAME], env=environment(folder),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        wait(lambda: running(folder) == {"hung"}, "only the host that hangs is left", 40)
    leaving.wait(30)
    died = known(folder, "scans", "show", "2", "--env", NAME)
    assert (died["status"], died["reason"]) == ("aborted", "the process that ran it ended before it was done")
    home(lab, folder)  # without the host that hangs
    healed = program(folder, "scan", "--env", NAME, "--clear", "-o", "json")
    said = json.loads(healed.stdout)
    assert (said["status"], said.get("findings", [])) == ("completed", []), healed.stderr
    assert not [each for each in known(folder, "sources", "--env", NAME) if each["stale"]]
    assert known(folder, "messages", "list", "--env", NAME, "--open") == []


def running(folder: Path) -> set[str]:
    """Hosts that the newest scan is still looking at."""
    shown = known(folder, "scans", "show", "--env", NAME)
    looks = shown["progress"]["looks"] if shown and "progress" in shown else []
    return {look["host"] for look in looks if look["status"] in ("running", "waiting")}
