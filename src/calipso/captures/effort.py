"""What a capture costs."""

from __future__ import annotations

import threading
import time


def seconds_of(thread: threading.Thread) -> float:
    """Seconds of CPU that a thread used since it began, 0.0 when it has ended."""
    if thread.ident is None or not thread.is_alive():
        return 0.0
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
    except OSError:  # it ended this moment
        return 0.0
