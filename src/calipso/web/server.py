"""The HTTP server in the event loop of the writer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from calipso.errors import ConfigError
from calipso.operations.context import Token
from calipso.query.standing import standing
from calipso.runtime.access import ADMIN
from calipso.runtime.live import Feed, Live
from calipso.runtime.settings import settings
from calipso.runtime.system import System
from calipso.runtime.tokens import matches
from calipso.web.app import build
from calipso.web.certificates import Certificates
from calipso.web.figures import of_agents, of_clients, of_flows, of_sites
from calipso.web.guards import Gate
from calipso.web.health import Health
from calipso.web.live import Wanted
from calipso.web.skydive import Skydive

GRACE = 2
"""Seconds that open requests and live clients have to end when the server stops."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Tls(msgspec.Struct, frozen=True):
    """Files of certificate and key, and of the authorities whose certificates agents may show instead of a token."""

    certificate: Path
    key: Path
    client_authorities: Path | None = None

    @property
    def options(self) -> dict[str, Any]:
        """As uvicorn wants them."""
        asked = ssl.CERT_OPTIONAL if self.client_authorities else ssl.CERT_NONE
        return {
            "ssl_certfile": str(self.certificate), "ssl_keyfile": str(self.key), "ssl_cert_reqs": asked,
            "ssl_ca_certs": str(self.client_authorities) if self.client_authorities else None,
        }  # fmt: skip


class _Unsignalled(uvicorn.Server):
    """Leaves signals to the process: the store has to be closed after the server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """Serves a system until stopped. Raises `ConfigError` when the address is taken."""

    def __init__(
        self, system: System, token: str, host: str, port: int, *, public_names: Sequence[str] = (),
        tls: Tls | None = None,
    ) -> None:  # fmt: skip
        self.system = system
        self.socket = _bind(host, port)
        self.port = self.socket.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{shown}:{self.port}"
        self.feeds = Feeds(system)
        names = [*LOOPBACK, f"[{host}]" if ":" in host else host, *public_names]
        web = settings(system.home).web

        def whose(given: str) -> Token | None:
            return ADMIN if matches(given, token) else system.tokens.whose(given)

        certificates = Certificates()
        self.gate = Gate(whose, web, system.journal, certified=certificates.name)
        self.skydive = Skydive(system, whose, web.skydive_environment)
        app = build(system, self.gate, self.feeds, system, self.health, names, web, self.skydive)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="on",
            http=certificates.protocol(),
            ws="websockets-sansio",
            timeout_graceful_shutdown=GRACE,
            **(tls.options if tls else {}),
        )
        self.server = _Unsignalled(config)
        self._task: asyncio.Task[None] | None = None

    def health(self) -> Health:
        """How the server is now."""
        sites = self.system.sites
        trouble = [f"{name}: {site.trouble}" for name, site in sites.items() if site.trouble]
        figures = [
            *of_sites(sites), *of_agents(self.system.agents()),
            *of_flows(self.system.flow_figures), *of_clients(self.feeds, self.gate.refused, not trouble),
        ]  # fmt: skip
        return Health(not trouble, trouble, figures)

    async def __aenter__(self) -> Server:
        self.system.told_of_firings.append(self.skydive.fired)
        self.system.react()
        self._task = asyncio.create_task(self.server.serve([self.socket]), name="web")
        while not self.server.started:
            if self._task.done():
                await self._task
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.system.told_of_firings.remove(self.skydive.fired)
        self.server.should_exit = True
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self.feeds.close()

    async def stopped(self) -> None:
        """Wait until the server has ended by itself."""
        if self._task is not None:
            await asyncio.shield(self._task)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio sees it is TCP and sends at once: else every answer waits 40 ms (Nagle).
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}", where="--listen",
            hint="another server may be running there; choose another port with --port",
        ) from error  # fmt: skip
    return listening


class Feeds:
    """Live deltas of every environment."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._live: dict[str, Live] = {}
        system.notices.listen(self._notice)

    @property
    def clients(self) -> int:
        return sum(live.clients for live in self._live.values())

    @property
    def dropped(self) -> int:
        return sum(live.dropped for live in self._live.values())

    def _notice(self, environment: str, kind: str, body: bytes) -> None:
        live = self._live.get(environment)
        if live is not None:
            live.notice(kind, body)

    async def open(self, wanted: Wanted) -> Feed:
        site = self.system.site(wanted.environment)
        asked = standing(wanted.query) if wanted.query else wanted.key
        live = self._live.get(wanted.environment)
        if live is None or live.site is not site:
            live = self._live[wanted.environment] = Live(site)
        return await live.subscribe(asked, wanted.since, wanted.notices, wanted.who)

    def close(self) -> None:
        for live in self._live.values():
            live.close()
        self._live.clear()
