"""What operations need of the running system; `runtime` implements it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Literal, Protocol

import msgspec

from calipso.flows.forge import Frames
from calipso.flows.translation import Translation
from calipso.graph.protocol import GraphReader
from calipso.model.environment import Environment
from calipso.model.record import Observation, RunError, ScopeState
from calipso.operations.capture_documents import Captures
from calipso.operations.message_documents import Messages
from calipso.operations.scan_documents import Scans, Schedules
from calipso.operations.user_documents import Users
from calipso.seams import GraphStore

Scope = Literal["read", "write", "admin", "agent"]
"""What a token may do. write reads too, admin does everything, agent delivers what a host sees and nothing else."""
asking: ContextVar[str] = ContextVar("asking", default="")
"""Name of the token, or of what else has an operation performed: what may be done can depend on it."""
SESSION = ".session-"
"""In the name of a token that was got by signing in, after the name that was shown."""


class Token(msgspec.Struct, frozen=True):
    """A token without its secret. created, expires: µs since the epoch; expires 0 for never."""

    name: str
    scopes: tuple[Scope, ...]
    created: int
    expires: int = 0

    def may(self, scope: Scope) -> bool:
        """Whether it is good for what needs a scope."""
        return "admin" in self.scopes or scope in self.scopes or (scope == "read" and "write" in self.scopes)


class Deed(msgspec.Struct, frozen=True):
    """A write. who: a token's name. what: the operation. outcome: done, or the error. about: what was asked."""

    at: str
    who: str
    what: str
    outcome: str
    about: dict[str, str | int | bool] = {}


class Tokens(Protocol):
    """The named tokens."""

    def all(self) -> list[Token]: ...

    def create(self, name: str, scopes: Sequence[Scope], expires: int) -> str:
        """The secret. Raises `Conflict`."""
        ...

    def revoke(self, name: str) -> None:
        """Raises `NotFound`."""
        ...

    def end_sessions(self, name: str) -> None:
        """End the sessions of a token or a user."""
        ...

    def whose(self, secret: str) -> Token | None: ...

    def holds(self, token: Token) -> bool:
        """Whether it is still good, as it was when it was shown."""
        ...


class Journal(Protocol):
    """What was done."""

    def note(self, who: str, what: str, outcome: str, about: dict[str, str | int | bool]) -> None: ...

    def deeds(self) -> list[Deed]: ...


class Shelf(Protocol):
    """JSON documents that are kept for all environments together."""

    def all(self, collection: str) -> Mapping[str, dict[str, Any]]:
        """Key → document, by key."""
        ...

    def put(self, collection: str, key: str, document: Mapping[str, Any] | None) -> None:
        """Keep a document; None removes it."""
        ...


class AgentState(msgspec.Struct, frozen=True):
    """An agent as its server knows it. since: µs of the last coming or going. cpu: share of a core. lost: parts.

    captures, sends: "yes", or why not. engines: with why each cannot be used, "" for one that can. flows_lost: states
    of flows that it had no room for while the server was away.
    """

    environment: str
    host: str
    connected: bool
    since: int
    version: str
    cpu: float = 0.0
    cpu_limit: float = 0.0
    memory: int = 0
    spooled: int = 0
    spooled_bytes: int = 0
    lost: int = 0
    captures: str = ""
    sends: str = ""
    engines: tuple[tuple[str, str], ...] = ()
    flows_lost: int = 0


class PostState(msgspec.Struct, frozen=True):
    """A source's work on a host: whether it watches or polls every so many seconds, what it does now, what is next.

    Times in µs since the epoch, 0 for never. failures: in a row. error: why the last look failed.
    """

    environment: str
    host: str
    source: str
    mode: str
    interval: float
    state: str = "waiting"
    failures: int = 0
    began: int = 0
    ended: int = 0
    next: int = 0
    error: str = ""


class Probed(msgspec.Struct, frozen=True):
    """A connection that was tried. target: the section. place: where it leads. status: ok, failed or not supported.

    reason: what it told, or why it failed. error: the name of the error. field: the fields it concerns.
    """

    target: str
    place: str
    status: str
    seconds: float
    reason: str
    error: str = ""
    field: str = ""
    hint: str = ""


class Tried(msgspec.Struct, frozen=True):
    """What a source found on a host when it was tried: nothing of it is kept."""

    host: str
    source: str
    status: str
    seconds: float
    records: int
    errors: list[RunError]


class InjectionOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent. source: the object that was named, device: what frames leave by. target: an object, or "".

    frames: to be made; None: those of `replay` as they are. interval: milliseconds between them. given_macs: those
    that were said, not found out.
    """

    source: str
    device: str
    id: str = ""
    target: str = ""
    frames: Frames | None = None
    replay: tuple[bytes, ...] = ()
    interval: float = 1000.0
    given_macs: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return self.frames.count if self.frames is not None else len(self.replay)


class InjectionState(msgspec.Struct, kw_only=True):
    """How it goes. state: running, done, stopped, failed. Times in µs since the epoch. errors: frames not taken."""

    id: str
    order: InjectionOrder
    who: str
    state: str
    began: int
    ended: int = 0
    sent: int = 0
    errors: int = 0
    error: str = ""
    tracking_ids: tuple[str, ...] = ()


class Injections(Protocol):
    """The packets that are sent in an environment."""

    async def start(self, order: InjectionOrder, who: str) -> InjectionState:
        """Raises `Forbidden` for what the role of a token may not, `Unreachable`, `AuthFailed`, `ConfigError`."""
        ...

    def states(self) -> list[InjectionState]: ...

    async def remove(self, id: str) -> InjectionState:
        """Raises `NotFound`."""
        ...


class Ran(msgspec.Struct, frozen=True):
    """A workflow that ran. result: what it returned. error, line: why it did not, and where in its source."""

    status: Literal["done", "failed"]
    result: Any = None
    error: str = ""
    line: int = 0
    log: list[str] = []


class Site(Protocol):
    """One environment at work."""

    @property
    def config(self) -> Environment: ...
    @property
    def store(self) -> GraphStore: ...
    @property
    def metrics(self) -> dict[str, dict[str, float]]: ...
    @property
    def trouble(self) -> str: ...

    def scopes(self) -> list[ScopeState]: ...

    def graph(self, at: int | None = None) -> GraphReader:
        """Raises `NotFound` before history begins."""
        ...

    def known_ids(self) -> Iterable[tuple[int, str]]:
        """(ordinal, id) of everything that is or was."""
        ...

    def changed_at(self, ord: int, at: int | None = None) -> int | None: ...

    async def put(self, observations: Sequence[Observation]) -> None:
        """Hand observations to the writer and wait until they are kept."""
        ...

    def hold(self, graph: GraphReader) -> None:
        """Keep a graph for a while, for the further pages of an answer: `graph(graph.ts)` gives it."""
        ...


class Context(Protocol):
    """All environments of a system."""

    def posts(self, environment: str) -> list[PostState]:
        """Raises `NotFound`."""
        ...

    async def put_environment(self, text: str) -> Environment:
        """Take an environment over from YAML text and begin, or go on with it as it is now. Raises `ConfigError`."""
        ...

    async def open_demo(self) -> Environment:
        """The recorded environment `demo`, told anew unless it is there. Raises `Conflict`, `StoreError`."""
        ...

    async def remove_environment(self, name: str, *, purge: bool) -> None:
        """End an environment; `purge` its history too. Raises `NotFound`, `Forbidden`."""
        ...

    async def try_environment(self, name: str, text: str) -> list[Tried]:
        """Let every source look once at every host, of an environment or of YAML text, and keep nothing."""
        ...

    async def probe(
        self, environment: str, text: str, sections: Sequence[dict[str, Any]], targets: Sequence[str], limit: float
    ) -> list[Probed]:
        """Try the connections of an environment, of a text or of single sections. Raises `NotFound`, `ConfigError`."""
        ...

    async def rotate_secrets(self) -> tuple[list[str], str]:
        """Seal all secrets anew. Gives the environments that have any, and the key's id. Raises `ConfigError`."""
        ...

    @property
    def tokens(self) -> Tokens: ...
    @property
    def users(self) -> Users: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def shelf(self) -> Shelf: ...

    def agents(self) -> list[AgentState]: ...

    def environments(self) -> list[Environment]: ...

    def site(self, environment: str) -> Site:
        """Raises `NotFound`."""
        ...

    @property
    def scans(self) -> Scans: ...
    @property
    def scan_schedules(self) -> Schedules: ...
    @property
    def messages(self) -> Messages: ...

    def captures(self, environment: str) -> Captures:
        """Raises `NotFound`."""
        ...

    def injections(self, environment: str) -> Injections:
        """Raises `NotFound`."""
        ...

    async def translations(
        self, environment: str, namespaces: Sequence[str], address: str
    ) -> tuple[list[Translation], list[str]]:
        """Translated connections with an address in namespaces (ids), and what could not be read. Raises `NotFound`."""
        ...

    async def declare(self, environment: str) -> None:
        """Bring the graph up to what users have declared; done when it is kept. Raises `NotFound`."""
        ...

    async def sandboxed(
        self, source: str, parameters: dict[str, Any], seconds: float,
        answer: Callable[[str, dict[str, Any]], Awaitable[Any]],
    ) -> Ran:  # fmt: skip
        """Run a workflow's source where it can do nothing but ask `answer` for operations."""
        ...

    def alerts_changed(self, environment: str) -> None:
        """Alerts were set up, changed or ended."""
        ...

    def declared_problems(self, environment: str) -> list[str]:
        """Why rules of users cannot be answered now. Raises `NotFound`."""
        ...

    def moment(self, text: str) -> int:
        """µs since the epoch. Raises `QueryError`."""
        ...
