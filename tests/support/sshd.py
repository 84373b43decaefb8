"""A real sshd with configuration, keys and known hosts of its own; nothing of the machine's or the user's is used."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from calipso.model.reaching import Ssh

SSHD = "/usr/sbin/sshd"


def make_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


class Server:
    """A folder with `host_key`, `user_key`, `known_hosts` and `sshd_config` for one server."""

    def __init__(self, folder: Path, *, address: str = "127.0.0.1", options: tuple[str, ...] = ()) -> None:
        self.folder, self.address = folder, address
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        os.makedirs("/run/sshd", exist_ok=True)  # sshd's own folder of privilege separation
        self.key = make_key(folder / "user_key")
        make_key(folder / "host_key")
        shutil.copy(folder / "user_key.pub", folder / "authorized")
        (folder / "authorized").chmod(0o600)
        with socket.socket() as free:
            free.bind((address, 0))
            self.port = int(free.getsockname()[1])
        self.known_hosts = folder / "known_hosts"
        self.know((folder / "host_key.pub").read_text())
        self.config = folder / "sshd_config"
        lines = (
            f"ListenAddress {address}:{self.port}",
            f"HostKey {folder}/host_key",
            f"AuthorizedKeysFile {folder}/authorized",
            f"PidFile {folder}/pid",
            "PermitRootLogin prohibit-password", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            "UsePAM no", "StrictModes no", "LogLevel ERROR", "MaxStartups 200",
            *options,
        )  # fmt: skip
        self.config.write_text("\n".join(lines) + "\n")

    def know(self, public: str) -> None:
        self.known_hosts.write_text(f"[{self.address}]:{self.port} {public}")

    @property
    def ssh(self) -> Ssh:
        return Ssh(
            host=self.address, port=self.port, user="root", keys=(str(self.key),), agent=False, config="none",
            known_hosts=str(self.known_hosts),
        )  # fmt: skip

    @contextlib.contextmanager
    def running(self) -> Iterator[Server]:
        # A locale of its own: what the transport sets must hold against it.
        environment = {"PATH": os.environ["PATH"], "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"}
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(self.config)], env=environment, start_new_session=True)
        try:
            _answers(self.address, self.port, process)
            yield self
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def _answers(address: str, port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        assert process.poll() is None, "sshd has ended"
        with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("sshd does not answer")
