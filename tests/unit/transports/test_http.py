"""HTTP over a unix socket, against servers that behave and servers that do not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from calipso.errors import AuthFailed, TimedOut, TransportError, Unreachable
from calipso.seams import Http, Reply
from calipso.transports.http import HttpTransport, dial_from
from calipso.transports.local import LocalTransport

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\n"


def serving(answer: bytes, *parts: bytes, hang: bool = False) -> Talk:
    """A server that reads a request's head and says these bytes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in (answer, *parts):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        if hang:
            await reader.read()
        writer.close()

    return talk


def with_server(folder: Path, talk: Talk, work: Callable[[str], Awaitable[object]]) -> object:
    async def run() -> object:
        server = await asyncio.start_unix_server(talk, folder / "s.sock")
        async with server:
            return await work(f"unix://{folder}/s.sock")

    return asyncio.run(run())


def asked(folder: Path, talk: Talk, most: int = 1 << 20, timeout: float = 5, **more: object) -> Reply:
    async def work(endpoint: str) -> Reply:
        request = Http(endpoint, "/x", timeout=timeout, **more)  # type: ignore[arg-type]
        return await HttpTransport(dial_from(), most=most).ask(request)

    reply = with_server(folder, talk, work)
    assert isinstance(reply, Reply)
    return reply


def listened(folder: Path, talk: Talk, most: int = 1 << 20) -> list[bytes]:
    """The lines until the stream ended, as it has to, by an error; `Unreachable` is the regular one."""
    lines: list[bytes] = []

    async def work(endpoint: str) -> None:
        async for reply in HttpTransport(dial_from(), most=most).listen(Http(endpoint, "/events", timeout=5)):
            lines.append(reply.body)

    with pytest.raises(Unreachable):
        with_server(folder, talk, work)
    return lines


def test_a_status_is_an_answer(tmp_path: Path) -> None:
    assert asked(tmp_path, serving(OK + b"Content-Length: 2\r\n\r\nok")) == Reply(b"ok", 200)
    assert asked(tmp_path, serving(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")).exit_code == 404


def test_bodies_in_chunks_and_until_the_end(tmp_path: Path) -> None:
    chunked = serving(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n", b"1\r\nc\r\n0\r\n\r\n")
    assert asked(tmp_path, chunked).body == b"abc"
    assert asked(tmp_path, serving(b"HTTP/1.0 200 OK\r\n\r\n", b"abc")).body == b"abc"


def test_a_body_is_sent(tmp_path: Path) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"POST /x HTTP/1.1\r\n") and b"content-length: 3" in head.lower()
        writer.write(OK + b"Content-Length: 3\r\n\r\n" + await reader.readexactly(3))
        writer.close()

    assert asked(tmp_path, echo, method="POST", body=b"abc").body == b"abc"


@pytest.mark.parametrize(
    "parts", [(b'{"a":1}\n{"b":', b"2}\n"), (b'{"a":1}\r\n', b'\n{"b":2}\n'), (b'{"a":1}\n{"b":2}\n{"c"',)]
)
def test_a_stream_is_cut_into_lines_however_it_comes(tmp_path: Path, parts: tuple[bytes, ...]) -> None:
    assert listened(tmp_path, serving(b"HTTP/1.0 200 OK\r\n\r\n", *parts)) == [b'{"a":1}', b'{"b":2}']


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="not HTTP"):
        asked(tmp_path, serving(b"SSH-2.0-server\r\n\r\n"))
    with pytest.raises(TransportError, match="more than 100 bytes"):
        asked(tmp_path, serving(OK + b"Content-Length: 500\r\n\r\n" + b"x" * 500), most=100)
    with pytest.raises(Unreachable, match="closed"):
        asked(tmp_path, serving(OK + b"Content-Length: 5\r\n\r\nab"))
    with pytest.raises(TimedOut):
        asked(tmp_path, serving(b"", hang=True), timeout=0.05)


def test_a_refused_stream_is_an_error(tmp_path: Path) -> None:
    async def work(endpoint: str) -> None:
        async for _ in HttpTransport(dial_from()).listen(Http(endpoint, "/events")):
            pass

    with pytest.raises(AuthFailed, match="403 who are you"):
        with_server(tmp_path, serving(b"HTTP/1.1 403 No\r\nContent-Length: 11\r\n\r\nwho are you"), work)


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("unix:///there/is/no.sock", "no such socket"),
        ("ftp://host/", "an endpoint is"),
        ("http://127.0.0.1:1", "nobody listens"),
    ],
)
def test_nobody_there(endpoint: str, message: str) -> None:
    with pytest.raises(Unreachable, match=message):
        asyncio.run(HttpTransport(dial_from()).ask(Http(endpoint, "/")))


def test_a_socket_of_a_long_path_is_reached_by_the_local_transport(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / ("longer" * 20)
    folder.mkdir(parents=True)
    (tmp_path / "short").symlink_to(folder)

    async def work() -> Reply:
        server = await asyncio.start_unix_server(serving(OK + b"Content-Length: 2\r\n\r\nok"), tmp_path / "s")
        async with server:
            (tmp_path / "s").rename(folder / "s")
            transport = LocalTransport()
            try:
                return await transport.ask(Http(f"unix://{folder}/s", "/"))
            finally:
                await transport.close()

    assert asyncio.run(work()).body == b"ok"
