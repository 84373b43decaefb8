"""What captures are to the operations on them: orders, states, the seam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from calipso.flows.table import Policy
from calipso.model.flow import FlowPacket
from calipso.seams import CaptureCounts, CaptureOptions, FlowStore


class CaptureSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A capture as it was ordered. engine: empty for the best there is. ttl: seconds it lives, packets: that it
    may see at all points together; 0 for no limit.
    """

    query: str
    id: str = ""
    name: str = ""
    description: str = ""
    engine: str = ""
    options: CaptureOptions = CaptureOptions()
    policy: Policy = Policy()
    ttl: float = 0.0
    created: int = 0
    packets: int = 0


class CaptureEnd(msgspec.Struct, frozen=True):
    """A capture that ended by itself: at, in µs since the epoch, and why."""

    spec: CaptureSpec
    at: int
    reason: str


class PointState(msgspec.Struct, frozen=True):
    """A capture at one object. state: active, waiting, failed, `ended` (by its budget), `away` (its agent), `not here`.

    reason: why it is not active.
    """

    node: str
    state: str
    engine: str = ""
    counts: CaptureCounts = CaptureCounts()
    flows: int = 0
    reason: str = ""
    cpu: float = 0.0


class KeptPackets(msgspec.Struct, frozen=True):
    """Packets by time. missing: why those of some host are not among them."""

    packets: list[FlowPacket]
    missing: list[str] = []


class CaptureState(msgspec.Struct, frozen=True):
    """error: why the query cannot be answered now."""

    spec: CaptureSpec
    points: list[PointState]
    error: str = ""


class Captures(Protocol):
    """The captures of an environment and the flows they saw."""

    @property
    def flows(self) -> FlowStore: ...
    @property
    def running(self) -> bool:
        """Whether this process captures: a server does."""
        ...

    def create(self, spec: CaptureSpec) -> CaptureSpec:
        """Raises `QueryError`, `ConfigError`."""
        ...

    def remove(self, id: str) -> None:
        """Raises `NotFound`."""
        ...

    def states(self) -> list[CaptureState]: ...

    def ended(self) -> list[CaptureEnd]: ...

    def packets(self, flows: Sequence[str]) -> KeptPackets:
        """Those kept of flows (uuids), wherever they are kept; for a thread."""
        ...

    def matching(self, bpf: str, packets: Sequence[FlowPacket]) -> list[FlowPacket]:
        """Those that pass a filter. Raises `ConfigError`."""
        ...
