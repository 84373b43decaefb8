"""Capture files of every form, and damaged ones."""

from __future__ import annotations

import io

import pytest

from calipso.errors import ParseError
from calipso.flows.pcap import read
from tests.support import packets as p

FRAMES = [(1_700_000_000.25, p.ethernet(b"one", 0x0806)), (1_700_000_001.5, p.ethernet(b"two" * 40, 0x0806))]
EXPECTED = [(1_700_000_000_250_000_000, FRAMES[0][1]), (1_700_000_001_500_000_000, FRAMES[1][1])]


@pytest.mark.parametrize(
    "file",
    [p.pcap(FRAMES), p.pcap(FRAMES, order=">"), p.pcapng(FRAMES), p.pcapng(FRAMES, order=">"),
     p.pcapng(FRAMES, resolution=6), p.pcapng(FRAMES) + p.pcapng([], order=">")],
)  # fmt: skip
def test_all_forms_give_the_same_packets(file: bytes) -> None:
    assert [(each.time, each.frame) for each in read(io.BytesIO(file))] == EXPECTED


def test_a_cut_packet_keeps_its_length() -> None:
    assert [(len(each.frame), each.wire) for each in read(io.BytesIO(p.pcap(FRAMES, snap=20)))] == [(17, 17), (20, 134)]


@pytest.mark.parametrize("file", [p.pcap(FRAMES), p.pcapng(FRAMES)])
def test_a_file_that_ends_early_gives_what_it_has_and_then_an_error(file: bytes) -> None:
    for size in range(len(file)):
        found = []
        try:
            for each in read(io.BytesIO(file[:size])):
                found.append((each.time, each.frame))
        except ParseError as error:
            assert "octet" in error.message or "magic" in error.message or not size
        assert found == EXPECTED[: len(found)]


def test_what_is_no_capture_file_is_told() -> None:
    with pytest.raises(ParseError, match="neither pcap nor pcapng"):
        list(read(io.BytesIO(b"PK\3\4" + b"\0" * 40)))
