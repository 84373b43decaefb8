"""Namespaces of this machine's kernel, made for one test and removed after it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

WITHOUT_DAD = "net.ipv6.conf.default.accept_dad=0"
"""Addresses are there at once: otherwise the kernel adds their routes when it has found them to be unique."""


class Lab:
    """Namespaces and processes under a prefix of their own."""

    def __init__(self) -> None:
        self.prefix = f"ct-linux-{os.getpid()}-"
        self.processes: list[subprocess.Popen[str]] = []

    def name(self, short: str) -> str:
        return self.prefix + short

    def id(self, short: str, device: str = "") -> str:
        return f"here/netns:{self.name(short)}" + (f"/dev:{device}" if device else "")

    def run(self, *commands: str) -> None:
        """Commands, one a string; `@x` stands for the namespace x."""
        for command in commands:
            argv = [self.name(word[1:]) if word.startswith("@") else word for word in command.split()]
            subprocess.run(argv, check=True, capture_output=True, text=True)
            if argv[:3] == ["ip", "netns", "add"]:
                within = ["ip", "netns", "exec", argv[3], "sysctl", "-eqw", WITHOUT_DAD]
                subprocess.run(within, check=True, capture_output=True, text=True)

    def batch(self, lines: list[str]) -> None:
        """Lines for `ip -batch`."""
        text = "\n".join(lines).replace("@", self.prefix) + "\n"
        subprocess.run(["ip", "-batch", "-"], input=text, check=True, text=True)

    def start(self, *argv: str) -> int:
        """A process that runs until the test is over; its pid."""
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process.pid

    def unnamed(self) -> int:
        """A namespace that only a process holds; its inode."""
        pid = self.start("unshare", "-n", "sleep", "60")
        own = os.stat("/proc/self/ns/net").st_ino
        while (inode := os.stat(f"/proc/{pid}/ns/net").st_ino) == own:
            time.sleep(0.01)
        return inode

    def host(self, script: str) -> int:
        """A process with network, mount, pid and uts namespaces of its own that has run a script; its pid here."""
        shell = f"mount -t tmpfs none /run\n{script}\necho ready\nexec sleep 60"
        argv = ["unshare", "-n", "-m", "-p", "-u", "--fork", "--kill-child", "--mount-proc", "sh", "-c", shell]
        outer = self.start(*argv)
        stdout = self.processes[-1].stdout
        assert stdout is not None and stdout.readline() == "ready\n"
        return int(Path(f"/proc/{outer}/task/{outer}/children").read_text())

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        mine = (
            [name for name in os.listdir("/run/netns") if name.startswith(self.prefix)]
            if Path("/run/netns").exists()
            else []
        )
        for name in mine:
            path = Path("/run/netns", name)
            if subprocess.run(["ip", "netns", "del", name], capture_output=True).returncode and path.exists():
                path.unlink()


@pytest.fixture
def lab() -> Iterator[Lab]:
    if os.geteuid() != 0:
        pytest.skip("needs root: namespaces are made")
    made = Lab()
    try:
        yield made
    finally:
        made.close()
        time.sleep(0.05)
