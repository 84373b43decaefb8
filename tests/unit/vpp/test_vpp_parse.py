"""vppctl's tables in their many forms: a result or `ParseError`, whatever is printed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import ParseError
from calipso.model.record import Observation, RunEnded, Seen
from calipso.seams import Reply
from calipso.sources.vpp import SOURCE, parse, parse_interfaces
from tests.support.told_host import ToldHost, looked

PARSERS: tuple[Callable[[str], object], ...] = (
    parse.parse_version, parse.parse_bridge_domains, parse.parse_tunnels, parse.parse_vhost_users, parse.parse_taps,
    parse.parse_bonds, parse_interfaces.parse_interfaces, parse_interfaces.parse_hardware,
    parse_interfaces.parse_addresses,
)  # fmt: skip
WORDS = st.sampled_from([
    "Name", "Interface:", "BD-ID", "ID", "7", "up", "  ", "\n", "\n  ", "[0]", "src", "192.0.2.1", "vni", "x", ":",
    "socket", "filename", "L3", "l2 bridge bd_id 7", "mode: lacp", "number of members: 2", "name", "host-ns",
    "Ethernet address",
])  # fmt: skip


@given(st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=40).map(" ".join))
def test_any_text_is_a_result_or_a_parse_error(text: str) -> None:
    for parser in PARSERS:
        try:
            parser(text)
        except ParseError as error:
            assert error.message


@pytest.mark.parametrize(
    ("text", "domains"),
    [
        ("", []),
        ("no bridge-domains in use\n", []),
        ("  ID Index Learning U-Forwrd UU-Flood Flooding ARP-Term BVI-Intf\n  3 1 off on on on off N/A\n", [3]),
    ],
)
def test_bridge_domains(text: str, domains: list[int]) -> None:
    assert [each.id for each in parse.parse_bridge_domains(text)] == domains


def test_a_cut_off_table_is_no_table() -> None:
    with pytest.raises(ParseError, match="too few columns"):
        parse.parse_bridge_domains("  ID Index Learning U-Forwrd BVI-Intf\n  3 1 off\n")
    with pytest.raises(ParseError, match="both ends"):
        parse.parse_tunnels("[0] src 192.0.2.1 vni 7\n")


def test_a_tap_in_a_namespace_of_its_own_names_no_device_of_the_host() -> None:
    text = 'Interface: tap3 (ifindex 9)\n  name "in"\n  host-ns "blue"\nInterface: tap4 (ifindex 10)\n  name "out"\n'
    assert parse.parse_taps(text) == [parse.Tap("tap3", "in", "blue"), parse.Tap("tap4", "out")]


def test_members_by_their_old_name() -> None:
    text = "BondEthernet0\n  mode: xor\n  load balance: l2\n  number of slaves: 1\n    G0/8/0\n"
    assert parse.parse_bonds(text) == [parse.Bond("BondEthernet0", "xor", "l2", ("G0/8/0",))]


def run(answer: Reply) -> list[Observation]:
    return looked(SOURCE, ToldHost({"vppctl": answer}, {"/run/vpp/": b""}))


def test_a_vpp_that_does_not_answer_has_failed_and_nothing_is_said_to_be_gone() -> None:
    reason = b"clib_socket_init: connect (fd 3, '/run/vpp/cli.sock'): Connection refused\n"
    said = run(Reply(b"", 1, reason))
    (ended,) = [each for each in said if isinstance(each, RunEnded)]
    assert ended.status == "failed" and "Connection refused" in ended.errors[0].message
    assert not any(isinstance(each, Seen) for each in said)


def test_garbage_fails_with_its_place() -> None:
    (ended,) = [each for each in run(Reply(b"\x1b[2J???")) if isinstance(each, RunEnded)]
    assert ended.status == "failed" and "show version" in ended.errors[0].message


def test_no_command_and_no_run_directory_is_no_vpp() -> None:
    assert looked(SOURCE, ToldHost()) == []
