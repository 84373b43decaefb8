"""Absence needs proof; reading twice changes nothing; what is slow to settle is let go once a second."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from calipso.graph.reconcile import Reconciler
from calipso.graph.value import Graph
from calipso.model.record import Gone, Observation, Record, RunBegan, RunEnded, RunError, Scope, ScopeGone, Seen
from tests.support.estate import CODEC, ENVIRONMENT

SCOPE, OTHER = Scope("linux", "h1"), Scope("linux", "h1", "other")
SECOND = 1_000_000


def record(name: str, facet: str = "netlink", **attributes: Any) -> Record:
    return Record(f"h1/dev:{name}", facet, "tun", {"name": name, "host": "h1", **attributes})


class Writer:
    """The one writer: takes observations, keeps the graph."""

    def __init__(self) -> None:
        self.reconciler = Reconciler(CODEC)
        self.graph = Graph(ENVIRONMENT, CODEC)
        self.now = 0

    def take(self, *observations: Observation, after: int = SECOND) -> int:
        """Take them after so many microseconds; the number of changes."""
        self.now += after
        outcome = self.reconciler.take(observations, self.graph, self.now)
        self.graph, _ = self.graph.apply(outcome.changes, self.now)
        return len(outcome.changes)

    @property
    def names(self) -> set[str]:
        return {head.name for head in self.graph.objects()}


def run(scope: Scope, *records: Record, status: Any = "completed") -> list[Observation]:
    errors = () if status == "completed" else (RunError("link", "no answer"),)
    return [RunBegan(scope), Seen(scope, records), RunEnded(scope, status, errors)]


NAMES = st.sets(st.sampled_from("abcdef"))


@given(st.lists(st.tuples(NAMES, st.sampled_from(["completed", "partial", "failed", "aborted"])), max_size=8))
def test_only_a_completed_run_ends_what_it_did_not_see(runs: list[tuple[set[str], str]]) -> None:
    writer, expected = Writer(), set()
    for names, status in runs:
        writer.take(*run(SCOPE, *map(record, sorted(names)), status=status))
        expected = set(names) if status == "completed" else expected | names
        assert writer.names == expected
        assert writer.reconciler.states[SCOPE.key].stale == (status != "completed")


@given(NAMES)
def test_reading_the_same_again_changes_nothing(names: set[str]) -> None:
    writer = Writer()
    pass_over = run(SCOPE, *map(record, sorted(names)))
    writer.take(*pass_over)
    assert writer.take(*pass_over) == 0


@settings(max_examples=40)
@given(st.lists(st.sampled_from("abc"), max_size=10), st.lists(st.sampled_from("abc"), max_size=10))
def test_two_scopes_never_end_what_the_other_claimed_last(first: list[str], second: list[str]) -> None:
    writer = Writer()
    writer.take(*run(SCOPE, *map(record, first)))
    writer.take(*run(OTHER, *(record(name, seen_by="other") for name in second)))
    writer.take(*run(SCOPE))
    assert writer.names == set(second)


def test_a_proven_end_ends_one_facet_or_all() -> None:
    writer = Writer()
    writer.take(*run(SCOPE, record("a"), record("a", "netlink.fdb", fdb=[]), record("b")))
    writer.take(Gone(SCOPE, (("h1/dev:a", "netlink.fdb"), ("h1/dev:b", ""))))
    head = writer.graph.resolve("h1/dev:a")
    assert head is not None and [facet.name for facet in writer.graph.facets(head)] == ["netlink"]
    assert writer.names == {"a"}
    writer.take(ScopeGone(SCOPE))
    assert writer.names == set()


def test_a_slow_facet_is_revised_once_a_second_and_ends_with_its_last_word() -> None:
    writer = Writer()
    writer.take(*run(SCOPE, record("a"), record("a", "netlink.fdb", fdb=[0])))
    changes = [writer.take(Seen(SCOPE, (record("a", "netlink.fdb", fdb=[n]),)), after=100_000) for n in range(1, 10)]
    assert sum(changes) == 0 and writer.reconciler.waiting
    assert writer.take(after=100_001) == 1
    head = writer.graph.resolve("h1/dev:a")
    assert head is not None and writer.graph.attributes(head)["fdb"] == [9]


def test_two_hosts_that_speak_of_one_thing_keep_a_facet_each() -> None:
    writer = Writer()
    for host in ("h1", "h2"):
        scope = Scope("libvirt", host)
        writer.take(*run(scope, Record("instance:u", "libvirt", "domain", {"host": host})))
    head = writer.graph.resolve("instance:u")
    assert head is not None
    assert [facet.name for facet in writer.graph.facets(head)] == ["libvirt@h1", "libvirt@h2"]
    writer.take(*run(Scope("libvirt", "h1")))
    head = writer.graph.resolve("instance:u")
    assert head is not None and [facet.name for facet in writer.graph.facets(head)] == ["libvirt@h2"]


@given(NAMES, NAMES)
def test_after_a_restart_a_run_ends_what_is_gone(before: set[str], after: set[str]) -> None:
    writer = Writer()
    writer.take(*run(SCOPE, *map(record, sorted(before))))
    writer.reconciler = Reconciler(CODEC)
    writer.reconciler.restore(writer.graph)
    writer.take(*run(SCOPE, *map(record, sorted(after))))
    assert writer.names == after
