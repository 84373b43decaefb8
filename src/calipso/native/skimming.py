"""Some attributes of many objects, read off their encoded facets outside of the interpreter (`skim.c`)."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec

from calipso.graph.codec import Batch, Said

LIBRARY = Path(__file__).parent / "_skim.so"
_P, _TEXT, _COUNT = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32
_decode = msgspec.msgpack.Decoder(list[dict[str, Any]]).decode


class AskedBatch(ctypes.Structure):
    """`struct batch` of the core."""

    _fields_ = (
        ("facets", _TEXT), ("needs", _TEXT), ("ords", _P), ("facets_of", _P), ("sizes", _P), ("need_sizes", _P),
        ("objects", _COUNT), ("needed", _COUNT), ("version", _COUNT),
    )  # fmt: skip


class _Said(ctypes.Structure):
    """`struct said`."""

    _fields_ = (
        ("answers", _P), ("size", ctypes.c_uint64), ("counts", ctypes.POINTER(_COUNT)), ("ords", _P),
        ("different", _COUNT), ("objects", _COUNT),
    )  # fmt: skip


@cache
def library(path: Path = LIBRARY) -> ctypes.CDLL | None:
    """None where it was not built, or cannot be loaded."""
    try:
        found = ctypes.CDLL(str(path))
        found.skim_new.restype, found.skim_new.argtypes = _P, [_TEXT, ctypes.c_size_t]
        found.skim_free.restype, found.skim_free.argtypes = None, [_P]
        found.skim_begin.restype, found.skim_begin.argtypes = None, [_P, ctypes.POINTER(AskedBatch)]
        found.skim_end.restype, found.skim_end.argtypes = ctypes.POINTER(_Said), [_P]
    except (OSError, AttributeError):
        return None
    return found


class Skimmer:
    """Reads facets, plain and compressed with one dictionary, a batch at a time. For one thread."""

    def __init__(self, core: ctypes.CDLL, handle: int) -> None:
        self._core, self._handle = core, handle
        self._pending: tuple[AskedBatch, Any] | None = None  # what is read meanwhile must stay

    def begin(self, batch: Batch, needs: tuple[str, ...], version: int = 0) -> Callable[[], Said | None]:
        """Reading goes on beside the caller, who asks for the answer in the end: None when this cannot read it.

        needs: sorted names. version: of addresses that are wanted, 0 for all. One batch at a time: of one begun before,
        whose answer was not asked for, there is none.
        """
        names = [each.encode() for each in needs]
        numbers = [
            array("I", each)
            for each in (batch.ords, batch.facets_of, map(len, batch.bodies), [len(name) for name in names])
        ]
        texts = b"".join(batch.bodies), b"".join(names)
        asked = AskedBatch(*texts, *map(_at, numbers), len(batch.ords), len(names), version)
        self._core.skim_begin(self._handle, ctypes.byref(asked))
        self._pending = pending = (asked, numbers)
        return lambda: self._end() if self._pending is pending else None

    def _end(self) -> Said | None:
        found = self._core.skim_end(self._handle)
        self._pending = None
        if not found:
            return None
        said = found.contents
        try:
            answers = _decode(ctypes.string_at(said.answers, said.size))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        ords = array("I")
        ords.frombytes(ctypes.string_at(said.ords, 4 * said.objects))
        return list(zip(answers, _shares(ords, said.counts[: said.different]), strict=True))

    def __del__(self) -> None:
        self._core.skim_free(self._handle)


def skimmer(dictionary: bytes, found: ctypes.CDLL | None = None) -> Skimmer | None:
    """None where it cannot be had."""
    core = found or library()
    handle = core.skim_new(dictionary, len(dictionary)) if core is not None else None
    return Skimmer(core, handle) if core is not None and handle else None


def _shares(ords: array[int], counts: Sequence[int]) -> list[array[int]]:
    ends = list(accumulate(counts))
    return [ords[end - count : end] for count, end in zip(counts, ends, strict=True)]


def _at(numbers: array[int]) -> int:
    return numbers.buffer_info()[0]
