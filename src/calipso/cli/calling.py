"""How a verb reaches its operation: through the server of the folder, or by being the one writer itself."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import msgspec
import typer

from calipso.cli.render import console
from calipso.errors import AuthFailed, CalipsoError, ConfigError, NotFound, QueryError, TransportError

if TYPE_CHECKING:
    from calipso.runtime.home import Home
    from calipso.runtime.lock import Running
    from calipso.runtime.system import System

T = TypeVar("T")

OK, NEGATIVE, USAGE, PARTIAL = 0, 1, 2, 3
"""Exit codes (DESIGN §8)."""

WHO = "command line"
"""Who acts when there is no server and so no token: whoever may write to the folder."""

Call = Callable[..., Awaitable[Any]]


def server_of(home: Home) -> Running | None:
    from calipso.runtime.lock import running

    return running(home.lock, home.server)


async def with_calls(home: Home, environment: str | None, use: Callable[[Call], Awaitable[T]]) -> T:
    """Run `use` with a function that calls operations of one environment or of all, wherever they run."""
    server = server_of(home)
    if server is not None:
        from calipso.runtime.remote import Remote
        from calipso.runtime.tokens import admin_token

        return await use(Remote(server.url, admin_token(home.token)).call)
    from calipso.runtime.system import opened  # sources, stores and transports: a second that a server saves

    async with opened(home, environment) as system:
        return await use(_here(system))


def _here(system: System) -> Call:
    from calipso.operations.registry import BY_NAME, perform

    async def call(name: str, /, **values: Any) -> Any:
        operation = BY_NAME[name]
        try:
            request: Any = msgspec.convert(values, operation.request)
        except msgspec.ValidationError as error:
            raise QueryError(f"{name}: {error}") from error
        return await perform(system, operation, request, WHO)

    return call


def run(work: Coroutine[Any, Any, T], said: str = "") -> T:
    """Run to the end; errors become a line on stderr, which shows the place in `said`, and an exit code."""
    try:
        import asyncio  # what only reads files does without

        return asyncio.run(work)
    except CalipsoError as error:
        fail(error, said)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(OK) from None


def call(home: Home, name: str, /, **values: Any) -> Any:
    """One operation."""

    async def once(invoke: Call) -> Any:
        return await invoke(name, **values)

    said = values.get("query") or values.get("sql", "")
    return run(with_calls(home, values.get("environment", "local") or None, once), said)


def fail(error: CalipsoError, said: str = "") -> NoReturn:
    """Print what went wrong, where in what was said, and what to do next; exit with the code of its kind."""
    out = console(stderr=True)
    out.print(f"calipso: {error.message}", style="red", markup=False)
    if said and isinstance(error, QueryError) and 0 <= error.position <= len(said):
        before = said[: error.position].rpartition("\n")[2]
        line = before + said[error.position :].partition("\n")[0]
        out.print(f"  {line}\n  {' ' * len(before)}^", markup=False)
    if error.hint and error.hint not in error.message:
        out.print(f"  {error.hint}", markup=False)
    usage = isinstance(error, QueryError | ConfigError)
    negative = isinstance(error, NotFound)
    raise typer.Exit(USAGE if usage else NEGATIVE if negative else PARTIAL if _reach(error) else NEGATIVE)


def _reach(error: CalipsoError) -> bool:
    return isinstance(error, TransportError | AuthFailed)
