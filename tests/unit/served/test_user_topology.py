"""User-defined topology: in the graph like all else, kept up to date by its rules, gone with its history kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from calipso.errors import Conflict, NotFound, ParseError, QueryError
from calipso.model.record import Gone, Record, Scope, Seen
from calipso.operations.fabric import parse_fabric
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from tests.support.system import ESTATE, ask, estate

H1 = Scope("test", "h1")


def with_estate(folder: Path, use: Callable[[System], Awaitable[None]]) -> None:
    async def work() -> None:
        async with estate(folder) as system:
            await use(system)

    asyncio.run(work())


async def found(system: System, query: str) -> list[Any]:
    return list((await ask(system, "query", query=query)).items)


def device(name: str, mtu: int) -> Seen:
    return Seen(H1, (Record(f"h1/dev:{name}", "netlink", "veth", {"host": "h1", "name": name, "mtu": mtu}),))


def test_a_node_and_its_edges(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        said = {"Name": "tor1", "Type": "switch", "Rack": {"Row": 7}, "MTU": 9000, "IPV4": ["192.0.2.9/24"]}
        await ask(system, "put_user_node", id="TOR1", metadata=said)
        await ask(system, "put_user_edge", parent="TOR1", child="h1/dev:eth0", metadata={"RelationType": "layer2"})
        await ask(system, "put_user_edge", parent="h1", child="TOR1", metadata={"RelationType": "ownership"})
        wire = {"RelationType": "power", "Feed": "A"}
        edge = await ask(system, "put_user_edge", parent="TOR1", child="h2", metadata=wire)
        (node,) = await found(system, "G.V().Has('Rack.Row', 7, 'MTU', 9000, 'IPV4', '192.0.2.9/24')")
        assert (node["id"], node["kind"], node["parent"]) == ("user:TOR1", "switch", "h1")
        assert [each["id"] for each in await found(system, "G.V('user:TOR1').Out('RelationType', 'layer2')")] == [
            "h1/dev:eth0"
        ]
        assert "user:TOR1" in [each["id"] for each in await found(system, "G.V('h1').Descendants()")]
        assert len(await found(system, "G.E().Has('RelationType', 'power', 'Feed', 'A')")) == 1
        assert await found(system, f"G.E().Has('ID', '{edge.id}').OutV().Values('Name')") == ["h2"]
        then = (await ask(system, "query", query="G.V()")).freshness.as_of
        await ask(system, "remove_user_topology", what="nodes", id="TOR1")
        assert await found(system, "G.V().Has('Name', 'tor1')") == []
        assert await found(system, "G.E().Has('Feed', 'A')") == []
        await asyncio.sleep(0.002)
        assert (await ask(system, "query", query="G.V('user:TOR1').Values('Name')", at=then)).items == ["tor1"]

    with_estate(tmp_path, use)


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        node = {"Name": "a", "Type": "switch"}
        await ask(system, "put_user_node", id="a", metadata=node)
        with pytest.raises(Conflict):
            await ask(system, "put_user_node", id="a", metadata=node, create=True)
        for wrong in ({"Name": "a"}, {"Type": "b"}, {"Name": 7, "Type": "b"}, {"Name": "n", "Type": "netns"}):
            with pytest.raises(QueryError):
                await ask(system, "put_user_node", metadata=wrong)
        with pytest.raises(NotFound):
            await ask(system, "put_user_edge", parent="a", child="nowhere", metadata={"RelationType": "layer2"})
        with pytest.raises(QueryError):
            await ask(system, "put_user_edge", parent="a", child="h1", metadata={})
        with pytest.raises(QueryError):
            await ask(system, "put_node_rule", query="G.E()", metadata={"a": 1})
        with pytest.raises(NotFound):
            await ask(system, "remove_user_topology", what="edges", id="b")

    with_estate(tmp_path, use)


def test_two_nodes_cannot_own_each_other(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        for name in ("a", "b"):
            await ask(system, "put_user_node", id=name, metadata={"Name": name, "Type": "switch"})
        for number, (parent, child) in enumerate((("a", "b"), ("b", "a"))):
            owns = {"RelationType": "ownership"}
            await ask(system, "put_user_edge", id=str(number), parent=parent, child=child, metadata=owns)
        (one,), (other,) = [await found(system, f"G.V('user:{name}')") for name in ("a", "b")]
        assert (one.get("parent", ""), other.get("parent", "")) == ("", "user:a")
        assert len(await found(system, "G.E().Has('RelationType', 'ownership').Has('ID', Within('0', '1'))")) == 2

    with_estate(tmp_path, use)


def test_rules_follow_the_graph_and_leave_no_ghosts(tmp_path: Path) -> None:
    async def until(system: System, query: str, many: int) -> None:
        for _ in range(400):
            if len(await found(system, query)) == many:
                return
            await asyncio.sleep(0.05)
        assert len(await found(system, query)) == many

    async def use(system: System) -> None:
        system.react()
        site = system.site(ESTATE)
        await ask(system, "put_node_rule", query="G.V().Has('MTU', 1234)", metadata={"Team": "blue", "Name": "no"})
        await ask(system, "put_node_rule", action="create", metadata={"Name": "hub", "Type": "switch"})
        layer2 = {"RelationType": "layer2"}
        await ask(system, "put_edge_rule", source="G.V().Has('Name', 'hub')", target="G.V().Has('Team', 'blue')",
                  metadata=layer2)  # fmt: skip
        await site.put([device("eth7", 1234), device("eth8", 1234)])
        await until(system, "G.V().Has('Team', 'blue')", 2)
        await until(system, "G.V().Has('Name', 'hub').Out('RelationType', 'layer2')", 2)
        assert sorted(await found(system, "G.V().Has('Team', 'blue').Values('Name')")) == ["eth7", "eth8"]
        await site.put([Gone(H1, (("h1/dev:eth7", ""),)), device("eth8", 1500)])
        await until(system, "G.V().Has('Team', 'blue')", 0)
        await until(system, "G.V().Has('Name', 'hub').Out('RelationType', 'layer2')", 0)
        await until(system, "G.V('h1').Out().Has('Name', 'eth7')", 0)

    with_estate(tmp_path, use)


def test_fabric_text_is_cabled_to_the_devices_of_hosts(tmp_path: Path) -> None:
    text = "TOR1[Name=tor1] -> [Colour=red] PORT1[MTU=9000]\n# a remark\n\nPORT1 --> *[Type=host]/eth0\nPORT1 --> h1/no"

    async def use(system: System) -> None:
        done = await ask(system, "import_user_topology", text=text)
        assert done.fabric == 3
        assert await found(system, "G.V().Has('Name', 'tor1').Out('RelationType', 'ownership').Values('MTU')") == [9000]
        assert len(await found(system, "G.E().Has('Colour', 'red')")) == 1
        ends = await found(system, "G.V().Has('Name', 'PORT1').Out('RelationType', 'layer2', 'Type', 'fabric')")
        assert not ends  # of the object reached: a veth, where the link has a Type of its own
        ends = await found(system, "G.V().Has('Name', 'PORT1').OutE().Has('Type', 'fabric').OutV().Values('Host')")
        assert sorted(ends) == ["h1", "h2"]
        assert sorted(await found(system, "G.V().Has('Probe', 'fabric').Values('Name')")) == ["PORT1", "tor1"]

    with_estate(tmp_path, use)


@pytest.mark.parametrize("line", ["A", "A -> ", "-> B", "A -> [x] B", "A - B", "A -> *", "A[x=1 -> B", "A -> B C"])
def test_fabric_text_that_is_wrong_is_told_with_its_line(line: str) -> None:
    with pytest.raises(ParseError) as told:
        parse_fabric(line, 3)
    assert "3" in str(told.value)


def test_exported_is_imported_the_same_elsewhere_and_survives_a_restart(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path / "one") as system:
            await ask(system, "put_user_node", id="a", metadata={"Name": "a", "Type": "switch"})
            await ask(system, "put_user_edge", id="e", parent="a", child="h1", metadata={"RelationType": "layer2"})
            await ask(system, "put_node_rule", id="r", query="G.V().Has('Type', 'netns')", metadata={"Team": "x"})
            await ask(system, "import_user_topology", text="A -> B")
            text = (await ask(system, "export_user_topology")).text
        async with opened(Home(tmp_path / "one")) as system:
            assert len(await found(system, "G.V().Has('Team', 'x')")) == 6
        async with estate(tmp_path / "two") as system:
            await ask(system, "put_user_node", id="old", metadata={"Name": "old", "Type": "switch"})
            await ask(system, "import_user_topology", text=text, replace=True)
            assert (await ask(system, "export_user_topology")).text == text
            assert len(await found(system, "G.V().Has('Team', 'x')")) == 6
            assert await found(system, "G.V().Has('Name', 'old')") == []
            with pytest.raises(ParseError):
                await ask(system, "import_user_topology", text="nodes: [{id: 1}]")

    asyncio.run(work())
