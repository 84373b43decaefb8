"""What is particular to the SQLite store: the dictionary, interrupted snapshots, ids of ticks thrown away."""

from __future__ import annotations

import random
import string
from pathlib import Path

import pytest

from calipso.errors import StoreError
from calipso.graph.codec import TRAIN_AFTER, ZSTD_MAGIC
from calipso.graph.value import Delta, FacetChange, Graph
from calipso.model.environment import Environment
from calipso.stores.sqlite import SqliteStore, epoch
from calipso.stores.sqlite.store import EPOCH_AGE, EPOCH_ROWS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "local.db"


def opened(path: Path) -> SqliteStore:
    return SqliteStore(path, Environment())


def change(store: SqliteStore, number: int, **more: object) -> FacetChange:
    noise = "".join(random.Random(number).choices(string.ascii_lowercase, k=30))
    said = {"host": "h1", "name": f"d{number}", "ifindex": number + 1, "state": "up", "alias": noise, **more}
    return FacetChange(f"h1/dev:d{number}", "netlink", store.codec.encode("veth", "netlink@h1", said))


def tick(store: SqliteStore, graph: Graph, ts: int, *changes: FacetChange) -> Graph:
    graph, delta = graph.apply(changes, ts)
    store.append(delta)
    return graph


def test_a_dictionary_is_trained_once_and_kept(path: Path) -> None:
    store = opened(path)
    graph = tick(store, store.load(), 10, *(change(store, i) for i in range(TRAIN_AFTER)))
    store._training.wait()
    assert not store.codec.dictionaries, "not before it is durable"
    graph = tick(store, graph, 20, change(store, 0, mtu=1))
    assert len(store.codec.dictionaries) == 1
    packed = change(store, 1, mtu=2)
    assert packed.body is not None
    assert packed.body[0] == ZSTD_MAGIC
    graph = tick(store, graph, 30, packed)
    store.roll(graph)
    store.close()

    again = opened(path)
    assert again.codec.dictionaries.keys() == store.codec.dictionaries.keys()
    loaded = again.load()
    for id, mtu in (("h1/dev:d0", 1), ("h1/dev:d1", 2)):
        head = loaded.resolve(id)
        assert head is not None
        assert loaded.attributes(head)["mtu"] == mtu
    old = again.graph(10)
    assert "mtu" not in old.attributes(old.resolve("h1/dev:d1"))
    again.close()


def test_uniform_facets_train_no_dictionary_and_break_nothing(path: Path) -> None:
    store = opened(path)
    same = [FacetChange(f"x{i}", "f", store.codec.encode("t", "s", {})) for i in range(TRAIN_AFTER + 1)]
    graph = tick(store, store.load(), 10, *same)
    store._training.wait()
    tick(store, graph, 20, change(store, 1))
    store.close()
    opened(path).close()


def test_an_interrupted_snapshot_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened(path)
    graph = tick(store, store.load(), 10, *(change(store, i) for i in range(2000)))

    def fail(*_: object) -> bytes:
        raise StoreError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(epoch.few, "pack", fail)
        with pytest.raises(StoreError, match="disk full"):
            store.roll(graph)
    graph = tick(store, graph, 20, change(store, 5, mtu=9000))
    for at, mtu in ((10, None), (20, 9000)):
        view = store.graph(at)
        assert view.attributes(view.resolve("h1/dev:d5")).get("mtu") == mtu
        assert len(view) == 2000
    store.close()

    store = opened(path)
    with store.database.reading() as reader:
        assert reader.execute("SELECT count(*) FROM snap").fetchone() == (0,)
    graph = store.load()
    assert len(graph) == 2000
    store.roll(graph)
    graph = tick(store, graph, 30, change(store, 5, mtu=1400))
    assert list(store.load().objects()) == list(graph.objects())
    assert store.prune(25) == 2
    view = store.graph(20)
    assert view.attributes(view.resolve("h1/dev:d5"))["mtu"] == 9000
    assert len(view) == 2000
    store.close()


def test_only_changed_chunks_are_written_again(path: Path) -> None:
    store = opened(path)
    graph = tick(store, store.load(), 10, *(change(store, i) for i in range(2000)))
    store.roll(graph)
    graph = tick(store, graph, 20, change(store, 700, mtu=9000))
    store.roll(graph)
    with store.database.reading() as reader:
        written = dict(reader.execute("SELECT epoch, count(*) FROM snap GROUP BY epoch"))
    assert written[1] >= 8
    assert written[2] == 1
    store.close()


def test_ids_of_a_tick_thrown_away_are_kept_with_the_next(path: Path) -> None:
    """An id is given its ordinal once, even by a what-if: the file must know it before anything refers to it."""
    store = opened(path)
    graph = store.load()
    graph.apply([change(store, 1)], 10)  # what if
    tick(store, graph, 20, change(store, 1), change(store, 2))
    store.close()
    store = opened(path)
    assert store.load().resolve("h1/dev:d1") is not None
    assert store.graph(20).resolve("h1/dev:d1") is not None
    store.close()


def test_a_tick_that_fails_leaves_nothing(path: Path) -> None:
    store = opened(path)
    graph = tick(store, store.load(), 10, change(store, 1))
    after, delta = graph.apply([change(store, 2)], 20)
    broken = Delta(20, delta.ids, delta.facets, delta.heads, [("layer2.veth", 0, 1, object())])  # type: ignore[list-item]
    with pytest.raises((StoreError, TypeError)):
        store.append(broken)
    assert store.graph(30).rev == graph.rev
    store.append(delta)
    assert list(store.graph(30).objects()) == list(after.objects())
    store.close()


def test_an_epoch_is_due_by_rows_and_by_age(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened(path)
    assert not store.due(0, EPOCH_AGE * 2), "nothing happened"
    tick(store, store.load(), 10, change(store, 1))
    assert not store.due(1, 20)
    assert store.due(1, EPOCH_AGE + 10)
    store._rev = EPOCH_ROWS
    assert store.due(1, 20)
    assert not store.due(4 * EPOCH_ROWS, 20)
    store.close()


def test_space_of_pruned_epochs_is_given_back(path: Path) -> None:
    store = opened(path)
    graph = store.load()
    for ts in range(1, 30):
        graph = tick(store, graph, ts * 10, *(change(store, i, mtu=ts) for i in range(400)))
    store.roll(graph)
    with store.database.maintaining() as writer:
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = path.stat().st_size
    assert store.retain(age=5, now=graph.ts + 5) == 1
    with store.database.maintaining() as writer:
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert path.stat().st_size < before / 3
    store.close()
