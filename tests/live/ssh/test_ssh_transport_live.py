"""The SSH transport against a real sshd on loopback: what it promises, and what goes wrong as it should."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncssh
import msgspec
import pytest

from calipso.errors import AuthFailed, TimedOut, TransportError, Unreachable
from calipso.model.reaching import Ssh
from calipso.model.record import RunEnded
from calipso.seams import Exec, Http, Ovsdb, Read, Reply, SourceConfig
from calipso.sources.ovs import SOURCE as OVS
from calipso.transports.record import RecordTransport
from calipso.transports.replay import ReplayTransport
from calipso.transports.ssh import SshTransport
from tests.support.sshd import Server, make_key

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("sshd")).running() as made:
        yield made


@contextlib.asynccontextmanager
async def reached(said: Ssh, wrap: dict[str, str] | None = None) -> AsyncIterator[SshTransport]:
    transport = SshTransport(said, wrap or {})
    try:
        yield transport
    finally:
        await transport.close()


def test_commands_files_and_folders(server: Server, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    (tmp_path / "text").write_text("text\n")
    os.mkfifo(tmp_path / "fifo")

    async def run() -> None:
        async with reached(server.ssh) as transport:
            assert await transport.ask(Exec(("printf", "a b"))) == Reply(b"a b")
            failed = await transport.ask(Exec(("sh", "-c", "echo why >&2; exit 4")))
            assert (failed.exit_code, failed.stderr) == (4, b"why\n")
            assert (await transport.ask(Exec(("there-is-no-such-command",)))).exit_code == 127
            assert (await transport.ask(Exec(("cat",), stdin=b"x" * 300_000))).body == b"x" * 300_000
            assert (await transport.ask(Read(str(tmp_path / "bytes")))).body == bytes(range(256))
            assert (await transport.ask(Read(f"{tmp_path}/"))).body == b"bytes\nfifo\ntext\n"
            with pytest.raises(Unreachable):
                await transport.ask(Read(str(tmp_path / "none")))
            with pytest.raises(TransportError, match="not a regular file"):
                await transport.ask(Read(str(tmp_path / "fifo")))
            many = await asyncio.gather(*(transport.ask(Read(str(tmp_path / "text"))) for _ in range(40)))
            assert {reply.body for reply in many} == {b"text\n"}

    asyncio.run(run())


def test_no_word_is_read_as_anything_else(server: Server, tmp_path: Path) -> None:
    words = ("$(touch x)", "`id`", "; id", "a'b\"c", "*", "", "new\nline", "--", "-n", "ü\\", "!x", "~")

    async def run() -> None:
        async with reached(server.ssh) as transport:
            reply = await transport.ask(Exec(("printf", "%s\\0", *words)))
            assert reply.body == b"".join(word.encode() + b"\0" for word in words)

    asyncio.run(run())


def test_the_locale_and_path_are_ours(server: Server) -> None:
    async def run() -> None:
        async with reached(server.ssh) as transport:
            reply = await transport.ask(Exec(("sh", "-c", 'echo "$LC_ALL"; command -v ip')))
            assert reply.body.split()[0] == b"C" and reply.body.split()[1].endswith(b"/ip")

    asyncio.run(run())


def test_too_much_output_ends_the_command_and_nothing_else(server: Server) -> None:
    async def run() -> None:
        async with reached(msgspec.structs.replace(server.ssh, largest_mib=8)) as transport:
            with pytest.raises(TransportError, match="more than 8 MiB"):
                await transport.ask(Exec(("head", "-c", "50000000", "/dev/zero")))
            assert (await transport.ask(Exec(("echo", "still here")))).body == b"still here\n"

    asyncio.run(run())


def test_a_command_that_hangs_is_ended_on_the_host(server: Server) -> None:
    async def run() -> None:
        async with reached(server.ssh) as transport:
            with pytest.raises(TimedOut, match="sleep: not done within"):
                await transport.ask(Exec(("sleep", "98765"), timeout=0.5))
            for _ in range(100):
                found = await asyncio.to_thread(subprocess.run, ["pgrep", "-fx", "sleep 98765"], capture_output=True)
                if found.returncode == 1:
                    return
                await asyncio.sleep(0.1)
            raise AssertionError("the command is still running")

    asyncio.run(run())


class Late(SshTransport):
    """Looks at a command only when it has long ended, as on a busy machine."""

    async def _start(self, request: Exec, *, limited: bool = True) -> asyncssh.SSHClientProcess[bytes]:
        process = await super()._start(request, limited=limited)
        await asyncio.sleep(0.5)
        return process


def test_a_command_that_ended_before_its_input_was_closed(server: Server) -> None:
    async def run() -> None:
        transport = Late(server.ssh)
        try:
            assert await transport.ask(Exec(("printf", "done"))) == Reply(b"done")
            assert await transport.ask(Exec(("printf", "done"), stdin=b"x")) == Reply(b"done")
            assert await anext(transport.listen(Exec(("printf", "done\n")))) == Reply(b"done")
        finally:
            await transport.close()

    asyncio.run(run())


def test_lines_as_they_come(server: Server) -> None:
    async def run() -> None:
        async with reached(server.ssh) as transport:
            stream = transport.listen(Exec(("sh", "-c", "echo one; sleep 0.2; printf two; exit 3")))
            assert [await anext(stream), await anext(stream)] == [Reply(b"one"), Reply(b"two")]
            with pytest.raises(Unreachable, match="has ended"):
                await anext(stream)

    asyncio.run(run())


def test_a_refused_key(server: Server, tmp_path: Path) -> None:
    said = msgspec.structs.replace(server.ssh, keys=(str(make_key(tmp_path / "other")),))

    async def run() -> None:
        async with reached(said) as transport:
            with pytest.raises(AuthFailed, match="refused the login") as caught:
                await transport.ask(Exec(("true",)))
            assert "keys" in caught.value.hint

    asyncio.run(run())


def test_a_changed_and_an_unknown_host_key(server: Server, tmp_path: Path) -> None:
    other = make_key(tmp_path / "key").with_suffix(".pub").read_text()
    changed, unknown = tmp_path / "changed", tmp_path / "unknown"
    changed.write_text(f"[{server.address}]:{server.port} {other}")
    unknown.write_text("")

    async def run() -> None:
        for file, words, next_step in (
            (changed, "has changed", "ssh-keygen -R"),
            (unknown, "not known", "ssh-keyscan"),
        ):
            async with reached(msgspec.structs.replace(server.ssh, known_hosts=str(file))) as transport:
                with pytest.raises(AuthFailed, match=words) as caught:
                    await transport.ask(Exec(("true",)))
                assert next_step in caught.value.hint and "SHA256:" in caught.value.message

    asyncio.run(run())


def test_nobody_there_and_somebody_silent(server: Server) -> None:
    async def run() -> None:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            port = silent.getsockname()[1]
            hanging = msgspec.structs.replace(server.ssh, port=port, connect_timeout=0.5)
            async with reached(hanging) as transport:
                with pytest.raises(TimedOut, match="no SSH session within"):
                    await transport.ask(Exec(("true",)))
                began = asyncio.get_running_loop().time()
                with pytest.raises(TimedOut):
                    await transport.ask(Exec(("true",)))
                assert asyncio.get_running_loop().time() - began < 0.4, "the next who asks does not wait again"
        async with reached(hanging) as transport:
            with pytest.raises(Unreachable):
                await transport.ask(Exec(("true",)))

    asyncio.run(run())


def test_something_else_than_a_server(server: Server) -> None:
    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ready\r\n" * 2000)
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()

    async def run() -> None:
        other = await asyncio.start_server(chatter, "127.0.0.1", 0)
        port = other.sockets[0].getsockname()[1]
        async with reached(msgspec.structs.replace(server.ssh, port=port, connect_timeout=5)) as transport:
            with pytest.raises(Unreachable):
                await transport.ask(Exec(("true",)))
        other.close()

    asyncio.run(run())


def test_a_lost_connection_is_made_anew(server: Server) -> None:
    async def run() -> None:
        async with reached(server.ssh) as transport:
            first = (await transport.ask(Exec(("sh", "-c", "ps -o ppid= -p $PPID")))).body
            with pytest.raises(Unreachable):
                await transport.ask(Exec(("kill", "-9", first.decode().strip())))
            assert (await transport.ask(Exec(("echo", "again")))).body == b"again\n"

    asyncio.run(run())


def test_through_a_gateway_and_by_the_configuration(server: Server, tmp_path: Path) -> None:
    config = tmp_path / "config"
    common = f"  HostName {server.address}\n  Port {server.port}\n  User root\n  IdentityFile {server.key}\n"
    known = f"  UserKnownHostsFile {server.known_hosts}\n"
    config.write_text(f"Host gateway\n{common}{known}Host inner\n{common}{known}  ProxyJump gateway\n")

    async def run() -> None:
        by_config = Ssh(host="inner", config=str(config), agent=False)
        place = f"root@{server.address}:{server.port}"
        for said in (by_config, msgspec.structs.replace(server.ssh, jump=(place,))):
            async with reached(said) as transport:
                assert (await transport.ask(Exec(("echo", "in")))).body == b"in\n"

    asyncio.run(run())


async def read_by_commands_instead(transport: SshTransport, path: Path) -> None:
    """The source finds its way, and so does a replay of what was recorded."""
    options = {"instances": [{"endpoint": f"unix:{path}", "rundir": str(path.parent)}]}
    config, transcript = SourceConfig(host="h", options=options), io.StringIO()
    first = [said async for said in OVS.collect(RecordTransport(transport, transcript), config)]
    assert not [said for said in first if isinstance(said, RunEnded) and said.errors]
    replayed = ReplayTransport(transcript.getvalue().splitlines())
    assert [said async for said in OVS.collect(replayed, config)] == first


def test_a_forwarded_database_and_a_server_that_forwards_none(server: Server, tmp_path: Path) -> None:
    database, path = tmp_path / "conf.db", tmp_path / "db.sock"
    schema = "/usr/share/openvswitch/vswitch.ovsschema"
    subprocess.run(["ovsdb-tool", "create", str(database), schema], check=True)
    process = subprocess.Popen(["ovsdb-server", str(database), f"--remote=punix:{path}", f"--unixctl={tmp_path}/ctl"])
    for _ in range(100):
        if not path.exists():
            time.sleep(0.05)

    async def run() -> None:
        request = Ovsdb(f"unix:{path}", "Open_vSwitch", {"Bridge": ("name",)})
        async with reached(server.ssh) as transport:
            assert (await transport.ask(request)).body == b"{}"
            with pytest.raises(Unreachable, match=r"nothing\.sock"):
                await transport.ask(Ovsdb(f"unix:{tmp_path}/nothing.sock", "Open_vSwitch", {}))
            assert Ovsdb in transport.answers, "one socket that is not there says nothing of the others"
        closed = Server(tmp_path / "closed", options=("AllowStreamLocalForwarding no", "AllowTcpForwarding no"))
        with closed.running():
            async with reached(closed.ssh) as transport:
                assert Ovsdb in transport.answers
                with pytest.raises(AuthFailed, match="does not forward"):
                    await transport.ask(request)
                assert Ovsdb not in transport.answers
            async with reached(closed.ssh) as transport:
                await read_by_commands_instead(transport, path)

    try:
        asyncio.run(run())
    finally:
        process.terminate()
        process.wait(10)


def test_an_engine_behind_a_socket_of_the_host(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0]
        body = b'{"asked":"%s"}\n' % asked.split()[1]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    async def run() -> None:
        listening = await asyncio.start_unix_server(engine, path)
        async with listening, reached(server.ssh) as transport:
            reply = await transport.ask(Http(f"unix://{path}", "/containers/json?all=1"))
            assert reply == Reply(b'{"asked":"/containers/json?all=1"}\n', 200)
            lines = transport.listen(Http(f"unix://{path}", "/events"))
            assert await anext(aiter(lines)) == Reply(b'{"asked":"/events"}', 200)
            await lines.aclose()  # type: ignore[attr-defined]
            with pytest.raises(Unreachable):
                await transport.ask(Http(f"unix://{path}.gone", "/info"))

    asyncio.run(run())


def test_commands_in_another_place(server: Server) -> None:
    async def run() -> None:
        async with reached(server.ssh, {"*": f"nsenter -t {os.getpid()} -n"}) as transport:
            assert (await transport.ask(Exec(("echo", "in")))).body == b"in\n"
            assert Ovsdb not in transport.answers

    asyncio.run(run())
