"""The way into another network namespace and back."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from calipso.native.syscalls import set_network_namespace


@contextlib.contextmanager
def entered(descriptor: int) -> Iterator[None]:
    """Run in another network namespace; the thread comes back to its own. Raises `OSError`."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if os.fstat(descriptor).st_ino == os.fstat(own).st_ino:
            yield
            return
        set_network_namespace(descriptor)
        try:
            yield
        finally:
            set_network_namespace(own)
    finally:
        os.close(own)
