"""What every graph store does: one suite, run on each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from calipso.errors import Conflict, NotFound, StoreError
from calipso.graph.heads import decode_head
from calipso.graph.value import Delta, FacetChange, Graph
from calipso.model import ids
from calipso.model.environment import Environment
from calipso.model.record import RunError, Scope, ScopeState
from calipso.seams import GraphStore
from calipso.stores.memory import MemoryStore
from calipso.stores.sqlite import SqliteStore

STORES: dict[str, Callable[[Path], GraphStore]] = {
    "memory": lambda folder: MemoryStore(Environment()),
    "sqlite": lambda folder: SqliteStore(folder / "local.db", Environment()),
}
BLUE = ids.netns("h1", "blue")
OUTER, INNER = ids.device("h1", "veth0"), ids.device(BLUE, "eth0")


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GraphStore]:
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


class Estate:
    """A store with the graph that is written to it, one tick at a time."""

    def __init__(self, store: GraphStore) -> None:
        self.store = store
        self.graph = store.load()
        self.held: dict[int, Graph] = {0: self.graph}

    def tick(self, ts: int, *records: tuple[str, str, dict | None], facet: str = "netlink") -> Delta:
        encode = self.graph.codec.encode
        changes = [
            FacetChange(id, facet, None if said is None else encode(kind, "netlink@h1", said))
            for id, kind, said in records
        ]
        graph, delta = self.graph.apply(changes, ts)
        self.store.append(delta)
        self.graph = self.held[ts] = graph
        return delta


def veths(mtu: int = 1500) -> list[tuple[str, str, dict | None]]:
    root = ids.host("h1")
    return [
        (BLUE, "netns", {"host": "h1", "name": "blue"}),
        (
            OUTER, "veth",
            {"host": "h1", "netns": root, "name": "veth0", "ifindex": 2, "mac": "02:00:00:00:00:01", "mtu": mtu,
             "peer_netns": BLUE, "peer_ifindex": 2, "state": "up"},
        ),
        (
            INNER, "veth",
            {"host": "h1", "netns": BLUE, "name": "eth0", "ifindex": 2, "mac": "02:00:00:00:00:02", "mtu": mtu,
             "peer_netns": root, "peer_ifindex": 2, "state": "up", "ips": ["10.0.0.5"]},
        ),
    ]  # fmt: skip


@pytest.fixture
def estate(store: GraphStore) -> Estate:
    return Estate(store)


def test_an_empty_store_holds_an_empty_graph(store: GraphStore) -> None:
    graph = store.load()
    assert (len(graph), graph.rev, graph.ts) == (0, 0, 0)
    assert list(store.graph(1).objects()) == []
    assert list(store.changes(0, 10)) == []
    assert store.ord_of("h1") is None
    with pytest.raises(NotFound):
        store.id_of(0)


def test_each_time_has_its_own_graph(estate: Estate) -> None:
    estate.tick(10, *veths())
    estate.tick(20, *veths(mtu=9000))
    estate.tick(30, (INNER, "veth", None))
    store = estate.store

    assert store.graph(9).resolve(OUTER) is None
    assert [store.graph(at).attributes(store.graph(at).resolve(OUTER))["mtu"] for at in (10, 19, 20, 99)] == [
        1500, 1500, 9000, 9000,
    ]  # fmt: skip
    assert store.graph(29).resolve(INNER) is not None
    assert store.graph(30).resolve(INNER) is None
    for ts, graph in estate.held.items():
        view = store.graph(ts)
        assert (view.ts, view.rev, len(view)) == (graph.ts, graph.rev, len(graph))
        assert list(view.objects()) == list(graph.objects())


def test_links_are_seen_from_both_ends_as_they_were(estate: Estate) -> None:
    estate.tick(10, *veths())
    estate.tick(20, (INNER, "veth", None))
    view = estate.store.graph(10)
    outer, inner = view.resolve(OUTER), view.resolve(INNER)
    [end] = view.links(outer.ord, ["layer2.veth"])
    [other] = view.links(inner.ord, ["layer2.veth"])
    assert (end.other, other.other) == (inner.ord, outer.ord)
    assert end.outgoing != other.outgoing
    assert list(view.links(outer.ord, ["no-such-link"])) == []
    assert list(estate.store.graph(20).links(outer.ord, ["layer2.veth"])) == []


def test_the_past_is_found_by_declared_keys(estate: Estate) -> None:
    estate.tick(10, *veths())
    estate.tick(20, *veths(mtu=9000))
    then, now = estate.store.graph(10), estate.store.graph(20)
    ord = then.resolve(INNER).ord
    for key, value in (("mac", "02:00:00:00:00:02"), ("ip", "10.0.0.5"), ("name", "eth0"), ("id", INNER)):
        assert list(then.find(key, value)) == [ord], key
    assert ord in then.find("mtu", 1500)
    assert ord not in now.find("mtu", 1500)
    assert set(now.values("mtu")) == {9000}
    assert set(then.values("type")) == {"netns", "veth"}
    assert list(then.find("mac", "02:00:00:00:00:99")) == []
    assert list(then.find("kind", "no-such-kind")) == []


def test_facets_keep_who_said_what(estate: Estate) -> None:
    estate.tick(10, *veths())
    estate.tick(20, (OUTER, "veth", {"fdb": [{"mac": "02:00:00:00:00:09"}]}), facet="netlink.fdb")
    estate.tick(30, (OUTER, "veth", None), facet="netlink.fdb")
    for at, names in ((10, ["netlink"]), (20, ["netlink", "netlink.fdb"]), (30, ["netlink"])):
        view = estate.store.graph(at)
        facets = view.facets(view.resolve(OUTER))
        assert [facet.name for facet in facets] == names
        assert {facet.scope for facet in facets} == {"netlink@h1"}


def test_facets_of_very_many_hosts_are_kept(estate: Estate) -> None:
    """A name may have a host in it, so there are several for each host."""
    hosts = [f"h{n}" for n in range(2500)]
    encode = estate.graph.codec.encode
    said = [(ids.instance(f"vm-{host}"), f"libvirt@{host}", {"name": host, "host": host}) for host in hosts]
    for ts, some in ((10, said[:1500]), (20, said[1500:])):
        changes = [FacetChange(id, facet, encode("instance", facet, told)) for id, facet, told in some]
        estate.graph, delta = estate.graph.apply(changes, ts)
        estate.store.append(delta)
    loaded, then = estate.store.load(), estate.store.graph(10)
    for graph, known in ((loaded, said), (then, said[:1500])):
        for id, facet, told in known:
            head = graph.resolve(id)
            assert head is not None
            assert [(each.name, each.attributes) for each in graph.facets(head)] == [(facet, told)]
    assert then.resolve(said[-1][0]) is None


def test_changes_come_in_order_with_their_revisions(estate: Estate) -> None:
    first = estate.tick(10, *veths())
    estate.tick(20, *veths(mtu=9000))
    changes = list(estate.store.changes(0, 20))
    assert [change.rev for change in changes] == list(range(1, estate.graph.rev + 1))
    assert [change.ts for change in changes] == sorted(change.ts for change in changes)
    assert sum(change.ts == 10 for change in changes) == len(first.facets) + len(first.heads) + len(first.links)
    assert [change.ts for change in estate.store.changes(10, 20)] == [20, 20]
    assert {change.ts for change in estate.store.changes(0, 19)} == {10}


def test_a_stretch_of_time_is_counted_by_its_revisions(estate: Estate) -> None:
    estate.tick(10, *veths())
    estate.tick(20, *veths(mtu=9000))
    estate.tick(30, (INNER, "veth", None))
    store = estate.store
    for start, end in ((0, 30), (10, 30), (10, 25), (0, 9), (30, 99)):
        assert store.revision(end) - store.revision(start) == len(list(store.changes(start, end)))


def test_a_timeline_tells_the_life_of_one_object(estate: Estate) -> None:
    estate.tick(10, *veths())
    estate.tick(20, *veths(mtu=9000))
    estate.tick(30, (INNER, "veth", None))
    ord = estate.store.ord_of(INNER)
    life = list(estate.store.timeline(ord))
    assert [change.rev for change in life] == sorted(change.rev for change in life)
    assert {change.ts for change in life} == {10, 20, 30}
    heads = [change for change in life if change.what == "head"]
    assert decode_head(ord, heads[0].body).id == INNER
    assert heads[-1].body is None
    assert {change.op for change in life if change.what == "link"} == {1, -1}
    assert {change.ts for change in estate.store.timeline(ord, 10, 20)} == {20}


def test_a_timeline_follows_members_only_while_they_belong(estate: Estate) -> None:
    ovs = ids.ovs("h1")
    interface = ids.ovs_interface(ovs, "veth0")
    said = {"host": "h1", "netns": "h1", "ovs": ovs, "name": "veth0"}
    estate.tick(10, *veths())
    estate.tick(20, (interface, "system", said), facet="ovs")
    ord = estate.store.ord_of(OUTER)
    assert estate.graph.get(ord).members, "the two records are one object"
    estate.tick(30, (OUTER, "veth", None))
    estate.tick(40, (interface, "system", said | {"mtu": 1}), facet="ovs")
    facets = [(change.ts, change.facet) for change in estate.store.timeline(ord) if change.what == "facet"]
    assert facets == [(10, "netlink"), (20, "ovs"), (30, "netlink")]


def test_ids_and_ordinals(estate: Estate) -> None:
    estate.tick(10, *veths())
    ord = estate.store.ord_of(OUTER)
    assert estate.store.id_of(ord) == OUTER
    estate.tick(20, (OUTER, "veth", None))
    assert estate.store.ord_of(OUTER) == ord, "an ordinal is never given to another id"


def test_time_goes_forward_only(estate: Estate) -> None:
    estate.tick(10, *veths())
    before = list(estate.store.changes(0, 99))
    _, delta = estate.graph.apply([FacetChange(OUTER, "netlink", None)], 10)
    with pytest.raises(StoreError, match="cannot follow"):
        estate.store.append(delta)
    assert list(estate.store.changes(0, 99)) == before


def test_a_tick_without_change_leaves_no_trace(estate: Estate) -> None:
    estate.tick(10, *veths())
    estate.tick(20, *veths())
    assert {change.ts for change in estate.store.changes(0, 99)} == {10}
    assert estate.store.graph(25).ts == 10


def test_epochs_change_nothing_that_is_read(estate: Estate) -> None:
    store = estate.store
    estate.tick(10, *veths())
    store.roll(estate.graph)
    estate.tick(20, *veths(mtu=9000))
    estate.tick(30, (INNER, "veth", None))
    store.roll(estate.held[20])  # a snapshot may be of a value that some ticks have left behind
    estate.tick(40, *veths(mtu=1400))
    for ts, graph in estate.held.items():
        view = store.graph(ts)
        assert list(view.objects()) == list(graph.objects())
        assert all(view.attributes(head) == graph.attributes(head) for head in graph.objects())
        assert all(sorted(view.links(h.ord)) == sorted(graph.links(h.ord)) for h in graph.objects())
    assert [change.rev for change in store.changes(0, 99)] == list(range(1, estate.graph.rev + 1))
    assert {change.ts for change in store.timeline(store.ord_of(INNER))} == {10, 20, 30, 40}
    assert list(store.load().objects()) == list(estate.graph.objects())


def test_only_a_graph_of_the_open_epoch_begins_the_next(estate: Estate) -> None:
    estate.tick(10, *veths())
    estate.tick(20, *veths(mtu=9000))
    estate.store.roll(estate.graph)
    with pytest.raises(Conflict):
        estate.store.roll(estate.held[10])
    ahead, _ = estate.graph.apply([FacetChange(OUTER, "netlink", None)], 30)
    with pytest.raises(Conflict):
        estate.store.roll(ahead)


def test_pruning_drops_whole_epochs_and_says_so(estate: Estate) -> None:
    store = estate.store
    estate.tick(10, *veths())
    store.roll(estate.graph)
    estate.tick(20, *veths(mtu=9000))
    store.roll(estate.graph)
    estate.tick(30, *veths(mtu=1400))
    assert store.prune(9) == 0
    assert store.prune(25) == 2
    assert store.prune(25) == 0
    with pytest.raises(NotFound, match="begins at 1970-01-01T"):
        store.graph(19)
    with pytest.raises(NotFound):
        store.changes(10, 30)
    assert list(store.graph(20).objects()) == list(estate.held[20].objects())
    assert {change.ts for change in store.changes(20, 30)} == {30}
    assert {change.ts for change in store.timeline(store.ord_of(OUTER))} == {30}
    assert list(store.load().objects()) == list(estate.graph.objects())


def test_the_loaded_graph_goes_on(estate: Estate) -> None:
    estate.tick(10, *veths())
    again = Estate(estate.store)
    again.tick(20, (INNER, "veth", None))
    expected, _ = estate.graph.apply([FacetChange(INNER, "netlink", None)], 20)
    assert list(again.graph.objects()) == list(expected.objects())
    assert list(estate.store.graph(20).objects()) == list(expected.objects())


def test_looks_that_tell_something_are_kept(store: GraphStore) -> None:
    scope, other = Scope("linux", "h1"), Scope("ovs", "h1")
    denied = (RunError("open", "denied"),)
    first = ScopeState(scope, "completed", began=5, ended=10, completed=10, seen=3, changed=3)
    broke = ScopeState(scope, "failed", began=25, ended=30, completed=20, errors=denied)
    well = ScopeState(scope, "completed", began=45, ended=50, completed=50, seen=3)
    elsewhere = ScopeState(other, "completed", began=45, ended=50, completed=50, seen=1)
    for state in (
        ScopeState(scope), first, msgspec.structs.replace(first, ended=20, changed=0), broke,
        msgspec.structs.replace(broke, ended=40), ScopeState(scope, began=45, ended=40), well, elsewhere,
        msgspec.structs.replace(well, ended=60),
    ):  # fmt: skip
        store.put_scopes([state])
    assert store.runs(0, 100) == [first, broke, well, elsewhere]
    assert store.runs(10, 30) == [broke]


def test_scopes_and_documents_stand_beside_the_graph(store: GraphStore) -> None:
    scope = Scope("linux", "h1", "netns:blue")
    failed = ScopeState(scope, "failed", began=5, errors=(RunError("open", "denied"),))
    store.put_scopes([ScopeState(scope), ScopeState(Scope("ovs", "h1"))])
    store.put_scopes([failed])
    assert store.scopes() == {scope: failed, Scope("ovs", "h1"): ScopeState(Scope("ovs", "h1"))}

    store.put_document("scans", "1", {"host": "h1", "ok": True})
    store.put_document("scans", "2", {"host": "h2"})
    store.put_document("scans", "2", {"host": "h3"})
    store.put_document("messages", "1", {"text": "ä"})
    assert store.documents("scans") == {"1": {"host": "h1", "ok": True}, "2": {"host": "h3"}}
    store.put_document("scans", "1", None)
    store.put_document("scans", "1", None)
    assert store.documents("scans") == {"2": {"host": "h3"}}
    assert store.documents("none") == {}
    store.put_documents("scans", {"2": None, "3": {"host": "h4"}, "1": None})
    assert store.documents("scans") == {"3": {"host": "h4"}}


def test_marks_are_kept_with_the_tick_that_brought_them(estate: Estate) -> None:
    store = estate.store
    assert dict(store.marks()) == {}
    store.append(Delta(5), {"agent a": 3})
    estate.tick(10, *veths())
    _, delta = estate.graph.apply([FacetChange(OUTER, "netlink", None)], 20)
    store.append(delta, {"agent a": 4, "agent b": 9})
    assert dict(store.marks()) == {"agent a": 4, "agent b": 9}
    with pytest.raises(StoreError):
        store.append(delta, {"agent a": 5})
    assert dict(store.marks()) == {"agent a": 4, "agent b": 9}, "what was refused leaves no mark"


def test_text_finds_names_ids_and_addresses(estate: Estate) -> None:
    estate.tick(10, *veths())
    store = estate.store
    assert store.index_text(estate.graph) > 0
    inner = store.ord_of(INNER)
    for text in ("eth0", "02:00:00:00:00:02", "10.0.0.5", "ETH0", "blue/dev"):
        assert inner in store.search(text), text
    assert store.search("10.0.0.5") == [inner]
    assert inner in store.search("0.", 10)
    assert store.search("nowhere") == []
    assert store.search('"%') == [] == store.search("ve\0th") == store.search("\0")
    assert len(store.search("veth", 1)) == 1
    estate.tick(20, (INNER, "veth", None))
    store.index_text(estate.graph)
    assert store.search("10.0.0.5") == [inner], "what is gone can still be looked for"
    estate.tick(30, (INNER, "veth", {"host": "h1", "name": "eth0", "ips": ["10.0.0.77"]}))
    store.index_text(estate.graph)
    assert store.search("10.0.0.5") == []
    assert store.search("10.0.0.77") == [inner]


def test_readers_in_other_threads_see_whole_ticks(estate: Estate) -> None:
    """Every view of a moving store shows both ends of the cable with the same MTU: a tick is all or nothing."""
    estate.tick(10, *veths(mtu=1000))
    torn: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            view = estate.store.graph(2**40)
            ends = {view.attributes(view.resolve(id))["mtu"] for id in (OUTER, INNER)}
            if len(ends) != 1:
                torn.append(ends)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for i in range(60):
        estate.tick(20 + i, *veths(mtu=1001 + i))
        if i % 20 == 10:
            estate.store.roll(estate.graph)
    stop.set()
    for reader in readers:
        reader.join()
    assert torn == []
    assert estate.store.graph(2**40).rev == estate.graph.rev
