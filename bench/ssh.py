"""A scan of many hosts over SSH with latency, beside what its round trips alone take. Needs root and sshd.

    python bench/ssh.py [HOSTS [MILLISECONDS]]

Every host is a set of namespaces on this machine, with two instances and a real sshd, behind a proxy that holds each
byte back for half of the round trip. Their homes are empty: login files of this machine do not count. All of it, the
hosts' own work too, shares this machine's cores.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import yaml

from calipso.runtime.home import Home
from calipso.runtime.system import opened
from labs.plain.holders import Holder, end, hold

SSHD = "/usr/sbin/sshd"
HOST = """mount -t tmpfs none /root; mount -t tmpfs none /run
mkdir -p /run/sshd /run/netns; hostname "$1"; ip link set lo up
ip netns add vm-a; ip netns add vm-b; ip link add br0 type bridge; ip link set br0 up
for vm in vm-a vm-b; do ip link add eth0 netns $vm type veth peer name t$vm; ip link set t$vm master br0 up
ip -n $vm link set eth0 up; done"""


def show(figure: str, value: float, unit: str, **more: float) -> None:
    print(json.dumps({"figure": figure, "value": round(value, 3), "unit": unit, **more}), flush=True)


@contextlib.contextmanager
def hosts(count: int) -> Iterator[list[Holder]]:
    made: list[Holder] = []
    try:
        for number in range(count):
            made.append(hold(mortal=True))
            enter = ["nsenter", "-t", str(made[-1].first), "-a", "--", "sh", "-c", HOST, "sh", f"host-{number}"]
            subprocess.run(enter, check=True)
        yield made
    finally:
        end(made)


def server(folder: Path) -> Path:
    """Keys and configuration for all sshds."""
    folder.chmod(0o700)
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    config = folder / "sshd_config"
    config.write_text(
        f"HostKey {folder}/host_key\nAuthorizedKeysFile {folder}/user_key.pub\nUsePAM no\nStrictModes no\n"
        "LogLevel QUIET\nPidFile none\n"
    )
    return config


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Hand bytes on, each as late as the line is long."""
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    clock = asyncio.get_running_loop().time

    async def deliver() -> None:
        while True:
            due, part = await waiting.get()
            await asyncio.sleep(due - clock())
            if not part:
                return writer.close()
            writer.write(part)

    task = asyncio.create_task(deliver())
    with contextlib.suppress(OSError):
        while part := await reader.read(1 << 16):
            waiting.put_nowait((clock() + delay, part))
    waiting.put_nowait((clock() + delay, b""))
    await task


async def serve(pids: Sequence[int], config: Path, ports: Sequence[int], delay: float) -> None:
    async def answer(pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        near, far = socket.socketpair()
        argv = ("nsenter", "-t", str(pid), "-a", "--", SSHD, "-i", "-f", str(config))
        process = await asyncio.create_subprocess_exec(*argv, stdin=far, stdout=far)
        far.close()
        inner_reader, inner_writer = await asyncio.open_connection(sock=near)
        await asyncio.gather(pump(reader, inner_writer, delay), pump(inner_reader, writer, delay))
        await process.wait()

    for pid, port in zip(pids, ports, strict=True):
        await asyncio.start_server(lambda r, w, pid=pid: answer(pid, r, w), "127.0.0.1", port)
    await asyncio.Event().wait()


def proxy(pids: Sequence[int], config: Path, ports: Sequence[int], delay: float) -> None:
    asyncio.run(serve(pids, config, ports, delay))


@contextlib.asynccontextmanager
async def reached(pids: Sequence[int], config: Path, delay: float) -> AsyncIterator[list[int]]:
    """Ports that lead to the hosts, through a process of their own."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in pids]
    ports = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    process = multiprocessing.get_context("spawn").Process(target=proxy, args=(pids, config, ports, delay), daemon=True)
    process.start()
    try:
        for _ in range(200):
            await asyncio.sleep(0.05)
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports[-1]), 1):
                break
        yield ports
    finally:
        process.terminate()
        process.join()


async def scan(made: Sequence[Holder], config: Path, delay: float) -> tuple[float, int]:
    """Seconds for a scan into a durable graph, and the objects it has."""
    folder = config.parent
    async with reached([each.first for each in made], config, delay) as ports:
        known, (kind, key, *_) = folder / "known_hosts", (folder / "host_key.pub").read_text().split()
        known.write_text("".join(f"[127.0.0.1]:{port} {kind} {key}\n" for port in ports))
        ssh = {
            "host": "127.0.0.1", "user": "root", "keys": [str(folder / "user_key")], "agent": False, "config": "none",
            "known_hosts": str(known), "connect_timeout": 60,
        }  # fmt: skip
        with tempfile.TemporaryDirectory() as state:
            home = Home(Path(state))
            home.prepare()
            said = {f"host-{number}": {"ssh": {**ssh, "port": port}} for number, port in enumerate(ports)}
            (home.environments / "many.yaml").write_text(yaml.safe_dump({"name": "many", "hosts": said}))
            async with opened(home, "many") as system:
                began = time.monotonic()
                errors = await system.scan("many")
                took = time.monotonic() - began
                if errors:
                    sys.exit(f"{len(errors)} errors: {errors[0].message}")
                return took, sum(1 for _ in system.site("many").graph().objects())


def main(count: int = 100, milliseconds: int = 50) -> None:
    delay = milliseconds / 2000
    with tempfile.TemporaryDirectory() as folder, hosts(count) as made:
        config = server(Path(folder))
        near, _ = asyncio.run(scan(made[:1], config, 0))
        one, _ = asyncio.run(scan(made[:1], config, delay))
        limit = one - near
        show("ssh one host, round trips alone", limit, "s", latency_ms=milliseconds)
        show("ssh one host", one, "s", latency_ms=milliseconds)
        before = resource.getrusage(resource.RUSAGE_SELF)
        took, objects = asyncio.run(scan(made, config, delay))
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        show("ssh scan", took, "s", hosts=count, objects=objects, ratio_to_round_trips=round(took / limit, 1))
        show("ssh scan, own CPU", cpu, "s", hosts=count, cores=os.cpu_count() or 0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
