"""How memory is shared among threads (mallopt(3))."""

from __future__ import annotations

import ctypes

M_ARENA_MAX = -8
"""`malloc.h` of glibc."""
ARENAS = 2


def share_memory() -> None:
    """Threads of this process take memory from the same few heaps, before there are any threads.

    glibc gives most threads a heap of their own and keeps what is freed there: a server whose questions each have a
    thread would hold the peak of every one. They wait for the interpreter anyway, so few heaps cost them nothing.
    Nothing happens where the C library has no such choice.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
