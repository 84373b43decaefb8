"""Capture files by the C core and in Python: the same flows, and the same words about damage."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calipso.captures import files
from calipso.captures.core import library
from calipso.captures.files import flows_of_file
from calipso.errors import ParseError
from calipso.flows.count import Counter
from calipso.flows.offline import Reading, flows_of
from calipso.flows.table import Point
from calipso.native.build import build
from tests.property.flows.test_decoding import damaged
from tests.support import packets as p


def by_python(text: bytes) -> Reading | str:
    try:
        return flows_of(io.BytesIO(text), Counter(), Point("n"))
    except ParseError as error:
        return error.message


def by_core(path: Path) -> Reading | str:
    try:
        return flows_of_file(path, Point("n"))
    except ParseError as error:
        return error.message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(damaged(), max_size=20), st.sampled_from("<>"), st.booleans(), st.integers(0, 60),
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=3), st.sampled_from([1, 101]),
)  # fmt: skip
def test_the_same_flows_and_the_same_damage(
    tmp_path: Path, frames: list[bytes], order: str, ng: bool, cut: int, wrong: list[tuple[int, int]], link: int
) -> None:
    if build() is None or library() is None:
        pytest.skip("needs a C compiler: `make test` as root installs one")
    make = p.pcapng if ng else p.pcap
    text = bytearray(make([(1000 + n / 8, frame) for n, frame in enumerate(frames)], order=order, link=link))
    for at, octet in wrong:
        text[at % len(text)] = octet
    file = tmp_path / "a.pcap"
    file.write_bytes(bytes(text[: max(0, len(text) - cut)]))
    assert by_core(file) == by_python(file.read_bytes())


def test_a_file_of_several_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if build() is None or library() is None:
        pytest.skip("needs a C compiler: `make test` as root installs one")
    monkeypatch.setattr(files, "PIECE", 200)
    frames = [(n / 10, p.ethernet(p.ipv4(p.udp(b"x" * (n % 50), n % 7, 53), 17), 0x0800)) for n in range(100)]
    file = tmp_path / "a.pcap"
    file.write_bytes(p.pcap(frames))
    told: list[int] = []
    found = flows_of_file(file, Point("n"), progress=told.append)
    assert found == by_python(file.read_bytes())
    assert len(told) > 10 and told[-1] == 100
