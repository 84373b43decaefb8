"""A login that is nobody much, and a sudo that asks: real sshd and sudo, with accounts that only they see."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from calipso.errors import AuthFailed
from calipso.model.reaching import Ssh
from calipso.seams import Exec, Read
from calipso.transports.ssh import SshTransport
from tests.support.sshd import SSHD, Server, _answers

pytestmark = pytest.mark.live
PASSWORD = "right & 'quoted' $1"
FILES = ("passwd", "shadow", "group", "sudoers")


@pytest.fixture(scope="module")
def login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    """`op` may become root with a password; the accounts are files bound over those of the machine, for sshd only."""
    if shutil.which("sudo") is None:
        pytest.skip("needs sudo: `make test` as root installs it")
    folder = tmp_path_factory.mktemp("sudo")
    server = Server(folder / "sshd", options=("AllowUsers op",))
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.getuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o011)  # `op` reads its authorized keys
    (folder / "sshd").chmod(0o755)
    (folder / "sshd/authorized").chmod(0o644)
    _accounts(folder)
    binds = " && ".join(f'mount --bind "$1/{name}" /etc/{name}' for name in FILES)
    command = ["unshare", "--mount", "sh", "-c", f'{binds} && exec "$2" -D -e -f "$3"', "sh"]
    process = subprocess.Popen([*command, str(folder), SSHD, str(server.config)], start_new_session=True)
    try:
        _answers(server.address, server.port, process)
        yield msgspec.structs.replace(server.ssh, user="op")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _accounts(folder: Path) -> None:
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"], input=PASSWORD, text=True, capture_output=True, check=True
    ).stdout.strip()
    more = {
        "passwd": "op:x:60001:60001::/tmp:/bin/sh\n", "shadow": f"op:{hashed}:19000:0:99999:7:::\n",
        "group": "op:x:60001:\n", "sudoers": "Defaults lecture=always\nop ALL=(ALL) ALL\n",
    }  # fmt: skip
    for name in FILES:
        was = Path("/etc", name).read_text() if name != "sudoers" else ""
        (folder / name).write_text(was + more[name])
        (folder / name).chmod({"shadow": 0o600, "sudoers": 0o440}.get(name, 0o644))


@contextlib.asynccontextmanager
async def reached(said: Ssh, monkeypatch: pytest.MonkeyPatch, password: str):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("SUDO_TEST_PASSWORD", password)
    transport = SshTransport(msgspec.structs.replace(said, sudo_password="env:SUDO_TEST_PASSWORD"), {"*": "sudo"})
    try:
        yield transport
    finally:
        await transport.close()


def test_a_password_makes_root_and_stays_out_of_the_commands_input(login: Ssh, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with reached(login, monkeypatch, PASSWORD) as transport:
            assert (await transport.ask(Exec(("id", "-u")))).body == b"0\n"
            assert (await transport.ask(Exec(("cat",), stdin=b"own input"))).body == b"own input"
            assert b"op:$6$" in (await transport.ask(Read("/etc/shadow"))).body
            many = await asyncio.gather(*(transport.ask(Exec(("cat",), stdin=b"%d" % n)) for n in range(20)))
            assert [reply.body for reply in many] == [b"%d" % n for n in range(20)]
            assert [each.body async for each in _first(transport)] == [b"0"]

    asyncio.run(run())


async def _first(transport: SshTransport):  # type: ignore[no-untyped-def]
    async with contextlib.aclosing(transport.listen(Exec(("sh", "-c", "id -u; sleep 5")))) as lines:  # type: ignore[type-var]
        async for line in lines:
            yield line
            return


def test_a_wrong_password_is_tried_once_and_said(login: Ssh, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with reached(login, monkeypatch, "wrong") as transport:
            for _ in range(3):
                with pytest.raises(AuthFailed, match="sudo refused") as refused:
                    await transport.ask(Exec(("id", "-u")))
                assert "sudo_password" in refused.value.hint and "wrong" not in str(refused.value)

    asyncio.run(run())


def test_without_a_password_it_is_never_asked_for(login: Ssh) -> None:
    async def run() -> None:
        transport = SshTransport(login, {"*": "sudo"})
        try:
            with pytest.raises(AuthFailed, match="password is required"):
                await transport.ask(Read("/etc/shadow"))
        finally:
            await transport.close()

    asyncio.run(run())


def test_root_needs_no_password_of_anybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sudo does not ask, the password is not sent: the command would read it."""

    async def run() -> None:
        with Server(tmp_path / "sshd").running() as server:
            async with reached(server.ssh, monkeypatch, "not needed") as transport:
                assert (await transport.ask(Exec(("cat",), stdin=b"own input"))).body == b"own input"

    asyncio.run(run())
