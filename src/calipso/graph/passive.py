"""Changes that derive nothing: most of what a busy network says is a state, a speed, an address (ADR 0012)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calipso.graph.keys import few_keys
from calipso.graph.protocol import Facet, Obj

if TYPE_CHECKING:
    from calipso.graph.session import Session
    from calipso.graph.value import Facts

PASSIVE = frozenset({
    "state", "mtu", "operstate", "flags", "speed", "duplex", "features", "carrier", "qdisc", "txqlen", "promiscuity",
    "allmulti", "addresses", "driver", "driver_version", "firmware", "alias", "altnames", "group", "broadcast",
    "num_tx_queues", "num_rx_queues", "gso_max_size", "gso_max_segs", "ovs_link_state", "ovs_admin_state", "error",
    "match", "actions", "cookie", "sockets", "nftables", "iptables", "neighbors", "rules", "status",
})  # fmt: skip
"""Attributes that no key but state and MTU, no head, no bind, no kind and no walk reads."""

KEYED = frozenset({"state", "mtu"})
WALKED_TYPES = frozenset({"ovsport", "ovsbridge"})
"""Types of which walks read attributes (tag, trunks, the switching process), not only kind and links."""


def settle(session: Session, changed: set[int]) -> set[int]:
    """Bring the keys of objects up to date of which only passive attributes changed; the records that are left."""
    return {ord for ord in changed if not _settled(session, ord)}


def _settled(session: Session, ord: int) -> bool:
    old, new = session.base.facts.get(ord), session.facts.get(ord)
    if old is None or new is None or len(old) != len(new):
        return False
    head = session.heads.get(session.bound.get(ord, ord))
    if head is None or head.type == "host" or head.type in WALKED_TYPES:
        return False
    names = _changed(session, old, new)
    if names is None:
        return False
    if names & KEYED:
        _rekey(session, head)
    return True


def _changed(session: Session, old: Facts, new: Facts) -> set[str] | None:
    """The passive attributes that differ between two states of a record, None when anything else does."""
    names: set[str] = set()
    for i in range(0, len(old), 2):
        if old[i + 1] is new[i + 1]:
            continue
        if old[i] != new[i]:
            return None
        before, after = _facet(session, old, i), _facet(session, new, i)
        if before.type != after.type:
            return None
        a, b = before.attributes, after.attributes
        if a.keys() == b.keys():
            found = {name for name, value in b.items() if a[name] != value}
        else:
            found = {name for name in a.keys() | b.keys() if name not in a or name not in b or a[name] != b[name]}
        if not found <= PASSIVE:
            return None
        names |= found
    return names


def _facet(session: Session, facts: Facts, i: int) -> Facet:
    return session.decoder.facet(facts[i], facts[i + 1], session.base.hosts)  # type: ignore[arg-type]


def _rekey(session: Session, head: Obj) -> None:
    """Renew the few-valued keys: those of them that are not of the head."""
    base = session.base
    before = session.decoder.attributes(base.facts_of(head), base.hosts)
    after = session.decoder.attributes(session.facts_of(head), base.hosts)
    if any(before.get(name) != after.get(name) for name in KEYED):
        session.rekey(head.ord, few_keys(head, before), few_keys(head, after))
