"""What is bound on which host over which medium: a tally, so that a NIC's networks are read off it (MODEL §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import immutables

from calipso.graph.protocol import Obj

if TYPE_CHECKING:
    from calipso.graph.session import Session


def presence_of(head: Obj | None) -> set[tuple[str, str, str]]:
    """(host, medium, network) that an object proves to be bound."""
    if head is None or head.kind == "host_pnic" or not head.networks:
        return set()
    out = set()
    for medium, network in zip(head.media, head.networks, strict=False):
        over, at, gateway = medium.partition("@")
        host = gateway if at else head.host
        if over and host:
            out.add((host, over, network))
    return out


def tally(session: Session) -> None:
    """Count what is bound where, so that a NIC's networks are read off without visiting every port of its host."""
    for ord, old in session.before.items():
        before, now = presence_of(old), presence_of(session.heads.get(ord))
        if before == now:
            continue
        for op, some in ((-1, before - now), (+1, now - before)):
            for host, medium, network in some:
                _count(session, (host, medium), network, op)


def _count(session: Session, place: tuple[str, str], network: str, op: int) -> None:
    counts = session.presence.get(place) or immutables.Map()
    count = counts.get(network, 0) + op
    if (counts.get(network, 0) > 0) != (count > 0):
        session.tracking.touch_presence(*place)
    counts = counts.set(network, count) if count else counts.delete(network)
    if len(counts):
        session.presence[place] = counts
    else:
        del session.presence[place]
