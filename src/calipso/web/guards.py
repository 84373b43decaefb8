"""Before anything is answered: who asks, whether the token is good for it, whether it asks too often."""

from __future__ import annotations

import base64
import binascii
import math
import time
from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, TooManyRequestsException
from litestar.handlers.base import BaseRouteHandler

from calipso.errors import Forbidden
from calipso.operations.context import Journal, Token
from calipso.runtime.settings import Web

OPEN = ("/healthz", "/readyz")
"""What can be asked without a token: whether the server is up, nothing about what it knows."""
NOBODY = ""
STRANGER = Token(NOBODY, (), 0)
"""Who signs in, before that is done."""
ORIGINAL = "/calipso/"
"""Below here the original's clients ask, which show X-Auth-Token or HTTP Basic."""

PROTOCOL = "calipso.v1"
"""The WebSocket subprotocol. A browser cannot send headers: it offers `bearer.TOKEN` beside it (RFC 6455 §1.9)."""

Asked = ASGIConnection[Any, Any, Any, Any]
CERTIFICATE = "certificate "
"""How somebody is called who showed a certificate instead of a token: it lets an agent in, and nobody else."""
Certified = Callable[[tuple[str, int]], str]
"""Address of a connection → name in its certificate, "" for none."""
Whose = Callable[[str], Token | None]


class Bucket:
    """Tokens of one caller: `rate` a second come in, up to `burst`; a request takes one."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self.rate = rate
        self.burst = burst
        self.clock = clock
        self.left = float(burst)
        self.at = clock()

    def wait(self) -> float:
        """Take one: 0.0, or how many seconds there is none."""
        now = self.clock()
        self.left = min(self.burst, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            return (1 - self.left) / self.rate
        self.left -= 1
        return 0.0


class Gate:
    """The guard of every route. Refusals of writes are noted in the journal."""

    def __init__(
        self, whose: Whose, web: Web, journal: Journal, clock: Callable[[], float] = time.monotonic,
        certified: Certified = lambda _: "",
    ) -> None:  # fmt: skip
        self.whose = whose
        self.certified = certified
        self.web = web
        self.journal = journal
        self.clock = clock
        self.refused = {"unknown": 0, "scope": 0, "rate": 0}
        self._buckets: dict[str, Bucket] = {}

    def __call__(self, connection: Asked, handler: BaseRouteHandler) -> None:
        """Raises 401, 403 or 429."""
        if connection.url.path in OPEN:
            return
        if handler.opt.get("open"):
            if "operation" in handler.opt:  # a log-in, not a page
                self._limit(STRANGER)
                connection.scope["user"] = STRANGER
            return
        scope = handler.opt.get("scope", "read")
        caller = self._caller(connection)
        if caller is None:
            self.refused["unknown"] += 1
            self._note(connection, handler, NOBODY, "Unauthorized")
            raise HTTPException(
                status_code=401,
                detail="a bearer token is needed: see CALIPSO_HOME/token, `calipso token create`, or sign in as a user",
                headers={"WWW-Authenticate": 'Bearer realm="calipso"'},
            )
        if not caller.may(scope):
            self.refused["scope"] += 1
            self._note(connection, handler, caller.name, "Forbidden")
            raise Forbidden(
                f"the token {caller.name!r} may not do this: it needs {scope}",
                hint=f"it has: {', '.join(caller.scopes)}; `calipso token create` makes another",
            )
        self._limit(caller)
        connection.scope["user"] = caller

    def _caller(self, connection: Asked) -> Token | None:
        original = connection.url.path.startswith(ORIGINAL)
        shown = connection.headers.get("x-auth-token", "") if original else ""
        if shown:
            return self.whose(shown.strip())
        said = connection.headers.get("authorization", "") or _offered(connection)
        if said:
            scheme, _, secret = said.partition(" ")
            if original and scheme.lower() == "basic":
                return self._basic(secret)
            return self.whose(secret.strip()) if scheme.lower() == "bearer" and secret else None
        client = connection.client
        name = self.certified((client.host, client.port)) if client is not None else ""
        return Token(CERTIFICATE + name, ("agent",), 0) if name else None

    def _basic(self, said: str) -> Token | None:
        """A token's name and the token, as HTTP Basic has them (RFC 7617)."""
        try:
            name, _, secret = base64.b64decode(said.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        found = self.whose(secret) if secret else None
        return found if found is not None and found.name == name else None

    def _limit(self, caller: Token) -> None:
        if not self.web.rate:
            return
        bucket = self._buckets.get(caller.name)
        if bucket is None:
            bucket = self._buckets[caller.name] = Bucket(self.web.rate, self.web.burst, self.clock)
        wait = bucket.wait()
        if wait:
            self.refused["rate"] += 1
            what = f"requests a second with the token {caller.name!r}" if caller.name else "log-ins a second"
            raise TooManyRequestsException(
                detail=f"more than {self.web.rate:g} {what}",
                headers={"Retry-After": str(math.ceil(wait))},
            )

    def _note(self, connection: Asked, handler: BaseRouteHandler, who: str, outcome: str) -> None:
        if connection.scope["type"] == ScopeType.HTTP and connection.scope["method"] in ("POST", "DELETE"):
            self.journal.note(who, str(handler.opt.get("operation", "")), outcome, {})


def _offered(connection: Asked) -> str:
    """The token among the subprotocols of a WebSocket, as an Authorization header says it; "" for none."""
    if connection.scope["type"] != ScopeType.WEBSOCKET:
        return ""
    offered = connection.headers.get("sec-websocket-protocol", "")
    secrets = [each.strip().removeprefix("bearer.") for each in offered.split(",") if "bearer." in each]
    return f"Bearer {secrets[0]}" if secrets else ""
