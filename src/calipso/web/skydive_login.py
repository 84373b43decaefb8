"""How Skydive's clients say who they are: a login that gives a cookie, a header, or basic authentication.

The password is one of our tokens (then the name is only told apart for people), or a user's. The cookie holds a token:
it is kept by the client and is not sent from other sites.
"""

from __future__ import annotations

import base64
import binascii
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from calipso.operations.context import Context
from calipso.web.guards import Whose
from calipso.web.signing import sign_in

COOKIE, HEADER = "authtoken", b"x-auth-token"
PATHS = ("/api/", "/ws/", "/skydive/")
"""Where these ways count; below /api/v1 only bearer tokens do."""


class SkydiveTokens:
    """ASGI middleware: what a Skydive client shows becomes the bearer token that the gate looks at."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if path == "/api" or (path.startswith(PATHS) and not path.startswith("/api/v1/")):
            headers = list(scope["headers"])
            said = dict(headers)
            token = shown(said)
            if token and not said.get(b"authorization", b"").lower().startswith(b"bearer "):
                kept = [each for each in headers if each[0] != b"authorization"]
                scope["headers"] = [*kept, (b"authorization", b"Bearer " + token.encode("latin-1", "replace"))]
        await self.app(scope, receive, send)


def shown(headers: dict[bytes, bytes]) -> str:
    """The token in a header, in the password of basic authentication, or in the cookie; "" for none.

    A cookie counts for nothing when the request comes from a page of another origin (RFC 6454).
    """
    if headers.get(HEADER):
        return headers[HEADER].decode("latin-1")
    scheme, _, rest = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    origin = headers.get(b"origin", b"").decode("latin-1")
    if origin and origin.partition("://")[2] != headers.get(b"host", b"").decode("latin-1"):
        return ""
    return _cookie(headers.get(b"cookie", b"").decode("latin-1"))


def _cookie(said: str) -> str:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(said.replace(";", "; "))
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""


def login_route(context: Context, whose: Whose, path: str) -> HTTPRouteHandler:
    @post(path, status_code=200, opt={"open": True, "operation": "login"})
    async def login(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Take a name and what proves it, and give the cookie that Skydive's clients send from then on."""
        form = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        token = form.get("password", [""])[0]
        if not token or whose(token) is None:
            token = (await sign_in(context, form.get("username", [""])[0], token)).token
        secure = "; Secure" if request.url.scheme == "https" else ""
        return Response(
            b"{}", media_type="application/json",
            headers={"Set-Cookie": f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}"},
        )  # fmt: skip

    return login
