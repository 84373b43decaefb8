"""The operation and the verb: answers for people, programs and drawings, now and then, with what is wrong and where."""

from __future__ import annotations

import asyncio
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import httpx
import networkx
import pytest
from typer.testing import CliRunner

from calipso.cli.main import app
from calipso.errors import QueryError
from calipso.model.moments import rfc3339
from calipso.model.record import Gone, Measured, Scope
from calipso.operations.querying import QueryAnswer
from calipso.runtime.at import now
from calipso.runtime.remote import Remote
from calipso.web.server import Server
from tests.support.system import ESTATE, ask, estate, run

TOKEN = "t" * 40
RUNNER = CliRunner()


def test_objects_links_values_and_paths(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            objects = await ask(system, "query", query="G.V().Has('Name', 'vm-a', 'Host', 'h1')")
            assert objects.kind == "objects" and objects.items[0]["id"] == "h1/netns:vm-a"
            assert objects.items[0]["environment"] == ESTATE and objects.valid is None and not objects.truncated
            links = await ask(system, "query", query="G.V('h1/netns:vm-a').InE()")
            assert links.items == [{"type": "ownership", "source": "h1", "target": "h1/netns:vm-a"}]
            values = await ask(system, "query", query="G.V('h1', 'h2').Values('Name')")
            assert values.items == ["h1", "h2"] and values.kind == "values"
            paths = await ask(system, "query", query="G.V('h1').Out('ownership').Has('Name', 'vm-a').path()")
            assert [each["id"] for each in paths.items[0]] == ["h1", "h1/netns:vm-a"]
            whole = await ask(system, "query", query="G.V().Has('Host', 'h1').SubGraph()")
            assert whole.kind == "graph" and {"kind", "source"} <= {key for item in whole.items for key in item}
            few = await ask(system, "query", query="G.V()", limit=3)
            assert len(few.items) == 3 and few.truncated

    run(work())


def test_metrics_are_those_of_now(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            counters = {"h1/dev:eth0": {"rx_bytes": 5.0}, "h2/dev:eth0": {"rx_bytes": 2.0}}
            await system.site(ESTATE).put([Measured(Scope("test", "h1"), counters)])
            found = await ask(system, "query", query="G.V().Has('Name', 'eth0').Metrics().Sum('rx_bytes')")
            assert found.items == [7.0]
            assert (await ask(system, "query", query="G.V().Metrics()", at="now")).items

    run(work())


def test_history_of_the_server(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            await asyncio.sleep(0.01)
            before = rfc3339(now())
            await asyncio.sleep(0.01)
            gone = Gone(Scope("test", "h1"), (("h1/netns:vm-b", ""),))
            await system.site(ESTATE).put([gone])
            assert (await ask(system, "query", query="G.V().Has('Name', 'vm-b', 'Host', 'h1')")).items == []
            text = f"G.At('{before}').V().Has('Name', 'vm-b', 'Host', 'h1')"
            assert len((await ask(system, "query", query=text)).items) == 1
            asked = await ask(system, "query", query="G.V().Has('Name', 'vm-b', 'Host', 'h1')", at=before)
            assert len(asked.items) == 1
            slice_ = await ask(system, "query", query="G.At(NOW, FOREVER).V().Has('Name', 'vm-b', 'Host', 'h1')")
            assert len(slice_.items) == 1 and slice_.valid[0][0].end != ""
            created = await ask(system, "query", query="G.V('h1').ValueMap('CreatedAt', 'UpdatedAt', 'Revision')")
            assert created.items[0]["CreatedAt"] <= created.items[0]["UpdatedAt"] and created.items[0]["Revision"] >= 1

    run(work())


@pytest.mark.parametrize("form", ["dot", "graphml"])
def test_drawings_hold_objects_and_links(tmp_path: Path, form: str) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            found = await ask(system, "query", query="G.V('h1').Descendants(1)", drawing=form)
            ids = {item["id"] for item in found.items}
            if form == "graphml":
                graph = networkx.parse_graphml(found.drawing)
                assert set(graph.nodes) == ids and graph.nodes["h1"]["kind"] == "host"
                assert ("h1", "h1/netns:vm-a") in {tuple(edge[:2]) for edge in graph.edges}
                assert ElementTree.fromstring(found.drawing).tag.endswith("graphml")
            else:
                assert found.drawing.startswith("digraph calipso {") and all(f'"{id}" [' in found.drawing for id in ids)
                assert '"h1" -> "h1/netns:vm-a" [label="ownership", style=dashed];' in found.drawing
            links = await ask(system, "query", query="G.V('h1').OutE().Limit(2)", drawing=form)
            assert links.drawing.count("ownership") == 2

    run(work())


def test_what_is_wrong_comes_through_the_server_with_its_place(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system, Server(system, TOKEN, "127.0.0.1", 0) as server:
            remote = Remote(server.url, TOKEN)
            found: QueryAnswer = await remote.call("query", query="G.V('h1').Values('Name')", environment=ESTATE)
            assert found.items == ["h1"]
            with pytest.raises(QueryError) as error:
                await remote.call("query", query="G.V().Outt()", environment=ESTATE)
            assert error.value.position == 6 and "did you mean 'Out'?" in error.value.message
            async with httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
                said = {"query": "G.V().Outt()", "environment": ESTATE}
                answer = await client.get(f"{server.url}/api/v1/query", params=said)
                assert answer.status_code == 400 and answer.json()["position"] == 6

    asyncio.run(work())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    async def fill() -> None:
        async with estate(tmp_path):
            pass

    run(fill())
    monkeypatch.setenv("CALIPSO_HOME", str(tmp_path))
    return tmp_path


def calipso(text: str, *words: str) -> tuple[int, str, str]:
    done = RUNNER.invoke(app, ["query", text, "--env", ESTATE, *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_verb(home: Path) -> None:
    code, out, _ = calipso("G.V().Has('Type', 'host')")
    assert code == 0 and "h1" in out and "KIND" in out
    code, out, _ = calipso("G.V().Has('Type', 'host').Values('Name')", "-o", "json")
    assert json.loads(out) == ["h1", "h2"]
    code, out, _ = calipso("G.V().Has('Type', 'host').ValueMap('Name', 'Type')", "-o", "csv")
    assert out.splitlines() == ["Name,Type", "h1,host", "h2,host"]
    code, out, _ = calipso("G.V('h1/netns:vm-a').InE()")
    assert "ownership" in out and "h1/netns:vm-a" in out
    code, out, _ = calipso("G.V('h1').Out('ownership').Has('Name', 'vm-a').path()")
    assert "h1 → h1/netns:vm-a" in out
    code, out, _ = calipso("G.V('h1').Descendants()", "-o", "dot")
    assert out.startswith("digraph")
    code, out, _ = calipso("G.V('h1').Descendants().SubGraph()")
    assert code == 0 and "–ownership→" in out
    code, out, _ = calipso("G.At(NOW, FOREVER).V('h1')")
    assert code == 0 and "VALID" in out
    code, out, _ = calipso("G.At(NOW, FOREVER).V('h1').Values('Name')", "-o", "json")
    assert json.loads(out)[0]["valid"][0]["to"] == ""
    code, _, err = calipso("G.V()", "--limit", "2")
    assert code == 0 and "there is more" in err


def test_the_verb_says_what_is_wrong_and_where(home: Path) -> None:
    code, _, err = calipso("G.V().Outt()")
    assert code == 2 and "did you mean 'Out'?" in err
    lines = err.splitlines()
    place = next(n for n, line in enumerate(lines) if "G.V().Outt()" in line and "unknown" not in line)
    assert lines[place + 1].index("^") == lines[place].index("Outt")
    code, _, err = calipso("G.V().Has('Name', 'nothing')")
    assert code == 1
