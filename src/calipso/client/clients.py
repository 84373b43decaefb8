"""The two clients: the same methods, awaited or not."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import httpx

from calipso.client.async_methods import AsyncMethods
from calipso.client.methods import Methods
from calipso.client.watching import Reader, Watched
from calipso.client.wire import Asked, answered, asked, backoff, error_of, headers, wait_before
from calipso.errors import Unreachable

TIMEOUT = 300.0
RETRIES = 5
SILENCE = 60.0
"""Seconds without even a heartbeat after which a watch connects again."""
HINT = "is the server up? `calipso up` starts one"


def _watched(environment: str, key: str, query: str) -> dict[str, str]:
    said = {"environment": environment, "key": key, "query": query}
    return {name: value for name, value in said.items() if value}


def _passing(answer: httpx.Response) -> bool:
    return answer.status_code in (429, 502, 503, 504)


class AsyncClient(AsyncMethods):
    """Asks a server. Raises what the operation raises, `Unreachable`, `AuthFailed`; retries 429, and 503 of reads."""

    def __init__(
        self, url: str, token: str, *, timeout: float = TIMEOUT, retries: int = RETRIES,
        verify: ssl.SSLContext | bool = True,
    ) -> None:  # fmt: skip
        self.url = url.rstrip("/")
        self.retries = retries
        self._http = httpx.AsyncClient(
            base_url=self.url, headers=headers(token), timeout=timeout, trust_env=False, verify=verify,
            limits=httpx.Limits(max_connections=None),
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, name: str, /, **values: Any) -> Any:
        """An operation by its name."""
        request = asked(name, values)
        attempt = 0
        while True:
            answer = await self._send(request)
            wait = wait_before(request, answer, attempt)
            if wait is None or attempt >= self.retries:
                return answered(request, answer)
            attempt += 1
            await asyncio.sleep(wait)

    async def _send(self, request: Asked) -> httpx.Response:
        try:
            return await self._http.request(
                request.operation.method, request.path, params=request.params, content=request.body
            )
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url}: {error}", hint=HINT) from error

    async def watch(
        self, key: str = "", *, query: str = "", environment: str = "local", since: int | None = None
    ) -> AsyncIterator[Watched]:
        """A snapshot, then every change; after a break it goes on where it was. `since`: after that number only.

        key: only objects with it, as `kind:vnic`. query: what it answers. Ends only when left, or with an error.
        """
        reader, attempt = Reader(since), 0
        silent = httpx.Timeout(TIMEOUT, read=SILENCE)
        while True:
            try:
                async with self._http.stream(
                    "GET",
                    "/api/v1/events",
                    params=_watched(environment, key, query),
                    headers=reader.begin(),
                    timeout=silent,
                ) as answer:
                    if answer.status_code >= 400:
                        await answer.aread()
                        if not _passing(answer):
                            raise error_of(answer)
                    else:
                        async for line in answer.aiter_lines():
                            found = reader.line(line)
                            if found is not None:
                                attempt = 0
                                yield found
            except httpx.TransportError as error:
                if attempt >= self.retries:
                    raise Unreachable(f"{self.url}: {error}", hint=HINT) from error
            attempt += 1
            await asyncio.sleep(backoff(attempt))


class Client(Methods):
    """Asks a server. Raises what the operation raises, `Unreachable`, `AuthFailed`; retries 429, and 503 of reads."""

    def __init__(
        self, url: str, token: str, *, timeout: float = TIMEOUT, retries: int = RETRIES,
        verify: ssl.SSLContext | bool = True,
    ) -> None:  # fmt: skip
        self.url = url.rstrip("/")
        self.retries = retries
        self._http = httpx.Client(
            base_url=self.url, headers=headers(token), timeout=timeout, trust_env=False, verify=verify
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def call(self, name: str, /, **values: Any) -> Any:
        """An operation by its name."""
        request = asked(name, values)
        attempt = 0
        while True:
            answer = self._send(request)
            wait = wait_before(request, answer, attempt)
            if wait is None or attempt >= self.retries:
                return answered(request, answer)
            attempt += 1
            time.sleep(wait)

    def _send(self, request: Asked) -> httpx.Response:
        try:
            return self._http.request(
                request.operation.method, request.path, params=request.params, content=request.body
            )
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url}: {error}", hint=HINT) from error

    def watch(
        self, key: str = "", *, query: str = "", environment: str = "local", since: int | None = None
    ) -> Iterator[Watched]:
        """A snapshot, then every change; after a break it goes on where it was. `since`: after that number only.

        key: only objects with it, as `kind:vnic`. query: what it answers. Ends only when left, or with an error.
        """
        reader, attempt = Reader(since), 0
        silent = httpx.Timeout(TIMEOUT, read=SILENCE)
        while True:
            try:
                with self._http.stream(
                    "GET",
                    "/api/v1/events",
                    params=_watched(environment, key, query),
                    headers=reader.begin(),
                    timeout=silent,
                ) as answer:
                    if answer.status_code >= 400:
                        answer.read()
                        if not _passing(answer):
                            raise error_of(answer)
                    else:
                        for line in answer.iter_lines():
                            found = reader.line(line)
                            if found is not None:
                                attempt = 0
                                yield found
            except httpx.TransportError as error:
                if attempt >= self.retries:
                    raise Unreachable(f"{self.url}: {error}", hint=HINT) from error
            attempt += 1
            time.sleep(backoff(attempt))
