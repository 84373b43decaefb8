"""What every flow store does: one suite on each of them, against the one in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calipso.model.flow import Flow, FlowIcmp, FlowLink, FlowMetric, FlowNetwork, FlowTcp, FlowTransport
from calipso.seams import FlowFilter, FlowStore
from calipso.stores.clickhouse import ClickHouseFlowStore
from calipso.stores.clickhouse.embedded import Embedded
from calipso.stores.duckdb import DuckFlowStore
from calipso.stores.flows import MemoryFlowStore

STORES: dict[str, Callable[[Path], FlowStore]] = {
    "memory": lambda folder: MemoryFlowStore(),
    "duckdb": lambda folder: DuckFlowStore(folder / "local.flows.duckdb"),
    "duckdb, gathered often": lambda folder: DuckFlowStore(folder / "local.flows.duckdb", gather=3),
    "clickhouse": lambda folder: ClickHouseFlowStore(Embedded(folder)),
}
T = 1_700_000_000_000_000
SECOND = 1_000_000


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FlowStore]:
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


def flow(uuid: str = "u1", start: int = T, last: int = T + SECOND, **said: object) -> Flow:
    given = {"tracking_id": "t1", "l3_tracking_id": "l1", "layers_path": "Ethernet/IPv4/TCP", "application": "HTTPS",
             "metric": FlowMetric(3, 300, 2, 200, start, last), "network": FlowNetwork("IPV4", "10.0.0.1", "10.0.0.2"),
             "node": "device:h1/eth0"} | said  # fmt: skip
    return Flow(uuid=uuid, start=start, last=last, **given)  # type: ignore[arg-type]


def test_a_flow_comes_back_as_it_was_told(store: FlowStore) -> None:
    full = flow(
        link=FlowLink("ETHERNET", "02:00:00:00:00:01", "02:00:00:00:00:02", 7), icmp=FlowIcmp(8, 0, 5),
        transport=FlowTransport("TCP", 1, 65535), tcp=FlowTcp(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), fragments=1,
        fragment_errors=2, parent="p", capture="c", host="h1", finish="tcp_rst", a_object="a", b_object="b",
        tunnel="t", raw_packets=3, last_update=FlowMetric(1, 2, 3, 4, T, T + SECOND, 9),
    )  # fmt: skip
    odd = flow("u2", application='it\'s "quoted"\\ \t\n€', network=FlowNetwork("IPV6", "::1", "::2", 2**40))
    store.add([full, odd])
    assert store.find(FlowFilter(order="uuid")) == [full, odd]
    assert store.find(FlowFilter(match={"application": (odd.application,)})) == [odd]


def test_the_newest_state_counts(store: FlowStore) -> None:
    store.add([flow(application="TCP"), flow("u2")])
    newer = flow(last=T + 5 * SECOND)
    store.add([newer])
    assert store.find(FlowFilter(match={"uuid": ("u1",)})) == [newer]
    assert store.find(FlowFilter(match={"application": ("TCP",)})) == []


def test_a_delta_that_is_told_again_counts_once(store: FlowStore) -> None:
    delta = FlowMetric(2, 20, 1, 10, T, T + SECOND, 5)
    store.add([flow(last_update=delta)])
    store.add([flow(last_update=delta, last=T + 2 * SECOND)])
    later = FlowMetric(4, 40, 3, 30, T + SECOND, T + 61 * SECOND, 9)
    store.add([flow(last_update=later, last=T + 60 * SECOND)])
    assert store.updates(FlowFilter()) == [("u1", delta), ("u1", later)]
    whole = store.series(FlowFilter(), 3600)
    assert [(each.ab_packets, each.ab_bytes, each.rtt) for each in whole] == [(6, 60, 9)]
    assert store.series(FlowFilter(since=T + 2 * SECOND), 60)[0].ba_packets == 3
    assert store.series(FlowFilter(nodes=("elsewhere",)), 60) == []


def test_what_is_pruned_takes_its_deltas_along(store: FlowStore) -> None:
    store.add([flow(last_update=FlowMetric(1, 1, 1, 1, T, T + SECOND)), flow("u2", last=T + 100 * SECOND)])
    assert store.prune(T + 50 * SECOND) == 1
    assert [each.uuid for each in store.find(FlowFilter())] == ["u2"]
    assert store.updates(FlowFilter()) == []
    assert store.prune(T + 50 * SECOND) == 0


def test_nothing_wanted_is_nothing_found(store: FlowStore) -> None:
    store.add([])
    store.add([flow()])
    assert store.find(FlowFilter(limit=0)) == []
    assert store.find(FlowFilter(match={"network.a": (1,)})) == []
    assert store.find(FlowFilter(match={"no.such.field": ("x",)})) == []
    assert store.find(FlowFilter(match={"transport.protocol": ("TCP",)})) == []


def test_threads_read_while_one_writes(store: FlowStore) -> None:
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = store.find(FlowFilter(limit=10_000))
            if len(found) % 10 or len({each.uuid for each in found}) != len(found):
                wrong.append(found)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for batch in range(10):
        store.add([flow(f"u{batch}-{n}") for n in range(10)])
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert len(store.find(FlowFilter())) == 100


def test_flows_go_into_a_parquet_file(store: FlowStore, tmp_path: Path) -> None:
    store.add([flow(), flow("u2", network=None), flow("u3", node="device:h2/eth0")])
    file = tmp_path / "flows.parquet"
    assert store.parquet(FlowFilter(nodes=("device:h1/eth0",), order="uuid"), file) == 2
    rows = duckdb.execute("SELECT uuid, network_a, start FROM read_parquet($1)", [str(file)]).fetchall()
    assert rows == [("u1", "10.0.0.1", T), ("u2", None, T)]


# ── any flows, in any order, asked in any way ─────────────────────────────────────────────────────────────────────

SOME = st.sampled_from
TEXTS = SOME(["", "a", "b", "B", "ä", "'", "\\", "x\ty"])
COUNTS = st.integers(0, 2**40)
MINUTES = st.integers(0, 30).map(lambda minutes: T + minutes * 60 * SECOND)
IDENTITIES = st.tuples(
    MINUTES, SOME(["n1", "n2"]), SOME(["c1", "c2", ""]), SOME(["t1", "t2"]),
    st.none() | st.builds(FlowNetwork, SOME(["IPV4", "IPV6"]), TEXTS, TEXTS, st.integers(0, 3)),
    st.none() | st.builds(FlowTransport, SOME(["TCP", "UDP"]), st.integers(0, 3), st.integers(0, 3)),
)  # fmt: skip
FILTERS = st.builds(
    FlowFilter, since=st.just(0) | MINUTES, until=st.just(1 << 62) | MINUTES,
    nodes=st.just(()) | st.tuples(SOME(["n1", "n3"])), captures=st.just(()) | st.tuples(SOME(["c1", "", "c2"])),
    tracking_ids=st.just(()) | st.just(("t1",)),
    match=st.dictionaries(
        SOME(["network", "network.b", "transport", "application", "transport.protocol", "network.id", "metric.ab_bytes",
              "a_object", "fragments", "icmp.type", "network.protocol", "nothing"]),
        st.lists(TEXTS | st.integers(0, 3) | SOME(["TCP", "IPV6"]), min_size=1, max_size=3).map(tuple), max_size=2),
    limit=st.integers(0, 20),
    order=SOME(["-last", "last", "start", "-metric.ab_bytes", "network.a", "-network.a", "-network", "transport.b",
                "uuid", "-uuid", "application", "-icmp.type", "nothing", "finish"]),
)  # fmt: skip


@st.composite
def tellings(draw: st.DrawFn) -> list[list[Flow]]:
    """Batches of states: what a flow is stays, its end and deltas only grow."""
    known = {f"u{n}": said for n, said in enumerate(draw(st.lists(IDENTITIES, min_size=1, max_size=6)))}
    newest: dict[str, Flow] = {}
    batches = []
    for _ in range(draw(st.integers(1, 5))):
        batch = []
        for uuid in draw(st.lists(SOME(sorted(known)), max_size=6)):
            start, node, capture, tracking, network, transport = known[uuid]
            before = newest.get(uuid)
            delta = before.last_update if before is not None else FlowMetric()
            last = (before.last if before is not None else start) + draw(st.integers(0, 120)) * SECOND
            if draw(st.booleans()):
                ends = max(last, delta.last + 1)
                delta = FlowMetric(*draw(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS)), start, ends, draw(COUNTS))
            newest[uuid] = Flow(
                uuid=uuid, tracking_id=tracking, l3_tracking_id="", layers_path="", application=draw(TEXTS),
                start=start, last=last, metric=FlowMetric(draw(COUNTS), draw(COUNTS)), last_update=delta,
                network=network, transport=transport, node=node, capture=capture, a_object=draw(TEXTS),
                fragments=draw(st.integers(0, 2)), finish=draw(SOME(["", "timeout", "tcp_fin"])),
            )  # fmt: skip
            batch.append(newest[uuid])
        batches.append(batch)
    return batches


def _same(store: FlowStore, reference: MemoryFlowStore, wanted: FlowFilter, size: float) -> None:
    assert store.find(wanted) == reference.find(wanted)
    assert store.updates(wanted) == reference.updates(wanted)
    assert store.series(wanted, size) == reference.series(wanted, size)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [name for name in STORES if name != "memory"])
def test_every_store_answers_as_the_one_in_memory(name: str) -> None:
    # chdb takes a tenth of a second to make its tables, and to delete: one store for all runs, emptied before each
    examples = 15 if name == "clickhouse" else 40
    with TemporaryDirectory() as folder:
        store = STORES[name](Path(folder))

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(tellings(), st.lists(FILTERS, min_size=1, max_size=4), SOME([1.0, 60.0, 333.3]), MINUTES)
        def run(batches: list[list[Flow]], filters: list[FlowFilter], size: float, before: int) -> None:
            store.prune(1 << 61)
            reference = MemoryFlowStore()
            for batch in batches:
                store.add(batch)
                reference.add(batch)
            for wanted in filters:
                _same(store, reference, wanted, size)
            assert store.prune(before) == reference.prune(before)
            _same(store, reference, msgspec.structs.replace(filters[0], limit=100), size)

        try:
            run()
        finally:
            store.close()
