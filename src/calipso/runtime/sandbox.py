"""Runs a workflow in a process of its own (`sandbox_child.py`) and answers what it asks for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from calipso.errors import CalipsoError, QueryError
from calipso.operations.context import Ran

CHILD = Path(__file__).with_name("sandbox_child.py")
CPU_SECONDS, MEMORY = 10, 512 << 20
CALLS, LINES, LONGEST = 1000, 1000, 8 << 20
"""Operations a run may call, lines it may log, and bytes of one line between it and us."""
LONGEST_WAIT = 60.0

Answer = Callable[[str, dict[str, Any]], Awaitable[Any]]


async def run(source: str, parameters: dict[str, Any], seconds: float, answer: Answer) -> Ran:
    """Run a workflow; `answer` does an operation for it. Ends after `seconds`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", str(CHILD), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, cwd="/", env={"LANG": "C.UTF-8", "PATH": os.defpath},
        start_new_session=True, limit=LONGEST,
    )  # fmt: skip
    log: list[str] = []
    try:
        async with asyncio.timeout(seconds):
            return await _talk(process, source, parameters, answer, log)
    except TimeoutError:
        return Ran("failed", error=f"it took longer than {seconds:g} s", log=log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _talk(
    process: asyncio.subprocess.Process, source: str, parameters: dict[str, Any], answer: Answer, log: list[str]
) -> Ran:
    assert process.stdin is not None
    assert process.stdout is not None
    begin = {"source": source, "parameters": parameters, "seconds": CPU_SECONDS, "memory": MEMORY}
    process.stdin.write(msgspec.json.encode(begin) + b"\n")
    calls = 0
    while True:
        try:
            line = await process.stdout.readline()
            said = msgspec.json.decode(line) if line else None
        except msgspec.DecodeError as error:
            return Ran("failed", error=f"what it said cannot be told as JSON: {error}", log=log)
        except ValueError:
            return Ran("failed", error=f"it said more than {LONGEST >> 20} MiB at once", log=log)
        if not isinstance(said, dict):
            return Ran("failed", error="it was ended: out of memory or time", log=log)
        if "result" in said:
            return Ran("done", result=said["result"], log=log)
        if "failed" in said:
            return Ran("failed", error=str(said["failed"]), line=int(said.get("line") or 0), log=log)
        if "log" in said:
            log += [str(said["log"])[:1000]] if len(log) < LINES else []
            continue
        calls += 1
        if calls > CALLS:
            return Ran("failed", error=f"it called more than {CALLS} operations", log=log)
        process.stdin.write((await _waited(said) if "wait" in said else await _answered(said, answer)) + b"\n")


async def _waited(said: dict[str, Any]) -> bytes:
    seconds = said["wait"]
    if type(seconds) not in (int, float) or not 0 <= seconds <= LONGEST_WAIT:
        return msgspec.json.encode({"error": f"it can wait from 0 to {LONGEST_WAIT:g} seconds at a time"})
    await asyncio.sleep(seconds)
    return msgspec.json.encode({"value": None})


async def _answered(said: dict[str, Any], answer: Answer) -> bytes:
    try:
        values = said.get("values")
        if not isinstance(values, dict):
            raise QueryError("values are needed")
        return msgspec.json.encode({"value": await answer(str(said.get("call")), values)})
    except CalipsoError as error:
        return msgspec.json.encode({"error": error.message})
