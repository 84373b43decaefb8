"""A capture that writes every packet to a pcap file of the host that captures, beside what it counts."""

from __future__ import annotations

import os
from pathlib import Path

from calipso.captures.around import Around
from calipso.errors import ConfigError, TransportError
from calipso.flows.pcap import HEADER, written
from calipso.model.flow import RawPacket
from calipso.seams import Capture, CaptureCounts

LARGEST = 64 << 20
"""Octets of a file: of more, the file before is kept (`.1`), older ones go."""


class FileTarget(Around):
    """Writes with every read. What cannot be written is counted as `unkept`: captures go on.

    The file is readable by its owner only, and never one that somebody else put there as a link.
    """

    def __init__(self, inner: Capture, path: Path, largest: int = LARGEST) -> None:
        """Raises `ConfigError` when the file cannot be made."""
        super().__init__(inner)
        self._path, self._largest, self._failed = path, largest, 0
        self._link = -1
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(self._opened())
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}", where="target") from error

    def _opened(self) -> int:
        """Raises `OSError`."""
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the device is gone."""
        try:
            packed, counts = self._inner.read()
        except TransportError:
            self._write()
            raise
        self._write()
        return packed, CaptureCounts(counts.received, counts.dropped, counts.lost, counts.unknown, counts.sampled,
                                     counts.unkept + self._failed)  # fmt: skip

    def _write(self) -> None:
        packets = self._inner.packets()
        if not packets:
            return
        link = packets[0].link
        said = [(each.time, each.frame, each.wire) for each in packets if each.link == link]
        self._failed += len(packets) - len(said)  # a file has one kind of link: a device too, unless it changed
        try:
            self._append(written(said, link), link)
        except OSError:
            self._failed += len(said)

    def _append(self, whole: bytes, link: int) -> None:
        """Raises `OSError`."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size and (size + len(whole) > self._largest or link != self._link):
            os.replace(self._path, self._path.with_name(self._path.name + ".1"))
            size = 0
        self._link = link
        file = self._opened()
        try:
            whole = whole[HEADER:] if size else whole
            done = os.write(file, whole)
            if done != len(whole):  # the disk is full: a packet that is cut would spoil what comes behind it
                os.ftruncate(file, size)
                raise OSError(0, "no room")
        finally:
            os.close(file)

    def packets(self) -> list[RawPacket]:
        """They are in the file."""
        return []
