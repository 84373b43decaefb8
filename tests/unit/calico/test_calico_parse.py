"""What a host tells of Calico in its many forms: a result or `ParseError`, whatever is printed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import ParseError
from calipso.model.record import RunEnded, Seen
from calipso.seams import Reply
from calipso.sources.calico import SOURCE, parse
from calipso.sources.calico.collect import CONFIG, NODE
from tests.support.told_host import ToldHost, looked

WORDS = st.sampled_from([
    "BIRD 2.0.12 ready.", "Name Proto Table State Since Info", "mesh BGP --- up 12:00", "\n", "\n  ", "BGP state:",
    "Neighbor address: 192.0.2.2", "Neighbor AS: x", "Local AS: 64512", "Routes: 1 imported, 2 exported", "[global]",
    "InterfacePrefix = tap", "x", "=",
])  # fmt: skip
TEXTS = st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=30).map(" ".join)
PARSERS: tuple[Callable[[str], object], ...] = (
    parse.parse_config, parse.parse_peers, parse.felix_runs, parse.prefixes,
    lambda text: parse.parse_routes(text.encode(errors="replace"), 4),
)  # fmt: skip


@given(TEXTS)
def test_any_text_is_a_result_or_a_parse_error(text: str) -> None:
    for parser in PARSERS:
        try:
            parser(text)
        except ParseError as error:
            assert error.message


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("calico-felix", True),
        ("/usr/bin/calico-felix --config-file=/etc/calico/felix.cfg", True),
        ("calico-node -felix", True),
        ("/bin/calico-node --log -felix --x", True),
        ("calico-node -confd", False),
        ("tail -f /var/log/calico/felix.log", False),
        ("vi calico-felix.cfg", False),
        ("", False),
    ],
)
def test_which_processes_are_felix(line: str, runs: bool) -> None:
    assert parse.felix_runs(f"init\n{line}\nsshd: x\n") is runs


def test_what_felix_is_told() -> None:
    said = parse.parse_config("# a comment\n[global]\nInterfacePrefix = 'tap,cali'\nEtcdEndpoints=%x\n[other]\na=b\n")
    assert said["interfaceprefix"] == "tap,cali" and parse.prefixes(said["interfaceprefix"]) == ("tap", "cali")
    assert parse.parse_config("") == {} and parse.prefixes("") == ("cali", "tap")
    with pytest.raises(ParseError, match=r"felix\.cfg"):
        parse.parse_config("InterfacePrefix = tap\n")


OLD = """\
BIRD 1.6.8 ready.
name     proto    table    state  since       info
device1  Device   master   up     2026-01-01
Mesh_192_0_2_2 BGP      master   start  2026-01-01  Active        Socket: Connection refused
  Preference:     100
  Routes:         0 imported, 3 exported, 0 preferred
  BGP state:          Active
    Neighbor address: 192.0.2.2
    Neighbor AS:      64513
    Last error:       Socket: Connection refused
"""


def test_sessions_of_the_older_bird() -> None:
    (peer,) = parse.parse_peers(OLD)
    assert peer == parse.Peer("Mesh_192_0_2_2", "192.0.2.2", "Active", 64513, None, "Socket: Connection refused", 0, 3)
    assert parse.parse_peers("") == []
    with pytest.raises(ParseError, match="no table"):
        parse.parse_peers("Unable to connect to server control socket\n")


def test_the_way_to_an_address_is_the_closest_of_the_main_table() -> None:
    said = (
        b'[{"dst":"default","gateway":"10.0.0.1","dev":"eth0"},{"dst":"192.0.2.0/24","dev":"eth1"},'
        b'{"dst":"192.0.2.2","dev":"eth9","table":"7"},'
        b'{"dst":"198.51.100.0/24","nexthops":[{"gateway":"192.0.2.9","dev":"eth2"}]},'
        b'{"type":"blackhole","dst":"192.0.2.0/26","protocol":"bird"}]'
    )
    routes = parse.parse_routes(said, 4)
    ways = {each: parse.way(each, routes) for each in ("192.0.2.2", "203.0.113.1", "198.51.100.7", "fd00::1", "x")}
    assert ways == {
        "192.0.2.2": "eth1", "203.0.113.1": "eth0", "198.51.100.7": "eth2", "fd00::1": "", "x": "",
    }  # fmt: skip


def run(files: dict[str, bytes] | None = None, **commands: Reply) -> tuple[list[Seen], list[RunEnded]]:
    said = looked(SOURCE, ToldHost(commands, files))
    return [each for each in said if isinstance(each, Seen)], [each for each in said if isinstance(each, RunEnded)]


def test_a_host_without_calico_says_nothing_with_and_without_ps() -> None:
    assert run() == ([], [])
    assert run(ps=Reply(b"sshd\n"), ip=Reply(b"[]")) == ([], [])


def test_felix_gone_while_its_routes_are_there_is_down() -> None:
    routes = Reply(b'[{"dst":"10.65.0.2","dev":"tap1","scope":"link"},{"dst":"10.65.0.9","dev":"eth0"}]')
    (seen,), (ended,) = run({CONFIG: b"[global]\n"}, ps=Reply(b"sshd\n"), ip=routes)
    assert ended.status == "completed"
    (process, tap) = seen.records
    assert process.attributes["state"] == "down" and "bgp_peers" not in process.attributes
    assert tap.attributes["routed_by"] == process.id and tap.attributes["workload_ips"] == ["10.65.0.2"]
    assert "state" not in run({CONFIG: b""}, ip=routes)[0][0].records[0].attributes, "no ps tells"


def test_a_bird_that_does_not_answer_leaves_what_was_known_of_it() -> None:
    no = Reply(b"", 1, b"Unable to connect to server control socket (/run/bird/bird.ctl): No such file\n")
    (seen,), (ended,) = run({NODE: b"h"}, ps=Reply(b"calico-node -felix"), ip=Reply(b"[]"), birdc=no)
    assert ended.status == "partial" and "Unable to connect" in ended.errors[0].message
    assert seen.records[0].attributes["state"] == "up"


def test_routes_that_cannot_be_read_fail_and_nothing_is_said_to_be_gone() -> None:
    seen, (ended,) = run({CONFIG: b""}, ps=Reply(b""), ip=Reply(b"", 1, b"Cannot open netlink socket"))
    assert not seen and ended.status == "failed" and "netlink" in ended.errors[0].message
    seen, (ended,) = run({CONFIG: b"nonsense"}, ps=Reply(b""), ip=Reply(b"[]"))
    assert not seen and ended.status == "failed" and "felix.cfg" in ended.errors[0].message
