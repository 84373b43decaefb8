"""Whether the server is up, whether it is ready, and its own figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from calipso.web.figures import Figure, exposition


class Health(msgspec.Struct, frozen=True):
    """ready: graphs are loaded and every store accepts ticks; `trouble` names what does not."""

    ready: bool
    trouble: list[str]
    figures: list[Figure]


Probe = Callable[[], Health]


def health_routes(probe: Probe) -> Sequence[HTTPRouteHandler]:
    """/healthz and /readyz without a token, /metrics with it."""

    @get("/healthz", sync_to_thread=False)
    def healthz() -> Response[bytes]:
        """The process answers."""
        return Response(b'{"status":"ok"}', media_type="application/json")

    @get("/readyz", sync_to_thread=False)
    def readyz() -> Response[bytes]:
        """200 when everything can be asked and kept, else 503 with the reasons."""
        health = probe()
        body: dict[str, Any] = {"status": "ready" if health.ready else "not ready", "trouble": health.trouble}
        return Response(
            msgspec.json.encode(body), status_code=200 if health.ready else 503, media_type="application/json"
        )

    @get("/metrics", sync_to_thread=False)
    def metrics() -> Response[bytes]:
        """Prometheus text format."""
        return Response(exposition(probe().figures), media_type="text/plain; version=0.0.4")

    return (healthz, readyz, metrics)
