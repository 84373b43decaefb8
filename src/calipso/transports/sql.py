"""A MySQL or MariaDB server that is only read: PyMySQL in a thread of its own.

Every question runs in `START TRANSACTION READ ONLY`, in a session whose transactions are read-only anyway, and is
rolled back. The server itself ends a question that takes too long.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pymysql
from pymysql.connections import Connection
from pymysql.constants import CR, ER

from calipso.errors import AuthFailed, CommandFailed, ConfigError, TimedOut, TransportError, Unreachable
from calipso.model.environment import SqlAccess
from calipso.native.entered import entered
from calipso.native.place import Place
from calipso.seams import Reply, Request, Sql
from calipso.transports.secrets import secret
from calipso.transports.ssh import SshTransport

CHUNK = 1 << 16
_READS = re.compile(r"\s*SELECT\b(?!.*\b(INTO|FOR\s+UPDATE|LOCK\s+IN|GET_LOCK|SLEEP|LOAD_FILE)\b)", re.I | re.S)
_LOST = frozenset({CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, 1053, 1927, 4031})
"""… shutdown, killed, idle for too long."""
_REFUSED = frozenset({
    ER.DBACCESS_DENIED_ERROR, ER.ACCESS_DENIED_ERROR, ER.TABLEACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR,
    ER.HOST_IS_BLOCKED, ER.HOST_NOT_PRIVILEGED, ER.SPECIFIC_ACCESS_DENIED_ERROR, 1698, 1862, 3118, 4151, 3159,
})  # fmt: skip
"""… no password, expired password, account locked (MySQL, MariaDB), TLS demanded."""
_TOO_LONG = frozenset({1969, 3024})
_FULL = frozenset({ER.CON_COUNT_ERROR, ER.TOO_MANY_USER_CONNECTIONS, CR.CR_CONN_HOST_ERROR})
_UNKNOWN_VARIABLE = 1193


class SqlTransport:
    """Answers `Sql`. `pid`: reached from the network of that process. `through`: reached from a host by SSH.

    One connection, made with the first question and made anew after it was lost. Raises `ConfigError` when the
    password's reference leads nowhere or a certificate cannot be read.
    """

    answers: frozenset[type[Request]] = frozenset({Sql})

    def __init__(self, access: SqlAccess, pid: int | None = None, through: SshTransport | None = None) -> None:
        self._access = access
        self._place = Place(pid)
        self._through = through
        self._password = secret(access.password, "mysql.password") if access.password else ""
        self._context = _context(access)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sql")
        self._session: _Session | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self._one = asyncio.Lock()

    async def ask(self, request: Request) -> Reply:
        """Raises `Unreachable`, `AuthFailed`, `TimedOut`, `CommandFailed` (a missing table, an error in the text)."""
        if not isinstance(request, Sql):
            raise TransportError(f"a database is asked by SQL only, not by {type(request).__name__}")
        if not _READS.match(request.text):
            raise TransportError("a database is only read: one SELECT that locks and writes nothing")
        async with self._one:
            try:
                async with asyncio.timeout(request.timeout):
                    return await self._answered(request)
            except TimeoutError:
                self._drop()
                raise TimedOut(f"{self.place}: no answer within {request.timeout:g} s") from None
            except asyncio.CancelledError:
                self._drop()
                raise

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        """Nothing of a database is a stream."""
        raise TransportError("a database is no stream: ask it")

    async def close(self) -> None:
        self._drop()
        self._thread.shutdown(wait=False, cancel_futures=True)
        for pump in self._pumps:
            pump.cancel()
        if self._through is not None:
            await self._through.close()

    @property
    def place(self) -> str:
        return f"mysql {self._access.host}:{self._access.port}"

    async def _answered(self, request: Sql) -> Reply:
        kept = self._session
        if kept is not None:
            try:
                return await self._on(kept, request)
            except _ConnectionLost:
                pass  # idle connections end, servers are restarted: once more, on a new one
        return await self._on(await self._open(), request)

    async def _on(self, session: _Session, request: Sql) -> Reply:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, session.answer, request)
        except _ConnectionLost:
            self._drop()
            raise

    async def _open(self) -> _Session:
        """A session of its own. Raises `Unreachable`, `AuthFailed`, `TimedOut`."""
        run = asyncio.get_running_loop().run_in_executor
        try:
            async with asyncio.timeout(self._access.connect_timeout):
                end = await (self._forwarded() if self._through is not None else run(self._thread, self._connected))
                self._session = _Session(end, self.place)
                await run(self._thread, self._session.begin, self._access, self._password, self._context)
        except TimeoutError:
            self._drop()
            raise TimedOut(f"{self.place}: not connected within {self._access.connect_timeout:g} s") from None
        except BaseException:
            self._drop()
            raise
        return self._session

    def _drop(self) -> None:
        """Give the connection up; a thread that waits on it is told so by its socket."""
        session, self._session = self._session, None
        if session is not None:
            session.end()

    def _connected(self) -> socket.socket:
        """In the thread: a TCP connection, from another network namespace where that is meant."""
        access = self._access
        try:
            with contextlib.ExitStack() as stack:
                if self._place.pid is not None:
                    namespace = self._place.open_namespace("")
                    stack.callback(os.close, namespace)
                    stack.enter_context(entered(namespace))
                end = socket.create_connection((access.host, access.port), access.connect_timeout)
        except TimeoutError as error:
            raise TimedOut(f"{self.place}: not connected within {access.connect_timeout:g} s") from error
        except OSError as error:
            raise Unreachable(f"{self.place}: {error.strerror or error}") from error
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return end

    async def _forwarded(self) -> socket.socket:
        """One end of a pair of sockets whose other end is a connection made by the SSH server: no port is opened."""
        assert self._through is not None
        far = await self._through.dial(self._access.host, self._access.port)
        mine, theirs = socket.socketpair()
        near = await asyncio.open_connection(sock=theirs)
        for reader, writer in ((far[0], near[1]), (near[0], far[1])):
            pump = asyncio.create_task(_pump(reader, writer))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)
        return mine


class _ConnectionLost(Unreachable):
    """The connection ended under a question."""


class _Session:
    """One connection. All but `end` runs in the transport's thread."""

    def __init__(self, end: socket.socket, place: str) -> None:
        self._end = end
        self._handle = end.dup()  # shuts the connection down from outside, whoever holds the socket then
        self._place = place
        self._connection: Connection[pymysql.cursors.Cursor] | None = None
        self._limit = 0.0

    def begin(self, access: SqlAccess, password: str, context: ssl.SSLContext | None) -> None:
        """Log in. Raises `AuthFailed`, `Unreachable`."""
        connection = Connection(
            host=access.host, port=access.port, user=access.user or None, password=password, charset="utf8mb4",
            autocommit=True, defer_connect=True, connect_timeout=max(1, int(access.connect_timeout)),
            ssl=context, ssl_disabled=access.tls == "off",
        )  # fmt: skip
        try:
            connection.connect(self._end)
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION TRANSACTION READ ONLY")
        except (pymysql.MySQLError, OSError, RuntimeError, EOFError) as error:
            raise self._error(error) from error
        self._connection = connection

    def answer(self, request: Sql) -> Reply:
        connection = self._connection
        if connection is None or not connection.open:
            raise _ConnectionLost(f"{self._place}: the connection is closed")
        try:
            with connection.cursor() as cursor:
                self._limited(cursor, request.timeout)
                cursor.execute("START TRANSACTION READ ONLY")
                try:
                    cursor.execute(request.text, request.params)
                    columns = [str(each[0]) for each in cursor.description or ()]
                    rows = cursor.fetchall()
                finally:
                    if connection.open:
                        cursor.execute("ROLLBACK")
        except (pymysql.MySQLError, OSError, EOFError) as error:
            raise self._error(error) from error
        return Reply(msgspec.json.encode({"columns": columns, "rows": rows}))

    def _limited(self, cursor: pymysql.cursors.Cursor, limit: float) -> None:
        """Let the server end what takes longer; servers before that variable run on until the connection ends."""
        if limit == self._limit:
            return
        maria = "MariaDB" in str(self._connection.get_server_info()) if self._connection is not None else False  # type: ignore[no-untyped-call]
        name, value = ("max_statement_time", limit) if maria else ("max_execution_time", int(limit * 1000))
        try:
            cursor.execute(f"SET SESSION {name} = {value}")
        except pymysql.MySQLError as error:
            if error.args[0] != _UNKNOWN_VARIABLE:
                raise
        self._limit = limit

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._handle.shutdown(socket.SHUT_RDWR)
        self._handle.close()
        self._end.close()

    def _error(self, error: Exception) -> TransportError:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        said = str(error.args[1]) if len(error.args) > 1 else str(error) or "the connection ended"
        message = f"{self._place}: {said}"
        cause = getattr(error, "original_exception", error)
        if isinstance(cause, ssl.SSLError) or code == CR.CR_SSL_CONNECTION_ERROR:
            return Unreachable(f"{self._place}: TLS: {said or cause}", hint="See `tls` and `ca` of its section.")
        if isinstance(error, RuntimeError):
            return AuthFailed(message)
        if code in _REFUSED:
            return AuthFailed(message, hint="A user who may SELECT on the databases of Neutron and Nova is enough.")
        if code in _TOO_LONG:
            return TimedOut(message)
        if code in _FULL:
            return Unreachable(message)
        if code in _LOST or not isinstance(error, pymysql.MySQLError) or isinstance(error, pymysql.InterfaceError):
            return _ConnectionLost(message)
        return CommandFailed(message, exit_code=code)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await reader.read(CHUNK):
            writer.write(part)
            await writer.drain()
    writer.close()


def _context(access: SqlAccess) -> ssl.SSLContext | None:
    """None: as PyMySQL does by itself, without TLS or with it where the server can. Raises `ConfigError`."""
    if access.tls in ("off", "preferred"):
        return None
    try:
        context = ssl.create_default_context(cafile=access.ca or None)
        if access.cert:
            context.load_cert_chain(access.cert, access.key or None)
    except OSError as error:
        raise ConfigError(f"no certificate there: {error}", where="mysql.ca" if access.ca else "mysql.cert") from error
    if access.tls == "required":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
