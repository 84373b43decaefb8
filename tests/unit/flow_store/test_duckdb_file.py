"""The file of the flow store: what it survives, what it refuses, and that it stays as it is then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from calipso.errors import Conflict, StoreDamaged, StoreError, StoreTooNew
from calipso.model.flow import Flow, FlowDns, FlowMetric, FlowTcp
from calipso.seams import FlowFilter
from calipso.stores.duckdb import DuckFlowStore

T = 1_700_000_000_000_000


def flow(uuid: str, last: int = T + 5, **said: object) -> Flow:
    return Flow(uuid=uuid, tracking_id="t", l3_tracking_id="", layers_path="", application="", start=T, last=last,
                metric=FlowMetric(1, 60), **said)  # type: ignore[arg-type]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "graphs" / "local.flows.duckdb"


@pytest.mark.parametrize("gather", [1000, 2])
def test_flows_are_there_after_a_restart(path: Path, gather: int) -> None:
    delta = FlowMetric(1, 60, 0, 0, T, T + 5)
    store = DuckFlowStore(path, gather=gather)
    for n in range(5):
        store.add([flow(f"u{n}", last_update=delta)])
    before = store.find(FlowFilter())
    store.close()
    again = DuckFlowStore(path, gather=gather)
    assert again.find(FlowFilter()) == before
    again.add([flow("u4", last=T + 9, last_update=delta)])
    assert again.find(FlowFilter(limit=1))[0].last == T + 9
    assert again.series(FlowFilter(), 60)[0].ab_packets == 5
    again.close()


def test_a_closed_store_says_so(path: Path) -> None:
    store = DuckFlowStore(path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.add([flow("u1")])
    with pytest.raises(StoreError, match="closed"):
        store.find(FlowFilter())
    store.close()


def test_another_process_is_kept_out(path: Path) -> None:
    store = DuckFlowStore(path)
    said = (
        "import sys; from pathlib import Path; from calipso.stores.duckdb import DuckFlowStore\n"
        "from calipso.errors import Conflict\n"
        "try: DuckFlowStore(Path(sys.argv[1]))\n"
        "except Conflict as error: print(error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", said, str(path)], capture_output=True, text=True, check=True)
    store.close()
    assert done.stdout == "Stop it, or go through its API.\n"


@pytest.mark.parametrize("content", [b"", b"DUCK", b"SQLite format 3\0" + bytes(100), bytes(50_000)])
def test_a_file_of_something_else_is_refused_and_stays(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="not a store of Calipso"):
        DuckFlowStore(path)
    assert path.read_bytes() == content


def test_a_duckdb_file_of_another_program_is_refused_and_stays(path: Path) -> None:
    path.parent.mkdir()
    with duckdb.connect(str(path)) as other:
        other.execute("CREATE TABLE numbers AS SELECT 1 AS one")
    content = path.read_bytes()
    with pytest.raises(StoreDamaged, match="another program"):
        DuckFlowStore(path)
    assert path.read_bytes() == content


def test_a_newer_file_is_refused_and_stays(path: Path) -> None:
    DuckFlowStore(path).close()
    with duckdb.connect(str(path)) as newer:
        newer.execute("UPDATE calipso SET version = 99")
    content = path.read_bytes()
    with pytest.raises(StoreTooNew, match="layout is 99"):
        DuckFlowStore(path)
    assert path.read_bytes() == content


def _filled(path: Path) -> bytes:
    store = DuckFlowStore(path, gather=100)
    store.add([flow(f"u{n:05d}") for n in range(5000)])
    store.close()
    return path.read_bytes()


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_file_that_was_cut_is_refused_and_stays(path: Path, share: float) -> None:
    content = _filled(path)[: int(path.stat().st_size * share)]
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="damaged"):
        store = DuckFlowStore(path)
        try:
            store.find(FlowFilter(limit=10_000))
        finally:
            store.close()
    assert path.read_bytes() == content


def test_damage_inside_is_told_by_whoever_meets_it(path: Path) -> None:
    content = bytearray(_filled(path))
    wrong = 0
    for place in range(4096, len(content), 32_768):
        spoilt = bytearray(content)
        spoilt[place : place + 16] = bytes(255 - octet for octet in spoilt[place : place + 16])
        path.write_bytes(spoilt)
        try:
            store = DuckFlowStore(path)
        except StoreDamaged:
            wrong += 1
            continue
        try:
            assert len(store.find(FlowFilter(limit=10_000))) == 5000
        except StoreDamaged:
            wrong += 1
        finally:
            store.close()
    assert wrong


def test_a_folder_that_cannot_be_written_is_told(path: Path) -> None:
    path.parent.write_text("a file where a folder should be")
    with pytest.raises(StoreError):
        DuckFlowStore(path)


def test_two_stores_of_one_file_are_one_too_many(path: Path) -> None:
    store = DuckFlowStore(path)
    with pytest.raises((Conflict, StoreError)):
        DuckFlowStore(path)
    store.close()


def test_a_file_of_before_some_columns_gets_them(path: Path) -> None:
    store = DuckFlowStore(path, gather=1)
    plain, tcp = flow("u1"), flow("u2", tcp=FlowTcp(5))
    store.add([plain, tcp])
    store.close()
    with duckdb.connect(str(path)) as connection:
        for name in ("tcp_ab_packets", "tcp_ba_saw_end", "asked_name", "dns_id", "dns_questions"):
            connection.execute(f"ALTER TABLE flows DROP COLUMN {name}")
    again = DuckFlowStore(path, gather=1)
    assert sorted(again.find(FlowFilter()), key=lambda each: each.uuid) == [plain, tcp]
    named = flow("u3", asked_name="a.example", dns=FlowDns(7, questions="a.example. IN A"))
    again.add([named])
    assert again.find(FlowFilter(match={"asked_name": ("a.example",)})) == [named]
    again.close()
