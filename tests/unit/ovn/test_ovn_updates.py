"""What updates of the databases lead to: the same records as from a snapshot, and only what changed is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calipso.errors import ParseError, Unreachable
from calipso.following import run
from calipso.graph.codec import Codec
from calipso.graph.value import FacetChange, Graph
from calipso.model.environment import Environment
from calipso.model.record import Gone, Observation, RunEnded, Seen
from calipso.seams import Ovsdb, Reply, Request, SourceConfig
from calipso.sources.ovn.collect import Database, collect
from calipso.sources.ovn.naming import ips_of, key_of, mac_of
from calipso.sources.ovn.parse import Tables

SB, NB = Database("sb", ("unix:sb",)), Database("nb", ("unix:nb",))
CODEC = Codec()
Rows = dict[str, dict[str, dict[str, Any]]]


def south(ports: dict[int, str | None]) -> Rows:
    """Ports of one switch: number → the chassis that has claimed it."""
    return {
        "Chassis": {f"row-{name}": {"name": name, "hostname": f"{name}.example.net"} for name in ("a", "b")},
        "Datapath_Binding": {
            "d": {"tunnel_key": 7, "external_ids": ["map", [["logical-switch", "ls"], ["name", "sw0"]]]}
        },
        "Port_Binding": {
            f"p{number}": {
                "logical_port": f"vm{number}",
                "datapath": ["uuid", "d"],
                "type": "",
                "tunnel_key": number,
                "up": chassis is not None,
                "chassis": ["uuid", f"row-{chassis}"] if chassis else ["set", []],
            }
            for number, chassis in ports.items()
        },
    }


def update(old: Rows, new: Rows) -> bytes:
    """The table updates that lead from one state to the other."""
    out: dict[str, dict[str, dict[str, object]]] = {}
    for table, there in new.items():
        for uuid, row in there.items():
            if old.get(table, {}).get(uuid) != row:
                out.setdefault(table, {})[uuid] = {"new": row}
        for uuid in old.get(table, {}).keys() - there.keys():
            out.setdefault(table, {})[uuid] = {"old": {}}
    return json.dumps(out).encode()


def tables(rows: Rows) -> Tables:
    found = Tables()
    found.update(update({}, rows))
    return found


@settings(max_examples=60)
@given(st.lists(st.dictionaries(st.integers(1, 5), st.sampled_from([None, "a", "b"])), min_size=2, max_size=8))
def test_updates_give_the_records_of_a_snapshot(history: list[dict[int, str | None]]) -> None:
    followed, last = Tables(), dict[str, dict[str, dict[str, Any]]]()
    for state in history:
        now = south(state)
        followed.update(update(last, now))
        last = now
        assert SB.records(followed) == SB.records(tables(now))


def north(ports: dict[int, tuple[int, bool, bool]]) -> Rows:
    """Ports of one switch: number → (last byte of its address, in the group, towards the router)."""
    held = ["set", [["uuid", f"p{number}"] for number in sorted(ports)]]
    grouped = ["set", [["uuid", f"p{number}"] for number, (_, group, _) in sorted(ports.items()) if group]]
    return {
        "Logical_Switch": {"s": {"name": "sw0", "ports": held}},
        "Logical_Switch_Port": {
            f"p{number}": {
                "name": f"vm{number}",
                "type": "router" if routed else "",
                "addresses": "router" if routed else f"0a:00:00:00:00:01 10.0.0.{last}",
                "options": ["map", [["router-port", "lrp"]] if routed else []],
            }
            for number, (last, _, routed) in ports.items()
        },
        "Port_Group": {"g": {"name": "guests", "ports": grouped}},
        "Logical_Router": {"r": {"name": "lr0", "ports": ["set", [["uuid", "lrp"]]]}},
        "Logical_Router_Port": {"lrp": {"name": "lrp", "networks": f"10.0.0.{len(ports)}/24"}},
    }


@settings(max_examples=60)
@given(
    st.lists(
        st.dictionaries(st.integers(1, 5), st.tuples(st.integers(1, 3), st.booleans(), st.booleans())),
        min_size=2,
        max_size=8,
    )
)
def test_followed_orders_are_those_of_a_snapshot(history: list[dict[int, tuple[int, bool, bool]]]) -> None:
    followed, last = Tables(), dict[str, dict[str, dict[str, Any]]]()
    reader = NB.reader(followed)
    for state in history:
        now = north(state)
        followed.update(update(last, now))
        last = now
        assert reader.records() == NB.records(tables(now))


def test_a_claim_tells_itself_alone_and_what_went_is_gone() -> None:
    config = SourceConfig(host="h")
    before = {(each.id, each.facet): each for each in SB.records(tables(south({1: None, 2: "a", 3: None})))}
    after = {(each.id, each.facet): each for each in SB.records(tables(south({1: "b", 2: "a"})))}
    seen, gone, ended = run(SB.scope(config.host), before, after)
    assert isinstance(seen, Seen) and [(each.id, each.attributes["chassis"]) for each in seen.records] == [
        ("port:vm1", "b")
    ]
    assert isinstance(ended, RunEnded) and isinstance(gone, Gone) and gone.facets == (("port:vm3", "ovn.bindings"),)


def test_counters_are_no_change() -> None:
    followed = tables(south({1: "a"}))
    row = {**south({})["Chassis"]["row-a"], "nb_cfg": 9}
    assert not followed.update(json.dumps({"Chassis": {"row-a": {"new": row}}}).encode())


def test_a_full_name_and_a_reporter_with_one_still_are_the_host() -> None:
    """What the central host says of the chassis `a.example.net` is said of the host `a`."""
    changes = [
        FacetChange(each.id, f"{each.facet}@ctl.example.net", CODEC.encode(each.type, "ovn", each.attributes))
        for each in SB.records(tables(south({1: "a"})))
    ]
    changes.append(FacetChange("a", "linux", CODEC.encode("host", "linux", {"name": "a", "host": "a"})))
    graph, _ = Graph(Environment(name="e"), CODEC).apply(changes, 1)
    port, vedge = graph.resolve("port:vm1"), graph.resolve("a/ovs")
    assert port is not None and graph.attributes(port)["host"] == "a"
    assert vedge is not None and graph.resolve("a.example.net/ovs") == vedge


def test_former_rows_of_a_host_are_one_host() -> None:
    rows = south({1: "b"})
    for row in rows["Chassis"].values():
        row["hostname"] = "h"
    (host,) = (each for each in SB.records(tables(rows)) if each.type == "host")
    assert host.attributes["chassis"] == ["a", "b"]


def test_addresses_and_names() -> None:
    assert mac_of(["unknown", "0A:00:00:00:00:01 10.0.0.1 fd00::1"]) == "0a:00:00:00:00:01"
    assert ips_of(["0a:00:00:00:00:01 10.0.0.1 FD00::1/64"]) == ["10.0.0.1", "fd00::1"]
    assert (mac_of(["dynamic", "router"]), ips_of(["dynamic"])) == (None, [])
    assert key_of("neutron-11111111-0000-4000-8000-00000000000A", "row") == "11111111-0000-4000-8000-00000000000a"
    assert key_of("neutron-web", "row") == "row"


class Cluster:
    """Servers of which only one answers."""

    answers: frozenset[type[Request]] = frozenset({Ovsdb})

    async def ask(self, request: Request) -> Reply:
        if isinstance(request, Ovsdb) and request.endpoint.endswith("2.2:6642"):
            return Reply(update({}, south({1: "a"})))
        raise Unreachable(f"{request}: refused")

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("sb", "status"), [("tcp:192.0.2.1:6642, tcp:192.0.2.2:6642", "completed"), ("tcp:192.0.2.1:6642", "failed")]
)
def test_another_server_of_a_cluster_answers_and_none_is_told(sb: str, status: str) -> None:
    async def look() -> list[Observation]:
        return [each async for each in collect(Cluster(), SourceConfig(host="h", options={"sb": sb}))]

    ended = asyncio.run(look())[-1]
    assert isinstance(ended, RunEnded) and (ended.status, ended.scope.key) == (status, "ovn@h:sb")
    assert [sb in error.where for error in ended.errors] == [True] * (status == "failed")


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"NAT": []}', b'{"NAT": {"u": []}}', b'{"NAT": {"u": {"new": {"a": ["x", 1]}}}}']
)
def test_what_is_no_update_is_refused_and_changes_nothing(body: bytes) -> None:
    followed = tables(south({1: "a"}))
    before = SB.records(followed)
    with pytest.raises(ParseError):
        followed.update(body)
    assert SB.records(followed) == before


@settings(max_examples=100)
@given(
    st.sampled_from([NB, SB]),
    st.recursive(
        st.one_of(st.integers(), st.booleans(), st.text(max_size=8), st.just(["uuid", "d"])),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda found: ["set", found]),
            st.lists(st.tuples(st.text(max_size=4), inner).map(list), max_size=3).map(lambda found: ["map", found]),
        ),
        max_leaves=4,
    ),
    st.sampled_from(
        ["name", "ports", "external_ids", "options", "addresses", "type", "chassis", "networks", "nat", "vips"]
    ),
)
def test_columns_of_any_form_are_read_or_refused(database: Database, value: Any, column: str) -> None:
    """Whatever a column holds, there are records or a `ParseError`: a schema of tomorrow ends nothing."""
    names = ("Logical_Switch", "Logical_Switch_Port", "Logical_Router", "Logical_Router_Port", "NAT", "Load_Balancer",
             "Chassis", "Port_Binding", "Datapath_Binding", "Encap", "Port_Group", "DHCP_Options")  # fmt: skip
    rows = {
        table: {"d": {"name": "n", "external_ids": ["map", [["logical-switch", "d"]]], column: value}}
        for table in names
    }
    with contextlib.suppress(ParseError):
        assert database.records(tables(rows)) is not None
