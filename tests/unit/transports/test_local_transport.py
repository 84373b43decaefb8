"""The local transport, as far as it needs no privilege."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import msgspec
import pytest

from calipso.errors import CommandFailed, TimedOut, TransportError, Unreachable
from calipso.seams import Exec, Namespaces, Netlink, NetlinkEvents, Read, Reply, Request
from calipso.sources.linux.parse_links import parse_links
from calipso.sources.linux.wire import split_dumps
from calipso.transports.local import LocalTransport


def ask(*requests: Request) -> list[Reply]:
    async def run() -> list[Reply]:
        transport = LocalTransport()
        try:
            return list(await asyncio.gather(*(transport.ask(request) for request in requests)))
        finally:
            await transport.close()

    return asyncio.run(run())


def test_commands() -> None:
    plain, failing, fed, missing = ask(
        Exec(("echo", "$HOME; ls")),
        Exec(("sh", "-c", "echo no >&2; exit 3")),
        Exec(("cat",), stdin=b"from the caller"),
        Exec(("no-such-command-anywhere",)),
    )
    assert plain.body == b"$HOME; ls\n", "no shell reads it"
    assert (failing.exit_code, failing.stderr) == (3, b"no\n")
    assert fed.body == b"from the caller"
    assert missing.exit_code == 127


def test_a_command_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    began = time.monotonic()
    with pytest.raises(TimedOut):
        ask(Exec(("sh", "-c", f"sleep 60 & echo $! > {pidfile}; wait"), timeout=0.5))
    assert time.monotonic() - began < 10
    child = int(pidfile.read_text())
    for _ in range(100):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the command's own child is still there")


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"\x00text")
    (tmp_path / "a").mkdir()
    file, folder = ask(Read(str(tmp_path / "b")), Read(f"{tmp_path}/"))
    assert file.body == b"\x00text"
    assert folder.body == b"a\nb\n"
    with pytest.raises(Unreachable):
        ask(Read(str(tmp_path / "none")))
    with pytest.raises(TransportError):
        ask(Read(str(tmp_path / "a")))


def test_a_pipe_is_not_read_for_ever(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TransportError):
        ask(Read(str(tmp_path / "pipe"), timeout=2.0))


def test_the_own_namespace_can_be_read_by_anybody() -> None:
    (listing, reply) = ask(Namespaces(), Netlink(("links", "addresses")))
    assert msgspec.json.decode(listing.body)["root"]["inode"] == os.stat("/proc/self/ns/net").st_ino
    names = [link["name"] for link in parse_links(split_dumps(reply.body, ("links", "addresses"))["links"])]
    assert "lo" in names


def test_requests_of_the_wrong_kind_are_refused() -> None:
    with pytest.raises(TransportError):
        ask(NetlinkEvents())
    with pytest.raises(TransportError):
        ask(Netlink(("no such dump",)))
    with pytest.raises(Unreachable):
        ask(Netlink(("links",), "/no/such/namespace"))


def test_many_at_once() -> None:
    replies = ask(*[Netlink(("links",)) for _ in range(300)], *[Exec(("true",)) for _ in range(20)])
    assert len(replies) == 320 and all(reply.exit_code == 0 for reply in replies)


def test_a_transport_can_be_closed_and_used_again() -> None:
    async def run() -> None:
        transport = LocalTransport()
        for _ in range(2):
            await transport.ask(Netlink(("links",)))
            await transport.close()
        await transport.close()

    asyncio.run(run())


def test_events_of_the_own_namespace_can_be_waited_for() -> None:
    async def run() -> bytes:
        transport = LocalTransport()
        try:
            async for reply in transport.listen(NetlinkEvents()):
                return reply.body
            return b""
        finally:
            await transport.close()

    assert asyncio.run(asyncio.wait_for(run(), 10)), "the stream begins by asking to look at the namespaces"


def test_lines_of_a_command_until_it_ends() -> None:
    async def listen(*argv: str) -> tuple[list[bytes], CommandFailed]:
        got = []
        with pytest.raises(CommandFailed) as ended:
            async for reply in LocalTransport().listen(Exec(argv)):
                got.append(reply.body)
        return got, ended.value

    got, error = asyncio.run(listen("sh", "-c", "echo one; echo two; echo no >&2; exit 3"))
    assert (got, error.exit_code, error.stderr) == ([b"one", b"two"], 3, "no\n")
    assert asyncio.run(listen("no-such-command-anywhere"))[1].exit_code == 127


def test_a_command_that_is_listened_to_is_ended_when_that_is_closed() -> None:
    async def first() -> int:
        stream = LocalTransport().listen(Exec(("sh", "-c", "echo $$; sleep 60")))
        reply = await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        return int(reply.body)

    assert not Path(f"/proc/{asyncio.run(first())}").exists()
