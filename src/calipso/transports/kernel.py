"""This machine's kernel, as a transport needs it: dumps and namespaces from one thread, and a stream of events.

A reply of `listen(NetlinkEvents)` is a row of frames, each u32 length, i32 number and that many bytes:

    number ≥ 0   a datagram of rtnetlink messages from the namespace with this `reference` (see `Namespaces`)
    -1           a datagram about references themselves: RTM_DELNSID says that its namespace has ended, RTM_NEWNSID that
                 one was given, perhaps to a new namespace in the place of an old one
    -2           OVERRUN, no bytes: events were lost, in whichever namespace
    -3           CHANGED, no bytes: namespaces may have come or gone; ask for them

Only namespaces that an answer to `Namespaces` has numbered are heard of. Mounts are watched by poll(2) on mountinfo,
links below /run/netns by the folder's time, processes by looking at them (at most 1 % of a core).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from calipso.errors import AuthFailed, TimedOut, Unreachable
from calipso.native.place import Place
from calipso.seams import Netlink, Reply
from calipso.transports.namespaces import Listing, encode, inode_of, list_namespaces, pids
from calipso.transports.netlink import Dumps
from calipso.transports.reference import Reference

T = TypeVar("T")
OWN, OVERRUN, CHANGED = -1, -2, -3
FRAME = struct.Struct("=Ii")

_BATCH = 64
_MOST_BUFFERED = 32 << 20
_NSID_GONE = 89
_NSID_ANCILLARY = (270, 8)  # SOL_NETLINK, NETLINK_LISTEN_ALL_NSID
_LOOK = 0.25
_PROCESSES = 1.0
_SHARE = 100


class Kernel:
    """The thread that speaks netlink for one host."""

    def __init__(self, place: Place, receive_buffer: int) -> None:
        self._place = place
        self._receive_buffer = receive_buffer
        self._reference = Reference(place)
        self._dumps = Dumps(place, self._reference)
        self._queue: deque[tuple[asyncio.Future[Any], Callable[[], Any]]] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._streams = 0

    async def dumps(self, request: Netlink) -> bytes:
        return await self.call(lambda: self._dumps.answer(request))

    async def namespaces(self, seconds: float) -> bytes:
        """Raises `AuthFailed`, `Unreachable`, `TimedOut`."""
        try:
            async with asyncio.timeout(seconds):
                return await self.call(self._list)
        except TimeoutError:
            raise TimedOut(f"namespaces: not listed within {seconds} s") from None
        except PermissionError as error:
            raise AuthFailed(f"{error.filename}: {error.strerror}") from error
        except OSError as error:
            raise Unreachable(f"{error.filename or 'namespaces'}: {error.strerror}") from error

    async def listen(self) -> AsyncIterator[Reply]:
        try:
            endpoint = await self.call(lambda: self._reference.listener(self._receive_buffer))
        except OSError as error:
            raise Unreachable(f"events of the kernel: {error.strerror}") from error
        stream = _Stream(endpoint, self._place, self)
        self._reference.taken_back(None)  # what ended before this stream was not heard
        self._streams += 1
        self._reference.listened = True
        try:
            async for reply in stream.replies():
                yield reply
        finally:
            self._streams -= 1
            self._reference.listened = self._streams > 0
            stream.close()

    async def close(self) -> None:
        thread = self._thread
        if thread is not None:
            await self.call(self._reference.close)
            with self._wake:
                self._closing = True
                self._wake.notify()
            await asyncio.get_running_loop().run_in_executor(None, thread.join)
            self._thread = None
            self._closing = False

    def taken_back(self, number: int | None) -> None:
        """A namespace's number is no more its own; None: anyone's may not be."""
        self._reference.taken_back(number)

    def own_number(self) -> int:
        """The number events of the own namespace are given: a real one where no reference namespace could be made."""
        return OWN if self._reference.private else self._reference.own_number()

    def _list(self) -> bytes:
        listing = list_namespaces(self._place)
        if any(each.reason for each in listing.namespaces):
            # `ip netns add` makes the file before it mounts the namespace on it: look again before judging.
            time.sleep(0.02)
            listing = list_namespaces(self._place)
        self._number(listing)
        return encode(listing)

    def _number(self, listing: Listing) -> None:
        readable = {each.inode: each.path for each in listing.namespaces if not each.reason}
        numbers = self._reference.number({listing.root.inode: "", **readable})
        for each in (listing.root, *listing.namespaces):
            each.reference = numbers.get(each.inode, -1)

    async def call(self, function: Callable[[], T]) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._wake:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="netlink", daemon=True)
                self._thread.start()
            self._queue.append((future, function))
            self._wake.notify()
        return await future

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if not self._queue:
                    return
                batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
            outcomes = [(future, *_outcome(function)) for future, function in batch if not future.cancelled()]
            for loop in {future.get_loop() for future, _, _ in outcomes}:
                with contextlib.suppress(RuntimeError):  # the loop of a cancelled caller is closed
                    loop.call_soon_threadsafe(_settle, [each for each in outcomes if each[0].get_loop() is loop])


def _outcome(function: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return function(), None
    except Exception as error:  # noqa: BLE001 - carried to the caller, who awaits it
        return None, error


def _settle(outcomes: list[tuple[asyncio.Future[Any], Any, BaseException | None]]) -> None:
    for future, result, error in outcomes:
        if future.done():
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)


class _Stream:
    """Frames of one listener, gathered while nobody takes them."""

    def __init__(self, endpoint: socket.socket, place: Place, kernel: Kernel) -> None:
        self._endpoint = endpoint
        self._place = place
        self._kernel = kernel
        self._own = kernel.own_number()
        self._gathered = bytearray()
        self._ready = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._failed: OSError | None = None
        self._mountinfo = open(place.mountinfo, "rb")  # noqa: SIM115 - closed with the stream
        self._mounts = select.epoll()
        self._mounts.register(self._mountinfo.fileno(), select.EPOLLPRI | select.EPOLLERR)
        self._loop.add_reader(endpoint.fileno(), self._datagrams)
        self._loop.add_reader(self._mounts.fileno(), self._mounts_changed)
        self._looking = self._loop.create_task(self._look())
        self._frame(CHANGED)  # whatever came between the last list and this stream

    async def replies(self) -> AsyncIterator[Reply]:
        while True:
            await self._ready.wait()
            self._ready.clear()
            if self._failed is not None:
                raise Unreachable(f"events of the kernel: {self._failed.strerror}")
            body, self._gathered = bytes(self._gathered), bytearray()
            yield Reply(body)

    def close(self) -> None:
        self._looking.cancel()
        self._loop.remove_reader(self._endpoint.fileno())
        self._loop.remove_reader(self._mounts.fileno())
        self._endpoint.close()
        self._mounts.close()
        self._mountinfo.close()

    def _frame(self, number: int, payload: bytes = b"") -> None:
        if len(self._gathered) > _MOST_BUFFERED:
            self._gathered = bytearray(FRAME.pack(0, CHANGED))
            number, payload = OVERRUN, b""
        self._gathered += FRAME.pack(len(payload), number) + payload
        self._ready.set()

    def _datagrams(self) -> None:
        for _ in range(256):
            try:
                payload, ancillary, _, _ = self._endpoint.recvmsg(1 << 16, 64)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    self._kernel.taken_back(None)
                    self._frame(OVERRUN)
                    continue
                self._failed = error
                self._ready.set()
                return
            number = self._own
            for level, kind, value in ancillary:
                if (level, kind) == _NSID_ANCILLARY:
                    number = struct.unpack_from("=i", value)[0]
            if number == OWN:
                self._about_numbers(payload)
            self._frame(number, payload)

    def _about_numbers(self, payload: bytes) -> None:
        """RTM_DELNSID: header, struct rtgenmsg, NETNSA_NSID."""
        for at in range(0, len(payload) - 27, 28):
            length, kind = struct.unpack_from("=IH", payload, at)
            regular = length == 28 and struct.unpack_from("=HH", payload, at + 20) == (8, 1)
            if kind == _NSID_GONE or not regular:
                self._kernel.taken_back(struct.unpack_from("=i", payload, at + 24)[0] if regular else None)

    def _mounts_changed(self) -> None:
        self._mounts.poll(0)
        self._frame(CHANGED)

    async def _look(self) -> None:
        """Notice links below /run/netns and the namespaces of processes."""
        folder = _modified(self._place)
        held, pause, waited = await self._kernel.call(self._held), _PROCESSES, 0.0
        while True:
            await asyncio.sleep(_LOOK)
            waited += _LOOK
            now = _modified(self._place)
            if now != folder:
                folder = now
                self._frame(CHANGED)
            if waited >= pause:
                (before, _), held = held, await self._kernel.call(self._held)
                pause, waited = max(_PROCESSES, held[1] * _SHARE), 0.0
                if held[0] != before:
                    self._frame(CHANGED)

    def _held(self) -> tuple[dict[int, int], float]:
        """Namespace → its lowest process, of all processes outside of the host's own; and what finding out took."""
        began = time.thread_time()
        own = inode_of(f"{self._place.init}/ns/net")
        held: dict[int, int] = {}
        with contextlib.suppress(OSError):
            for pid in pids(self._place):
                inode = inode_of(f"{self._place.proc}/{pid}/ns/net")
                if inode != own and pid < held.get(inode, pid + 1):
                    held[inode] = pid
        return held, time.thread_time() - began


def _modified(place: Place) -> int:
    try:
        return os.stat(f"{place.root}/run/netns").st_mtime_ns
    except OSError:
        return 0
