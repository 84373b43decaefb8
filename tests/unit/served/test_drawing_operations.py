"""What the web UI is drawn from: the whole picture by places, changes over time, search, the words of the model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from calipso.errors import QueryError
from calipso.model.record import Record, RunBegan, RunEnded, Scope, Seen
from calipso.operations.searching import read_as
from calipso.runtime.system import System
from tests.support.system import ESTATE, ask, estate

EXTRA = Scope("test", "h9")


def on(folder: Path, use: Callable[[System], Awaitable[None]]) -> None:
    async def work() -> None:
        async with estate(folder) as system:
            await use(system)

    asyncio.run(work())


def test_a_map_holds_every_object_and_every_link_by_its_place(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        drawn = await ask(system, "get_map")
        objects = await ask(system, "get_objects")
        links = await ask(system, "get_links")
        assert [each.id for each in drawn.objects] == [each.id for each in objects.items]
        ids = [each.id for each in drawn.objects]
        found = {(drawn.link_types[link.type], ids[link.source], ids[link.target]) for link in drawn.links}
        assert found == {(each.type, each.source, each.target) for each in links.items if each.type != "ownership"}
        inside = {ids[each.parent] for each in drawn.objects if each.id == "h1/netns:vm-a/dev:eth0"}
        assert inside == {"h1/netns:vm-a"}
        host = next(each for each in drawn.objects if each.id == "h1")
        assert host.parent == -1

    on(tmp_path, use)


def test_a_map_of_a_moment_is_as_it_was(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        before = await ask(system, "get_map")
        await asyncio.sleep(0.01)
        record = Record("h9", "linux", "host", {"name": "h9", "host": "h9"})
        await system.site(ESTATE).put([RunBegan(EXTRA), Seen(EXTRA, (record,)), RunEnded(EXTRA, "completed")])
        after = await ask(system, "get_map")
        past = await ask(system, "get_map", at=before.freshness.as_of.replace("Z", "+00:00"))
        assert "h9" in {each.id for each in after.objects}
        assert "h9" not in {each.id for each in past.objects}

    on(tmp_path, use)


def test_a_map_tells_states_and_notes_as_they_are_now(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        for state, ip in (("up", "192.0.2.7"), ("down", "192.0.2.8"), ("down", "192.0.2.8")):
            said = {"name": "x0", "host": "h9", "netns": "h9", "ifindex": 9, "state": state, "ips": [ip]}
            await system.site(ESTATE).put([Seen(EXTRA, (Record("h9/dev:x0", "netlink", "device", said),))])
            drawn = await ask(system, "get_map")
            assert [(each.state, each.note) for each in drawn.objects if each.id == "h9/dev:x0"] == [(state, ip)]

    on(tmp_path, use)


def test_the_density_counts_every_change_once(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        store = system.site(ESTATE).store
        told = await ask(system, "get_density", start="-1h", bins=60)
        assert len(told.counts) == 60
        assert sum(told.counts) == len(list(store.changes(store.begins, 2**62)))
        assert told.revision == store.revision(2**62)
        with pytest.raises(QueryError):
            await ask(system, "get_density", start="now", end="-1h")

    on(tmp_path, use)


def test_search_finds_by_name_address_and_mac_also_what_is_gone(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        site = system.site(ESTATE)
        record = Record(
            "h9/dev:lost0", "netlink", "device", {"name": "lost0", "host": "h9", "mac": "02:00:00:00:99:01"}
        )
        await site.put([RunBegan(EXTRA), Seen(EXTRA, (record,)), RunEnded(EXTRA, "completed")])
        site.store.index_text(site.graph())
        await site.put([RunBegan(EXTRA), RunEnded(EXTRA, "completed")])
        site.store.index_text(site.graph())
        by_name = await ask(system, "search", text="vm-a")
        assert by_name.hits[0].id == "h1/netns:vm-a" and by_name.read_as == "name"
        gone = await ask(system, "search", text="02:00:00:00:99")
        assert [(hit.id, hit.until != "") for hit in gone.hits] == [("h9/dev:lost0", True)]
        assert gone.read_as == "mac" and gone.total == 0
        assert (await ask(system, "search", text="  ")).hits == []
        only = await ask(system, "search", text="vm-", kind="instance")
        assert {hit.kind for hit in only.hits} == {"instance"}

    on(tmp_path, use)


def test_what_was_just_seen_is_found_by_its_name_and_addresses_before_texts_are_indexed(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        said = {"name": "new0", "host": "h9", "mac": "02:00:00:00:98:0a", "ips": ["192.0.2.98", "2001:db8::98"]}
        await system.site(ESTATE).put([Seen(EXTRA, (Record("h9/dev:new0", "netlink", "device", said),))])
        for text in ("new0", "192.0.2.98", "2001:DB8::98", "02:00:00:00:98:0A"):
            assert [hit.id for hit in (await ask(system, "search", text=text)).hits] == ["h9/dev:new0"]

    on(tmp_path, use)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("G.V()", "query"), ("10.20.0.11", "address"), ("fe80::1", "address"), ("10.20.0.", "address_prefix"),
        ("10.0.0.0/8", "address_prefix"), ("fa:16:3e", "mac"), ("6f1c2e0a-93b7-4d11", "id"), ("h1/dev:eth0", "id"),
        ("web-1", "name"), ("", "name"),
    ],
)  # fmt: skip
def test_a_text_is_read_as_what_it_looks_like(text: str, kind: str) -> None:
    assert read_as(text) == kind


def test_the_model_names_every_kind_and_what_is_shown_of_it(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        model = await ask(system, "get_model")
        kinds = {each.name for each in model.kinds}
        drawn = await ask(system, "get_map")
        assert {each.kind for each in drawn.objects} <= kinds and set(model.hover) <= kinds
        assert set(drawn.link_types) <= {each.name for each in model.link_types}
        assert "instance" in {each.focal_kind for each in model.clique_types}

    on(tmp_path, use)


def test_the_model_tells_what_users_added_and_what_takes_it_back(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        first = await ask(system, "get_model")
        declared = {each.focal_kind: each for each in first.constraints}
        assert not any(each.added for each in first.constraints)
        assert not any(each.origin == "added" for each in first.clique_types)
        said = {"name": "nics", "focal_point_type": "instance", "link_types": ("instance-vnic",)}
        made = await ask(system, "add_clique_type", **said)
        await ask(system, "add_clique_constraint", focal_point_type="instance", constraints=())
        changed = await ask(system, "get_model")
        assert [each.id for each in changed.clique_types if each.origin == "added"] == [made.id]
        (kept,) = (each for each in changed.constraints if each.focal_kind == "instance")
        assert kept.added and kept.keeps_to == []
        for id in (made.id, kept.id):
            await ask(system, "remove_added", id=id)
        again = await ask(system, "get_model")
        assert {each.focal_kind: each for each in again.constraints} == declared
        assert again.clique_types == first.clique_types

    on(tmp_path, use)
