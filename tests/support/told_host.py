"""A host made of answers, for what no real host can be brought to say: a source looks at it as at any other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from calipso.errors import CommandFailed, Unreachable
from calipso.model.record import Observation
from calipso.seams import Exec, Read, Reply, Request, Source, SourceConfig

NOT_FOUND = Reply(b"", 127, b"not found")


class ToldHost:
    """commands: what each prints, by its name. files: by their path; a folder's ends with a slash.

    streams: the lines of each command that is listened to, after which it has ended; without any it waits for some.
    """

    answers: frozenset[type[Request]] = frozenset({Exec, Read})

    def __init__(
        self, commands: Mapping[str, Reply] | None = None, files: Mapping[str, bytes] | None = None, *,
        away: bool = False, streams: Iterable[Iterable[bytes]] = (),
    ) -> None:  # fmt: skip
        self.commands, self.files, self.away = dict(commands or {}), dict(files or {}), away
        self.streams: asyncio.Queue[Iterable[bytes]] = asyncio.Queue()
        for each in streams:
            self.streams.put_nowait(each)

    async def ask(self, request: Request) -> Reply:
        if self.away:
            raise Unreachable("gone")
        if isinstance(request, Read):
            if request.path not in self.files:
                raise Unreachable(f"{request.path}: no such file")
            return Reply(self.files[request.path])
        assert isinstance(request, Exec)
        return self.commands.get(request.argv[0], NOT_FOUND)

    async def listen(self, request: Request) -> AsyncIterator[Reply]:
        for line in await self.streams.get():
            yield Reply(line)
        raise CommandFailed("it has ended", exit_code=0)

    async def close(self) -> None:
        """Nothing is open."""


def looked(source: Source, host: ToldHost, **options: Any) -> list[Observation]:
    """What a source says after one look at a host of the name `h`."""

    async def look() -> list[Observation]:
        return [each async for each in source.collect(host, SourceConfig(host="h", options=options))]

    return asyncio.run(look())
