"""Packets that are kept of flows: how many, found by their flow and by a filter, written as a file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from calipso.captures.bpf import Matcher
from calipso.errors import ConfigError
from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.pcap import read, written
from calipso.flows.table import FlowTable, Point
from calipso.runtime import packet_shelf
from calipso.runtime.home import Home
from calipso.runtime.packet_shelf import PacketShelf, matching
from tests.support import packets as p

S = 1_000_000_000


def frame(port: int, size: int = 10, protocol: int = 17) -> bytes:
    made = p.udp(b"x" * size, 4000, port) if protocol == 17 else p.tcp(b"x" * size, 4000, port)
    return p.ethernet(p.ipv4(made, protocol), 0x0800)


def shelf_of(frames: list[bytes], shelf: PacketShelf, most: int = 3) -> FlowTable:
    counter, table = Counter(packets=most), FlowTable(Point("n"))
    for n, each in enumerate(frames):
        counter.frame(each, len(each), S + n)
    table.update(r.unpack(counter.records()), 2 * S)
    shelf.take(counter.packets(), table)
    return table


def test_the_first_packets_of_each_flow_are_found_by_it() -> None:
    shelf = PacketShelf()
    table = shelf_of([frame(53), frame(80, protocol=6), *[frame(53)] * 5], shelf)
    by_port = {flow.transport.b: flow for flow in table.flows() if flow.transport}
    found = shelf.of([flow.uuid for flow in table.flows()])
    assert [(each.flow, each.index, each.time - S) for each in found] == [
        (by_port[53].uuid, 1, 0), (by_port[80].uuid, 1, 1), (by_port[53].uuid, 2, 2), (by_port[53].uuid, 3, 3),
    ]  # fmt: skip
    assert (by_port[53].raw_packets, by_port[80].raw_packets) == (3, 1)
    assert shelf.of(["nobody"]) == []
    assert [each.flow for each in matching("tcp port 80", found)] == [by_port[80].uuid]
    assert matching("", found) == found


def test_the_oldest_go_when_there_is_no_room() -> None:
    shelf = PacketShelf(largest=3 * (200 + len(frame(1))))
    table = shelf_of([frame(port) for port in (1, 2, 3, 4, 5)], shelf)
    ports = {flow.uuid: flow.transport.b for flow in table.flows() if flow.transport}
    assert [ports[each.flow] for each in shelf.of(ports)] == [3, 4, 5]


def test_a_packet_waits_for_its_flow_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_shelf, "_WAITING", 2)
    shelf, counter, table = PacketShelf(), Counter(packets=9), FlowTable(Point("n"))
    for n, port in enumerate((1, 2, 3)):
        counter.frame(frame(port), 52, S + n)
    shelf.take(counter.packets(), table)
    table.update(r.unpack(counter.records()), 2 * S)
    shelf.take([], table)
    assert [each.time - S for each in shelf.of([flow.uuid for flow in table.flows()])] == [1, 2]


def test_what_does_not_fit_is_counted_and_a_tag_comes_back() -> None:
    counter = Counter(packets=9, room=400)
    for n in range(3):
        counter.frame(frame(53), len(frame(53)), n, vlan=7)
    (one, two) = counter.packets()
    assert counter.unkept == 1 and one.frame == two.frame
    assert one.frame == p.ethernet(p.ipv4(p.udp(b"x" * 10, 4000, 53), 17), 0x0800, vlans=[7])
    assert one.wire == len(one.frame)


def test_a_file_of_them_reads_as_it_was() -> None:
    packets = [(S + 5, frame(1), 52), (2 * S, frame(2)[:30], 52)]
    text = written(packets, 1)
    assert [(each.time, each.frame, each.wire, each.link) for each in read(io.BytesIO(text))] == [
        (*each, 1) for each in packets
    ]


def test_a_wrong_filter_is_told_in_libpcaps_words() -> None:
    with pytest.raises(ConfigError, match="syntax error"):
        Matcher("port port")
    assert Matcher("ip6 and udp port 53").passes(p.ethernet(p.ipv6(p.udp(b"", 1, 53), 17), 0x86DD), 62)


def test_they_outlive_the_process_in_their_order(tmp_path: Path) -> None:
    file, room = tmp_path / "kept", 3 * (200 + len(frame(1)))
    shelf = PacketShelf(file, largest=room)
    table = shelf_of([frame(port) for port in (1, 2, 1)], shelf)
    uuids = [flow.uuid for flow in table.flows()]
    shelf.save()
    assert file.stat().st_mode & 0o777 == 0o600
    again = PacketShelf(file, largest=room)
    assert again.of(uuids) == shelf.of(uuids) and len(again.of(uuids)) == 3
    later = shelf_of([frame(9)], again)
    assert [each.index for each in again.of(uuids)] == [1, 2] and len(again.of(f.uuid for f in later.flows())) == 1
    file.write_bytes(b"not what was written")
    assert PacketShelf(file).of(uuids) == []


def test_nothing_is_written_where_nothing_was_kept(tmp_path: Path) -> None:
    PacketShelf(tmp_path / "kept").save()
    PacketShelf().save()
    shelf = PacketShelf(tmp_path / "away" / "kept")
    shelf_of([frame(1)], shelf)
    shelf.save()
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_packets_is_left_of_an_environment_that_is_purged(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    for name in ("gone", "stays"):
        home.captures(name).mkdir(parents=True)
        (home.captures(name) / "a.pcap").touch()
        home.packets(name).touch()
    home.forget("gone", purge=True)
    assert not home.captures("gone").exists() and not home.packets("gone").exists()
    assert (home.captures("stays") / "a.pcap").exists() and home.packets("stays").exists()
