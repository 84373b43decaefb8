"""A real Podman with its Docker-compatible socket: no network, a shared namespace, and its events."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from calipso.model.record import Record, Seen
from calipso.seams import SourceConfig
from calipso.sources.docker import SOURCE
from calipso.transports.local import LocalTransport
from labs.plain.holders import end, hold
from labs.plain.running import LabError, command

pytestmark = pytest.mark.live
NEEDS = ("podman", "runc", "busybox")
COVERED = ("/run", "/etc/containers/networks", "/var/lib/containers")


class Podman:
    """An engine in a host made of namespaces; what it writes is below `folder` or in a file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.holder = hold(mortal=True)
        self.options = (
            f"--root={folder}/root", "--runroot=/run/p", "--tmpdir=/run/t", "--storage-driver=vfs",
            "--cgroup-manager=cgroupfs", "--events-backend=file", f"--runtime={shutil.which('runc')}",
        )  # fmt: skip
        for place in COVERED:
            command(self.enter("mkdir", "-p", place))
            command(self.enter("mount", "-t", "tmpfs", "tmpfs", place))
        command(self.enter("mkdir", "/run/podman"))
        image = folder / "image.tar"
        with tarfile.open(image, "w") as archive:
            archive.add("/bin/busybox", "bin/busybox")
        self.podman("import", str(image), "busybox:1")

    def enter(self, *argv: str) -> list[str]:
        return ["nsenter", "--target", str(self.holder.first), "--all", "--", *argv]

    def podman(self, *argv: str) -> str:
        return command(self.enter("podman", *self.options, *argv)).strip()

    def start(self, name: str, network: str) -> str:
        words = ("run", "--detach", "--name", name, "--network", network, "busybox:1", "/bin/busybox", "sleep", "600")
        return "container:" + self.podman(*words)

    def serve(self) -> None:
        argv = ("podman", *self.options, "system", "service", "--time=0", "unix:///run/podman/podman.sock")
        subprocess.Popen(
            self.enter(*argv), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while "podman.sock" not in command(self.enter("ls", "/run/podman"), check=False):
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Podman]:
    if any(shutil.which(name) is None for name in NEEDS):
        pytest.skip("needs podman, runc and busybox-static: `make test` as root installs them")
    made = Podman(tmp_path)
    try:
        yield made
    finally:
        with contextlib.suppress(LabError):
            made.podman("rm", "--all", "--force", "--time=0")
        end([made.holder])


async def followed(engine: Podman, first: str, second: str) -> dict[str, Record]:
    """What is told until the first container is seen running, and after it was stopped, until that is seen."""
    transport = LocalTransport(pid=engine.holder.first)
    found: dict[str, Record] = {}
    stream = SOURCE.watch(transport, SourceConfig(host="p1"))
    stopped = None
    try:
        async with asyncio.timeout(20):
            async for each in stream:
                if isinstance(each, Seen):
                    found |= {record.id: record for record in each.records}
                if stopped is None and first in found:
                    assert found[second].attributes["netns"] == found[first].attributes["netns"]
                    stopped = asyncio.create_task(asyncio.to_thread(engine.podman, "stop", "--time=0", "side"))
                if stopped is not None and found[second].attributes["state"] == "down":
                    break
            await stopped if stopped is not None else None
    finally:
        await stream.aclose()  # type: ignore[attr-defined]
        await transport.close()
    return found


def test_containers_are_followed(engine: Podman) -> None:
    alone = engine.start("alone", "none")
    side = engine.start("side", f"container:{alone.partition(':')[2]}")
    engine.serve()
    found = asyncio.run(followed(engine, alone, side))
    assert found[alone].attributes["engine"] == "podman"
    assert found[alone].attributes["netns"].startswith("p1/netns:ino:"), "no sandbox key: by the process"
