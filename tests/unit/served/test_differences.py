"""Differences between two moments: of what, field by field, by host and kind, and what brought them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from calipso.cli.main import app
from calipso.errors import NotFound, QueryError
from calipso.model.moments import rfc3339
from calipso.model.record import Gone, Record, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.runtime.at import now
from calipso.runtime.system import System
from tests.support.system import ESTATE, ask, estate, run

RUNNER = CliRunner()
SCOPE = Scope("test", "h1", "more")


def tap(name: str, **more: Any) -> Seen:
    return Seen(SCOPE, (Record(f"h1/dev:{name}", "netlink", "tun", {"name": name, "host": "h1", **more}),))


async def pause() -> str:
    """A moment between what was and what comes."""
    await asyncio.sleep(0.005)
    at = rfc3339(now() + 1000)
    await asyncio.sleep(0.005)
    return at


def with_estate(folder: Path, use: Any) -> None:
    async def work() -> None:
        async with estate(folder) as system:
            await use(system)

    run(work())


def test_what_brought_it(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        site = system.site(ESTATE)
        start = await pause()
        await site.put([RunBegan(SCOPE)])
        await site.put([tap("tap1", mtu=1500), tap("tap2")])
        await site.put([RunEnded(SCOPE, "completed")])
        await pause()
        await site.put([tap("tap1", mtu=1400)])
        await pause()
        await site.put([RunBegan(SCOPE), tap("tap1", mtu=1400), RunEnded(SCOPE, "partial", (RunError("x", "y"),))])
        await pause()
        await site.put([RunBegan(SCOPE), tap("tap1", mtu=1400), RunEnded(SCOPE, "completed")])
        found = await ask(system, "get_diff", start=start)
        (one,) = found.objects
        assert (one.op, one.id, [(each.by, each.scope) for each in one.brought]) == (
            "added", "h1/dev:tap1", [("run", SCOPE.key), ("event", SCOPE.key)]
        )  # fmt: skip
        assert one.brought[0].status == "completed" and one.brought[0].began >= start
        assert found.groups[0].added == 1 and found.groups[0].host == "h1"
        (link,) = found.links
        assert link.op == "added" and link.brought[0].by == "run" and link.brought[0].scope == SCOPE.key
        runs = await ask(
            system, "sql", sql=f"SELECT status, changed FROM runs WHERE scope = '{SCOPE.key}' ORDER BY ended"
        )
        assert runs.rows == [["completed", 2], ["partial", 0], ["completed", 1]]
        early = await ask(system, "get_sources", at=start)
        late = await ask(system, "get_sources")
        assert SCOPE.key not in {each.scope for each in early.items} and SCOPE.key in {e.scope for e in late.items}

    with_estate(tmp_path, use)


def test_what_is_said_of_an_alias_is_a_change_of_its_object(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        site = system.site(ESTATE)
        head = site.graph().resolve("h1/ovs/interface:vha")
        assert head is not None and head.id == "h1/dev:vha"
        (facet,) = [each for who, each in site.graph().records(head) if who == "h1/ovs/interface:vha"]
        start = await pause()
        record = Record("h1/ovs/interface:vha", "ovs", facet.type, facet.attributes | {"ofport": 17})
        await site.put([Seen(Scope("test", "h1"), (record,))])
        (one,) = (await ask(system, "get_diff", start=start)).objects
        assert one.id == "h1/dev:vha" and [each.name for each in one.fields] == ["ofport"]
        assert [each.by for each in one.brought] == ["event"]

    with_estate(tmp_path, use)


def test_of_what(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        site = system.site(ESTATE)
        start = await pause()
        eth0 = {"host": "h1", "netns": "h1/netns:vm-a", "name": "eth0", "ifindex": 2, "mac": "aa:01:0a", "mtu": 9000}
        inner = Record("h1/netns:vm-a/dev:eth0", "netlink", "veth", {**eth0, "peer_netns": "h1", "peer_ifindex": 10})
        await site.put(
            [Seen(Scope("test", "h1"), (inner,)), tap("tap1"), Gone(Scope("test", "h2"), (("h2/dev:pb", ""),))]
        )

        async def ids(**values: str) -> set[str]:
            return {each.id for each in (await ask(system, "get_diff", start=start, **values)).objects}

        assert {"h1/netns:vm-a/dev:eth0", "h1/dev:tap1", "h2/dev:pb"} <= await ids()
        assert await ids(id="h1/netns:vm-a") == {"h1/netns:vm-a/dev:eth0"}
        assert "h2/dev:pb" in await ids(id="h2") and "h1/dev:tap1" not in await ids(id="h2")
        assert await ids(id="h2/dev:pb") == {"h2/dev:pb"}
        assert "h1/netns:vm-a/dev:eth0" in await ids(clique="h1/netns:vm-a")
        assert "h1/dev:tap1" not in await ids(clique="h1/netns:vm-a")
        assert await ids(query="G.V().Has('Type', 'tun')") == {"h1/dev:tap1"}
        assert await ids(query="G.V('h2/dev:pb')") == {"h2/dev:pb"}
        for wrong, kind in (
            ({"id": "nothing"}, NotFound), ({"clique": "h1/dev:tap1"}, NotFound),
            ({"query": "G.V().Count()"}, QueryError), ({"query": "G.V('nothing')"}, QueryError),
            ({"id": "h1", "query": "G.V()"}, QueryError),
        ):  # fmt: skip
            with pytest.raises(kind):
                await ids(**wrong)

    with_estate(tmp_path, use)


def test_history_until(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        site = system.site(ESTATE)
        await site.put([tap("tap1", mtu=1500)])
        between = await pause()
        await site.put([tap("tap1", mtu=1400)])
        whole = await ask(system, "get_history", id="h1/dev:tap1")
        early = await ask(system, "get_history", id="h1/dev:tap1", until=between)
        assert len(whole.events) == len(early.events) + 1 and whole.events[-1].op == "changed"

    with_estate(tmp_path, use)


def test_the_verb_groups_by_host_and_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALIPSO_HOME", str(tmp_path))

    async def use(system: System) -> None:
        start.append(await pause())
        await system.site(ESTATE).put([tap("tap1", mtu=1500)])

    start: list[str] = []
    with_estate(tmp_path, use)
    asked = ["diff", "--from", start[0], "--env", ESTATE]
    shown = RUNNER.invoke(app, [*asked, "--exit-code"])
    assert shown.exit_code == 1
    assert "h1 · device  +1 -0 ~0" in shown.stdout and "  + h1/dev:tap1" in shown.stdout
    assert "by an event of test@h1:more" in shown.stdout and "+ ownership h1 – h1/dev:tap1" in shown.stdout
    told = RUNNER.invoke(app, [*asked, "-o", "csv"]).stdout
    assert told.startswith("what,host,kind,id,how,brought\nadded,h1,device,h1/dev:tap1,")
    assert RUNNER.invoke(app, [*asked, "--query", "G.V("]).exit_code == 2
