"""What lasts longer than a request ends with the token it was asked by: WebSockets and server-sent events."""

from __future__ import annotations

import asyncio
import contextlib

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from calipso.operations.context import Token, Tokens
from calipso.runtime.access import ADMIN
from calipso.web.guards import CERTIFICATE

EVERY = 5.0
"""Seconds between looks at whether a token is still good."""
STREAMS = ("/api/v1/events",)
POLICY_VIOLATION = 1008


class EndsWithToken:
    """ASGI middleware. What the guard found out is in the scope once somebody is let in."""

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self.app = app
        self.tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.WEBSOCKET and scope.get("path") not in STREAMS:
            await self.app(scope, receive, send)
            return
        work = asyncio.ensure_future(self.app(scope, receive, send))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=EVERY)
                user = scope.get("user")
                if isinstance(user, Token) and not work.done() and not self._good(user):
                    await _end(work, scope, send)
                    return
            work.result()
        finally:
            work.cancel()

    def _good(self, user: Token) -> bool:
        """The admin's token and certificates end with the server."""
        return user == ADMIN or user.name.startswith(CERTIFICATE) or self.tokens.holds(user)


async def _end(work: asyncio.Future[None], scope: Scope, send: Send) -> None:
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    with contextlib.suppress(RuntimeError):  # it has closed meanwhile
        if scope["type"] == ScopeType.WEBSOCKET:
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "the token has ended"})
        else:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
