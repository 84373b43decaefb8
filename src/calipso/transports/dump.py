"""One netlink dump over one socket."""

from __future__ import annotations

import itertools
import socket
import struct
import threading

_HEADER = struct.Struct("=IHHII")
_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_ERROR, _DONE = 2, 3
_INTERRUPTED = 0x10
_ATTEMPTS = 5
_LARGEST = 1 << 20
"""Bytes of one datagram: an interface with hundreds of virtual functions is one message."""

_thread = threading.local()
_sequence = itertools.count(1)


def dump(endpoint: socket.socket, kind: int, body: bytes) -> bytes:
    """The messages of one dump without NLMSG_DONE, or one NLMSG_ERROR when the kernel refuses.

    Again, up to five times, while the table changed under it: what is missing has to be really missing. Raises
    `OSError`, `TimeoutError`.
    """
    buffer = getattr(_thread, "buffer", None)
    if buffer is None:
        buffer = _thread.buffer = bytearray(_LARGEST)
    for _ in range(_ATTEMPTS):
        messages, interrupted = _once(endpoint, kind, body, buffer)
        if not interrupted:
            break
    return messages


def _once(endpoint: socket.socket, kind: int, body: bytes, buffer: bytearray) -> tuple[bytes, bool]:
    sequence = next(_sequence) & 0xFFFFFFFF
    endpoint.send(_HEADER.pack(16 + len(body), kind, _DUMP, sequence, 0) + body)
    chunks: list[bytes] = []
    interrupted = False
    header = _HEADER.unpack_from
    while True:
        size = endpoint.recv_into(buffer)
        offset = start = 0
        while offset + 16 <= size:
            length, type_, flags, answered, _ = header(buffer, offset)
            if length < 16 or offset + length > size:
                raise OSError(0, "the kernel sent a message that does not fit its datagram")
            if answered != sequence:
                start = offset + ((length + 3) & ~3)
            else:
                interrupted |= bool(flags & _INTERRUPTED)
                if type_ in (_DONE, _ERROR):
                    result = struct.unpack_from("=i", buffer, offset + 16)[0] if length >= 20 else 0
                    if type_ == _ERROR or result < 0:
                        return refusal(result), False
                    chunks.append(bytes(buffer[start:offset]))
                    return b"".join(chunks), interrupted
            offset += (length + 3) & ~3
        chunks.append(bytes(buffer[start:offset]))


def refusal(error: int) -> bytes:
    """An NLMSG_ERROR message; `error` is a negative error number."""
    return struct.pack("=IHHIIi", 20, _ERROR, 0, 0, 0, error)
