"""OVSDB over JSON-RPC (RFC 7047): one connection a request, a monitor for both snapshots and streams."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from calipso.errors import AuthFailed, ParseError, TimedOut, TransportError, Unreachable
from calipso.seams import Ovsdb, Reply

LARGEST = 512 << 20
CHUNK = 1 << 20
INTERNAL = "calipso"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Opener = Callable[[str, str], Awaitable[Streams]]
"""(`unix` or `tcp`, path or host:port) → the streams of a connection. Raises `TransportError`."""

_decoder = json.JSONDecoder()


class Messages:
    """Cuts a stream of bytes into JSON messages, however it is split. Raises `ParseError` for what is not JSON."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Any]:
        """The messages that are complete with these bytes."""
        self._parts.append(data)
        self._size += len(data)
        if self._size > LARGEST:
            raise ParseError("ovsdb", f"a message of more than {LARGEST} bytes")
        if not data.rstrip().endswith(b"}"):
            return []  # a message cannot end here: looking again would cost a pass over all that came
        whole = b"".join(self._parts)
        try:
            text = whole.decode()
        except UnicodeDecodeError as error:
            raise ParseError("ovsdb", f"not UTF-8: {error}") from error
        found, at = self._cut(text)
        rest = text[at:].encode()
        self._parts, self._size = [rest], len(rest)
        return found

    def _cut(self, text: str) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = 0
        while True:
            while at < len(text) and text[at].isspace():
                at += 1
            if at == len(text):
                return found, at
            if text[at] != "{":
                raise ParseError("ovsdb", "a message does not begin with {", excerpt=text[at:])
            try:
                message, at = _decoder.raw_decode(text, at)
            except json.JSONDecodeError as error:
                if error.pos >= len(text) or error.msg.startswith("Unterminated"):
                    return found, at
                raise ParseError("ovsdb", str(error), excerpt=text[error.pos : error.pos + 100]) from error
            except RecursionError as error:
                raise ParseError("ovsdb", "nested too deeply", excerpt=text[at:]) from error
            found.append(message)


class OvsdbTransport:
    """Answers `Ovsdb`. Endpoints: `unix:/path` (below `root`), `tcp:host:port`. Every call has its own connection.

    `opener`: how connections are made, when not from this machine.
    """

    def __init__(self, root: str = "", opener: Opener | None = None) -> None:
        self.root = root
        self._opener = opener

    async def ask(self, request: Ovsdb) -> Reply:
        """One monitor snapshot. Raises `Unreachable`, `AuthFailed`, `TimedOut`, `ParseError`."""
        stream = self.listen(request)
        try:
            return await anext(stream)
        except StopAsyncIteration:
            raise Unreachable(f"{request.endpoint}: closed before it answered") from None
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    async def listen(self, request: Ovsdb) -> AsyncIterator[Reply]:
        """The snapshot, then one reply for every update. Ends with `Unreachable` when the server goes away."""
        reader, writer = await _connect(request, self.root, self._opener)
        try:
            _send(writer, 0, "monitor", [request.database, INTERNAL, _wanted(request)])
            messages = Messages()
            answered = False
            while True:
                data = await _receive(reader, None if answered else request.timeout, request.endpoint)
                for message in messages.feed(data):
                    if message.get("method") == "echo":
                        writer.write(json.dumps({"id": message.get("id"), "result": [], "error": None}).encode())
                    elif message.get("id") == 0 and "method" not in message:
                        _refused(message, request)
                        answered = True
                        yield Reply(json.dumps(message["result"]).encode())
                    elif message.get("method") == "update":
                        yield Reply(json.dumps(message["params"][1]).encode())
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _wanted(request: Ovsdb) -> dict[str, Any]:
    return {table: {"columns": list(columns)} if columns else {} for table, columns in sorted(request.columns.items())}


def _refused(message: dict[str, Any], request: Ovsdb) -> None:
    if message.get("error"):
        raise TransportError(f"{request.endpoint}: the server refused to be monitored: {message['error']}")
    if not isinstance(message.get("result"), dict):
        raise ParseError("ovsdb", "the answer to monitor holds no tables", excerpt=str(message))


def _send(writer: asyncio.StreamWriter, id: int, method: str, params: list[Any]) -> None:
    writer.write(json.dumps({"id": id, "method": method, "params": params}).encode())


async def _receive(reader: asyncio.StreamReader, within: float | None, endpoint: str) -> bytes:
    try:
        async with asyncio.timeout(within):
            data = await reader.read(CHUNK)
    except TimeoutError as error:
        raise TimedOut(f"{endpoint}: no answer within {within:g} s") from error
    except OSError as error:
        raise Unreachable(f"{endpoint}: {error.strerror}") from error
    if not data:
        raise Unreachable(f"{endpoint}: closed by the server")
    return data


def _below(root: str, path: str) -> str:
    """A path of another root as this process opens it: absolute links are followed below that root."""
    for _ in range(16 if root else 0):
        part = Path(root)
        for name in path.strip("/").split("/"):
            part = part / name
            if part.is_symlink() and str(part.readlink()).startswith("/"):
                path = str(part.readlink()) + path[len(str(part)) - len(root) :]
                break
        else:
            break
    return root + path


async def _connect(request: Ovsdb, root: str, opener: Opener | None) -> Streams:
    scheme, _, rest = request.endpoint.partition(":")
    opening: Awaitable[Streams]
    try:
        if opener is not None and scheme in ("unix", "tcp"):
            opening = opener(scheme, rest)
        elif scheme == "unix":
            opening = asyncio.open_unix_connection(_below(root, rest), limit=CHUNK)
        elif scheme == "tcp":
            host, _, port = rest.rpartition(":")
            opening = asyncio.open_connection(host.strip("[]"), int(port), limit=CHUNK)
        else:
            raise Unreachable(f"{request.endpoint}: an endpoint is unix:/path or tcp:host:port")
        async with asyncio.timeout(request.timeout):
            return await opening
    except TimeoutError as error:
        raise TimedOut(f"{request.endpoint}: no connection within {request.timeout:g} s") from error
    except PermissionError as error:
        raise AuthFailed(f"{request.endpoint}: not permitted to connect", hint="run as root") from error
    except (OSError, ValueError) as error:
        raise Unreachable(f"{request.endpoint}: {error}") from error
