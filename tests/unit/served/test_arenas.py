"""Threads of the server share the C library's heaps."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

RUN = """
import ctypes, sys, threading
from calipso.runtime.arenas import share_memory
if sys.argv[1] == "few":
    share_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
met, found = threading.Barrier(12), set()
def take():
    met.wait()
    found.add(libc.malloc(64) >> 26)  # a heap of glibc's is 64 MB and stands at a multiple of that
    met.wait()
threads = [threading.Thread(target=take) for _ in range(12)]
for each in threads: each.start()
for each in threads: each.join()
print(len(found))
"""


def heaps(word: str) -> int:
    done = subprocess.run([sys.executable, "-c", RUN, word], capture_output=True, text=True, check=True, timeout=30)
    return int(done.stdout)


def test_many_threads_take_memory_from_few_heaps() -> None:
    if not hasattr(ctypes.CDLL(None), "mallopt"):
        pytest.skip("needs glibc: other C libraries have one heap anyway")
    assert heaps("few") <= 2 < heaps("many")
