"""HTTP/1.1 (RFC 9112) over whatever connection it is given: a unix socket, TCP, TLS, a tunnel of another transport."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import h11

from calipso.errors import AuthFailed, TimedOut, TransportError, Unreachable
from calipso.native.syscalls import open_in_root
from calipso.seams import Http, Reply

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[str], Awaitable[Connection]]
"""Opens a connection to an endpoint (`unix:///run/docker.sock`, `http://host:port`, `https://host:port`)."""

MOST = 64 << 20
"""Bytes of a body, and of one line of a stream."""
CHUNK = 1 << 16
_PORTS = {"http": 80, "https": 443}


class HttpTransport:
    """Answers `Http`, one connection a request. `dial` opens it and raises `OSError` or a `TransportError`."""

    def __init__(self, dial: Dial, *, most: int = MOST) -> None:
        self._dial = dial
        self._most = most

    async def ask(self, request: Http) -> Reply:
        """The status as exit code and the whole body. Raises `Unreachable`, `AuthFailed`, `TimedOut`."""
        body = bytearray()
        status = 0
        try:
            async with asyncio.timeout(request.timeout):
                exchange = await self._begin(request)
                async with contextlib.aclosing(exchange) as events:
                    async for event in events:
                        if isinstance(event, int):
                            status = event
                            continue
                        body += event
                        self._bounded(request, len(body))
        except TimeoutError:
            raise TimedOut(f"{_place(request)}: no answer within {request.timeout:g} s") from None
        return Reply(bytes(body), status)

    async def listen(self, request: Http) -> AsyncIterator[Reply]:
        """One reply a line. Ends by `Unreachable` when the server closes; a status of 400 and more is an error."""
        stream = Lines(request, self._most)
        try:
            async with asyncio.timeout(request.timeout):
                exchange = await self._begin(request)
        except TimeoutError:
            raise TimedOut(f"{_place(request)}: no connection within {request.timeout:g} s") from None
        async with contextlib.aclosing(exchange) as events:
            try:
                async with asyncio.timeout(request.timeout):
                    status = await anext(events)
            except TimeoutError:
                raise TimedOut(f"{_place(request)}: no answer within {request.timeout:g} s") from None
            if isinstance(status, int) and status >= 400:
                await self._refused(request, status, events)
            async for event in events:
                for line in stream.feed(event) if isinstance(event, bytes) else ():
                    yield Reply(line, status if isinstance(status, int) else 0)
        raise Unreachable(f"{_place(request)}: the stream was closed by the server")

    async def _refused(self, request: Http, status: int, events: AsyncIterator[int | bytes]) -> None:
        said = bytearray()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(request.timeout):
                async for event in events:
                    said += event if isinstance(event, bytes) else b""
                    if len(said) > CHUNK:
                        break
        message = f"{_place(request)}: {status} {said[:200].decode(errors='replace').strip()}"
        raise AuthFailed(message) if status in (401, 403) else TransportError(message)

    def _bounded(self, request: Http, size: int) -> None:
        if size > self._most:
            raise TransportError(f"{_place(request)}: an answer of more than {self._most} bytes")

    async def _begin(self, request: Http) -> AsyncGenerator[int | bytes, None]:
        """Connect and send; then the status, and the body's parts as they come."""
        try:
            reader, writer = await self._dial(request.endpoint)
        except OSError as error:
            raise _unreachable(request.endpoint, error) from error
        connection = h11.Connection(h11.CLIENT)
        try:
            for event in _said(request):
                writer.write(connection.send(event) or b"")
            await writer.drain()
        except h11.LocalProtocolError as error:
            writer.close()
            raise TransportError(f"{_place(request)}: not a request: {error}") from error
        except OSError as error:
            writer.close()
            raise Unreachable(f"{_place(request)}: {error}") from error
        return _events(request, connection, reader, writer)


class Lines:
    """Cuts what comes in into lines, however it is split; empty lines are left out."""

    def __init__(self, request: Http, most: int) -> None:
        self._request = request
        self._most = most
        self._rest = bytearray()

    def feed(self, part: bytes) -> list[bytes]:
        """The lines that are complete with this part. Raises `TransportError` for one that is too long."""
        self._rest += part
        if b"\n" not in part:
            if len(self._rest) > self._most:
                raise TransportError(f"{_place(self._request)}: a line of more than {self._most} bytes")
            return []
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        return [line.rstrip(b"\r") for line in lines if line.strip()]


def _said(request: Http) -> list[h11.Request | h11.Data | h11.EndOfMessage]:
    """The request as it goes out. `Connection: close`: a daemon that restarts shall not meet a stale connection."""
    host = urlsplit(request.endpoint).netloc.rpartition("@")[2] or "localhost"
    named = {name.lower() for name in request.headers}
    headers = [("Host", host), ("Connection", "close"), *request.headers.items()]
    if "accept" not in named:
        headers.append(("Accept", "application/json"))
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", str(len(request.body))))
    head = h11.Request(method=request.method, target=request.path, headers=headers)
    return [head, *([h11.Data(data=request.body)] if request.body else []), h11.EndOfMessage()]


async def _events(
    request: Http, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> AsyncGenerator[int | bytes, None]:
    try:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(CHUNK))
            elif isinstance(event, h11.Response):
                yield event.status_code
            elif isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                return
    except h11.RemoteProtocolError as error:
        if connection.their_state in (h11.SEND_BODY, h11.ERROR) and "closed" in str(error):
            raise Unreachable(f"{_place(request)}: closed by the server: {error}") from error
        raise TransportError(f"{_place(request)}: the answer is not HTTP: {error}") from error
    except OSError as error:
        raise Unreachable(f"{_place(request)}: {error}") from error
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _place(request: Http) -> str:
    return f"{request.endpoint}{request.path.partition('?')[0]}"


def _unreachable(endpoint: str, error: OSError) -> TransportError:
    if isinstance(error, PermissionError):
        return AuthFailed(
            f"{endpoint}: not permitted to connect", hint="Run as root, or join the group that owns the socket."
        )
    if isinstance(error, FileNotFoundError):
        return Unreachable(f"{endpoint}: no such socket", hint="Is the daemon running, and is this its socket?")
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(f"{endpoint}: nobody listens there", hint="The socket is left over: start the daemon.")
    return Unreachable(f"{endpoint}: {error.strerror or error}")


# ── how connections are opened ────────────────────────────────────────────────────────────────────────────────────


def dial_from(root: str = "") -> Dial:
    """Connections from this machine; unix sockets are those below `root`, "" for the machine's own.

    A host that is a set of namespaces is reached by its sockets only: TCP would leave from this machine's namespace.
    """

    async def dial(endpoint: str) -> Connection:
        parts = urlsplit(endpoint)
        if parts.scheme == "unix" and parts.path:
            return await _unix(root, parts.path)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise Unreachable(f"{endpoint}: an endpoint is unix:///path, http://host:port or https://host:port")
        if root:
            raise Unreachable(f"{endpoint}: a host made of namespaces is asked by unix:// only")
        context = ssl.create_default_context() if parts.scheme == "https" else None
        return await asyncio.open_connection(parts.hostname, parts.port or _PORTS[parts.scheme], ssl=context)

    return dial


async def _unix(root: str, path: str) -> Connection:
    """By the socket's directory: links are followed below the root, and a path may be longer than `sun_path`."""
    folder, _, name = path.rpartition("/")
    directory = _directory(root, folder or "/")
    try:
        return await asyncio.open_unix_connection(f"/proc/self/fd/{directory}/{name}")
    finally:
        os.close(directory)


def _directory(root: str, folder: str) -> int:
    if not root:
        return os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return open_in_root(top, folder)
    finally:
        os.close(top)
