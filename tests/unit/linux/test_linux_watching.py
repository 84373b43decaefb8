"""The parts of watching that need no kernel: events, the ledger, and who was who."""

from __future__ import annotations

import struct

from calipso.model.record import Gone, Record, RunBegan, RunEnded, RunError, Scope, ScopeGone, Seen
from calipso.seams import SourceConfig
from calipso.sources.linux.ledger import Ledger
from calipso.sources.linux.parse_events import Move, parse_events
from calipso.sources.linux.parse_links import parse_links
from calipso.sources.linux.parse_namespaces import Namespace, Namespaces
from calipso.sources.linux.succession import Succession
from calipso.sources.linux.survey import Interfaces, Survey
from calipso.transports.replay import ReplayTransport
from calipso.transports.transcript import header
from tests.support.netlink_messages import attribute, link, mac, message, neighbor, route

SCOPE = Scope("linux", "h", "netns:a")


def frame(number: int, payload: bytes = b"") -> bytes:
    return struct.pack("=Ii", len(payload), number) + payload


def test_events_tell_which_namespace_and_which_tables() -> None:
    changed = parse_events(frame(3, link(2, "eth0")) + frame(4, neighbor(2)) + frame(5, route()) + frame(-3))
    assert changed.interfaces == {3} and changed.tables == {4, 5}
    assert changed.namespaces and not changed.overrun
    assert parse_events(frame(-2)).overrun


def test_a_number_given_anew_means_to_look_there() -> None:
    given = parse_events(frame(-1, message(88, bytes(4) + attribute(1, 6))))
    assert given.interfaces == given.tables == {6} and not given.namespaces
    taken = parse_events(frame(-1, message(89, bytes(4) + attribute(1, 6))))
    assert taken.namespaces and not taken.interfaces


def test_a_move_names_where_to() -> None:
    message = link(2, "eth0", attribute(45, 7, width="=i"), attribute(49, 9, width="=i"), type_=17)
    assert parse_events(frame(3, message)).moves == [Move(3, 2, 7, 9)]


def record(name: str, value: int) -> Record:
    return Record(f"h/netns:a/dev:{name}", "netlink", "device", {"value": value})


def test_the_ledger_says_only_what_is_new() -> None:
    ledger = Ledger()
    first = list(ledger.changes(SCOPE, [record("a", 1), record("b", 1)]))
    assert [type(each) for each in first] == [RunBegan, Seen, RunEnded], "the first look is a whole run"
    assert list(ledger.changes(SCOPE, [record("a", 1), record("b", 1)])) == []
    assert list(ledger.changes(SCOPE, [record("a", 2)])) == [
        Gone(SCOPE, (("h/netns:a/dev:b", "netlink"),)),
        Seen(SCOPE, (record("a", 2),)),
    ]


def test_after_a_look_that_failed_everything_is_said_again() -> None:
    ledger = Ledger()
    list(ledger.whole(SCOPE, [record("a", 1)]))
    ledger.failed(SCOPE)
    assert [type(each) for each in ledger.changes(SCOPE, [record("a", 1)])] == [RunBegan, Seen, RunEnded]


def test_a_partial_look_proves_nothing_gone() -> None:
    ledger = Ledger()
    list(ledger.whole(SCOPE, [record("a", 1), record("b", 1)]))
    *_, ended = ledger.whole(SCOPE, [record("a", 1)], (RunError("x", "y"),))
    assert isinstance(ended, RunEnded) and ended.status == "partial"
    *_, ended = ledger.changes(SCOPE, [record("a", 1)])
    assert isinstance(ended, RunEnded) and ended.status == "completed", "the run that removes b"


def test_a_scope_ends_once() -> None:
    ledger = Ledger()
    list(ledger.whole(SCOPE, []))
    assert list(ledger.end(SCOPE)) == [ScopeGone(SCOPE)]
    assert list(ledger.end(SCOPE)) == []


# ── who was who ───────────────────────────────────────────────────────────────────────────────────────────────────


def survey() -> Survey:
    found = Survey(ReplayTransport([header()]), SourceConfig(host="h"))
    a = Namespace("h/netns:a", "netns:a", "/run/netns/a", 2, reference=2)
    b = Namespace("h/netns:b", "netns:b", "/run/netns/b", 3, reference=3)
    found.listing = Namespaces((Namespace("h", "root", "", 1, 0), a, b), frozenset(), True, True, ())
    return found


def look(found: Survey, succession: Succession, part: str, *links: bytes, nsids: dict[int, int] | None = None) -> None:
    found.read[part] = Interfaces(parse_links(b"".join(links)), {}, nsids or {}, {})
    found.build(found.listing.all)
    succession.settle({part})


def was(found: Survey, part: str, name: str) -> object:
    (device,) = [each for each in found.read[part].devices if each.name == name]
    return device.record.attributes.get("was")


MAC = mac(1, "02:00:00:00:00:01")


def test_a_renamed_interface_remembers_its_name() -> None:
    found = survey()
    succession = Succession(found)
    look(found, succession, "netns:a", link(2, "old", MAC, kind="veth"))
    look(found, succession, "netns:a", link(2, "new", MAC, kind="veth"))
    assert was(found, "netns:a", "new") == "h/netns:a/dev:old"
    look(found, succession, "netns:a", link(2, "new", MAC, kind="veth"))
    assert was(found, "netns:a", "new") == "h/netns:a/dev:old", "it stays, so that the record does"


def test_another_interface_with_the_same_number_is_another() -> None:
    found = survey()
    succession = Succession(found)
    look(found, succession, "netns:a", link(2, "old", MAC, kind="veth"))
    look(found, succession, "netns:a", link(2, "new", MAC, kind="bridge"))
    assert was(found, "netns:a", "new") is None


def test_a_moved_interface_remembers_where_it_was() -> None:
    found = survey()
    succession = Succession(found)
    look(found, succession, "netns:a", link(2, "x", MAC, kind="veth"))
    look(found, succession, "netns:b", link(1, "lo", hardware=772))
    succession.moved(Move(reference=2, index=2, nsid=5, new_index=4))
    look(found, succession, "netns:b", link(1, "lo", hardware=772), link(4, "y", MAC, kind="veth"))
    assert was(found, "netns:b", "y") is None, "not before it is known which namespace that number is"
    look(found, succession, "netns:a", nsids={5: 3})
    assert was(found, "netns:b", "y") == "h/netns:a/dev:x"
