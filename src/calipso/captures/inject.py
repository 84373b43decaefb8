"""Frames sent by AF_PACKET (packet(7)) from a device of any namespace of this machine."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from calipso.captures.afpacket import refusal
from calipso.captures.devices import within
from calipso.seams import CapturePoint


class AfPacketInjector:
    """Sends by a raw socket of the device's namespace."""

    name = "afpacket"

    def reason(self) -> str:
        """Why it cannot be used here, "" when it can."""
        return refusal()

    def open(self, point: CapturePoint) -> FrameSocket:
        """Raises `Unreachable` (no such device or namespace), `AuthFailed` (not permitted)."""
        with within(point, "CAP_NET_RAW", "sending frames"):
            made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            try:
                made.bind((point.device, 0))  # protocol 0: it receives nothing
            except BaseException:
                made.close()
                raise
        return FrameSocket(made)


class FrameSocket:
    """A device that frames are handed to."""

    def __init__(self, made: socket.socket) -> None:
        self._socket = made
        made.settimeout(1.0)  # a device that takes nothing any more does not hold the caller

    def send(self, frames: Sequence[bytes]) -> list[str]:
        """Hand frames over; why, for each that was not taken."""
        failed = []
        for frame in frames:
            try:
                self._socket.send(frame)
            except OSError as error:
                failed.append(error.strerror or str(error))
        return failed

    def close(self) -> None:
        self._socket.close()
