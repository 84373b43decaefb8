"""A full disk: a clear error, nothing half-applied, and on it goes once there is room."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from calipso.errors import StoreError
from calipso.graph.value import FacetChange, Graph
from calipso.model.environment import Environment
from calipso.stores.sqlite import SqliteStore

pytestmark = pytest.mark.live


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", f"ct-store-{os.getpid()}", str(tmp_path)], check=True)
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def tick(store: SqliteStore, graph: Graph, ts: int) -> Graph:
    """A hundred devices say something incompressible."""
    changes = [
        FacetChange(
            f"h1/dev:d{i}", "netlink", store.codec.encode("veth", "s", {"noise": os.urandom(400), "host": "h1"})
        )
        for i in range(100)
    ]
    graph, delta = graph.apply(changes, ts)
    store.append(delta)
    return graph


def fill(store: SqliteStore, graph: Graph, ts: int) -> tuple[Graph, StoreError]:
    """Append until the disk is full."""
    for number in range(1000):
        try:
            graph = tick(store, graph, ts + number)
        except StoreError as error:
            return graph, error
    raise AssertionError("the disk never was full")


def same(graph: Graph, store: SqliteStore) -> bool:
    loaded = store.load()
    return loaded.rev == graph.rev and [(h, graph.attributes(h)) for h in graph.objects()] == [
        (h, loaded.attributes(h)) for h in loaded.objects()
    ]


def test_a_full_disk_is_told_and_outlived(small_disk: Path) -> None:
    path = small_disk / "local.db"
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    store = SqliteStore(path, Environment())
    graph, error = fill(store, store.load(), 10)
    assert str(path) in error.message
    assert "space" in (error.message + error.hint)
    assert "nothing was half-written" in error.hint
    assert same(graph, store)
    assert store.graph(2**40).rev == graph.rev
    with pytest.raises(StoreError):
        store.put_document("scans", "1", {"noise": "x" * 2_000_000})
    with pytest.raises(StoreError):
        store.roll(graph)
    assert store.documents("scans") == {}
    assert same(graph, store)

    ballast.unlink()
    graph = tick(store, graph, 10_000)
    assert same(graph, store)
    store.close()
    store = SqliteStore(path, Environment())
    assert same(graph, store)
    assert len(list(store.changes(0, 10_000))) == graph.rev
    store.close()


def test_a_disk_that_is_full_from_the_start(small_disk: Path) -> None:
    with (small_disk / "ballast").open("wb") as ballast, contextlib.suppress(OSError):
        ballast.write(bytes(4 << 20))
    with pytest.raises(StoreError) as caught:
        SqliteStore(small_disk / "local.db", Environment())
    assert str(small_disk) in caught.value.message
    assert not (small_disk / "local.db").exists()


def test_a_file_size_limit_is_told(tmp_path: Path) -> None:
    """RLIMIT_FSIZE: writes fail with EFBIG instead of ENOSPC."""
    script = (
        "import resource, sys, pathlib\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "from test_disk_full import fill, same, SqliteStore, Environment\n"
        "store = SqliteStore(pathlib.Path(sys.argv[1]), Environment())\n"
        "graph, error = fill(store, store.load(), 10)\n"
        "print(error.message); print(error.hint); print(same(graph, store))\n"
    )
    path = tmp_path / "local.db"
    command = [sys.executable, "-c", script, str(path), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    message, hint, unharmed = done.stdout.splitlines()
    assert str(path) in message
    assert "file size limit" in hint
    assert unharmed == "True"
    store = SqliteStore(path, Environment())
    assert len(store.load()) == 100
    store.close()
