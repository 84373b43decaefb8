"""What is opened, and what is refused and left as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from calipso.errors import Conflict, StoreDamaged, StoreError, StoreTooNew
from calipso.graph.value import FacetChange, Graph
from calipso.model.environment import Environment
from calipso.stores.sqlite import SqliteStore, places, schema


def opened(path: Path) -> SqliteStore:
    return SqliteStore(path, Environment())


def tick(store: SqliteStore, graph: Graph, ts: int, count: int = 50) -> Graph:
    encode = store.codec.encode
    changes = [
        FacetChange(f"h1/dev:d{i}", "netlink", encode("veth", "s", {"host": "h1", "name": f"d{i}", "mtu": ts}))
        for i in range(count)
    ]
    graph, delta = graph.apply(changes, ts)
    store.append(delta)
    return graph


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A closed store with a snapshot and a log after it."""
    path = tmp_path / "local.db"
    store = opened(path)
    graph = tick(store, store.load(), 10)
    store.roll(graph)
    tick(store, graph, 20)
    store.close()
    return path


def test_a_missing_file_and_folder_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "local.db"
    store = opened(path)
    assert len(store.load()) == 0
    store.close()
    assert path.exists()
    assert not path.with_name("local.db.new").exists()


def test_a_draft_left_by_a_kill_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "local.db.new").write_bytes(b"half")
    opened(tmp_path / "local.db").close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a Calipso store"),
        (b"hello, this is my shopping list\n" * 10, "not a Calipso store"),
        (b"SQLite format 3\0" + bytes(20), "not a Calipso store"),
        (b"SQLite format 3\0" + bytes(4080), "another program"),
    ],
)
def test_what_is_not_a_store_is_refused_and_left(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "local.db"
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match=says) as caught:
        opened(path)
    assert str(path) in str(caught.value)
    assert "left as it is" in caught.value.hint
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="another program"):
        opened(path)
    assert path.read_bytes() == before


def test_a_newer_version_is_refused(filled: Path) -> None:
    with sqlite3.connect(filled) as newer:
        newer.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    newer.close()
    before = filled.read_bytes()
    with pytest.raises(StoreTooNew, match="newer version") as caught:
        opened(filled)
    assert "left as it is" in caught.value.hint
    assert filled.read_bytes() == before


def test_an_older_version_is_migrated(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    monkeypatch.setattr(
        schema, "MIGRATIONS", {schema.VERSION - 1: ("CREATE TABLE extra (x)", "INSERT INTO extra VALUES (7)")}
    )
    store = opened(filled)
    assert len(store.load()) == 50
    with store.database.reading() as reader:
        assert reader.execute("SELECT x FROM extra").fetchall() == [(7,)]
        assert reader.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    store.close()
    opened(filled).close()


def test_a_migration_that_fails_leaves_the_old_version(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(schema, "VERSION", schema.VERSION + 1)
        newer.setattr(schema, "MIGRATIONS", {schema.VERSION - 1: ("CREATE TABLE extra (x)", "no such statement")})
        with pytest.raises(StoreError):
            opened(filled)
    store = opened(filled)
    with store.database.reading() as reader:
        assert reader.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)
    store.close()


@pytest.mark.parametrize("keep", [100, 4096, 0.5, 0.99])
def test_a_cut_file_is_refused(filled: Path, keep: float) -> None:
    whole = filled.read_bytes()
    cut = whole[: int(keep if keep >= 1 else len(whole) * keep)]
    filled.write_bytes(cut)
    with pytest.raises(StoreDamaged):
        opened(filled)
    assert filled.read_bytes() == cut


def test_overwritten_pages_are_refused_or_noticed(filled: Path) -> None:
    """Wherever a page is overwritten, nothing wrong is shown: opening or reading says that the file is damaged."""
    whole = filled.read_bytes()
    expected = None
    for page in range(1, len(whole) // 4096):
        broken = whole[: page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096 :]
        filled.write_bytes(broken)
        try:
            store = opened(filled)
        except StoreDamaged:
            assert filled.read_bytes() == broken
            continue
        try:  # pages that are free, or hold what nobody asked for
            graph = store.load()
            shown = [(head, graph.attributes(head)) for head in graph.objects()]
            expected = expected or shown
            assert shown == expected
        except StoreDamaged:
            pass
        finally:
            store.close()


def test_a_missing_table_is_refused(filled: Path) -> None:
    with sqlite3.connect(filled) as other:
        other.execute("DROP TABLE log_1")
    other.close()
    with pytest.raises(StoreDamaged, match="log_1 is missing"):
        opened(filled)


def test_two_writers_are_one_too_many(tmp_path: Path) -> None:
    first = opened(tmp_path / "local.db")
    with pytest.raises(Conflict, match="another process") as caught:
        opened(tmp_path / "local.db")
    assert "API" in caught.value.hint
    first.close()
    opened(tmp_path / "local.db").close()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        opened(tmp_path)


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = opened(tmp_path / "local.db")
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.graph(1)


def test_a_file_of_the_first_version_gets_what_came_since(filled: Path) -> None:
    with sqlite3.connect(filled) as older:
        older.execute("DROP TABLE run")
        older.execute("DROP TABLE place")
        older.execute("PRAGMA user_version = 1")
    older.close()
    store = opened(filled)
    assert len(store.load()) == 50 and store.runs(0, 2**62) == []
    store.close()


def test_of_a_file_that_kept_no_places_keys_are_found_anew_until_its_next_snapshot(filled: Path) -> None:
    def loads_what_is_there() -> None:
        loaded = opened_again.load()
        assert {where: set(ords) for where, ords in loaded.index.items()} == {
            where: set(ords) for where, ords in graph.index.items()
        }

    with sqlite3.connect(filled) as older:
        older.execute("DROP TABLE place")
        older.execute("PRAGMA user_version = 2")
    older.close()
    opened_again = opened(filled)
    graph = tick(opened_again, opened_again.load(), 25)
    loads_what_is_there()
    with opened_again.database.reading() as reader:
        assert places.since(reader, 0) is None
    opened_again.roll(graph)
    began = graph.rev
    graph = tick(opened_again, graph, 30)
    with opened_again.database.reading() as reader:
        assert places.since(reader, began) is not None
    loads_what_is_there()
    opened_again.close()
