"""A MariaDB of a test's own: data directory, socket and port on loopback, ended by its pid.

It runs as root: folders of tests are closed to other users, and made so again by every other run of tests.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READER, SECRET = "discovery", "only-to-read"
SCHEMAS = Path(__file__).parent / "cloud_databases"
"""Tables of Neutron's and Nova's databases as their own programs made them, with rows of real clouds."""


class MariaDb:
    """A server that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> str:
        return str(self.folder / "s")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def install(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        said = subprocess.run(
            [
                "mariadb-install-db", "--no-defaults", f"--datadir={self.folder}/data", "--user=root",
                "--skip-test-db", "--auth-root-authentication-method=normal",
            ],
            capture_output=True,
        )  # fmt: skip
        assert said.returncode == 0, said.stdout.decode() + said.stderr.decode()

    def start(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [
                "mariadbd", "--no-defaults", f"--datadir={self.folder}/data", "--user=root", f"--socket={self.socket}",
                f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-name-resolve", "--skip-log-bin",
                "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", "--performance-schema=0",
                f"--pid-file={self.folder}/pid", f"--log-error={self.folder}/log", *options,
            ],
        )  # fmt: skip
        ends = time.monotonic() + 60
        while subprocess.run([*self._client, "-e", "SELECT 1"], capture_output=True).returncode:
            assert time.monotonic() < ends and self._process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def kill(self) -> None:
        """As when the machine goes."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)
        self._process = None

    def sql(self, text: str, database: str = "") -> str:
        said = subprocess.run(
            [*self._client, "--skip-column-names", *([database] if database else [])], input=text.encode(),
            capture_output=True,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr.decode()
        return said.stdout.decode()

    def load(self, cloud: str, **databases: str) -> None:
        """Databases of a cloud, under other names where told; what was there by those names goes."""
        for file in sorted((SCHEMAS / cloud).glob("*.sql")):
            name = databases.get(file.stem, file.stem)
            self.sql(f"DROP DATABASE IF EXISTS `{name}`; CREATE DATABASE `{name}` CHARACTER SET utf8mb3")
            self.sql(f"SET FOREIGN_KEY_CHECKS=0;\n{file.read_text()}", name)

    def let_read(self, *databases: str, user: str = READER, options: str = "") -> None:
        """An account that may read these databases only, or all; it may be there already."""
        grants = "".join(f"GRANT SELECT ON `{each}`.* TO '{user}'@'%';" for each in databases)
        self.sql(
            f"CREATE OR REPLACE USER '{user}'@'%' IDENTIFIED BY '{SECRET}' {options};"
            + (grants or f"GRANT SELECT ON *.* TO '{user}'@'%';")
        )

    @property
    def _client(self) -> list[str]:
        return ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root"]


@contextmanager
def mariadb(folder: Path, *options: str) -> Iterator[MariaDb]:
    """A running server, and nothing of it afterwards."""
    server = MariaDb(folder)
    server.install()
    try:
        server.start(*options)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
