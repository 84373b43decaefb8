"""What every transport promises (DESIGN §5), on each of them: local, recording, and a replay of what was recorded."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from calipso.errors import TransportError, Unreachable
from calipso.seams import Exec, Namespaces, Netlink, NetlinkEvents, Read, Reply, Transport
from calipso.sources.linux.parse_links import parse_links
from calipso.sources.linux.wire import split_dumps
from calipso.transports.local import LocalTransport
from calipso.transports.record import RecordTransport
from calipso.transports.replay import ReplayTransport

Check = Callable[[Transport, Path], Awaitable[None]]


async def answers_commands(transport: Transport, folder: Path) -> None:
    assert await transport.ask(Exec(("printf", "a b"))) == Reply(b"a b")
    failed = await transport.ask(Exec(("sh", "-c", "echo why >&2; exit 4")))
    assert (failed.exit_code, failed.stderr) == (4, b"why\n"), "an exit code alone is an answer"
    assert (await transport.ask(Exec(("there-is-no-such-command",)))).exit_code == 127


async def answers_files(transport: Transport, folder: Path) -> None:
    assert (await transport.ask(Read(str(folder / "bytes")))).body == bytes(range(256))
    assert (await transport.ask(Read(f"{folder}/"))).body == b"bytes\ntext\n"
    with pytest.raises(Unreachable):
        await transport.ask(Read(str(folder / "none")))


async def answers_kernel(transport: Transport, folder: Path) -> None:
    listing = msgspec.json.decode((await transport.ask(Namespaces())).body)
    assert listing["root"]["inode"] > 0 and isinstance(listing["namespaces"], list)
    reply = await transport.ask(Netlink(("links", "addresses")))
    names = [link["name"] for link in parse_links(split_dumps(reply.body, ("links", "addresses"))["links"])]
    assert "lo" in names
    with pytest.raises(TransportError):
        await transport.ask(Netlink(("links",), str(folder / "text")))


async def answers_many_at_once(transport: Transport, folder: Path) -> None:
    replies = await asyncio.gather(*(transport.ask(Read(str(folder / "text"))) for _ in range(50)))
    assert {reply.body for reply in replies} == {b"text\n"}


async def streams_until_closed(transport: Transport, folder: Path) -> None:
    stream = transport.listen(NetlinkEvents())
    reply = await asyncio.wait_for(anext(stream), 10)
    assert reply.body
    await stream.aclose()  # type: ignore[attr-defined]


CHECKS = (answers_commands, answers_files, answers_kernel, answers_many_at_once, streams_until_closed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    (tmp_path / "text").write_text("text\n")
    return tmp_path


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_local(check: Check, folder: Path) -> None:
    async def run() -> None:
        transport = LocalTransport()
        try:
            await check(transport, folder)
        finally:
            await transport.close()

    asyncio.run(run())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_recording_and_its_replay(check: Check, folder: Path) -> None:
    output = io.StringIO()

    async def run() -> None:
        recording = RecordTransport(LocalTransport(), output)
        try:
            await check(recording, folder)
        finally:
            await recording.close()
        for name in ("bytes", "text"):
            os.unlink(folder / name)  # what is replayed is no more there
        replay = ReplayTransport(output.getvalue().splitlines())
        await check(replay, folder)
        await replay.close()

    asyncio.run(run())
