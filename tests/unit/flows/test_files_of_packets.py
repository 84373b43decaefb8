"""Packets that a capture writes to a file: bounded, whole, and counted where they cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from calipso.captures.filed import FileTarget
from calipso.errors import ConfigError
from calipso.flows.pcap import read
from calipso.runtime.capture_host import CaptureHost
from calipso.runtime.orders import Order
from calipso.seams import CaptureCounts, CaptureOptions, CapturePoint, RawPacket
from tests.support.counting import Counting


class Given:
    """A capture that gives packets."""

    def __init__(self) -> None:
        self.waiting: list[RawPacket] = []
        self.open = True

    def read(self) -> tuple[bytes, CaptureCounts]:
        return b"", CaptureCounts(len(self.waiting))

    def packets(self) -> list[RawPacket]:
        taken, self.waiting = self.waiting, []
        return taken

    def cpu(self) -> float:
        return 0.5

    def close(self) -> None:
        self.open = False


def packet(n: int, link: int = 1) -> RawPacket:
    return RawPacket(n, bytes([n]) * 50, 50, link)


def numbers(file: Path) -> list[int]:
    with file.open("rb") as stream:
        return [each.frame[0] for each in read(stream)]


def test_each_look_adds_to_the_file_and_one_that_is_full_is_put_aside(tmp_path: Path) -> None:
    inner, file = Given(), tmp_path / "new" / "a.pcap"
    capture = FileTarget(inner, file, largest=200)
    for n in (1, 2, 3, 4):
        inner.waiting = [packet(n)]
        assert capture.read()[1].unkept == 0
    assert (numbers(file.with_name("a.pcap.1")), numbers(file)) == ([1, 2], [3, 4])
    inner.waiting = [packet(5, link=101)]
    capture.read()
    assert (numbers(file.with_name("a.pcap.1")), numbers(file)) == ([3, 4], [5])
    assert capture.packets() == [] and capture.cpu() == 0.5
    capture.close()
    assert not inner.open


def test_what_cannot_be_written_is_counted(tmp_path: Path) -> None:
    inner, file = Given(), tmp_path / "a.pcap"
    capture = FileTarget(inner, file)
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    inner.waiting = [packet(1), packet(2)]
    assert capture.read()[1].unkept == 2
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(ConfigError, match=r"a\.pcap"):
        FileTarget(inner, file)


def test_the_host_decides_which_file(tmp_path: Path) -> None:
    engine = Counting()
    point = CapturePoint(device="eth0", node="h1/netns:../../x/dev:eth0", host="h1")
    options = CaptureOptions(target="local", target_type="local")
    order = Order(capture="../c", point=point, type="veth", options=options)
    host = CaptureHost([engine], folder=tmp_path)
    host.want([order])
    host.turn()
    (told,) = engine.options
    assert Path(told.target).parent == tmp_path and Path(told.target).name == ".._c-h1_netns:.._.._x_dev:eth0.pcap"
    nowhere = CaptureHost([engine])
    nowhere.want([order])
    nowhere.turn()
    assert "no files are written here" in nowhere.reports()[0].state.reason
