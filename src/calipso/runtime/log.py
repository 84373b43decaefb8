"""Events as key-values, secrets masked."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

SECRET = re.compile(r"(?i)(pass(word|wd)?|secret|token|key|credential|authorization)$")


def mask(_: Any, __: str, event: Any) -> Any:
    """Values whose names say they are secret never reach a log."""
    for name in event:
        if SECRET.search(name):
            event[name] = "***"
    return event


def configure(level: str = "info", stream: Any = None) -> None:
    """Log to `stream` (stderr), one line an event."""
    out = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            mask,
            structlog.processors.TimeStamper(fmt="iso"),
            # A traceback without the values of variables: among them are tokens and passwords.
            structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
