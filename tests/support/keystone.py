"""A real Keystone on a loopback port, with SQLite and keys of its own; `tools/test-setup` installs it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labs.openstack.lab import default_cache

INSTALLED = default_cache() / "venv"
"""The programs of labs/openstack."""
PASSWORD = "right-and-secret"
CONFIGURATION = """
[DEFAULT]
log_file = {folder}/keystone.log
[database]
connection = sqlite:///{folder}/keystone.db
[fernet_tokens]
key_repository = {folder}/keys
[fernet_receipts]
key_repository = {folder}/keys
[credential]
key_repository = {folder}/keys
"""
SERVE = """
import sys
from werkzeug.serving import run_simple
port = int(sys.argv.pop())
from keystone.wsgi.api import application
run_simple("127.0.0.1", port, application)
"""
PATIENCE = 60.0


class Keystone:
    """One Keystone with its bootstrap: project `admin`, region `RegionOne`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v3"
        self._server: subprocess.Popen[bytes] | None = None
        keys = folder / "keys"
        keys.mkdir(mode=0o700)
        for name in ("0", "1"):
            (keys / name).write_bytes(base64.urlsafe_b64encode(secrets.token_bytes(32)))
        (folder / "keystone.conf").write_text(CONFIGURATION.format(folder=folder))
        self._managed("db_sync")
        self._managed("bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-public-url", self.url,
                      "--bootstrap-region-id", "RegionOne")  # fmt: skip

    def _managed(self, *words: str) -> None:
        command = [INSTALLED / "bin/keystone-manage", "--config-file", self.folder / "keystone.conf", *words]
        subprocess.run(command, check=True, capture_output=True, timeout=2 * PATIENCE)

    def start(self) -> None:
        environment = {**os.environ, "OS_KEYSTONE_CONFIG_DIR": str(self.folder)}
        with (self.folder / "served.log").open("wb") as log:
            self._server = subprocess.Popen(
                [INSTALLED / "bin/python", "-c", SERVE, str(self.port)], env=environment, stdout=log, stderr=log
            )
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._server.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url, timeout=5):
                return
            time.sleep(0.2)
        self.stop()
        raise AssertionError((self.folder / "served.log").read_text() + (self.folder / "keystone.log").read_text())

    def stop(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait(PATIENCE)
            self._server = None

    def clouds(self, folder: Path, **more: Any) -> Path:
        """A clouds.yaml (JSON is YAML) with the cloud `lab`; `more` goes over how it logs in."""
        auth = {
            "auth_url": self.url, "username": "admin", "password": PASSWORD, "project_name": "admin",
            "user_domain_name": "Default", "project_domain_name": "Default", **more,
        }  # fmt: skip
        file = folder / "clouds.yaml"
        file.write_text(json.dumps({"clouds": {"lab": {"auth": auth}}}))
        return file


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Keystone]:
    keystone = Keystone(folder)
    try:
        keystone.start()
        yield keystone
    finally:
        keystone.stop()
