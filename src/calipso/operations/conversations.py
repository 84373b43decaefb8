"""Both ends of a conversation: the networks they share, and the tunnel between their hosts, also one that is gone."""

from __future__ import annotations

from itertools import product

import msgspec

from calipso.errors import NotFound
from calipso.graph.clique import networks_of
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.timeline import Event, events
from calipso.graph.tunnels import SharedNetwork, endpoints, fits, leads, serving, shared_network, told
from calipso.model.moments import rfc3339
from calipso.operations.context import Site
from calipso.operations.states import is_down

LOOKED_AT = 5
"""So many moments at which an endpoint lost tunnels are looked at, the last first."""


class LostTunnel(msgspec.Struct, frozen=True):
    """A tunnel, or the endpoint itself, that was there. until: the moment at which it was found to be gone."""

    id: str
    name: str
    host: str
    until: str


class Tunnel(msgspec.Struct, frozen=True):
    """What joins two hosts for an overlay network. source, target: ids of tunnel endpoints, "" for one not there.

    state: up, down, missing, or unknown where nothing says which tunnels there are. through: ids of the tunnels.
    lost: what was there and is gone, newest first. evidence: what tells it, in a sentence.
    """

    type: str
    source: str
    target: str
    state: str
    evidence: str
    through: list[str] = []
    lost: list[LostTunnel] = []


class Conversation(msgspec.Struct, frozen=True):
    """peer: id of the other end. networks: those that both are on, None where that is not known of one of them.

    until: when it was last known which, for networks that are told by the past alone. tunnel: None where none is
    needed, and `note` says why.
    """

    peer: str
    networks: list[SharedNetwork] | None
    until: str
    tunnel: Tunnel | None
    note: str


def conversation(site: Site, graph: GraphReader, focal: Obj, peer: Obj) -> Conversation:
    """What two objects share, and whether a tunnel joins their hosts where their networks need one."""
    (mine, lost_mine), (theirs, lost_theirs) = (_networks(site, graph, each) for each in (focal, peer))
    until = max(lost_mine, lost_theirs)
    if mine is None or theirs is None:
        which = focal if mine is None else peer
        return Conversation(peer.id, None, "", None, f"the networks of {which.name} are not known")
    heads = [head for id in sorted(mine & theirs) if (head := graph.resolve(id)) is not None]
    shared = [shared_network(graph, each) for each in heads]
    needed = [each for each in shared if each.carried == "tunnel"]
    note = _needless(focal, peer, shared)
    tunnel = None if note else _tunnel(site, graph, (focal.host, peer.host), needed, known=not until)
    return Conversation(peer.id, shared, rfc3339(until) if until else "", tunnel, note)


def _needless(focal: Obj, peer: Obj, shared: list[SharedNetwork]) -> str:
    """Why no tunnel is needed between them; empty where one is."""
    if focal.host == peer.host:
        return f"both are on {focal.host}"
    if not shared:
        return "they share no network: what passes between them is routed"
    others = [each for each in shared if each.carried != "tunnel"]
    if not others:
        return ""
    kind = {
        "wire": "needs no tunnel", "routes": "is routed, workload by workload", "host": "never leaves its host",
    }.get(others[0].carried, "is of no known type")  # fmt: skip
    type = f", {others[0].network_type}," if others[0].network_type else ""
    return f"{others[0].name}{type} {kind}"


def _networks(site: Site, graph: GraphReader, focal: Obj) -> tuple[frozenset[str] | None, int]:
    """The networks of an object; where these are known no more, those of before and when that ended, µs."""
    found = networks_of(graph, focal)
    if found is not None:
        return found, 0
    ended = [
        event.ts for link in graph.links(focal.ord, (f"{focal.kind}-vnic",))
        for event in _events(site, link.other, graph.ts)
        if any(field.name == "networks" and field.old and field.new is None for field in event.fields)
    ]  # fmt: skip
    for ts in sorted(ended, reverse=True)[:1]:
        before = _before(site, ts)
        head = before.resolve(focal.id) if before is not None else None
        if before is not None and head is not None:
            return networks_of(before, head), ts
    return None, 0


# ── the tunnel ────────────────────────────────────────────────────────────────────────────────────────────────────


def _tunnel(
    site: Site, graph: GraphReader, hosts: tuple[str, str], needed: list[SharedNetwork], *, known: bool
) -> Tunnel:
    """The tunnel that carries the networks from host to host, the one that is missing, or what is not known of it.

    Where the networks are `known` no more, what went explains it: another tunnel between them proves nothing.
    """
    overlay, (near, far) = needed[0].network_type, hosts
    numbers = {each.segmentation_id for each in needed if each.segmentation_id is not None}
    ends = [endpoints(graph, host, overlay) for host in hosts]
    lost = [] if known else _lost(site, graph, hosts, overlay, numbers)
    there = None if lost else _there(graph, ends, overlay, numbers)
    if there is not None:
        return there
    source, target = (each[0].id if each else "" for each in ends)
    lost = lost or _lost(site, graph, hosts, overlay, numbers)
    if lost:
        first = lost[0]
        return Tunnel(overlay, source, target, "missing", f"{first.name} of {first.host} is gone", [], lost)
    if all(each and told(graph, each[0]) for each in ends):
        said = f"no {overlay} tunnel between {near} and {far} carries {needed[0].name}"
        return Tunnel(overlay, source, target, "missing", said)
    bare = near if not ends[0] or not told(graph, ends[0][0]) else far
    return Tunnel(overlay, source, target, "unknown", f"nothing tells which {overlay} tunnels {bare} has")


def _there(graph: GraphReader, ends: list[list[Obj]], overlay: str, numbers: set[int]) -> Tunnel | None:
    """The first tunnel between any two of the endpoints that takes these networks."""
    for one, other in product(*ends):
        through = serving(graph, one, other, numbers)
        if through is not None:
            down = all(is_down(graph, (one.id, each, other.id)) for each in through or [one.id])
            state, said = ("down", "is down") if down else ("up", "joins them")
            return Tunnel(overlay, one.id, other.id, state, f"a {overlay} tunnel {said}", through)
    return None


def _lost(site: Site, graph: GraphReader, hosts: tuple[str, str], overlay: str, numbers: set[int]) -> list[LostTunnel]:
    """What of either host led to the other for these networks and is gone, newest first."""
    found: dict[str, LostTunnel] = {}
    for here, there in (hosts, hosts[::-1]):
        for ord, endpoint in _once(site, graph, here, overlay):
            for ts in _losses(_events(site, ord, graph.ts)):
                for id in _tunnels_before(site, ts, endpoint):
                    if id not in found and graph.resolve(id) is None:
                        lost = _last(site, graph, id, (there, overlay), numbers)
                        found |= {id: lost} if lost is not None else {}
    return sorted(found.values(), key=lambda each: (each.until, each.id), reverse=True)


def _once(site: Site, graph: GraphReader, host: str, overlay: str) -> list[tuple[int, str]]:
    """(ordinal, id) of the endpoints that a host has; of those that it had where it has none."""
    now = endpoints(graph, host, overlay)
    if now:
        return [(each.ord, each.id) for each in now]
    begins = f"{host}/otep:{overlay}"
    return sorted((ord, id) for ord, id in site.known_ids() if id == begins or id.startswith(begins + ":"))


def _losses(found: list[Event]) -> list[int]:
    """The moments at which an endpoint went or lost tunnels, the last first."""
    moments = {
        event.ts for event in found
        if event.op == "vanished" or any(field.name.startswith("tunnels") for field in event.fields)
    }  # fmt: skip
    return sorted(moments, reverse=True)[:LOOKED_AT]


def _tunnels_before(site: Site, ts: int, endpoint: str) -> list[str]:
    """Ids of the tunnels that an endpoint had before a moment."""
    before = _before(site, ts)
    head = before.resolve(endpoint) if before is not None else None
    return [] if before is None or head is None else list(before.attributes(head).get("tunnels", ()))


def _last(site: Site, graph: GraphReader, id: str, far: tuple[str, str], numbers: set[int]) -> LostTunnel | None:
    """A tunnel that is gone, as it was last: None when it led elsewhere or took other networks.

    It need not have gone in the same moment in which its endpoint was told without it.
    """
    ord = site.store.ord_of(id)
    ends = [event.ts for event in _events(site, ord, graph.ts) if event.op == "vanished"] if ord is not None else []
    before = _before(site, ends[-1]) if ends else None
    tunnel = before.resolve(id) if before is not None else None
    if before is None or tunnel is None or not fits(before.attributes(tunnel), numbers):
        return None
    if not any(leads(before, tunnel, each) for each in endpoints(before, *far)):
        return None
    return LostTunnel(id, tunnel.name, tunnel.host, rfc3339(ends[-1]))


def _events(site: Site, ord: int, until: int) -> list[Event]:
    return events(site.store.timeline(ord, site.store.begins, until), ord, site.store.codec, site.store.id_of)


def _before(site: Site, ts: int) -> GraphReader | None:
    """The graph before a moment; None where the history does not reach so far back."""
    try:
        return site.graph(ts - 1)
    except NotFound:
        return None
