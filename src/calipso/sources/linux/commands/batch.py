"""Many commands in one request: over a network each request costs a round trip.

A shell runs them one after the other and frames what each says: a line `exit-code bytes-of-output bytes-of-errors`,
then both. A command that fails is run again for its error text; only commands that change nothing are asked.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from calipso.errors import CommandFailed, ParseError, TransportError
from calipso.seams import Exec, Reply, Transport

NAME = "batch"
FAILED = -1
MOST = 60_000
"""Bytes of a script; a word of an argument list may have 128 KiB (MAX_ARG_STRLEN)."""

_RUN = (
    'run() { out=$("$@" 2>/dev/null </dev/null); code=$?; err=; '
    '[ "$code" = 0 ] || err=$("$@" 2>&1 >/dev/null </dev/null); '
    'printf "%d %d %d\\n%s%s\\n" "$code" "${#out}" "${#err}" "$out" "$err"; }\n'
)
Argv = tuple[str, ...]


async def batch(transport: Transport, commands: Sequence[Argv], within: float = 60.0) -> list[Reply]:
    """Replies in the order of the commands. Raises `TransportError`, `ParseError`."""
    replies: list[Reply] = []
    for part in _parts(commands):
        script = _RUN + "\n".join("run " + shlex.join(argv) for argv in part)
        reply = await transport.ask(Exec(("sh", "-c", script), timeout=within))
        if reply.exit_code and not reply.body:
            reason = reply.stderr.decode("utf-8", "replace").strip().split("\n")[0]
            raise CommandFailed(f"sh: {reason or reply.exit_code}", exit_code=reply.exit_code)
        replies += parse_frames(reply.body, len(part))
    return replies


def _parts(commands: Sequence[Argv]) -> list[list[Argv]]:
    parts: list[list[Argv]] = [[]]
    size = 0
    for argv in commands:
        length = sum(len(word) + 4 for word in argv) + 5
        if parts[-1] and size + length > MOST:
            parts.append([])
            size = 0
        parts[-1].append(argv)
        size += length
    return parts if parts[0] else []


def parse_frames(body: bytes, count: int) -> list[Reply]:
    """Raises `ParseError` when the frames are not those of `count` commands."""
    out: list[Reply] = []
    at = 0
    while len(out) < count:
        end = body.find(b"\n", at)
        words = body[at : end if end >= 0 else len(body)].split()
        if end < 0 or len(words) != 3 or not all(word.isdigit() for word in words):
            excerpt = body[at : at + 120].decode("utf-8", "replace")
            raise ParseError(NAME, f"frame {len(out) + 1} of {count} is missing", excerpt=excerpt)
        code, size, errors = map(int, words)
        start = end + 1
        if start + size + errors >= len(body):
            raise ParseError(NAME, f"frame {len(out) + 1} of {count} is cut off")
        out.append(Reply(body[start : start + size], code, body[start + size : start + size + errors]))
        at = start + size + errors + 1
    return out


def reason(reply: Reply, command: str) -> TransportError:
    """Why a command failed, in its own words."""
    said = reply.stderr.decode("utf-8", "replace").strip().split("\n")[0]
    return CommandFailed(f"{command}: {said or f'exit code {reply.exit_code}'}", exit_code=reply.exit_code)
