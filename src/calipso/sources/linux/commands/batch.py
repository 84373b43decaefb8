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
    '[ "$code" = 0 ] || case $1 in cat|ethtool) ;; *) err=$("$@" 2>&1 >/dev/null </dev/null);; esac; '
    'printf "%d %d %d\\n%s%s\\n" "$code" "${#out}" "${#err}" "$out" "$err"; }\n'
)
_ENTER = (
    'enter() { all=$(nsenter --net="$1" -- sh -c "$3" 2>/dev/null </dev/null); '
    'case $all in *end) printf %s "${all%end}";; '
    '*) err=$(nsenter --net="$1" -- true 2>&1 </dev/null); n=$2; while [ "$n" -gt 0 ]; do n=$((n - 1)); '
    'printf "1 0 %d\\n%s\\n" "${#err}" "$err"; done;; esac; }\n'
)
"""One nsenter for all commands of a namespace; where it fails, so has each of them, for its reason."""
Argv = tuple[str, ...]
Group = tuple[str, Sequence[Argv]]
"""Path of a namespace, empty for the host's own, and commands to run in it."""


async def batch(transport: Transport, groups: Sequence[Group], within: float = 60.0) -> list[Reply]:
    """Replies in the order of the commands. Raises `TransportError`, `ParseError`."""
    replies: list[Reply] = []
    for script, count in _scripts(groups):
        reply = await transport.ask(Exec(("sh", "-c", script), timeout=within))
        if reply.exit_code and not reply.body:
            reason = reply.stderr.decode("utf-8", "replace").strip().split("\n")[0]
            raise CommandFailed(f"sh: {reason or reply.exit_code}", exit_code=reply.exit_code)
        replies += parse_frames(reply.body, count)
    return replies


def _scripts(groups: Sequence[Group]) -> list[tuple[str, int]]:
    """Scripts that fit, and how many commands each has."""
    scripts: list[tuple[str, int]] = []
    text, count = "", 0
    for path, commands in groups:
        for part in _parts(commands):
            more = "".join(f"run {shlex.join(argv)}\n" for argv in part)
            if path:
                more = f"enter {shlex.join((path, str(len(part)), f'{_RUN}{more}printf end'))}\n"
            if text and len(text) + len(more) > MOST:
                scripts.append((_RUN + _ENTER + text, count))
                text, count = "", 0
            text, count = text + more, count + len(part)
    return [*scripts, (_RUN + _ENTER + text, count)] if text else scripts


def _parts(commands: Sequence[Argv]) -> list[list[Argv]]:
    """Runs of commands that fit; what is quoted twice is longer."""
    parts: list[list[Argv]] = [[]]
    size = 0
    for argv in commands:
        length = 2 * len(shlex.join(argv)) + 5
        if parts[-1] and size + length > MOST // 2:
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
