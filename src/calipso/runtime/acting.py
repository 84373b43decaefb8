"""What an alert does when it goes off: post to an address, or run a program of the folder of scripts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import httpx
import msgspec

from calipso.model.moments import rfc3339
from calipso.operations.alerts import Firing, script_of

PAUSES: Sequence[float] = (2.0, 8.0, 30.0)
"""Seconds before a post is tried again; after the last it has failed."""
PATIENCE, SCRIPT_PATIENCE = 10.0, 30.0
"""Seconds that an address, a script has."""
SHOWN = 200
"""Characters of an outcome."""


def body_of(firing: Firing) -> bytes:
    """What is posted or given on standard input: Skydive's message, and what it has no place for."""
    return msgspec.json.encode({
        "UUID": firing.alert, "Timestamp": rfc3339(firing.at), "ReasonData": firing.results, "Name": firing.name,
        "Environment": firing.environment, "Total": firing.total,
    })  # fmt: skip


async def act(firing: Firing, scripts: Path, pauses: Sequence[float] = PAUSES) -> str:
    """Do what an alert asks for; the outcome in words, "done" when all went well. Raises nothing of its own."""
    if firing.action in ("", "message"):
        return "done"
    name = script_of(firing.action)
    return await run_script(scripts / name, body_of(firing)) if name else await post(firing, pauses)


async def post(firing: Firing, pauses: Sequence[float]) -> str:
    """Post to an address, again after pauses when that fails. Redirects are not followed."""
    outcome = ""
    async with httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False, trust_env=False) as client:
        for pause in (*pauses, None):
            try:
                answer = await client.post(
                    firing.action, content=body_of(firing), headers={"Content-Type": "application/json"}
                )
                if answer.is_success:
                    return "done"
                outcome = f"HTTP {answer.status_code}"
                if answer.status_code in (400, 401, 403, 404, 405, 410, 413, 422):
                    break  # saying the same again will not help
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # UnicodeError: of the host's name
                outcome = f"{type(error).__name__}: {error}"[:SHOWN]
            if pause is not None:
                await asyncio.sleep(pause)
    return f"failed: {outcome}"


async def run_script(file: Path, body: bytes) -> str:
    """Run a program with the message on its standard input, for a while and with an environment of its own."""
    refused = unsafe(file)
    if refused:
        return f"failed: {refused}"
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(body)
        given.seek(0)
        try:
            return await _ended(await _begun(file, given, said), file.name, said)
        except OSError as error:
            return f"failed: {file.name}: {error.strerror}"


async def _begun(file: Path, given: IO[bytes], said: IO[bytes]) -> asyncio.subprocess.Process:
    """Files, not pipes: a program that it leaves behind would keep a pipe open, and us waiting."""
    return await asyncio.create_subprocess_exec(
        str(file), stdin=given, stdout=asyncio.subprocess.DEVNULL, stderr=said, cwd="/", start_new_session=True,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
    )  # fmt: skip


async def _ended(process: asyncio.subprocess.Process, name: str, said: IO[bytes]) -> str:
    """The outcome. A script that is cut off, also by the end of the server, takes with it what it began."""
    try:
        async with asyncio.timeout(SCRIPT_PATIENCE):
            code = await process.wait()
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        if not isinstance(error, TimeoutError):
            raise
        await process.wait()
        return f"failed: {name} took longer than {SCRIPT_PATIENCE:g} s"
    if not code:
        return "done"
    said.seek(0)
    return f"failed: exit {code}: {said.read(4 * SHOWN).decode(errors='replace').strip()[:SHOWN]}"


def unsafe(file: Path) -> str:
    """Why a script is not run, "" when it may be: a plain file of ours or root's that nobody else can change."""
    try:
        found = file.lstat()
        folder = file.parent.stat()
    except OSError as error:
        return f"{file.name}: {error.strerror}"
    if not stat.S_ISREG(found.st_mode) or not os.access(file, os.X_OK):
        return f"{file.name} is no program"
    for each in (found, folder):
        if each.st_uid not in (0, os.geteuid()) or each.st_mode & 0o022:
            return f"{file.name} or its folder can be changed by others"
    return ""
