"""`connect()`: the same rows embedded and from a server; data frames; nothing said in a notebook runs there."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import calipso
from calipso.errors import ConfigError, Conflict, NotFound, QueryError
from calipso.operations.answers import Freshness
from calipso.runtime.lock import WriterLock
from calipso.sdk import Connection, Rows
from calipso.web.server import Server
from tests.support.system import ESTATE, estate

TOKEN = "t" * 40
FRESH = Freshness("2026-01-31T14:05:00.000Z", 7)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("home")

    async def fill() -> None:
        async with estate(path):
            pass

    asyncio.run(fill())
    return path


@pytest.fixture(params=["embedded", "server"])
def here(request: pytest.FixtureRequest, folder: Path) -> Iterator[Connection]:
    if request.param == "embedded":
        with calipso.connect(folder, environment=ESTATE) as connection:
            yield connection
        return
    loop, stop, urls, ready = asyncio.new_event_loop(), asyncio.Event(), list[str](), threading.Event()

    async def serve() -> None:
        async with estate(folder) as system, Server(system, TOKEN, "127.0.0.1", 0) as server:
            urls.append(server.url)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    with calipso.connect(urls[0], TOKEN, environment=ESTATE) as connection:
        yield connection
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)
    loop.close()


def test_rows_are_the_same_wherever_they_come_from(here: Connection) -> None:
    vnics = here.objects("vnic", host="h1")
    assert {row["kind"] for row in vnics} == {"vnic"} and vnics[0]["attributes"]["host"] == "h1"
    assert len(here.objects("vnic", limit=1)) == 1 and here.objects(id="h1")[0]["name"] == "h1"
    assert {row["type"] for row in here.links("h1/netns:vm-a", type="ownership")} == {"ownership"}
    assert here.gremlin("G.V().Has('Type', 'netns').Values('Name').Dedup()").column("value") == [
        "vm-a", "vm-b", "router-r"
    ]  # fmt: skip
    assert here.gremlin("G.V('h1').valueMap('Name', 'Type')")[0] == {"Name": "h1", "Type": "host"}
    assert here.gremlin("G.At(NOW, FOREVER).V('h1')")[0]["valid"][0].keys() >= {"from"}
    counted = here.sql("SELECT host, count(*) AS n, host FROM objects WHERE type = 'veth' GROUP BY 1")
    assert list(counted) == [{"host": "h1", "n": 7, "host_2": "h1"}, {"host": "h2", "n": 7, "host_2": "h2"}]
    assert here.history("h1/netns:vm-a")[0]["op"] == "appeared"
    assert here.call("get_tree", depth=1).root.children
    with pytest.raises(QueryError) as caught:
        here.sql("SELECT kinnd FROM objects")
    assert caught.value.position == 7
    with pytest.raises(NotFound):
        here.objects("nothing")


def test_an_embedded_connection_is_the_one_writer_and_lets_go(folder: Path) -> None:
    connection = calipso.connect(str(folder), environment=ESTATE)
    with pytest.raises(Conflict):
        WriterLock(folder / "lock", folder / "server.json")
    connection.close()
    connection.close()
    with pytest.raises(ConfigError, match="closed"):
        connection.objects()
    WriterLock(folder / "lock", folder / "server.json").release()
    with pytest.raises(NotFound):
        calipso.connect(folder, environment="nowhere")
    WriterLock(folder / "lock", folder / "server.json").release()


def test_what_cannot_be_connected_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALIPSO_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="token"):
        calipso.connect("http://127.0.0.1:1")
    with pytest.raises(ConfigError, match="no folder"):
        calipso.connect(tmp_path / "nothing")
    with pytest.raises(AttributeError):
        calipso.connekt  # type: ignore[attr-defined]  # noqa: B018


def rows(items: list[dict[str, Any]], *columns: str) -> Rows:
    return Rows(columns, items, kind="objects", freshness=FRESH)


MIXED = [
    {"a": 1, "b": "x", "c": ["p", "q"], "d": {"k": 1}, "e": True, "f": 2**70, "g": 1},
    {"a": None, "b": None, "c": None, "d": None, "e": None, "f": 1, "g": "y"},
    {"a": 3, "c": [], "d": [1], "e": False, "f": 2.5},
]


def test_data_frames_of_any_library() -> None:
    found = rows(MIXED, "a", "b", "c", "d", "e", "f", "g")
    frame = found.to_pandas()
    assert list(frame.columns) == found.columns and len(frame) == 3 and frame["d"][0] == {"k": 1}
    table = found.to_arrow().to_pydict()
    assert table["a"] == [1, None, 3] and table["c"] == [["p", "q"], None, []] and table["e"] == [True, None, False]
    assert table["d"] == ['{"k": 1}', None, "[1]"] and table["g"] == ["1", "y", None] and table["f"][2] == 2.5
    assert found.to_polars().to_dict(as_series=False) == table
    empty = rows([], "a", "b")
    for made in (empty.to_pandas(), empty.to_polars(), empty.to_arrow()):
        assert tuple(made.shape) == (0, 2)


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pandas", "polars", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    found = rows(MIXED, "a")
    for convert, name in ((found.to_pandas, "pandas"), (found.to_polars, "polars"), (found.to_arrow, "pyarrow")):
        with pytest.raises(ConfigError, match=f"{name} is not installed") as caught:
            convert()
        assert "pip install" in caught.value.hint


def test_attributes_as_columns() -> None:
    found = rows(
        [{"id": "x", "name": "n", "attributes": {"name": "m", "mtu": 1}}, {"id": "y"}], "id", "name", "attributes"
    )
    flat = found.flat()
    assert flat.columns == ["id", "name", "attributes.name", "mtu"]
    assert flat[0] == {"id": "x", "name": "n", "attributes.name": "m", "mtu": 1} and flat[1] == {"id": "y"}


def test_what_is_shown_in_a_notebook_is_text() -> None:
    evil = "<script>alert(1)</script>&\"'"
    found = rows([{"id": evil, "b": {evil: [evil]}, "none": None}] * 60, "id", "b", "none", evil)
    text = found._repr_html_()
    assert "<script" not in text and "&lt;script&gt;" in text and ">none<" not in text
    assert "60 objects" in text and "first 50" in text and text.count("<tr>") == 51
    stale = Rows(["a"], [], kind=evil, freshness=Freshness("t", 1, [evil]), truncated=True)
    assert "<script" not in stale._repr_html_() and "out of date" in stale._repr_html_()
    assert repr(stale).startswith("<0 ") and rows([{"a": "x" * 500}], "a")._repr_html_().count("x") < 250
