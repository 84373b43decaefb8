"""The places of an index put in order outside of the interpreter (`places.c`)."""

from __future__ import annotations

import ctypes
from array import array
from functools import cache
from pathlib import Path

from calipso.graph.index import Order

LIBRARY = Path(__file__).parent / "_places.so"
Ordered = tuple["array[int]", "array[int]", "array[int]", "array[int]"]


@cache
def library(path: Path = LIBRARY) -> ctypes.CDLL | None:
    """None where it was not built, or cannot be loaded."""
    try:
        found = ctypes.CDLL(str(path))
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        found.places_order.restype = ctypes.c_int
        found.places_order.argtypes = [pointer, pointer, size, pointer, pointer, ctypes.POINTER(size)]
    except (OSError, AttributeError):
        return None
    return found


def order(found: ctypes.CDLL | None = None) -> Order | None:
    """None where it cannot be had."""
    core = found or library()
    if core is None:
        return None

    def ordered(hashes: array[int], ords: array[int]) -> Ordered:
        """Raises `MemoryError`."""
        count, counts = len(hashes), (ctypes.c_size_t * 2)()
        out = hashes[:], ords[:], array("Q", bytes(8 * count)), array("i", bytes(4 * count))
        one, beside, where, several = (each.buffer_info()[0] for each in out)
        if core.places_order(one, beside, count, where, several, counts):
            raise MemoryError(f"no room to put {count} places of an index in order")
        return out[0][: counts[0]], out[1][: counts[0]], out[2][: counts[1]], out[3][: counts[1]]

    return ordered
