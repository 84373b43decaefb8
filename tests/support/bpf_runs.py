"""Frames handed to the eBPF program without a device: BPF_PROG_TEST_RUN."""

from __future__ import annotations

import ctypes
import os
import struct

from calipso.native import bpf

TEST_RUN = 10


def run(program: int, frame: bytes, repeat: int = 1) -> float:
    """Give a frame of at least 14 octets to a program, as if it came in on lo; ns of one run. Raises `OSError`."""
    buffer = ctypes.create_string_buffer(frame, len(frame))
    attributes = struct.pack(
        "=IIIIQQIIIIQQIII", program, 0, len(frame), 0, ctypes.addressof(buffer), 0, repeat, 0, 0, 0, 0, 0, 0, 0, 0
    )
    done, after = bpf.call(TEST_RUN, attributes)
    if done < 0:
        raise OSError(-done, os.strerror(-done))
    return float(struct.unpack_from("=I", after, 36)[0])
