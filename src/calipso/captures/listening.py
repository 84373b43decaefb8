"""UDP receivers of what exporters tell: a socket in the host's namespace, a thread that empties it, a bounded queue."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable

from calipso.captures.effort import seconds_of
from calipso.errors import AuthFailed, ParseError, TransportError, Unreachable
from calipso.flows.export.sequence import Sequences
from calipso.native.entered import entered
from calipso.native.place import Place
from calipso.seams import CapturePoint

QUEUE = 20_000
"""Datagrams that wait for the next look: beyond it they are counted as lost."""
_BUFFER = 8 << 20
_TURN = 0.1
_OVERFLOW = getattr(socket, "SO_RXQ_OVFL", 40)
"""The kernel tells with each datagram how many it had no room for since the socket was made (socket(7))."""
_FORCED = 33
"""SO_RCVBUFFORCE: beyond the machine's limit, for those who may."""


class Datagram:
    """`time`: ns since the epoch."""

    __slots__ = ("data", "sender", "time")

    def __init__(self, data: bytes, sender: str, time: int) -> None:
        self.data, self.sender, self.time = data, sender, time


class Receiver:
    """A bound socket. `lost`: datagrams that the queue had no room for; `dropped`: those the kernel had none for."""

    def __init__(self, point: CapturePoint, address: str, port: int) -> None:
        """`address`: local, "::" for all, of both families; port 0: one that is free. Raises `Unreachable`."""
        self._socket = _bound(point, address, port)
        self.port = int(self._socket.getsockname()[1])
        self.lost = self.dropped = 0
        self._failed = ""
        self._waiting: deque[Datagram] = deque()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"udp {self.port}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                data, ancillary, _, sender = self._socket.recvmsg(65_535, 64)
            except TimeoutError:
                continue
            except OSError as error:
                if error.errno == errno.EINTR:
                    continue
                self._failed = f"port {self.port}: {error.strerror}"
                return
            for level, kind, said in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, _OVERFLOW):
                    self.dropped = int(struct.unpack("=I", said[:4])[0])
            if len(self._waiting) >= QUEUE:
                self.lost += 1
                continue
            self._waiting.append(Datagram(data, str(sender[0]), time.time_ns()))

    def take(self) -> list[Datagram]:
        """What came since the last call. Raises `TransportError` when the socket is gone."""
        found: list[Datagram] = []
        with contextlib.suppress(IndexError):
            while len(found) < QUEUE:
                found.append(self._waiting.popleft())
        if self._failed and not found:
            raise TransportError(self._failed)
        return found

    def cpu(self) -> float:
        """Seconds of CPU that receiving took."""
        return seconds_of(self._thread)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()


class Received:
    """A capture of what a `Receiver` takes: the half that does not depend on what is said in the datagrams."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self._sequences = Sequences()
        self._wrong = 0
        """Datagrams that could not be understood."""

    @property
    def port(self) -> int:
        """The UDP port that it listens on."""
        return self.receiver.port

    def _datagrams(self, take: Callable[[Datagram], None]) -> int:
        """Have each that came taken, which may raise `ParseError`; when the last one came, 0 for none.

        Raises `TransportError` when the socket is gone.
        """
        last = 0
        for each in self.receiver.take():
            last = each.time
            try:
                take(each)
            except ParseError:
                self._wrong += 1
        return last

    def _lost(self, uncounted: int) -> int:
        """What did not come or could not be counted; `uncounted`: of what came. What is missing by sequence numbers
        and known to be lost on this machine is lost once.
        """
        here = self.receiver.lost
        return uncounted + here + self._wrong + max(0, self._sequences.missing - self.receiver.dropped - here)

    def cpu(self) -> float:
        """Of receiving alone."""
        return self.receiver.cpu()

    def close(self) -> None:
        self.receiver.close()


def _bound(point: CapturePoint, address: str, port: int) -> socket.socket:
    try:
        namespace = Place(point.pid or None).open_namespace("")
    except OSError as error:
        raise Unreachable(f"{point.host or 'the host'}: {error.strerror}") from error
    try:
        with entered(namespace):
            return _made(address, port)
    except PermissionError as error:
        raise AuthFailed(
            f"UDP port {port}: not permitted", hint="Other hosts' namespaces need CAP_SYS_ADMIN."
        ) from error
    except OSError as error:
        raise Unreachable(f"UDP port {port}: {error.strerror}", hint="Another receiver may have it.") from error
    finally:
        os.close(namespace)


def _made(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if made.family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.setsockopt(socket.SOL_SOCKET, _OVERFLOW, 1)
        try:
            made.setsockopt(socket.SOL_SOCKET, _FORCED, _BUFFER)
        except PermissionError:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        made.settimeout(_TURN)
        made.bind((address, port))
    except BaseException:
        made.close()
        raise
    return made
