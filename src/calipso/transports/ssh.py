"""A host reached by SSH: one connection, many commands, nothing installed on the host.

A request's words are quoted one by one; nothing of them is read by a shell as anything but a word. Commands run in the
C locale with the administrator's search path, whatever the login sets.
"""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

import asyncssh

from calipso.errors import AuthFailed, CalipsoError, ConfigError, TimedOut, TransportError, Unreachable
from calipso.model.reaching import Ssh
from calipso.seams import Exec, Http, Ovsdb, Read, Reply, Request
from calipso.transports.http import HttpTransport
from calipso.transports.ovsdb import CHUNK, OvsdbTransport
from calipso.transports.ssh_connect import connect, end
from calipso.transports.sudo import Sudo
from calipso.transports.wrap import Wrapping

_AGAIN = 5.0
"""Seconds that a failed login stands for those who ask next: not every source waits for a host that hangs."""
_GRACE = 2.0
"""Seconds after its time that the host ends a command which nobody waits for any more."""
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between tries to open a session."""
_MOST_STDERR = 1 << 20
_LINE = 4 << 20
_READ = '[ ! -e "$1" ] || [ -f "$1" ] || { echo "not a regular file" >&2; exit 1; }; exec cat -- "$1"'
_LOST = (asyncssh.ConnectionLost, asyncssh.DisconnectError, BrokenPipeError, ConnectionError)

FORWARDED: frozenset[type[Request]] = frozenset({Ovsdb, Http})
"""What goes through sockets that the server forwards."""


class SshTransport:
    """Answers `Exec` (also as a stream of lines), `Read` and, where the server forwards sockets, `Ovsdb`.

    `answers` loses `Ovsdb` and `Http` once the server has refused to forward. The connection is made with the first
    request and made anew after it was lost.
    """

    def __init__(self, said: Ssh, wrap: Mapping[str, str] = {}) -> None:
        self._said = said
        self._wrap = Wrapping(wrap)
        self._sudo = Sudo(said.sudo_password, said.host)
        self._becoming = asyncio.Lock()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._opening: asyncio.Task[asyncssh.SSHClientConnection] | None = None
        self._refused: tuple[float, CalipsoError] | None = None
        self._commands = asyncio.Semaphore(said.commands)
        # A socket of a container, or one that only sudo may open, is not reached by forwarding.
        self.answers: frozenset[type[Request]] = frozenset({Exec, Read} if self._wrap else {Exec, Read, *FORWARDED})

    async def ask(self, request: Request) -> Reply:
        """Raises `Unreachable`, `AuthFailed`, `TimedOut`, `ConfigError`; `TransportError` for too much output."""
        match request:
            case Exec():
                return await self._run(request)
            case Read():
                return await self._read(request)
            case Ovsdb():
                return await self._ovsdb().ask(request)
            case Http():
                return await HttpTransport(self._dial).ask(request)
        raise TransportError(f"{type(request).__name__} cannot be asked by SSH")

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        match request:
            case Exec():
                return self._lines(request)
            case Ovsdb():
                return self._ovsdb().listen(request)
            case Http():
                return HttpTransport(self._dial).listen(request)
        raise TransportError(f"{type(request).__name__} cannot be listened to by SSH")

    async def close(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.cancel()
            await asyncio.wait([opening])
            if not opening.cancelled() and opening.exception() is None:
                self._connection = opening.result()
        connection, self._connection = self._connection, None
        if connection is not None:
            await end(connection)

    # ── the connection ────────────────────────────────────────────────────────────────────────────────────────────

    async def _connected(self) -> asyncssh.SSHClientConnection:
        """All who ask meanwhile share one attempt, and its failure for a while."""
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        clock = asyncio.get_running_loop().time
        if self._refused is not None and clock() < self._refused[0]:
            failed = self._refused[1]
            raise type(failed)(failed.message, hint=failed.hint)
        if self._opening is None:
            self._opening = asyncio.create_task(connect(self._said), name=f"ssh to {self._said.host}")
        opening = self._opening
        try:
            self._connection = await asyncio.shield(opening)
        except (TransportError, ConfigError) as error:
            self._refused = (clock() + _AGAIN, error)
            raise type(error)(error.message, hint=error.hint) from error
        finally:
            if opening.done() and self._opening is opening:
                self._opening = None
        self._refused = None
        return self._connection

    # ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────

    def words(self, request: Exec, *, limited: bool = True) -> tuple[str, ...]:
        """What the host runs; the login shell is given these words, each quoted."""
        enter = ("nsenter", f"--net={request.netns}", "--") if request.netns else ()
        return self._wrap.argv(request.argv, enter, request.timeout + _GRACE if limited else 0)

    async def _start(self, request: Exec, *, limited: bool = True) -> asyncssh.SSHClientProcess[bytes]:
        """A command that runs and has been given its input."""
        words = self.words(request, limited=limited)
        async with self._becoming:
            await self._sudo.ready(words, self._attempt)
        process = await self._process(self._sudo.words(words))
        _feed(process, self._sudo.stdin(words, request.stdin))
        return process

    async def _attempt(self, words: tuple[str, ...], stdin: bytes) -> tuple[int, str]:
        process = await self._process(words)
        try:
            _feed(process, stdin)
            said = await process.stderr.read(1000)
            await process.wait_closed()
        finally:
            await _stop(process)
        return process.returncode if process.returncode is not None else 1, said.decode("utf-8", "replace")

    async def _process(self, words: tuple[str, ...]) -> asyncssh.SSHClientProcess[bytes]:
        """A command that runs. sshd counts a session for a moment after its end: one refused is tried again."""
        connection = await self._connected()
        for pause in (*_PAUSES, None):
            try:
                return await connection.create_process(shlex.join(words), encoding=None)
            except asyncssh.ChannelOpenError as error:
                if pause is None:
                    raise Unreachable(
                        f"{self._said.host}: no session for a command: {error.reason}",
                        hint="`commands` must not be above the server's MaxSessions.",
                    ) from error
                await asyncio.sleep(pause)
            except _LOST as error:
                raise Unreachable(f"{self._said.host}: the connection was lost: {error}") from error
        raise AssertionError("the last try returns or raises")

    async def _run(self, request: Exec) -> Reply:
        async with self._commands:
            await self._connected()  # logging in has a limit of its own, and is not the command's time
            try:
                async with asyncio.timeout(request.timeout):
                    return await self._answer(request)
            except TimeoutError:
                raise TimedOut(f"{self._said.host}: {request.argv[0]}: not done within {request.timeout:g} s") from None

    async def _answer(self, request: Exec) -> Reply:
        process = await self._start(request)
        try:
            out, err = await asyncio.gather(
                self._bounded(process.stdout, self._said.largest_mib << 20, request),
                self._bounded(process.stderr, _MOST_STDERR, request),
            )
            await process.wait_closed()
        except _LOST as error:
            raise Unreachable(f"{self._said.host}: the connection was lost: {error}") from error
        finally:
            await _stop(process)
        code = process.returncode
        if code is None:
            raise Unreachable(f"{self._said.host}: {request.argv[0]}: the connection ended before the command")
        return Reply(out, code, err)

    async def _bounded(self, stream: asyncssh.SSHReader[bytes], most: int, request: Exec) -> bytes:
        parts, size = [], 0
        while part := await stream.read(CHUNK):
            parts.append(part)
            size += len(part)
            if size > most:
                raise TransportError(
                    f"{self._said.host}: {request.argv[0]} printed more than {most >> 20} MiB and was ended",
                    hint="`largest_mib` of the host's `ssh` allows more.",
                )
        return b"".join(parts)

    async def _lines(self, request: Exec) -> AsyncIterator[Reply]:
        """What a command prints, line by line, for as long as it runs."""
        process = await self._start(request, limited=False)
        rest = b""
        try:
            while part := await process.stdout.read(CHUNK):
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    yield Reply(line)
                if len(rest) > _LINE:
                    raise TransportError(f"{self._said.host}: {request.argv[0]}: a line of more than {_LINE >> 20} MiB")
            if rest:
                yield Reply(rest)
            said = (await process.stderr.read(1000)).decode("utf-8", "replace").strip()
            raise Unreachable(f"{self._said.host}: {request.argv[0]} has ended: {said or 'no reason given'}")
        except _LOST as error:
            raise Unreachable(f"{self._said.host}: the connection was lost: {error}") from error
        finally:
            await _stop(process)

    async def _read(self, request: Read) -> Reply:
        listing = request.path.endswith("/")
        argv = ("ls", "-1A", "--", request.path) if listing else ("sh", "-c", _READ, "sh", request.path)
        reply = await self._run(Exec(argv, timeout=request.timeout))
        if reply.exit_code == 0:
            if not listing:
                return Reply(reply.body)
            return Reply(b"".join(name + b"\n" for name in sorted(reply.body.split(b"\n")) if name))
        reason = reply.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        if "Permission denied" in reason or "password is required" in reason:
            raise AuthFailed(f"{request.path}: {reason}")
        if "not a regular file" in reason:
            raise TransportError(f"{request.path}: not a regular file")
        raise Unreachable(f"{request.path}: {reason}")

    # ── sockets ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def dial(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A TCP connection from the host to somewhere. Raises `Unreachable`, `AuthFailed`, `ConfigError`."""
        return await self._open("tcp", f"{host}:{port}")

    def _ovsdb(self) -> OvsdbTransport:
        return OvsdbTransport(opener=self._open)

    async def _dial(self, endpoint: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A socket of the host for HTTP: `unix:///path` or `http://host:port`, as seen from there."""
        parts = urlsplit(endpoint)
        if parts.scheme == "unix":
            return await self._open("unix", parts.path)
        if parts.scheme != "http" or not parts.hostname:
            raise Unreachable(f"{endpoint}: by SSH an endpoint is unix:///path or http://host:port")
        return await self._open("tcp", f"{parts.hostname}:{parts.port or 80}")

    async def _open(self, scheme: str, place: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A socket of the host, through the connection. Raises `AuthFailed` where the server forwards none."""
        connection = await self._connected()
        try:
            if scheme == "unix":
                opened = await connection.open_unix_connection(place, encoding=None)
            else:
                host, _, port = place.rpartition(":")
                opened = await connection.open_connection(host.strip("[]"), int(port), encoding=None)
        except asyncssh.ChannelOpenError as error:
            # sshd says the same of a socket that is not there and of forwarding it does not do
            if scheme != "unix" or (await self._run(Exec(("test", "-S", place)))).exit_code:
                raise Unreachable(f"{place}: {error.reason}") from error
            self.answers -= FORWARDED
            raise AuthFailed(f"{place}: the server does not forward it: {error.reason}") from error
        except _LOST as error:
            raise Unreachable(f"{self._said.host}: the connection was lost: {error}") from error
        return opened  # type: ignore[return-value]  # asyncssh's streams have asyncio's methods


def _feed(process: asyncssh.SSHClientProcess[bytes], stdin: bytes) -> None:
    """Hand a command its input; one that has ended by now did not want it."""
    with contextlib.suppress(OSError):
        if stdin:
            process.stdin.write(stdin)
        process.stdin.write_eof()


async def _stop(process: asyncssh.SSHClientProcess[bytes]) -> None:
    """End a command that still runs, by signal as far as sshd passes them on (for root it does not)."""
    if process.exit_status is None and process.exit_signal is None:
        with contextlib.suppress(OSError, asyncssh.Error):
            process.kill()
    process.close()
