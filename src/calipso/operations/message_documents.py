"""Messages as they are kept, with the original's severities and source systems. Times are µs since the epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

Level = Literal["panic", "alert", "crit", "error", "warn", "notice", "info", "debug"]
SourceSystem = Literal["OpenStack", "Calipso", "Sensu", "Kubernetes"]
LEVELS: tuple[Level, ...] = ("panic", "alert", "crit", "error", "warn", "notice", "info", "debug")
"""The worst first."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something worth knowing, said once however often it comes.

    places: where it holds now → how often it was said there; empty once it is over. count: how often it was said, by
    the place that said it most. first, last: when; finished: when it was over, 0 while it holds. origin_id: the scan
    that brought it up, of origin_type `manual` or `scheduled`; "" without one.
    """

    id: str
    environment: str
    level: Level
    message: str
    source_system: SourceSystem = "Calipso"
    related_object: str = ""
    related_object_type: str = ""
    display_context: str = ""
    origin_id: str = ""
    origin_type: str = ""
    first: int = 0
    last: int = 0
    finished: int = 0
    count: int = 1
    viewed: bool = False
    places: dict[str, int] = {}
    key: str = ""


class Messages(Protocol):
    """The messages of all environments. Raises `NotFound` for an environment or a message that is not there."""

    def all(self, environment: str) -> list[Message]:
        """The newest first."""
        ...

    async def view(self, environment: str, ids: Sequence[str], viewed: bool) -> int:
        """Mark some as viewed or not; how many changed. None of them when one is not there."""
        ...

    async def delete(self, environment: str, ids: Sequence[str]) -> int: ...
