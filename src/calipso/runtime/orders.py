"""What a host is to capture, and how it goes there: the words that servers, agents and engines have in common."""

from __future__ import annotations

import msgspec

from calipso.flows.table import Policy
from calipso.operations.capture_documents import PointState
from calipso.seams import CaptureEngine, CaptureOptions, CapturePoint, Injector

Key = tuple[str, str]
"""Which capture, at which object."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One capture at one point. type: of the object. engine: "" for the best there is.

    until: µs since the epoch, after which it ends by itself, whoever is away; 0 for never. packets: of the capture, at
    all its points; 0 for any number. made: when the capture was, which tells it from one of the same id before.
    """

    capture: str
    point: CapturePoint
    type: str
    engine: str = ""
    options: CaptureOptions = CaptureOptions()
    policy: Policy = Policy()
    until: int = 0
    packets: int = 0
    made: int = 0

    @property
    def key(self) -> Key:
        return self.capture, self.point.node


class PointReport(msgspec.Struct, frozen=True):
    """How one capture goes at one object."""

    capture: str
    state: PointState

    @property
    def key(self) -> Key:
        return self.capture, self.state.node


class EngineAbility(msgspec.Struct, frozen=True):
    """An engine of a host. reason: why it cannot be used there, "" when it can."""

    name: str
    types: tuple[str, ...]
    reason: str = ""


class Ability(msgspec.Struct, frozen=True):
    """What an agent does with packets. captures, sends: why it does not, "" when it does. What an engine lacks is said
    of it: others may be usable.

    sends_at_most: packets a second, whatever the server allows. answers: whether it can be asked (`feed.Ask`).
    """

    captures: str = ""
    sends: str = ""
    engines: tuple[EngineAbility, ...] = ()
    sends_at_most: int = 0
    answers: bool = False

    @property
    def unprivileged(self) -> str:
        """Why nothing can be captured on devices, "" when it can."""
        of_devices = [each for each in self.engines if "device" in each.types]
        if any(not each.reason for each in of_devices):
            return ""
        return "; ".join(f"{each.name}: {each.reason}" for each in of_devices)


def ability(
    engines: tuple[CaptureEngine, ...], injector: Injector, *, captures: bool, sends: bool, rate: int
) -> Ability:
    """What this process can do with packets, by what it is told and by what the kernel lets it do."""
    known = tuple(EngineAbility(each.name, tuple(sorted(each.types)), each.reason()) for each in engines)
    return Ability(
        "" if captures else "its configuration says no (--no-capture)",
        injector.reason() if sends else "its configuration says no (--no-inject)",
        known,
        rate,
        answers=True,
    )
