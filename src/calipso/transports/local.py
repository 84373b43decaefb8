"""The machine Calipso runs on, or a host made of namespaces on it, known by the pid of a process in it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping

from calipso.errors import AuthFailed, CommandFailed, TimedOut, TransportError, Unreachable
from calipso.native.place import Place
from calipso.seams import Exec, Http, Namespaces, Netlink, NetlinkEvents, Ovsdb, Read, Reply, Request
from calipso.transports.http import HttpTransport, dial_from
from calipso.transports.kernel import Kernel
from calipso.transports.ovsdb import OvsdbTransport
from calipso.transports.wrap import ENVIRONMENT, Wrapping

_ENVIRONMENT = {**ENVIRONMENT, "HOME": "/"}
_NOT_FOUND = 127


class LocalTransport:
    """Answers requests without leaving this machine.

    `pid`: commands run in all namespaces of that process (`nsenter -t PID -a`), files and namespaces are those below
    its root. A command that does not exist answers with exit code 127, as a shell does. At most `concurrency`
    commands run at a time. `wrap`: what stands before commands, see `transports/wrap.py`.
    """

    answers: frozenset[type[Request]] = frozenset({Exec, Read, Namespaces, Netlink, NetlinkEvents, Ovsdb, Http})

    def __init__(
        self, pid: int | None = None, *, wrap: Mapping[str, str] = {}, concurrency: int = 8,
        receive_buffer: int = 8 << 20,
    ) -> None:  # fmt: skip
        self._wrap = Wrapping(wrap)
        self._place = Place(pid)
        self._kernel = Kernel(self._place, receive_buffer)
        self._http = HttpTransport(dial_from(self._place.root))
        self._commands = asyncio.Semaphore(concurrency)

    async def ask(self, request: Request) -> Reply:
        """Raises `Unreachable`, `AuthFailed`, `TimedOut`."""
        match request:
            case Netlink():
                return Reply(await self._kernel.dumps(request))
            case Exec():
                async with self._commands:
                    return await self._run(request)
            case Read():
                return Reply(await self._read(request))
            case Namespaces():
                return Reply(await self._kernel.namespaces(request.timeout))
            case Ovsdb():
                return await self._ovsdb().ask(request)
            case Http():
                return await self._http.ask(request)
        raise TransportError(f"{type(request).__name__} is a stream: listen to it")

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        """`NetlinkEvents` (see `transports/kernel.py` for its replies), `Ovsdb`, `Http`, and `Exec`: its lines."""
        match request:
            case Exec():
                return self._lines(request)
            case NetlinkEvents():
                return self._kernel.listen()
            case Ovsdb():
                return self._ovsdb().listen(request)
            case Http():
                return self._http.listen(request)
        raise TransportError(f"{type(request).__name__} is no stream: ask for it")

    async def close(self) -> None:
        await self._kernel.close()

    def _ovsdb(self) -> OvsdbTransport:
        return OvsdbTransport(root=self._place.root)

    async def _read(self, request: Read) -> bytes:
        try:
            async with asyncio.timeout(request.timeout):
                return await asyncio.to_thread(self._place.read, request.path)
        except TimeoutError:
            raise TimedOut(f"{request.path}: not read within {request.timeout} s") from None

    def _argv(self, request: Exec) -> list[str]:
        net = f"--net={self._place.namespace_path(request.netns)}" if request.netns else ""
        if self._place.pid is not None:
            enter = ["nsenter", "-t", str(self._place.pid), "-a", *([net] if net else []), "--"]
        else:
            enter = ["nsenter", net, "--"] if net else []
        if self._wrap:
            return list(self._wrap.argv(request.argv, tuple(enter)))
        return [*enter, *request.argv]

    async def _started(self, request: Exec) -> asyncio.subprocess.Process | Reply:
        """The running command, or the answer that there is none."""
        argv = self._argv(request)
        try:
            return await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE if request.stdin else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        except FileNotFoundError:
            if argv[0] == request.argv[0]:
                return Reply(b"", _NOT_FOUND, f"{argv[0]}: not found".encode())
            raise Unreachable("nsenter: not found", hint="Install util-linux.") from None
        except PermissionError as error:
            raise AuthFailed(f"{argv[0]}: {error.strerror}") from error

    async def _run(self, request: Exec) -> Reply:
        process = await self._started(request)
        if isinstance(process, Reply):
            return process
        try:
            async with asyncio.timeout(request.timeout):
                out, err = await process.communicate(request.stdin or None)
        except TimeoutError:
            raise TimedOut(f"{request.argv[0]}: not done within {request.timeout} s") from None
        finally:
            if process.returncode is None:
                await _end(process)
        return Reply(out, process.returncode if process.returncode is not None else -1, err)

    async def _lines(self, request: Exec) -> AsyncIterator[Reply]:
        """Lines until the command ends, which is `CommandFailed` whatever its exit code; killed when closed."""
        process = await self._started(request)
        if isinstance(process, Reply):
            raise CommandFailed(process.stderr.decode(), exit_code=process.exit_code)
        assert process.stdout is not None and process.stderr is not None
        complaint = asyncio.create_task(_last(process.stderr))
        try:
            while line := await _line(process.stdout, request.argv[0]):
                yield Reply(line.removesuffix(b"\n"))
            code, said = await process.wait(), await complaint
            raise CommandFailed(f"{request.argv[0]}: ended with exit code {code}", exit_code=code, stderr=said)
        finally:
            complaint.cancel()
            if process.returncode is None:
                await _end(process)


async def _line(stream: asyncio.StreamReader, command: str) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        raise TransportError(f"{command}: a line is too long") from None


async def _last(stream: asyncio.StreamReader) -> str:
    """The last that a command complained of, at most 4 KiB; the rest is read too, or it would wait for ever."""
    kept = b""
    while more := await stream.read(4096):
        kept = (kept + more)[-4096:]
    return kept.decode(errors="replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill and reap a command and what it started: it leads a session of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    await process.wait()
