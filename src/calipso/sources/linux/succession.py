"""Interfaces that go on under another id: renamed, or moved to another namespace (MODEL §4, attribute `was`)."""

from __future__ import annotations

from calipso.sources.linux.devices import Device
from calipso.sources.linux.parse_events import Move
from calipso.sources.linux.survey import Survey

_PATIENCE = 20
"""Looks a move waits for its other end: the namespace it leads to may not be listed yet."""


class Succession:
    """Who was who. Compares each look at a namespace with the one before."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._before: dict[str, dict[int, tuple[str, str, str]]] = {}
        self._was: dict[tuple[str, int], str] = {}
        self._moves: list[tuple[str, str, int, int, int]] = []

    def moved(self, move: Move) -> None:
        """Note a move; where it began and what moved is known from the last look."""
        part = next((each.part for each in self._survey.listing.all if each.reference == move.reference), "")
        old = self._before.get(part, {}).get(move.index)
        if old is not None:
            self._moves.append((part, old[0], move.nsid, move.new_index, _PATIENCE))

    def settle(self, parts: set[str]) -> set[str]:
        """Give the devices of these parts, just built, their `was`; the parts where others got one are returned."""
        for part in parts:
            found = self._survey.read.get(part)
            if found is not None:
                self._renames(part, found.devices)
        touched = self._follow_moves()
        for part in parts | touched:
            found = self._survey.read.get(part)
            if found is None:
                self._before.pop(part, None)
                continue
            for device in found.devices:
                was = self._was.get((part, device.index))
                if was is not None and was != device.id:
                    device.record.attributes["was"] = was
            self._before[part] = {device.index: (device.id, device.type, device.mac) for device in found.devices}
        self._forget(parts)
        return touched

    def _renames(self, part: str, devices: list[Device]) -> None:
        before = self._before.get(part, {})
        for device in devices:
            old = before.get(device.index)
            if old is not None and old[0] != device.id and old[1] == device.type and old[2] == device.mac:
                self._was[part, device.index] = old[0]

    def _follow_moves(self) -> set[str]:
        touched = set()
        waiting = []
        parts = {each.reference: each.part for each in self._survey.listing.all}
        for part, old, nsid, new_index, patience in self._moves:
            origin = self._survey.read.get(part)
            target = parts.get(origin.nsids.get(nsid, -1)) if origin is not None else None
            found = self._survey.read.get(target) if target is not None else None
            device = next((each for each in found.devices if each.index == new_index), None) if found else None
            if target is not None and device is not None:
                self._was[target, new_index] = old
                touched.add(target)
            elif patience:
                waiting.append((part, old, nsid, new_index, patience - 1))
        self._moves = waiting
        return touched

    def _forget(self, parts: set[str]) -> None:
        for part, index in [key for key in self._was if key[0] in parts]:
            if index not in self._before.get(part, {}):
                del self._was[part, index]
