"""Of packets that one exporter tells at several of its places, each once: as they come in, as they go out by each port.

Not every packet is told at each: what comes into a bridge of Open vSwitch by a patch port is told only as it goes out.
"""

from __future__ import annotations

from collections.abc import Iterable

from calipso.flows.export.told import ToldFlow, key_of


class _Seen:
    """One direction of a conversation. Place → packets and octets told there."""

    __slots__ = ("heard", "most", "places")

    def __init__(self) -> None:
        self.places: dict[int, tuple[int, int]] = {}
        self.most, self.heard = (0, 0), 0


class Once:
    """See the module: the most that any one place told counts. `most`: conversations kept, of others all is told."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: dict[tuple[bytes, int], _Seen] = {}

    def take(self, flows: Iterable[ToldFlow], now: int) -> list[ToldFlow]:
        """What is new of reports, `now` in ns since the epoch."""
        return [new for said in flows if (new := self._new(said, now)) is not None]

    def _new(self, said: ToldFlow, now: int) -> ToldFlow | None:
        key = key_of(said)
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= self._most:
                return said
            seen = self._seen[key] = _Seen()
        seen.heard = now
        packets, octets = seen.places.get(said.place, (0, 0))
        seen.places[said.place] = packets + said.packets, octets + said.octets
        before, seen.most = seen.most, max(seen.places.values())
        if seen.most[0] == before[0]:
            return None
        return said._replace(packets=seen.most[0] - before[0], octets=max(0, seen.most[1] - before[1]))

    def forget(self, before: int) -> None:
        """Drop what was not told since `before` (ns)."""
        for key in [key for key, seen in self._seen.items() if seen.heard < before]:
            del self._seen[key]
