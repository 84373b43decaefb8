"""The same operations over HTTP: a client of a running server, typed by the registry."""

from __future__ import annotations

from typing import Any

from calipso.client import AsyncClient


class Remote:
    """Calls operations of a server. Raises what the operation raises, `Unreachable`, `AuthFailed`."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    async def call(self, name: str, /, **values: Any) -> Any:
        """The response of an operation."""
        async with AsyncClient(self.url, self.token) as client:
            return await client.call(name, **values)
