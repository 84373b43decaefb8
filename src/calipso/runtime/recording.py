"""Transcripts: what sources asked of a host and were told, and what they make of it again."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

import msgspec

from calipso.errors import ConfigError
from calipso.graph.codec import Codec
from calipso.graph.reconcile import Reconciler
from calipso.graph.value import Graph
from calipso.model.environment import Environment
from calipso.model.record import Observation, RunEnded, RunError
from calipso.runtime.sources import installed_sources
from calipso.runtime.system import System
from calipso.seams import Source, SourceConfig
from calipso.transports.record import RecordTransport
from calipso.transports.replay import ReplayTransport

SUFFIX = ".jsonl"


def transcript_name(source: str, host: str) -> str:
    """`linux@h1.jsonl`: the file says what it is of."""
    return f"{source}@{host}{SUFFIX}".replace("/", "_")


async def record(system: System, environment: str, folder: Path) -> list[Path]:
    """One pass over an environment, a transcript for each source and host. Raises `ConfigError` for the folder."""
    collection = system.collection(environment)
    written = []
    try:
        await asyncio.to_thread(lambda: folder.mkdir(parents=True, exist_ok=True))
        for post in collection.posts:
            file = folder / transcript_name(post.source.manifest.name, post.host)
            output = io.StringIO()
            transport = RecordTransport(post.transport, output)
            async for _ in post.source.collect(transport, post.config):
                pass
            await asyncio.to_thread(file.write_text, output.getvalue())
            written.append(file)
    except OSError as error:
        raise ConfigError(error.strerror or "cannot be written", where=str(folder)) from error
    finally:
        await collection.close()
    return written


async def replay(file: Path, sources: dict[str, Source] | None = None) -> list[Observation]:
    """What a transcript's source says of it now. Raises `ConfigError`, `ParseError`."""
    known = installed_sources() if sources is None else sources
    name, at, host = file.name.removesuffix(SUFFIX).partition("@")
    if not at or name not in known:
        raise ConfigError(
            f"a transcript's name says source and host, as linux@h1{SUFFIX}; sources: {', '.join(known)}",
            where=str(file),
        )
    try:
        lines = (await asyncio.to_thread(file.read_text)).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", where=str(file)) from error
    transport = ReplayTransport(lines)
    return [said async for said in known[name].collect(transport, SourceConfig(host=host, environment="replay"))]


class Replayed(msgspec.Struct):
    """The graph that transcripts give, and what went wrong in them."""

    graph: Graph
    errors: list[RunError]


async def replay_all(files: Sequence[Path], environment: Environment) -> Replayed:
    """All transcripts into one graph that nothing keeps."""
    codec = Codec()
    graph, reconciler = Graph(environment, codec), Reconciler(codec)
    errors: list[RunError] = []
    for ts, observations in enumerate(await asyncio.gather(*map(replay, files)), 1):
        outcome = reconciler.take(observations, graph, ts)
        graph, _ = graph.apply(outcome.changes, ts)
        errors += [error for said in observations if isinstance(said, RunEnded) for error in said.errors]
    return Replayed(graph, errors)
