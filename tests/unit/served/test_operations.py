"""What users ask: objects, trees, cliques, histories, differences; exports that come back whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from calipso.errors import NotFound, ParseError, QueryError
from calipso.model.record import Record, RunEnded, RunError, Scope, Seen
from calipso.operations.topology import Branch
from tests.support.system import ask, estate, run


def test_objects_by_kind_type_interface_id_alias_and_name(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            vnics = await ask(system, "get_objects", kind="vnic")
            assert {item.kind for item in vnics.items} == {"vnic"} and len(vnics.items) == 6
            interfaces = await ask(system, "get_objects", kind="interface")
            assert {"h1/dev:eth0", "h1/ovs/interface:vx10"} <= {item.id for item in interfaces.items}
            assert {item.type for item in (await ask(system, "get_objects", kind="bridge")).items} == {"bridge"}
            (alias,) = (await ask(system, "get_objects", id="h1/ovs/interface:vha", facets=True)).items
            assert alias.id == "h1/dev:vha" and set(alias.facets) == {"netlink", "ovs"}
            assert alias.aliases == ["h1/ovs/interface:vha"] and alias.valid_from is not None
            named = await ask(system, "get_objects", id="vm-a", host="h2")
            assert [item.id for item in named.items] == ["h2/netns:vm-a"]

    run(work())


def test_pages_hold_everything_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            whole = [item.id for item in (await ask(system, "get_objects")).items]
            paged, after = [], ""
            for _ in range(100):
                page = await ask(system, "get_objects", limit=7, cursor=after)
                assert page.total == len(whole)
                paged += [item.id for item in page.items]
                after = page.next
                if not after:
                    break
            assert paged == whole == sorted(set(whole))

    run(work())


@pytest.mark.parametrize(
    ("asked", "hint"),
    [({"kind": "vnci"}, "vnic"), ({"id": "h1/dev:eth1"}, "eth"), ({"kind": "vnic", "id": "br-b"}, "")],
)
def test_what_is_not_there_is_said_with_the_nearest(tmp_path: Path, asked: dict[str, str], hint: str) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            with pytest.raises(NotFound) as error:
                await ask(system, "get_objects", **asked)
            assert hint in error.value.hint

    run(work())


def test_the_tree_holds_every_object_once(tmp_path: Path) -> None:
    def ids(branch: Branch) -> list[str]:
        return [branch.id, *(id for child in branch.children for id in ids(child))]

    async def work() -> None:
        async with estate(tmp_path) as system:
            found = ids((await ask(system, "get_tree")).root)[1:]
            assert sorted(found) == [item.id for item in (await ask(system, "get_objects")).items]
            top = (await ask(system, "get_tree", depth=1)).root
            h1 = next(child for child in top.children if child.id == "h1")
            assert not h1.children and h1.hidden == sum(id.startswith("h1/") for id in found)

    run(work())


def test_a_clique_tells_states_ways_and_staleness(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            clique = await ask(system, "get_clique", id="h1/netns:vm-b")
            assert {node.kind for node in clique.objects} == {
                "instance", "vnic", "vconnector", "vedge", "otep", "host_pnic", "network",
            }  # fmt: skip
            way = next(link for link in clique.links if link.type == "vconnector-vedge")
            assert way.through[0] == "h1/dev:pb" and way.state == "up"
            scope = Scope("test", "h1")
            down = Record("h1/dev:pb", "netlink", "veth", _attributes(system, "h1/dev:pb") | {"state": "down"})
            await system.site("estate").put([Seen(scope, (down,))])
            links = (await ask(system, "get_clique", id="h1/netns:vm-b")).links
            assert [link.state for link in links if link.type == "vconnector-vedge"] == ["down"]
            await system.site("estate").put([RunEnded(scope, "failed", (RunError("link", "no answer"),))])
            stale = await ask(system, "get_clique", id="h1/netns:vm-b")
            assert stale.freshness.stale == ["test@h1"]
            assert {link.state for link in stale.links} == {"down", "unknown"}
            with pytest.raises(NotFound, match="no clique type"):
                await ask(system, "get_clique", id="h1/netns:vm-b", type="nonsense")

    run(work())


def _attributes(system: object, id: str) -> dict[str, object]:
    graph = system.site("estate").graph()  # type: ignore[attr-defined]
    return dict(graph.attributes(graph.resolve(id)))


def test_history_and_difference_of_what_came_changed_and_went(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            site, scope = system.site("estate"), Scope("test", "h1", "more")
            before = site.graph().ts
            for mtu in (1500, 1400):
                record = Record("h1/dev:zz9", "netlink", "tun", {"name": "zz9", "host": "h1", "mtu": mtu})
                first, _ = site.graph().ts, await site.put([Seen(scope, (record,))])
            between = site.graph().ts
            await site.put([RunEnded(scope, "completed")])
            from calipso.model.record import Gone

            await site.put([Gone(scope, (("h1/dev:zz9", ""),))])
            for word in ("h1/dev:zz9", "zz9"):
                history = await ask(system, "get_history", id=word)
                assert not history.alive and history.id == "h1/dev:zz9"
                told = [event.op for event in history.events if event.op in ("appeared", "vanished")]
                assert told == ["appeared", "vanished"]
                fields = [field for event in history.events for field in event.fields if field.name == "mtu"]
                assert (1500, 1400) in [(field.old, field.new) for field in fields]
            whole = (await ask(system, "get_history", id="h1/dev:zz9")).events
            paged, after = [], ""
            while True:
                some = await ask(system, "get_history", id="h1/dev:zz9", limit=1, cursor=after)
                paged, after = [*paged, *some.events], some.next
                if not after:
                    break
            assert paged == whole and len(whole) > 2
            history = await ask(system, "get_history", id="h1/dev:zz9", since=_text(first))
            assert [event.op for event in history.events] == ["changed", "unlinked", "vanished"], "it was there before"
            assert [(f.name, f.old, f.new) for f in history.events[0].fields] == [("mtu", 1500, 1400)]
            diff = await ask(system, "get_diff", start=_text(before), end=_text(between))
            assert [(each.op, each.id) for each in diff.objects] == [("added", "h1/dev:zz9")]
            then = await ask(system, "get_objects", id="h1/dev:zz9", at=_text(between))
            assert then.items[0].attributes["mtu"] == 1400
            with pytest.raises(QueryError, match="backwards"):
                await ask(system, "get_diff", start="now", end="-1h")

    run(work())


def _text(ts: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ts / 1e6, UTC).isoformat()


def test_an_export_comes_back_whole_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            lines = (await ask(system, "export")).lines
            for cut in (lines[:-1], [*lines[:5], lines[5][:20]], ["{}"], []):
                with pytest.raises(ParseError):
                    await ask(system, "import", lines=cut, environment="local")
            assert len(system.site("local").graph()) == 0, "nothing is taken over of a damaged export"
            await ask(system, "import", lines=lines, environment="local")
            mine = {item.id for item in (await ask(system, "get_objects")).items}
            assert mine == {item.id for item in (await ask(system, "get_objects", environment="local")).items}
            again = (await ask(system, "export", environment="local")).lines
            assert again[1:] == lines[1:]

    run(work())


def test_sources_show_what_failed_in_words(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            failed = RunEnded(Scope("test", "h1"), "failed", (RunError("link", "no answer"),))
            await system.site("estate").put([failed])
            scopes = {each.scope: each for each in (await ask(system, "get_sources")).items}
            assert scopes["test@h1"].stale and scopes["test@h1"].errors[0].message == "no answer"
            assert not scopes["test@h2"].stale
            assert len((await ask(system, "get_objects", host="h1")).items) > 20, "a failed run removes nothing"

    run(work())
