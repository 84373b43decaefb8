"""Alerts: once per new answer, again after an empty one, across restarts; actions bounded and told."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from calipso.errors import NotFound, QueryError
from calipso.model.record import Gone, Record, Scope, Seen
from calipso.operations.alerts import Firing, seconds
from calipso.operations.questions import Turn
from calipso.operations.sql.engine import Bounds, Statement
from calipso.operations.sql.views import Past
from calipso.query.depends import EVERYTHING
from calipso.runtime.alerting import Alarms, Armed
from calipso.runtime.at import moment
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from tests.support.scripts import script
from tests.support.system import ESTATE, ask, estate

QUERY = "G.V().Has('Type', 'veth', 'MTU', 1234)"


async def say(system: System, mtu: int, name: str = "eth7") -> None:
    record = Record(f"h1/dev:{name}", "netlink", "veth", {"host": "h1", "name": name, "mtu": mtu})
    await system.site(ESTATE).put([Seen(Scope("test", "h1"), (record,))])


async def firings(system: System) -> list[Any]:
    return list((await ask(system, "get_firings")).items)


async def until(system: System, many: int) -> None:
    for _ in range(400):
        if len(await firings(system)) >= many:
            break
        await asyncio.sleep(0.05)
    assert len(await firings(system)) == many


async def asked(system: System) -> None:
    """Wait until what changed so far has been looked at."""
    await asyncio.sleep(0.6)


def test_once_per_new_answer_and_again_after_an_empty_one(tmp_path: Path) -> None:
    async def work() -> None:
        heard: list[Firing] = []
        async with estate(tmp_path) as system:
            system.told_of_firings.append(heard.append)
            system.react()
            await ask(system, "put_alert", id="a", name="cables", expression=QUERY)
            await asked(system)
            await say(system, 1234)
            await until(system, 1)
            await say(system, 1500, "eth9")
            await asked(system)
            await until(system, 1)
            await say(system, 1234, "eth8")
            await until(system, 2)
            for name in ("eth7", "eth8"):
                await say(system, 1500, name)
            await asked(system)
            (alert,) = (await ask(system, "get_alerts")).items
            assert (alert.armed, alert.fired, alert.problem) == (True, 2, "")
            await say(system, 1234)
            await until(system, 3)
            assert [each.total for each in heard] == [1, 2, 1]
            alarms = system._alarms[ESTATE]
            count = alarms.armed["a"].asked
            site = system.site(ESTATE)
            await site.put([Seen(Scope("test", "h1"), (Record("h1/x", "netlink", "bridge", {"name": "x"}),))])
            await asked(system)
            assert alarms.armed["a"].asked == count  # a bridge cannot matter to it
        async with opened(Home(tmp_path)) as system:
            system.react()
            await asked(system)
            await until(system, 3)
            (alert,) = (await ask(system, "get_alerts")).items
            assert (alert.armed, alert.fired) == (False, 3)
            await ask(system, "remove_alert", id="a")
            with pytest.raises(NotFound):
                await ask(system, "remove_alert", id="a")

    asyncio.run(work())


def test_what_happened_while_the_server_was_away_is_told_at_the_start(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            await ask(system, "put_alert", id="a", expression=QUERY)
            await say(system, 1234)
        async with opened(Home(tmp_path)) as system:
            system.react()
            await until(system, 1)

    asyncio.run(work())


def test_by_the_clock(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            system.react()
            await ask(system, "put_alert", id="a", expression="G.V().Has('Type', 'veth').Count()", trigger="every:1s")
            await until(system, 1)
            await say(system, 1)
            await until(system, 2)

    asyncio.run(work())


def test_what_cannot_be_asked_or_done_is_refused(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            for wrong in (
                {"expression": "G.V().Outt()"}, {"expression": "G.V()", "trigger": "sometimes"},
                {"expression": "G.V()", "trigger": "every:1ms"}, {"expression": "G.V()", "action": "ftp://x"},
                {"expression": "G.V()", "action": "script:../x y"},
            ):  # fmt: skip
                with pytest.raises(QueryError):
                    await ask(system, "put_alert", **wrong)

    asyncio.run(work())


def test_triggers_as_they_are_said() -> None:
    assert [seconds(each) for each in ("change", "graph", "every:30s", "duration:+5s", "every:2m")] == [
        None, None, 30.0, 5.0, 120.0,
    ]  # fmt: skip


SQL = "SELECT id, mtu FROM objects WHERE type = 'veth' AND mtu = 1234 ORDER BY id"


def test_a_statement_goes_off_like_a_query_and_only_what_it_read_has_it_asked_again(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            system.react()
            await ask(system, "put_alert", id="a", expression=SQL)
            alarms = system._alarms[ESTATE]
            await settled(system)
            assert alarms.armed["a"].on.keys == {("mtu", 1234)}
            count = alarms.armed["a"].asked
            await say(system, 1500, "eth9")
            await settled(system)
            assert alarms.armed["a"].asked == count
            await say(system, 1234)
            await until(system, 1)
            assert (await firings(system))[0].results == [{"id": "h1/dev:eth7", "mtu": 1234}]
            await say(system, 1500)
            await armed(system)
            await say(system, 1234)
            await until(system, 2)

    asyncio.run(work())


async def settled(system: System) -> None:
    """Wait until each alert was asked of all that has changed."""
    alarms = system._alarms[ESTATE]
    for _ in range(600):
        if not alarms._due and not alarms._wake.is_set() and all(each.asked for each in alarms.armed.values()):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(alarms._due)


async def armed(system: System) -> None:
    for _ in range(600):
        if all(each.armed for each in (await ask(system, "get_alerts")).items):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("still off")


def test_a_statement_that_counts_none_is_no_answer_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            system.react()
            count = "SELECT count(*) AS cables, max(mtu) AS most FROM objects WHERE type = 'veth' AND mtu = 1234"
            await ask(system, "put_alert", id="a", expression=count, trigger="every:1s")
            await settled(system)
            assert not await firings(system)
            await say(system, 1234)
            await until(system, 1)
            assert (await firings(system))[0].results == [{"cables": 1, "most": 1234}]
            for wrong in ("SELECT nothing FROM objects", "SELECT 1; SELECT 2", "WITH x AS (SELECT 1) DELETE FROM x"):
                with pytest.raises(QueryError):
                    await ask(system, "put_alert", expression=wrong)
            with pytest.raises(QueryError, match="by the clock"):
                await ask(system, "put_alert", expression="G.Flows().Has('Transport', 23)")
            await ask(system, "put_alert", id="b", expression="G.Flows().Has('Transport', 23)", trigger="every:5s")
            await ask(system, "put_alert", id="c", expression="SELECT abs(-9223372036854775808) FROM objects")
            for _ in range(600):
                problems = {each.id: each.problem for each in (await ask(system, "get_alerts")).items}
                if problems["c"]:
                    break
                await asyncio.sleep(0.05)
            assert "overflow" in problems["c"] and problems["b"] == "", problems

    asyncio.run(work())


@pytest.mark.parametrize(
    ("text", "keys", "links"),
    [
        ("SELECT id FROM objects WHERE name = 'eth0' AND type = 'veth'", {("name", "eth0")}, False),
        ("SELECT id FROM objects WHERE name IN ('vm-a', 'vm-b')", {("name", "vm-a"), ("name", "vm-b")}, False),
        ("SELECT target FROM links WHERE source = 'h1'", set(), True),
        ("SELECT o.name FROM links l JOIN objects o ON o.id = l.target WHERE l.source = 'h1/netns:vm-a'",
         {("id", "h1/netns:vm-a/dev:eth0")}, True),
        ("SELECT count(*) FROM objects", None, True),
        ("SELECT through FROM links WHERE source = 'h1'", None, True),
        ("SELECT id FROM objects AT '-1s' WHERE name = 'eth0'", None, True),
        ("SELECT count(*) FROM changes", None, True),
    ],
)  # fmt: skip
def test_what_a_statement_reads(text: str, keys: set[Any] | None, links: bool, tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            site = system.site(ESTATE)
            await asyncio.sleep(1.1 if " AT " in text else 0)
            statement = Statement(Past(site, None, moment, {}), time.monotonic, Bounds(30.0, 1000))
            assert statement.run(text).rows
            on = statement.reads.depends
            assert (on.keys, on.links) == (EVERYTHING.keys if keys is None else keys, links)

    asyncio.run(work())


async def standing(system: System) -> list[str]:
    """Messages about alerts that hold."""
    found = (await ask(system, "get_messages", open="yes")).items
    return [each.message for each in found if each.message.startswith("alert ")]


async def come(condition: Any) -> None:
    for _ in range(1000):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to be")


def test_an_action_that_fails_is_told_until_one_is_done(tmp_path: Path) -> None:
    """Also when the alert is asked again meanwhile, or armed again: nobody else has heard of it."""

    async def work() -> None:
        async with estate(tmp_path) as system:
            script(system.home.scripts / "page", "echo away >&2; exit 3")
            system.react()
            await ask(system, "put_alert", id="a", name="n", expression=QUERY, action="script:page", trigger="every:1s")
            await say(system, 1234)
            await until(system, 1)

            async def failed() -> bool:
                return (await armed_as(system)).problem == "failed: exit 3: away"

            await come(failed)
            asked_then = system._alarms[ESTATE].armed["a"].asked

            async def asked_again() -> bool:
                return system._alarms[ESTATE].armed["a"].asked >= asked_then + 2

            await come(asked_again)
            assert await failed()
            assert await standing(system) == ["alert n: its action failed: exit 3: away",
                                                                  "alert n: 1 found"]  # fmt: skip
            await say(system, 1500)

            async def healed() -> bool:
                return (await armed_as(system)).armed

            await come(healed)
            assert await failed()
            assert await standing(system) == ["alert n: its action failed: exit 3: away"]
            script(system.home.scripts / "page", "exit 0")
            await say(system, 1234)

            async def well() -> bool:
                return (await armed_as(system)).problem == ""

            await come(well)
            assert await standing(system) == ["alert n: 1 found"]
            await ask(system, "remove_alert", id="a")
            assert await standing(system) == []

    asyncio.run(work())


async def armed_as(system: System) -> Any:
    return (await ask(system, "get_alerts")).items[0]


def test_an_alert_that_takes_long_keeps_no_other_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = threading.Event()
    answered = Alarms._results

    def slow(self: Alarms, each: Armed, turn: Turn) -> list[Any]:
        if each.alert.id == "slow":
            going_on.wait(60)
        return answered(self, each, turn)

    async def work() -> None:
        async with estate(tmp_path) as system:
            monkeypatch.setattr(Alarms, "_results", slow)
            system.react()
            await ask(system, "put_alert", id="slow", expression=QUERY)
            await ask(system, "put_alert", id="a", expression=QUERY)
            await say(system, 1234)
            await until(system, 1)
            assert [each.alert for each in await firings(system)] == ["a"]
            going_on.set()
            await until(system, 2)

    asyncio.run(work())


def test_an_object_asked_for_by_id_may_go_and_come_again(tmp_path: Path) -> None:
    """Its absence is an empty answer, which arms the alert again, and no problem."""

    async def work() -> None:
        async with estate(tmp_path) as system:
            system.react()
            await ask(system, "put_alert", id="a", expression="G.V('h1/dev:eth7').Has('MTU', 1234).Count()")
            for times in (1, 2):
                await say(system, 1234)
                await until(system, times)
                await system.site(ESTATE).put([Gone(Scope("test", "h1"), (("h1/dev:eth7", ""),))])

                async def healed() -> bool:
                    alert = await armed_as(system)
                    return bool(alert.armed and alert.problem == "")

                await come(healed)

    asyncio.run(work())
