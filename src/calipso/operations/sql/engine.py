"""One statement on an in-memory SQLite that sees nothing but the views, within limits of time, rows and memory."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Any, TypeVar

import apsw
import msgspec

from calipso.errors import CalipsoError, QueryError
from calipso.model.moments import rfc3339
from calipso.operations.sql.past import says_something, with_calls
from calipso.operations.sql.patterns import glob, like, regexp
from calipso.operations.sql.reads import Reads
from calipso.operations.sql.tables import Module
from calipso.operations.sql.views import VIEWS, Past

HEAP = 256 << 20
"""Bytes that all statements under way may use together, for sorting and intermediate results."""
ANSWER = 64 << 20
"""Bytes of one answer."""
VALUE = 16 << 20
STRIDE = 1_000
"""Steps of SQLite's machine between two looks at the clock."""
ALLOWED = frozenset({apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE})
LIMITS = {
    apsw.SQLITE_LIMIT_LENGTH: VALUE, apsw.SQLITE_LIMIT_SQL_LENGTH: 100_000, apsw.SQLITE_LIMIT_EXPR_DEPTH: 200,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 50, apsw.SQLITE_LIMIT_ATTACHED: 0, apsw.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    apsw.SQLITE_LIMIT_WORKER_THREADS: 0, apsw.SQLITE_LIMIT_VDBE_OP: 250_000,
}  # fmt: skip
ONE = "one SELECT, WITH … SELECT or VALUES is taken"
T = TypeVar("T")


class Bounds(msgspec.Struct, frozen=True):
    """seconds: it may take. rows: handed out at most."""

    seconds: float
    rows: int


class Table(msgspec.Struct, frozen=True):
    """columns: their names; types: as declared, "" for what is worked out. truncated: there were more rows."""

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    truncated: bool


class Statement:
    """Runs one statement. `clock` gives seconds that only ever grow; `take` is told of bytes of the answer."""

    def __init__(
        self, past: Past, clock: Callable[[], float], bounds: Bounds, take: Callable[[int], None] = lambda _: None
    ) -> None:  # fmt: skip
        self.past = past
        self.clock = clock
        self.take = take
        self.bounds = bounds
        self.until = clock() + bounds.seconds
        self.reads = Reads()
        """What it has read, once it ran."""
        self._started = 0
        apsw.hard_heap_limit(HEAP)

    def run(self, text: str) -> Table:
        """The answer. Raises `QueryError` with position and hint, `NotFound` before history begins."""
        return self._careful(text, lambda: self._answer(with_calls(text)))

    def columns(self, text: str) -> list[str]:
        """The columns that it would have, without running it. Raises as `run`."""
        return self._careful(text, lambda: self._columns(with_calls(text)))[0]

    def _careful(self, text: str, work: Callable[[], T]) -> T:
        try:
            return work()
        except CalipsoError:
            raise
        except UnicodeError:
            raise QueryError("a text of it is no Unicode", hint="hex(…) shows any bytes") from None
        except (apsw.InterruptError, _TooLong):
            raise self._too_long() from None
        except (apsw.NoMemError, apsw.TooBigError, apsw.FullError, MemoryError):
            raise QueryError(
                "the statement needs more memory than it may use", hint="select fewer columns or rows, sort less"
            ) from None
        except apsw.ExecTraceAbort:
            raise QueryError("there is more than one statement", hint=ONE) from None
        except apsw.AuthError:
            raise QueryError("only reading is allowed", position=0, hint=ONE) from None
        except apsw.Error as error:
            raise wrong(error, text) from None

    def _too_long(self) -> QueryError:
        return QueryError(
            f"the statement took longer than {self.bounds.seconds:g} s",
            hint="narrow it by id, kind, type, host, name or time, or allow it more time",
        )

    def _connection(self) -> apsw.Connection:
        connection = apsw.Connection(":memory:")
        connection.execute("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF")
        for limit, most in LIMITS.items():
            connection.limit(limit, most)
        functions: tuple[tuple[str, int, Any], ...] = (
            ("like", 2, like), ("like", 3, like), ("glob", 2, glob), ("regexp", 2, regexp), ("moment", 1, self._moment),
        )  # fmt: skip
        for name, count, function in functions:
            connection.create_scalar_function(name, function, count)
        for view in VIEWS:
            module: Any = Module(view, self.past, self._watch, self.reads)
            connection.create_module(view.name, module, use_bestindex_object=True, eponymous=True, read_only=True)
        connection.set_progress_handler(self._late, STRIDE)
        connection.authorizer = _allowed
        connection.exec_trace = self._begins
        return connection

    def _moment(self, said: Any) -> str:
        self.reads.everything = True
        return rfc3339(self.past.moment(str(said)))

    def _begins(self, _: Any, text: str, *__: Any) -> bool:
        """Whether a statement may begin: the first may."""
        self._started += says_something(text)
        return self._started <= 1

    def _late(self) -> bool:
        return self.clock() > self.until

    def _watch(self) -> None:
        if self._late():
            raise _TooLong

    def _answer(self, text: str) -> Table:
        connection = self._connection()
        try:
            return self._rows(connection.cursor(), text)
        finally:
            connection.close()

    def _rows(self, cursor: apsw.Cursor, text: str) -> Table:
        rows: list[list[Any]] = []
        size, types, columns, truncated = 0, list[str](), list[str](), False
        for row in cursor.execute(text):
            if not columns:
                columns, types = _described(cursor)
            if len(rows) >= self.bounds.rows:
                truncated = True
                break
            more = 64 + sum(len(each) if isinstance(each, str | bytes) else 8 for each in row)
            self.take(more)
            size += more
            if size > ANSWER:
                raise QueryError(f"the answer is larger than {ANSWER >> 20} MB", hint="select fewer columns or rows")
            rows.append([_plain(value, type) for value, type in zip(row, types, strict=True)])
        if not columns:
            columns, types = self._columns(text)
        return Table(columns, types, rows, truncated)

    def _columns(self, text: str) -> tuple[list[str], list[str]]:
        """Of an answer without rows, whose cursor tells nothing any more."""
        described: list[tuple[list[str], list[str]]] = []

        def begins(cursor: Any, said: str, *_: Any) -> bool:
            if says_something(text[len(said) :]):
                raise QueryError("there is more than one statement", hint=ONE)
            described.append(_described(cursor))
            return False

        connection = self._connection()
        connection.exec_trace = begins
        try:
            connection.execute(text)
        except apsw.ExecTraceAbort:
            if described[0][0]:
                return described[0]
        finally:
            connection.close()
        raise QueryError("nothing is asked", position=0, hint="as in SELECT kind, count(*) FROM objects GROUP BY 1")


class _TooLong(Exception):
    """Raised inside a view, where SQLite cannot be interrupted."""


def _described(cursor: Any) -> tuple[list[str], list[str]]:
    found = cursor.get_description()
    return [name for name, _ in found], [type or "" for _, type in found]


def _allowed(action: int, *about: str | None) -> int:
    named = action == apsw.SQLITE_READ and (about[0] or "").startswith("sqlite_")
    return apsw.SQLITE_OK if action in ALLOWED and not named else apsw.SQLITE_DENY


def _plain(value: Any, type: str) -> Any:
    """JSON columns as what they hold, bytes as hexadecimal text."""
    if isinstance(value, bytes):
        return value.hex()
    if type == "JSON" and isinstance(value, str):
        return msgspec.json.decode(value)
    return bool(value) if type == "BOOLEAN" and value is not None else value


_NO_TABLE, _NO_COLUMN = re.compile(r"no such table: (?:\w+\.)?(.+)"), re.compile(r"no such column: (?:.+\.)?(.+)")


def wrong(error: apsw.Error, text: str) -> QueryError:
    """SQLite's complaint with the place in characters and what was meant."""
    said = str(error).removeprefix("SQLError: ")
    offset = getattr(error, "error_offset", -1)
    position = len(text.encode()[:offset].decode(errors="ignore")) if offset >= 0 else -1
    hint, missing = ONE, ""
    if table := _NO_TABLE.search(said):
        missing, hint = table[1], _meant(table[1], [view.name for view in VIEWS])
    elif column := _NO_COLUMN.search(said):
        missing = column[1]
        hint = _meant(missing, list(dict.fromkeys(each.name for view in VIEWS for each in view.columns)))
        hint += "; other attributes are `attributes ->> 'name'`"
    if missing and position < 0:
        position = text.find(missing)
    return QueryError(said, position=position, hint=hint)


def _meant(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word.lower(), known, 1, 0.6)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
