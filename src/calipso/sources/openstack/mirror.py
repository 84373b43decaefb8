"""The region as the API last told it, object by object, and what another answer changes in the records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from calipso.errors import CalipsoError
from calipso.model.record import Gone, Observation, Record, Scope, Seen
from calipso.sources.openstack import parse
from calipso.sources.openstack.collect import DETAILS, Lacking, Look, Part
from calipso.sources.openstack.listings import Listings
from calipso.sources.openstack.parse_notifications import ServerState

Documents = dict[str, dict[str, Any]]
"""Listing → id → document."""
ALONE = frozenset({
    "servers", "networks", "segments", "subnets", "ports", "routers", "floating_ips", "trunks", "security_groups",
})  # fmt: skip
"""Listings whose objects change only their own records and those that `_touched` names."""


class Mirror:
    """`documents`: what is known; of what is asked of single objects, what each says.

    `lacking`: listings that the cloud does not have, or not for this user. `parts`: those that the cloud has.
    """

    def __init__(self) -> None:
        self.region = ""
        self.documents: Documents = {}
        self.parts: list[Part] = []
        self.lacking: set[str] = set()

    def replace(self, look: Look) -> None:
        """A look at everything. What was not told stays as it was known."""
        self.region, self.parts = look.region, look.parts
        self.lacking = {name for name, answer in look.answers.items() if isinstance(answer, Lacking)}
        for name, answer in look.answers.items():
            if isinstance(answer, dict):
                self.documents[name] = dict(answer)
            elif not isinstance(answer, CalipsoError):
                self.documents[name] = {key(each): each for each in answer}
            elif isinstance(answer, Lacking):
                self.documents[name] = {}

    def of(self, listing: str) -> dict[str, Any]:
        return self.documents.setdefault(listing, {})

    def put(self, listing: str, id: str, document: Any | None, before: Documents) -> None:
        """What an object is now, None when it is no more; `before` remembers what it was at first."""
        known = self.of(listing)
        old = known.get(id)
        if old == document:
            return
        before.setdefault(listing, {}).setdefault(id, old)
        if document is None:
            del known[id]
        else:
            known[id] = document

    def believe(self, state: ServerState, before: Documents) -> None:
        """Take over what a notification tells of a known server, unless the API told something as new."""
        known = self.of("servers").get(state.id)
        if known is not None and known.updated and known.updated < state.updated:
            now = {name: value for name, value in msgspec.structs.asdict(state).items() if value is not None}
            self.put("servers", state.id, msgspec.structs.replace(known, **now, task_state=None), before)

    def listings(self) -> Listings:
        """All that is known, each listing in the order of ids."""
        return self._listings({name: sorted(known) for name, known in self.documents.items()}, {})

    def told(self, before: Documents, scopes: Mapping[str, Scope]) -> Iterator[Observation]:
        """What to say after documents changed that were `before`: exactly what a look would now say otherwise."""
        for part in self.parts:
            changed = {name: before[name] for name in (*part.needs, *part.uses) if before.get(name)}
            if changed:
                yield from self._differences(part, changed, scopes[part.name])

    def _differences(self, part: Part, before: Documents, scope: Scope) -> Iterator[Observation]:
        ids = {name: sorted({*known, *before.get(name, ())}) for name, known in self.documents.items()}
        if ALONE.issuperset(before):
            ids.update((name, sorted(touched)) for name, touched in self._touched(before).items())
        then = _by_place(part.records(self._listings(ids, before)))
        now = _by_place(part.records(self._listings(ids, {})))
        new = tuple(each for place, each in now.items() if then.get(place) != each)
        if new:
            yield Seen(scope, new)
        gone = tuple(place for place in then if place not in now)
        if gone:
            yield Gone(scope, gone)

    def _touched(self, before: Documents) -> dict[str, set[str]]:
        """The objects of `ALONE` whose records may be others now, and all that these records are made of."""
        out = {name: set(before.get(name, ())) for name in ALONE}
        networks = out["networks"] | {each.network_id for each in self._both("segments", before)}
        devices = {each.device_id for each in self._both("ports", before) if each.device_id}
        ports = out["ports"] | {sub for trunk in self._both("trunks", before) for sub in below(trunk)}
        if networks or devices:
            ports |= {
                id for id, each in self.of("ports").items() if each.network_id in networks or each.device_id in devices
            }
        there = [known[id] for known in (self.of("ports"), before.get("ports", {})) for id in ports if known.get(id)]
        networks |= {each.network_id for each in there}
        out["ports"], out["networks"] = ports, networks
        if networks:
            out["segments"] |= {id for id, each in self.of("segments").items() if each.network_id in networks}
        if ports:
            out["trunks"] |= {id for id, each in self.of("trunks").items() if not ports.isdisjoint(below(each))}
        return out

    def _both(self, listing: str, before: Documents) -> Iterator[Any]:
        """Changed objects, as they were and as they are."""
        for id, old in before.get(listing, {}).items():
            yield from (each for each in (old, self.of(listing).get(id)) if each is not None)

    def _listings(self, ids: Mapping[str, Iterable[str]], before: Documents) -> Listings:
        chosen: dict[str, Any] = {}
        for name, wanted in ids.items():
            known, old = self.of(name), before.get(name, {})
            found = {id: old[id] if id in old else known.get(id) for id in wanted}
            there = {id: each for id, each in found.items() if each is not None}
            chosen[name] = there if name in DETAILS else list(there.values())
        return Listings(region=self.region, **chosen)


def key(document: Any) -> str:
    """What a document is known by in its listing."""
    return str(getattr(document, "id", "") or getattr(document, "name", ""))


def below(trunk: parse.Trunk) -> list[str]:
    """Ids of a trunk's subports."""
    return [str(each["port_id"]) for each in trunk.sub_ports if "port_id" in each]


def _by_place(records: Iterable[Record]) -> dict[tuple[str, str], Record]:
    return {(each.id, each.facet): each for each in records}
