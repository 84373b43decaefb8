"""What updates of the database lead to: the same records as from a snapshot, and only what changed is told."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from calipso.following import run
from calipso.model.record import Gone, RunBegan, RunEnded, Scope, Seen
from calipso.sources.ovs.parse import Tables
from calipso.sources.ovs.records import Instance

SCOPE = Scope("ovs", "h")


def rows(ports: dict[int, tuple[int, int, int]]) -> dict[str, dict[str, dict[str, object]]]:
    """Tables with these ports: number → (tag, mtu, counter)."""
    return {
        "Open_vSwitch": {"o": {"bridges": ["uuid", "b"]}},
        "Bridge": {"b": {"name": "br-int", "ports": ["set", [["uuid", f"p{n}"] for n in sorted(ports)]]}},
        "Port": {
            f"p{n}": {"name": f"tap{n}", "interfaces": ["uuid", f"i{n}"], "tag": tag}
            for n, (tag, _, _) in ports.items()
        },
        "Interface": {
            f"i{n}": {"name": f"tap{n}", "mtu": mtu, "statistics": ["map", [["rx_bytes", counter]]]}
            for n, (_, mtu, counter) in ports.items()
        },
    }


def update(old: dict[str, dict[str, dict[str, object]]], new: dict[str, dict[str, dict[str, object]]]) -> bytes:
    """The table updates that lead from one state to the other."""
    out: dict[str, dict[str, dict[str, object]]] = {}
    for table, there in new.items():
        for uuid, row in there.items():
            if old.get(table, {}).get(uuid) != row:
                out.setdefault(table, {})[uuid] = {"new": row}
        for uuid in old.get(table, {}).keys() - there.keys():
            out.setdefault(table, {})[uuid] = {"old": {}}
    return json.dumps(out).encode()


states = st.dictionaries(
    st.integers(0, 5), st.tuples(st.integers(1, 3), st.sampled_from([1500, 9000]), st.integers(0, 2))
)


@settings(max_examples=60)
@given(st.lists(states, min_size=2, max_size=8))
def test_updates_give_the_records_of_a_snapshot(history: list[dict[int, tuple[int, int, int]]]) -> None:
    tables, last = Tables(), dict[str, dict[str, dict[str, object]]]()
    live = Instance(tables, "h")
    for state in history:
        now = rows(state)
        tables.update(update(last, now))
        last = now
        whole = Tables()
        whole.update(update({}, now))
        assert live.records() == Instance(whole, "h").records()
        assert tables.statistics == whole.statistics


def test_counters_are_no_change_and_a_change_tells_itself_alone() -> None:
    tables = Tables()
    first = rows({1: (1, 1500, 0), 2: (2, 1500, 0)})
    assert tables.update(update({}, first))
    instance = Instance(tables, "h")
    before = {(each.id, each.facet): each for each in instance.records()}
    counted = rows({1: (1, 1500, 7), 2: (2, 1500, 9)})
    assert not tables.update(update(first, counted))
    assert tables.update(update(counted, rows({1: (1, 9000, 7)})))
    after = {(each.id, each.facet): each for each in instance.records()}
    seen, gone, ended = run(SCOPE, before, after)
    assert isinstance(seen, Seen) and [each.attributes["mtu"] for each in seen.records] == [9000]
    assert isinstance(gone, Gone) and set(gone.facets) == {("h/ovs/port:tap2", "ovs"), ("h/ovs/interface:tap2", "ovs")}
    assert isinstance(ended, RunEnded) and ended.status == "completed"


def test_the_first_time_is_a_whole_run() -> None:
    told = list(run(SCOPE, None, {}))
    assert [type(each) for each in told] == [RunBegan, Seen, RunEnded]
