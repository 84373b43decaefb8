"""Captures of pcap and pcapng streams that are sent to a TCP port, as by `tcpdump -w -`: packets seen elsewhere."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading

from calipso.captures.bpf import Matcher
from calipso.captures.devices import within
from calipso.captures.effort import seconds_of
from calipso.errors import CalipsoError, ConfigError, ParseError, TransportError
from calipso.flows.count import Counter
from calipso.flows.fragments import SETS
from calipso.flows.pcap import Packet, read
from calipso.seams import CaptureCounts, CaptureOptions, CapturePoint, RawPacket

PORT = 8100
ADDRESS = "127.0.0.1"
"""Nobody is asked who they are, so only the host itself may send."""
WAITING, STREAMS = 20_000, 16
"""Packets that wait for the next look: who sends more waits, nothing is lost. Streams at a time."""
HEADS = 8192
FORGET = 600 * 1_000_000_000
"""Conversations without a packet for so long (ns) make room for others."""
_TURN = 0.2


class PcapSocket:
    """The engine: times are those of the packets, which are to be about now; for files there is `calipso pcap`."""

    name = "pcapsocket"
    title = "pcap over TCP"
    types = frozenset({"host"})
    filters = False
    """It takes one when it is named; else who asks for a host's packets by a filter means those that pass there."""
    keeps_packets = True

    def reason(self) -> str:
        """It works wherever there is TCP."""
        return ""

    def open(self, point: CapturePoint, options: CaptureOptions) -> PcapSocketCapture:
        """Raises `Unreachable` (the port is taken), `AuthFailed`, `ConfigError` (a wrong filter, a target)."""
        if options.target:
            raise ConfigError("what comes by a socket is not sent on", where="target")
        Matcher(options.bpf, 1)
        return PcapSocketCapture(_listening(point, options.port or PORT), options)


def _listening(point: CapturePoint, port: int) -> socket.socket:
    with within(point, "CAP_SYS_ADMIN", "listening"):
        try:
            made = socket.create_server((ADDRESS, port))
        except OSError as error:
            raise OSError(error.errno, f"TCP port {port}: {error.strerror}") from error
    made.settimeout(_TURN)
    return made


class PcapSocketCapture:
    """`lost`: what the table had no room for, and streams that are no pcap, end within a packet or were too many."""

    def __init__(self, listening: socket.socket, options: CaptureOptions) -> None:
        self._listening, self._bpf, self._failed = listening, options.bpf, ""
        self.port = int(listening.getsockname()[1])
        self._counter = Counter(
            options.flows, l2_key=options.l2_key, fragments=SETS * options.defragment, streams=options.tcp_metric,
            heads=HEADS * options.payload, packets=options.raw_packets,
        )  # fmt: skip
        self._waiting: queue.Queue[Packet] = queue.Queue(WAITING)
        self._matchers: dict[int, Matcher] = {}
        self._streams: set[socket.socket] = set()
        self._wrong, self._turn, self._closing = 0, threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._accept, name=f"pcap {self.port}", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                stream, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError as error:
                self._failed = f"TCP port {self.port}: {error.strerror}"
                return
            with self._turn:
                refused = len(self._streams) >= STREAMS or self._closing.is_set()
                self._wrong += refused
                if not refused:
                    self._streams.add(stream)
            if refused:
                stream.close()
                continue
            stream.settimeout(None)
            threading.Thread(target=self._take, args=(stream,), daemon=True).start()

    def _take(self, stream: socket.socket) -> None:
        try:
            with stream.makefile("rb") as said:
                for packet in read(said):
                    self._put(packet)
        except (ParseError, OSError):
            with self._turn:
                self._wrong += 1
        finally:
            with self._turn:
                self._streams.discard(stream)
            stream.close()

    def _put(self, packet: Packet) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(queue.Full):
                self._waiting.put(packet, timeout=_TURN)
                return

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the socket is gone."""
        last = 0
        with contextlib.suppress(queue.Empty):
            for _ in range(WAITING):
                each = self._waiting.get_nowait()
                if self._passes(each):
                    self._counter.frame(each.frame, each.wire, each.time, link=each.link)
                    last = max(last, each.time)
        if self._failed and not last:
            raise TransportError(self._failed)
        if last:
            self._counter.forget(last - FORGET)
        c = self._counter
        return c.records(), CaptureCounts(c.received, 0, c.lost + self._wrong, c.unknown, unkept=c.unkept)

    def _passes(self, packet: Packet) -> bool:
        """Whether the filter lets it pass; one that cannot be had for its kind of link lets nothing."""
        if not self._bpf:
            return True
        if packet.link not in self._matchers:
            try:
                self._matchers[packet.link] = Matcher(self._bpf, packet.link)
            except CalipsoError:
                return False
        return self._matchers[packet.link].passes(packet.frame, packet.wire)

    def packets(self) -> list[RawPacket]:
        return self._counter.packets()

    def cpu(self) -> float:
        """Of accepting alone."""
        return seconds_of(self._thread)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._listening.close()
        with self._turn:
            for stream in self._streams:
                with contextlib.suppress(OSError):
                    stream.shutdown(socket.SHUT_RDWR)
