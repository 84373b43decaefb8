"""Every error Calipso raises on purpose.

    CalipsoError
    ├── ConfigError            a file, field or option is wrong
    ├── TransportError         a request could not be answered
    │   ├── Unreachable        nobody there: connection refused, no such socket
    │   ├── AuthFailed         refused for who we are: bad key, missing privilege
    │   ├── TimedOut           no answer within the request's timeout
    │   └── CommandFailed      the command ran and exited non-zero
    ├── ParseError             an answer is not what its format promises
    ├── StoreError             the store cannot be read or written
    │   ├── StoreDamaged       the file is not ours or is broken; it is left as it is
    │   └── StoreTooNew        the file was written by a newer version; it is left as it is
    ├── QueryError             a query is wrong at a position
    │   └── Busy               it is not: others ask too much at the moment
    ├── NotFound               no such object, scan, environment …
    ├── Conflict               it exists already, or changed meanwhile
    └── Forbidden              the caller may not do this

The message says what happened and where; `hint` says what to do next. Neither ever holds a secret.
"""

from __future__ import annotations


class CalipsoError(Exception):
    """Base of all errors; `hint` is one sentence on what to do next, or empty."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(CalipsoError):
    """A configuration file, field or option is wrong; `where` names it (`file:field`)."""

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message, hint=hint)
        self.where = where


class TransportError(CalipsoError):
    """A request could not be answered."""


class Unreachable(TransportError):
    """Nobody answers there."""


class AuthFailed(TransportError):
    """Refused for who we are."""


class TimedOut(TransportError):
    """No answer within the request's timeout."""


class CommandFailed(TransportError):
    """A command ran and exited non-zero."""

    def __init__(self, message: str, *, exit_code: int, stderr: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code
        self.stderr = stderr


class ParseError(CalipsoError):
    """An answer is not what its format promises.

    `parser` names the parser, `line` counts from 1 (0: not a text format), `excerpt` is at most 120 characters.
    """

    def __init__(self, parser: str, reason: str, *, line: int = 0, excerpt: str = "") -> None:
        place = f"{parser}, line {line}" if line else parser
        shown = excerpt[:120]
        super().__init__(f"{place}: {reason}" + (f" in {shown!r}" if shown else ""))
        self.parser = parser
        self.reason = reason
        self.line = line
        self.excerpt = shown


class StoreError(CalipsoError):
    """The store cannot be read or written."""


class StoreDamaged(StoreError):
    """The file is not a Calipso store, or is broken. It is never overwritten."""


class StoreTooNew(StoreError):
    """The file was written by a newer version. It is never overwritten."""


class QueryError(CalipsoError):
    """A query is wrong; `position` is the offset in characters from its start, -1 when unknown."""

    def __init__(self, message: str, *, position: int = -1, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.position = position


class Busy(QueryError):
    """A query cannot be answered for what others ask at the same time."""


class NotFound(CalipsoError):
    """No such thing."""


class Conflict(CalipsoError):
    """It exists already, or changed meanwhile."""


class Forbidden(CalipsoError):
    """The caller may not do this."""
