"""The embedded store of flows: ingest in small batches beside questions, questions about a time, bytes a row.

    python bench/flowstore.py [ROWS] [FOLDER] [SECONDS]

Prints one JSON line for each figure. Ingest goes through `add`. The large store is filled by SQL with rows of the same
make, spread over 30 days, each with a delta; it is kept in FOLDER, when one is named, and used again.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from calipso.model.flow import Flow, FlowLink, FlowMetric, FlowNetwork, FlowTcp, FlowTransport
from calipso.seams import FlowFilter
from calipso.stores.duckdb import DuckFlowStore
from calipso.stores.flow_sql.columns import COLUMNS, Column

S = 1_000_000
T = 1_700_000_000 * S
DAYS = 30
BATCH = 1000
DICE = random.Random(1)


def show(figure: str, value: float, unit: str, limit: float | None = None, **said: Any) -> None:
    line: dict[str, Any] = {"figure": figure, "value": round(value, 3), "unit": unit, **said}
    if limit is not None:
        line["limit"] = limit
    print(json.dumps(line), flush=True)


def flow(n: int, state: int) -> Flow:
    """A flow of many: half of them are told twice."""
    start = T + n * 20
    last = start + state * S + n % S
    return Flow(
        uuid=f"{(n * 0x9E3779B97F4A7C15) % 2**64:016x}", tracking_id=f"{(n // 3 * 0xD1B54A32D192ED03) % 2**64:016x}",
        l3_tracking_id=f"{(n // 3 * 0xABC98388FB8FAC03) % 2**64:016x}", layers_path="Ethernet/IPv4/TCP",
        application="HTTPS" if n % 3 else "DNS", start=start, last=last,
        metric=FlowMetric(10 + n % 97, 1000 + n % 9973, 8, 900 + n % 991, start, last, 100_000 + n % 77_777),
        last_update=FlowMetric(10, 1000, 8, 900, start, last + state),
        link=FlowLink("ETHERNET", f"02:00:00:00:{n % 256:02x}:{n % 251:02x}", f"02:00:00:01:{n % 199:02x}:01"),
        network=FlowNetwork("IPV4", f"10.0.{n % 256}.{n % 250}", f"10.1.{n % 200}.{n % 249}"),
        transport=FlowTransport("TCP", 32_768 + n % 28_000, 443), tcp=FlowTcp(start, start + 100),
        node=f"host-{n % 20}/dev:tap{n % 1000}", capture="taps", host=f"host-{n % 20}",
        a_object=f"instance:{n % 4000}", b_object=f"instance:{n % 3999}",
    )  # fmt: skip


# ── ingest ────────────────────────────────────────────────────────────────────────────────────────────────────────


def ingest(folder: Path, seconds: float) -> None:
    """As many batches as go in, while somebody asks for the latest every 100 ms."""
    store = DuckFlowStore(folder / "ingest.duckdb")
    batches = [[flow(n - n % 2, n % 2) for n in range(at, at + BATCH)] for at in range(0, 400 * BATCH, BATCH)]
    asked: list[float] = []
    done = threading.Event()

    def ask() -> None:
        while not done.wait(0.1):
            begun = time.perf_counter()
            store.find(FlowFilter(since=T, limit=100))
            asked.append((time.perf_counter() - begun) * 1000)

    asking = threading.Thread(target=ask)
    asking.start()
    begun, work, taken, told = time.perf_counter(), time.process_time(), [], 0
    while (spent := time.perf_counter() - begun) < seconds:
        before = time.perf_counter()
        store.add(shifted(batches[told % len(batches)], told // len(batches)))
        taken.append((time.perf_counter() - before) * 1000)
        told += 1
    worked = time.process_time() - work
    done.set()
    asking.join()
    show("ingest while asked", told * BATCH / spent, "records/s", 50_000, batch=BATCH, seconds=round(spent, 1),
         cpu_us_a_record=round(worked / told / BATCH * 1e6, 1), load=round(os.getloadavg()[0], 1))  # fmt: skip
    show("ingest: a batch is durable, median", median(taken), "ms")
    show("ingest: a batch is durable, worst", max(taken), "ms")
    show("the latest 100 while that goes on, median", median(asked), "ms", asked=len(asked))
    store.close()


def shifted(batch: list[Flow], round: int) -> list[Flow]:
    """The same flows again are other flows: those of the next round."""
    return [msgspec.structs.replace(each, uuid=f"{round:x}{each.uuid}") for each in batch] if round else batch


# ── questions ─────────────────────────────────────────────────────────────────────────────────────────────────────

MADE: dict[str, str] = {
    "uuid": "printf('%016x', hash(i))", "tracking_id": "printf('%016x', hash(i // 3 + 7))",
    "l3_tracking_id": "printf('%016x', hash(i // 3 + 9))", "layers_path": "'Ethernet/IPv4/TCP'",
    "application": "CASE WHEN i % 3 = 0 THEN 'DNS' ELSE 'HTTPS' END", "start": "last - i % 30000000", "last": "last",
    "metric_ab_packets": "10 + i % 97", "metric_ab_bytes": "1000 + hash(i) % 1000000", "metric_ba_packets": "8",
    "metric_ba_bytes": "900 + i % 991", "metric_start": "last - i % 30000000", "metric_last": "last",
    "metric_rtt": "100000 + hash(i) % 77777", "last_update_ab_packets": "10", "last_update_ab_bytes": "1000",
    "last_update_ba_packets": "8", "last_update_ba_bytes": "900", "last_update_start": "last - i % 30000000",
    "last_update_last": "last", "link_protocol": "'ETHERNET'",
    "link_a": "printf('02:00:00:00:%02x:%02x', i % 256, i % 251)", "link_b": "printf('02:00:00:01:%02x:01', i % 199)",
    "network_protocol": "'IPV4'", "network_a": "printf('10.0.%d.%d', i % 256, i % 250)",
    "network_b": "printf('10.1.%d.%d', i % 200, i % 249)", "transport_protocol": "'TCP'",
    "transport_a": "32768 + i % 28000", "transport_b": "443", "tcp_ab_syn": "last - i % 30000000",
    "tcp_ba_syn": "last - i % 30000000 + 100", "node": "printf('host-%d/dev:tap%d', i % 20, i % 1000)",
    "capture": "'taps'", "host": "printf('host-%d', i % 20)", "a_object": "printf('instance:%d', i % 4000)",
    "b_object": "printf('instance:%d', i % 3999)",
}  # fmt: skip
"""Column → SQL of its value in row `i`; `last`: when the flow was seen last."""


def value(column: Column) -> str:
    if column.name in MADE:
        return f"({MADE[column.name]})::{'VARCHAR' if column.text else 'BIGINT'} AS {column.name}"
    if column.optional and column.layer == "icmp":
        return f"NULL AS {column.name}"
    return f"{chr(39) * 2 if column.text else 0} AS {column.name}"


def filled(path: Path, rows: int) -> DuckFlowStore:
    if path.exists():
        return DuckFlowStore(path)
    store = DuckFlowStore(path)
    step = DAYS * 86_400 * S // rows
    begun = time.perf_counter()
    for at in range(0, rows, 5_000_000):
        until = min(rows, at + 5_000_000)
        inner = f"(SELECT i, {T} + i * {step} AS last FROM range({at}, {until}) AS made(i))"
        columns = ", ".join(map(value, COLUMNS))
        with store._file.writing() as writer:
            writer.execute(f"INSERT INTO flows SELECT {columns} FROM {inner}")
            writer.execute(
                "INSERT INTO updates SELECT printf('%016x', hash(i)), 10, 1000, 8, 900, last - i % 30000000, last, 5"
                f" FROM {inner}"
            )
    store._file.checkpoint()
    show("filled", time.perf_counter() - begun, "s", rows=rows)
    return store


@contextmanager
def timed(figure: str, limit: float | None) -> Iterator[Callable[[Callable[[], Any]], None]]:
    def run(ask: Callable[[], Any]) -> None:
        taken, worked = [], []
        for _ in range(7):
            begun, work = time.perf_counter(), time.process_time()
            found = ask()
            taken.append((time.perf_counter() - begun) * 1000)
            worked.append((time.process_time() - work) * 1000)
        first, cpu = round(taken[0], 1), round(median(worked), 1)
        show(figure, median(taken), "ms", limit, first=first, cpu_ms=cpu, answers=len(found))

    yield run


def questions(store: DuckFlowStore) -> None:
    store.add([flow(n, 0) for n in range(20_000)])  # as at work: some states are not gathered yet
    hour = 3600 * S
    with store._file.reading() as reader:
        rows, end = reader.execute("SELECT count(*), max(last) FROM flows").fetchall()[0]
    late = T + (end - T) // 3
    show("rows in an hour", rows * hour / (end - T), "rows", rows=rows, load=round(os.getloadavg()[0], 1))
    for figure, wanted, limit in (
        ("the latest 100 of five minutes", FlowFilter(since=end - 300 * S, until=end, limit=100), 100),
        ("top 10 of the last hour", FlowFilter(since=end - hour, until=end, limit=10, order="-metric.ab_bytes"), 100),
        ("top 10 of an hour long ago",
         FlowFilter(since=late, until=late + hour, limit=10, order="-metric.ab_bytes"), 100),
        ("an address in the last hour", FlowFilter(since=end - hour, match={"network": ("10.0.7.7",)}, limit=100), 100),
        ("a device in the last hour", FlowFilter(since=end - hour, nodes=("host-7/dev:tap7",), limit=100), 100),
        ("a tracking id in the last day", FlowFilter(since=end - 24 * hour, tracking_ids=("0",), limit=100), 100),
    ):  # fmt: skip
        with timed(figure, limit) as run:
            run(lambda wanted=wanted: store.find(wanted))
    with timed("an hour in minutes", 100) as run:
        run(lambda: store.series(FlowFilter(since=end - hour, until=end), 60))
    with timed("an hour in minutes, of one device", 100) as run:
        run(lambda: store.series(FlowFilter(since=end - hour, until=end, nodes=("host-7/dev:tap7",)), 60))
    show("bytes a row, with its delta", store.path.stat().st_size / rows, "B")
    show("memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10.0
    with tempfile.TemporaryDirectory() as temporary:
        if seconds:
            ingest(Path(temporary), seconds)
        kept = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary)
        kept.mkdir(parents=True, exist_ok=True)
        store = filled(kept / f"{rows}.duckdb", rows)
        questions(store)
        store.close()


if __name__ == "__main__":
    main()
