"""Which names the server answers to: a page elsewhere whose name suddenly leads here gets nothing (DNS rebinding)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

BODY = msgspec.json.encode({
    "type": "about:blank", "status": 400, "title": "BadRequest", "detail": "this server does not go by that name",
    "hint": "start it with --public-name NAME to have it answer to it",
})  # fmt: skip


def name_of(host: str) -> str:
    """The name in a Host header, without its port (RFC 9110 §7.2)."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


class KnownHosts:
    """ASGI middleware that refuses requests for names that are not this server's."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self.app = app
        self.names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in (ScopeType.HTTP, ScopeType.WEBSOCKET):
            host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
            if name_of(host).lower() not in self.names:
                await self._refuse(scope, send)
                return
        await self.app(scope, receive, send)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await send({"type": "websocket.close", "code": 1008, "reason": "unknown host"})
            return
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(BODY)).encode())]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": BODY, "more_body": False})
