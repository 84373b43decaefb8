"""Requests and answers as they go over the wire: what both clients share."""

from __future__ import annotations

import random
from typing import Any

import httpx
import msgspec

from calipso.errors import (
    AuthFailed,
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
from calipso.operations.registry import BY_NAME, Operation

ERRORS: dict[str, type[CalipsoError]] = {
    kind.__name__: kind
    for kind in (NotFound, QueryError, Conflict, Forbidden, StoreError, TransportError, CalipsoError)
}
LONGEST_WAIT = 30.0


class Asked(msgspec.Struct, frozen=True):
    """A request, ready to be sent; `again`: whether sending it twice does no harm."""

    operation: Operation
    path: str
    params: dict[str, str]
    body: bytes | None

    @property
    def again(self) -> bool:
        return self.operation.method == "GET"


def asked(name: str, values: dict[str, Any]) -> Asked:
    """The request of an operation."""
    operation = BY_NAME[name]
    request = operation.request(**values)
    path = f"/api/v1/{operation.path}"
    if operation.method == "POST":
        return Asked(operation, path, {}, msgspec.json.encode(request))
    fields = msgspec.structs.fields(operation.request)
    said = {each.name: getattr(request, each.name) for each in fields if getattr(request, each.name) != each.default}
    return Asked(operation, path, {name: _text(value) for name, value in said.items()}, None)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return str(value)


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def answered(request: Asked, answer: httpx.Response) -> Any:
    """What the operation gave. Raises what it raised."""
    if answer.status_code >= 400:
        raise error_of(answer)
    return msgspec.json.decode(answer.content, type=request.operation.response)


def wait_before(request: Asked, answer: httpx.Response, attempt: int) -> float | None:
    """Seconds until a request is sent again, None when its answer stands.

    429 was not acted upon and is always sent again; 503 only for what reads.
    """
    if answer.status_code != 429 and not (answer.status_code == 503 and request.again):
        return None
    said = answer.headers.get("retry-after", "")
    return min(LONGEST_WAIT, float(said)) if said.isdigit() else backoff(attempt)


def backoff(attempt: int) -> float:
    """Seconds, doubled each time, spread so that clients do not come together."""
    return float(min(LONGEST_WAIT, 0.25 * 2**attempt) * random.uniform(0.5, 1.0))  # noqa: S311  (no secret)


def error_of(answer: httpx.Response) -> CalipsoError:
    """A problem document as the error it was."""
    try:
        said = answer.json()
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    detail, hint = said.get("detail") or answer.reason_phrase, said.get("hint", "")
    if answer.status_code == 401:
        return AuthFailed(detail, hint=hint or "the token is in CALIPSO_HOME/token")
    if said.get("title") == "ParseError":
        return ParseError("server", detail)
    if said.get("title") == "ConfigError":
        return ConfigError(detail, hint=hint)
    kind = ERRORS.get(said.get("title", ""), CalipsoError)
    if kind is QueryError:
        return QueryError(detail, position=int(said.get("position", -1)), hint=hint)
    return kind(detail, hint=hint)
