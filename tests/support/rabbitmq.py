"""A real RabbitMQ on loopback: a node of its own with its own state, ports and port mapper, ended by its process."""

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

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
PATIENCE = 90.0


class Broker:
    """`port`: where it listens. Users of loopback are let in as guest, guest. What is durable outlives `stop`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port, self._distribution, self._mapper = _free_ports(3)
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Returns when it takes connections."""
        epmd = shutil.which("epmd") or "epmd"
        self._spawn([epmd, "-port", str(self._mapper), "-address", "127.0.0.1"], {})
        (self._folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console = false\n")
        self._spawn([SERVER], {
            "HOME": str(self._folder), "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"), "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"), "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"), "ERL_EPMD_PORT": str(self._mapper),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self._folder / "made"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        })  # fmt: skip
        end = time.monotonic() + PATIENCE
        while not self._answers():
            if time.monotonic() > end or self._processes[-1].poll() is not None:
                self.stop()
                raise RuntimeError(f"RabbitMQ does not come up: {self._said()}")
            time.sleep(0.2)

    def stop(self) -> None:
        """As by SIGTERM; the state stays."""
        for process in reversed(self._processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._processes.clear()

    def control(self, *argv: str) -> None:
        """As `rabbitmqctl`. Raises `CalledProcessError`."""
        name = f"test{self.port}@localhost"
        subprocess.run(
            [SERVER.replace("rabbitmq-server", "rabbitmqctl"), "-q", "-n", name, *argv], check=True, timeout=60,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self._folder),
                 "ERL_EPMD_PORT": str(self._mapper)},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def _spawn(self, argv: list[str], environment: dict[str, str]) -> None:
        output = (self._folder / "output").open("ab")
        self._processes.append(
            subprocess.Popen(
                ["nice", "-n", "5", *argv], env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd=self._folder,
            )
        )  # fmt: skip
        output.close()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connected:
                connected.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(connected.recv(1))
        except OSError:
            return False

    def _said(self) -> str:
        return (self._folder / "output").read_text(errors="replace")[-2000:]


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Broker]:
    """A broker for as long as the block lasts."""
    broker = Broker(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
