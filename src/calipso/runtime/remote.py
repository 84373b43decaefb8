"""The same operations over HTTP: a client of a running server, typed by the registry."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from calipso.errors import (
    AuthFailed,
    CalipsoError,
    Conflict,
    Forbidden,
    NotFound,
    ParseError,
    QueryError,
    StoreError,
    Unreachable,
)
from calipso.operations.registry import BY_NAME, Operation

TIMEOUT = 300.0
ERRORS: dict[str, type[CalipsoError]] = {
    kind.__name__: kind for kind in (NotFound, QueryError, Conflict, Forbidden, StoreError, CalipsoError)
}


class Remote:
    """Calls operations of a server. Raises what the operation raises, `Unreachable`, `AuthFailed`."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    async def call(self, name: str, **values: Any) -> Any:
        """The response of an operation."""
        operation = BY_NAME[name]
        request = operation.request(**values)
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
                answer = await self._send(client, operation, request)
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url}: {error}", hint="is the server up? `calipso up` starts one") from error
        if answer.status_code >= 400:
            raise _error(answer)
        return msgspec.json.decode(answer.content, type=operation.response)

    async def _send(self, client: httpx.AsyncClient, operation: Operation, request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.url}/api/v1/{operation.path}"
        if operation.method == "POST":
            return await client.post(url, content=msgspec.json.encode(request), headers=headers)
        said = {name: _text(value) for name, value in msgspec.structs.asdict(request).items()}
        return await client.get(url, params={name: text for name, text in said.items() if text}, headers=headers)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return str(value) if value else ""


def _error(answer: httpx.Response) -> CalipsoError:
    try:
        said = answer.json()
    except ValueError:
        said = {}
    detail, hint = said.get("detail") or answer.reason_phrase, said.get("hint", "")
    if answer.status_code == 401:
        return AuthFailed(detail, hint=hint or "the token is in CALIPSO_HOME/token")
    if said.get("title") == "ParseError":
        return ParseError("server", detail)
    kind = ERRORS.get(said.get("title", ""), CalipsoError)
    if kind is QueryError:
        return QueryError(detail, position=said.get("position", -1), hint=hint)
    return kind(detail, hint=hint)
