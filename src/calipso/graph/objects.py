"""Records into objects: host names, binds, membership, merged heads and their keys (strata 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterable
from sys import intern
from typing import TYPE_CHECKING

import immutables

from calipso.graph import joining
from calipso.graph.bind import left_keys, partner, right_keys
from calipso.graph.hostnames import HostRecord, canonical_names
from calipso.graph.index import Key
from calipso.graph.keys import few_keys, path_keys
from calipso.graph.merge import object_type
from calipso.graph.passive import WALKED_TYPES
from calipso.graph.protocol import Facet, Obj
from calipso.model import ids
from calipso.model.record import Attributes

if TYPE_CHECKING:
    from calipso.graph.session import Session
    from calipso.graph.value import FacetChange, Facts

HOST_RECORDS: Key = ("said.host", True)
"""Index key of the records of hosts, under whatever name."""


def take_facts(session: Session, changes: Iterable[FacetChange]) -> set[int]:
    """Write the records; the ordinals whose records changed."""
    changed: set[int] = set()
    for change in changes:
        ord = session.give(change.id)
        facts = session.facts.get(ord) or ()
        at = next((i for i in range(0, len(facts), 2) if facts[i] == change.facet), -1)
        if change.body is None:
            if at < 0:
                continue
            new: Facts | None = (facts[:at] + facts[at + 2 :]) or None
        elif at < 0:
            place = next((i for i in range(0, len(facts), 2) if str(facts[i]) > change.facet), len(facts))
            new = (*facts[:place], change.facet, change.body, *facts[place:])
        elif facts[at + 1] == change.body:
            continue
        else:
            new = (*facts[: at + 1], change.body, *facts[at + 2 :])
        session.facts.set(ord, new)
        session.delta.facets.append((ord, change.facet, change.body))
        changed.add(ord)
    return changed


# ── membership ────────────────────────────────────────────────────────────────────────────────────────────────────


def regroup(session: Session, changed: set[int]) -> set[int]:
    """Place every changed record, and those that waited for one, with its object; the objects to fold again."""
    members: dict[int, set[int]] = {}
    placing = changed | _rename_hosts(session, changed)
    dirty: set[int] = set()
    waiting = set(placing)
    for ord in placing:
        if _may_bind(session.ordinals.id(ord)):
            waiting |= _rekey_binds(session, ord)
    for ord in waiting:
        old, new = session.bound.get(ord, ord), _object_of(session, ord)
        dirty |= {old, new}
        session.touched.add(ord)
        if old != new:
            _members(session, members, old).discard(ord)
            if new == ord:
                del session.bound[ord]
            else:
                session.bound[ord] = new
        if session.facts.get(ord) is None:
            _members(session, members, new).discard(ord)
        else:
            _members(session, members, new).add(ord)
    session.members = members
    return dirty


def _may_bind(id: str) -> bool:
    """Whether records under an id can be an end of a bind at all."""
    return "/dev:" in id or "/interface:" in id or id.startswith(("instance:", "segment:"))


def _members(session: Session, members: dict[int, set[int]], ord: int) -> set[int]:
    known = members.get(ord)
    if known is None:
        head = session.heads.get(ord)
        known = members[ord] = set() if head is None else set(head.members or (ord,))
    return known


def _facets(session: Session, ord: int, facts: Facts | None) -> list[Facet]:
    return session.decoder.facets((facts,), session.hosts) if facts else []


def resolved_id(session: Session, ord: int) -> str:
    """The id of a record with the host's name as the graph resolves it."""
    id = session.ordinals.id(ord)
    if not session.hosts:
        return id
    said, slash, rest = id.partition("/")
    return session.hosts.get(said, said) + slash + rest


def _object_of(session: Session, ord: int) -> int:
    """The ordinal of the object a record belongs to."""
    facts = session.facts.get(ord)
    id = resolved_id(session, ord)
    own = session.give(id)
    if own != ord and own in session.bound:
        del session.bound[own]
    if not facts:
        return ord
    facets = _facets(session, ord, facts)

    def candidates(key: Key) -> list[tuple[int, list[Facet]]]:
        return [(other, _facets(session, other, session.facts.get(other))) for other in session.index.get(key)]

    found = partner(id, facets, candidates)
    if found is None:
        return own
    target = session.give(resolved_id(session, found))
    if own != ord:
        session.bound[own] = target
    return target


def _rekey_binds(session: Session, ord: int) -> set[int]:
    """Renew the bind keys of a record; the records whose bind may change with it."""
    id = resolved_id(session, ord)
    old_facts, new_facts = session.base.facts.get(ord), session.facts.get(ord)
    old = session.decoder.facets((old_facts,), session.base.hosts) if old_facts else []
    old_id = _resolved_before(session, ord)
    old_keys = set(left_keys(old_id, old) + right_keys(old_id, old)) if old else set()
    new = _facets(session, ord, new_facts)
    new_keys = set(left_keys(id, new) + right_keys(id, new)) if new else set()
    for key in old_keys - new_keys:
        session.unstand(key, ord)
    for key in new_keys - old_keys:
        session.stand(key, ord)
    waiting: set[int] = set()
    for name, value in old_keys | new_keys:
        if name.startswith("bind."):
            waiting.update(session.index.get(("bound." + name[5:], value)))
    return waiting


def _resolved_before(session: Session, ord: int) -> str:
    id = session.ordinals.id(ord)
    said, slash, rest = id.partition("/")
    return session.base.hosts.get(said, said) + slash + rest


# ── host names ────────────────────────────────────────────────────────────────────────────────────────────────────


def _rename_hosts(session: Session, changed: set[int]) -> set[int]:
    """Resolve host names anew when a host's records changed; all records under a name that now resolves otherwise."""
    touched = [ord for ord in changed if "/" not in (id := session.ordinals.id(ord)) and ":" not in id]
    if not touched:
        return set()
    for ord in touched:
        if session.facts.get(ord) is not None:
            session.stand(HOST_RECORDS, ord)
        else:
            session.unstand(HOST_RECORDS, ord)
    records = []
    for ord in session.index.get(HOST_RECORDS):
        facts = session.facts.get(ord)
        for facet in session.decoder.facets((facts,), {}) if facts else ():
            if "." not in facet.name.partition("@")[0]:
                records.append(HostRecord(session.ordinals.id(ord), facet.name, facet.attributes))
    names = canonical_names(records, session.environment.host_aliases())
    if dict(session.hosts) == names:
        return set()
    moved = {name for name in {*names, *session.hosts} if names.get(name) != session.hosts.get(name)}
    shown = moved | {found for name in moved for found in (session.hosts.get(name), names.get(name)) if found}
    session.hosts = immutables.Map(names)
    named = {ord for ord in session.facts.places() if session.ordinals.id(ord).partition("/")[0] in moved}
    for name in shown:
        for ord in session.index.get(("host", name)):
            head = session.heads.get(ord)
            named.update((head.members or (ord,)) if head is not None else ())
    return named


# ── folding ───────────────────────────────────────────────────────────────────────────────────────────────────────


def fold(session: Session, regrouped: set[int]) -> None:
    """Merge the records of each object into its head and renew its keys."""
    for ord in regrouped:
        members = {member for member in _members(session, session.members, ord) if session.facts.get(member)}
        session.folded.add(ord)
        old = session.heads.get(ord)
        if not members:
            if old is not None:
                _end(session, old)
            continue
        _renew(session, ord, old, _ordered(session, ord, members))


def _ordered(session: Session, ord: int, members: set[int]) -> tuple[int, ...]:
    if members == {ord}:
        return ()
    return tuple(sorted(members, key=lambda member: (member != ord, session.ordinals.id(member))))


def aliases(session: Session, ord: int, members: tuple[int, ...]) -> set[str]:
    """All ids an object is known by."""
    return {session.ordinals.id(member) for member in (*members, ord)}


def parent_of(id: str, a: Attributes) -> str:
    """The owner an object names, else the parent of its id. A kernel device belongs to its namespace, not to a user."""
    if "/dev:" in id:
        return ids.parent(id)
    return str(a.get("owner") or ids.parent(id))


def _id_changed(session: Session, ord: int, id: str) -> None:
    """An id came to or left an object: what refers to it looks again, and walks that end in a part of it."""
    joining.key_changed(session, ord, ("id", id))
    for part in session.index.get(("parent", id)):
        head = session.heads.get(part)
        if head is not None and head.type in WALKED_TYPES:
            session.walk_seeds[part] = True


def _end(session: Session, old: Obj) -> None:
    keys = _old_keys(session, old) | {("kind", old.kind)}
    session.put_head(old.ord, None)
    session.rekey(old.ord, keys, set())
    for id in aliases(session, old.ord, old.members):
        _id_changed(session, old.ord, id)
    session.unlink_all(old.ord)
    session.walk_seeds[old.ord] = True


def _old_keys(session: Session, old: Obj) -> set[Key]:
    base = session.base
    attributes = session.decoder.attributes(base.facts_of(old), base.hosts)
    keys = path_keys(old, attributes) | few_keys(old, attributes)
    keys.discard(("kind", old.kind))
    return keys


def _renew(session: Session, ord: int, old: Obj | None, members: tuple[int, ...]) -> None:
    keys_before = _old_keys(session, old) if old is not None else set()
    id = session.ordinals.id(ord)
    facts = tuple(session.facts.get(member) for member in members) if members else (session.facts.get(ord),)
    facets = session.decoder.facets(facts, session.hosts)
    a = session.decoder.attributes(facts, session.hosts)
    kind = object_type(facets)
    head = Obj(
        ord,
        id,
        old.kind if old is not None else "",
        intern(kind),
        str(a.get("name") or ids.split(id)[-1][1]),
        intern(str(a.get("host") or ids.host_of(id))),
        intern(parent_of(id, a)),
        members,
        old.networks if old is not None else None,
        old.media if old is not None else (),
    )
    session.put_head(ord, head)
    keys = session.keys(head)
    retyped = old is None or old.type != kind
    session.rekey(ord, keys_before, keys)
    if retyped or old is None or old.members != members:
        known = aliases(session, ord, members) | (aliases(session, ord, old.members) if old is not None else set())
        for alias in known:
            _id_changed(session, ord, alias)
    if retyped:
        for key in keys & keys_before:
            joining.key_changed(session, ord, key)
    if retyped or kind in WALKED_TYPES:
        session.walk_seeds[ord] = True
