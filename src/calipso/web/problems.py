"""Errors as problem documents (RFC 9457): ours, those of the framework, and bugs."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from calipso.errors import (
    AuthFailed,
    Busy,
    CalipsoError,
    ConfigError,
    Conflict,
    Forbidden,
    NotFound,
    ParseError,
    QueryError,
    StoreError,
    TransportError,
)

STATUS: tuple[tuple[type[CalipsoError], int], ...] = (
    (NotFound, 404), (Busy, 503), (QueryError, 400), (ParseError, 422), (Conflict, 409), (Forbidden, 403),
    (StoreError, 503), (AuthFailed, 502), (TransportError, 502), (ConfigError, 422), (CalipsoError, 503),
)  # fmt: skip
"""Error → HTTP status; the first that fits."""
PROBLEM = "application/problem+json"

log = structlog.get_logger()


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong (RFC 9457) and, as `hint`, what to do next. title: the name of the error."""

    type: str
    status: int
    title: str
    detail: str = ""
    hint: str = ""
    position: int = -1
    """Of a query: the character at which it is wrong."""


def problem(
    status: int,
    title: str,
    detail: str = "",
    hint: str = "",
    headers: Mapping[str, str] | None = None,
    position: int = -1,
) -> Response[bytes]:
    """A problem document as a response. `type` is said although it is the default: clients look for it."""
    said = {"type": "about:blank", **msgspec.to_builtins(Problem("", status, title, detail, hint, position))}
    said["type"] = "about:blank"
    return Response(msgspec.json.encode(said), status_code=status, media_type=PROBLEM, headers=dict(headers or {}))


def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The response to any error."""
    if isinstance(error, CalipsoError):
        status = next(status for kind, status in STATUS if isinstance(error, kind))
        position = error.position if isinstance(error, QueryError) else -1
        return problem(status, type(error).__name__, error.message, error.hint, position=position)
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError):
        return problem(400, "BadRequest", str(error))
    if isinstance(error, HTTPException):
        title = HTTPStatus(error.status_code).phrase.title().replace(" ", "")
        return problem(error.status_code, title, error.detail, headers=error.headers)
    log.error("a request failed", path=request.url.path, exc_info=error)
    return problem(500, "InternalServerError", "this is a bug; the server's log says where")
