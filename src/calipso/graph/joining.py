"""Evaluates the declared link types: which objects to look at again, and what they link to (MODEL §7, CORE §4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from calipso.graph.index import REFERENCES, Key
from calipso.graph.keys import COMPUTED, key_name, path_values
from calipso.graph.protocol import Obj
from calipso.graph.walk import LAYER2, allows, passes_on, selects, sources_through, walk
from calipso.model.links import CODES, LINK_TYPES
from calipso.model.record import Attributes
from calipso.model.rules import Join, LinkType, Path, Rule, Via, Walk

if TYPE_CHECKING:
    from calipso.graph.adjacency import Ends
    from calipso.graph.session import Session
    from calipso.graph.value import Graph

IS_LAYER2 = [2 * code in LAYER2 for code in range(len(LINK_TYPES))]

LEFT: dict[str, list[tuple[int, Join]]] = defaultdict(list)
"""Key name → (link type, rule) whose sources have it."""
RIGHT: dict[str, dict[str, list[tuple[int, Join]]]] = defaultdict(lambda: defaultdict(list))
"""Key name → a key name of sources, one for all references → (link type, rule) whose targets have the first."""
KIND_LEFT: dict[str, set[int]] = defaultdict(set)
KIND_RIGHT: dict[str, list[tuple[int, str, Join]]] = defaultdict(list)
FOLLOW: dict[str, list[tuple[int, str]]] = defaultdict(list)


FEW = 4
"""So many objects under a key are looked at as they are."""
REFERENCE = min(REFERENCES)
"""Stands for all references: they share their places in the index."""


def _compile() -> None:
    for code, link in enumerate(LINK_TYPES):
        for rule in link.rules:
            first = rule
            while isinstance(first, Via):
                first = first.first  # type: ignore[assignment]
            if not isinstance(first, str):
                for kind in first.source.kinds:
                    KIND_LEFT[kind].add(code)
            if link.tracked or not isinstance(rule, Join):
                continue
            left, right = key_name(rule.key), key_name(rule.target_key)
            LEFT[left].append((code, rule))
            RIGHT[right][REFERENCE if left in REFERENCES else left].append((code, rule))
            for kind in rule.target.kinds:
                KIND_RIGHT[kind].append((code, left, rule))
        if link.follow is not None:
            FOLLOW[key_name(link.follow.target_key)].append((code, key_name(link.follow.key)))


_compile()
JOINED: frozenset[str] = frozenset({*LEFT, *RIGHT, *FOLLOW})
"""Names of the keys that a change of can change links."""


class Before:
    """The graph before the session, as walks read it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def get(self, ord: int) -> Obj | None:
        return self.graph.heads.get(ord)

    def ends(self, ord: int) -> Ends | None:
        return self.graph.ends.get(ord)

    def attributes(self, obj: Obj) -> Attributes:
        return self.graph.attributes(obj)


# ── what has to be looked at again ────────────────────────────────────────────────────────────────────────────────


def key_changed(session: Session, ord: int, key: Key) -> None:
    """A key came to or left an object: mark the sources whose joins it may change."""
    name, value = key
    if name not in JOINED:
        return
    head = session.heads.get(ord)
    if head is not None:
        for code in _starting(name, head.kind, head.type):
            session.mark(code, ord)
    for code, rule in LEFT.get(name, ()):
        if rule.unique:
            for other in session.index.get(key):
                session.mark(code, other)
    for left in RIGHT.get(name, ()):
        for other in _sources(session, left, value, _source_kinds(name, left)):
            there = session.heads.get(other)
            if there is None or not (joined := _joining(name, left, there.kind, there.type)):
                continue
            if left != REFERENCE or (other in session.regrouped and other not in session.folded):
                for code, _ in joined:
                    session.mark(code, other)
                continue
            said = session.attributes(there)  # references share their places: which of them it was is told by this
            for code, plain in joined:
                if not plain or plain in said:
                    session.mark(code, other)
    for code, left in FOLLOW.get(name, ()):
        for parent in session.index.get((left, value)):
            for source in session.adjacency.others(parent, 2 * code + 1):
                session.mark(code, source)


@lru_cache(4096)
def _starting(name: str, kind: str, type: str) -> tuple[int, ...]:
    """The link types that an object with a key can be a source of, as far as its kind is known: see `_can_start`."""
    return tuple({code for code, rule in LEFT.get(name, ()) if _can_start(rule, kind, type)})


@lru_cache(8192)
def _joining(name: str, left: str, kind: str, type: str) -> tuple[tuple[int, str], ...]:
    """The link types by which a source with the key `left` joins targets with the key `name`, and the attribute that it
    needs for that, "" where it is computed."""
    rules = [(code, key_name(rule.key)) for code, rule in RIGHT[name][left] if _can_start(rule, kind, type)]
    return tuple({(code, "" if key in COMPUTED or "+" in key else key) for code, key in rules})


def _can_start(rule: Join, kind: str, type: str) -> bool:
    """Whether an object can be the source of a rule, as far as is known: a kind that changes later marks it itself."""
    return allows(rule.source, kind, type)


@lru_cache(1024)
def _source_kinds(name: str, left: str) -> frozenset[str]:
    """The kinds of the sources that join by these keys; empty when they can have any."""
    wanted = [rule.source.kinds for _, rule in RIGHT[name][left]]
    return frozenset().union(*wanted) if all(wanted) else frozenset()


def _sources(session: Session, left: str, value: object, kinds: frozenset[str]) -> Collection[int]:
    """Objects that may join by a key. Of many, those of the right kinds where these are fewer: the thousands of devices
    of a namespace are not gone through for each of them to find its container."""
    found = session.index.get((left, value))
    if len(found) <= FEW or not kinds:
        return found
    alike = [session.index.get(("kind", kind)) for kind in kinds]
    if sum(map(len, alike)) >= len(found):
        return found
    return [ord for some in alike for ord in some if ord in found]


def kind_changed(session: Session, head: Obj, kind: str) -> None:
    """An object's kind changed: mark it where it is a source, and the sources that join it."""
    for code in KIND_LEFT.get(head.kind, set()) | KIND_LEFT.get(kind, set()):
        session.mark(code, head.ord)
    a = session.attributes(head)
    for code, left, rule in KIND_RIGHT.get(head.kind, []) + KIND_RIGHT.get(kind, []):
        for value in _own_values(session, head, a, rule.target_key):
            for other in _sources(session, left, value, rule.source.kinds):
                session.mark(code, other)


def _own_values(session: Session, head: Obj, a: Attributes, path: Path) -> Iterable[object]:
    if path == "id":
        return {session.ordinals.id(member) for member in (*head.members, head.ord)}
    return path_values(path, head, a)


def mark_walks(session: Session) -> None:
    """Mark the sources of the walks that saw something that changed."""
    before = Before(session.base)
    session.rewalked = set()
    for code, link in enumerate(LINK_TYPES):
        if link.tracked:
            continue
        for rule in link.rules:
            if isinstance(rule, Walk):
                seeds = [
                    ord
                    for ord, more in session.walk_seeds.items()
                    if (head := before.get(ord)) is not None and (more or passes_on(rule, head))
                ]
                for source in sources_through(before, seeds, rule):
                    session.mark(code, source)
                session.rewalked |= session.dirty.get(code, set())


# ── evaluation ────────────────────────────────────────────────────────────────────────────────────────────────────


def evaluate(session: Session, links: Sequence[LinkType]) -> None:
    """Bring the links of these types up to date."""
    for link in links:
        code = CODES[link.name]
        dirty = session.dirty.pop(code, set())
        if link.tracked:
            dirty |= session.tracking.stale(code, session.touched, session.reshaped)
        for ord in dirty:
            if link.tracked:
                wanted = session.tracking.watch(code, ord, lambda link=link, ord=ord: partners(session, link, ord))  # type: ignore[misc]
                if session.heads.get(ord) is None:
                    session.tracking.forget(code, ord)
            else:
                wanted = partners(session, link, ord)
            if link.pair:
                _settle_pair(session, link, code, ord, wanted)
            else:
                _settle(session, link, code, ord, wanted)


TRACKED_BY_KIND: dict[str, list[int]] = defaultdict(list)
for _kind, _codes in KIND_LEFT.items():
    TRACKED_BY_KIND[_kind] = sorted(code for code in _codes if LINK_TYPES[code].tracked)


def watch(session: Session, head: Obj) -> None:
    """Note what the tracked link types of an object read."""
    for code in TRACKED_BY_KIND.get(head.kind, ()):
        link = LINK_TYPES[code]
        session.tracking.watch(code, head.ord, lambda link=link: partners(session, link, head.ord))  # type: ignore[misc]


def _settle(session: Session, link: LinkType, code: int, ord: int, wanted: set[int]) -> None:
    outgoing = link.by == "source"
    present = set(session.adjacency.others(ord, 2 * code if outgoing else 2 * code + 1))
    for other in present - wanted:
        session.link(code, *((ord, other) if outgoing else (other, ord)), -1)
    for other in wanted - present:
        session.link(code, *((ord, other) if outgoing else (other, ord)), +1)


def _settle_pair(session: Session, link: LinkType, code: int, ord: int, wanted: set[int]) -> None:
    """An undirected link stands while one of its ends says so."""
    present = {*session.adjacency.others(ord, 2 * code), *session.adjacency.others(ord, 2 * code + 1)}
    for other in present - wanted:
        if ord not in session.tracking.unwatched(lambda other=other: partners(session, link, other)):  # type: ignore[misc]
            session.link(code, *_smaller_first(session, ord, other), -1)
    for other in wanted - present:
        session.link(code, *_smaller_first(session, ord, other), +1)


def _smaller_first(session: Session, a: int, b: int) -> tuple[int, int]:
    return (a, b) if session.ordinals.id(a) < session.ordinals.id(b) else (b, a)


def partners(session: Session, link: LinkType, ord: int) -> set[int]:
    """The objects a link type joins an object with, as its rules say now."""
    head = session.get(ord)
    if head is None:
        return set()
    found: set[int] = set()
    for rule in link.rules:
        found.update(targets(session, rule, head))
        if found and link.first:
            break
    found.discard(ord)
    if link.follow is not None:
        for other in list(found):
            there = session.get(other)
            if there is not None:
                found.update(_join(session, link.follow, there))
    return found


def targets(session: Session, rule: Rule | str, head: Obj, from_start: bool = False) -> set[int]:
    """The targets of one rule for one source."""
    if isinstance(rule, str):
        return _linked(session, rule, head.ord)
    if isinstance(rule, Via):
        return _via(session, rule, head)
    if not selects(rule.source, head):
        return set()
    if isinstance(rule, Join):
        return _join(session, rule, head)
    out: set[int] = set()
    for reached in walk(session, head.ord, rule, from_start=from_start):
        if not rule.lift:
            out.add(reached.stop)
            continue
        stop = session.get(reached.stop)
        if stop is not None:
            for value in path_values(rule.lift, stop, session.attributes(stop)):
                lifted = session.resolve(value)
                if lifted is not None:
                    out.add(lifted.ord)
    return out


def _join(session: Session, rule: Join, head: Obj) -> set[int]:
    out: set[int] = set()
    name = key_name(rule.target_key)
    for value in _own_values(session, head, session.attributes_for(head, rule.key), rule.key):
        if name == "id":
            found = session.resolve(value) if isinstance(value, str) else None
            candidates: Iterable[int] = () if found is None else (found.ord,)
        else:
            candidates = session.look(name, value)
        matching = {
            ord for ord in candidates if (there := session.get(ord)) is not None and selects(rule.target, there)
        }
        if rule.unique and not (len(matching) == 1 and len(list(session.look(key_name(rule.key), value))) == 1):
            continue
        out |= matching
    out.discard(head.ord)
    return out


def _linked(session: Session, name: str, ord: int) -> set[int]:
    reverse = name.startswith("-")
    code = CODES[name.lstrip("-")]
    out = set(session.others(ord, 2 * code + 1 if reverse else 2 * code))
    if LINK_TYPES[code].pair:
        out.update(session.others(ord, 2 * code if reverse else 2 * code + 1))
    return out


def _via(session: Session, rule: Via, head: Obj) -> set[int]:
    if isinstance(rule.first, Join) and key_name(rule.first.target_key) == "host+medium":
        return _present(session, head) if selects(rule.first.source, head) else set()
    out: set[int] = set()
    for middle in targets(session, rule.first, head):
        there = session.get(middle)
        if there is not None:
            out |= targets(session, rule.second, there, from_start=True)
    return out


def _present(session: Session, head: Obj) -> set[int]:
    """Networks bound on a physical NIC's host over one of its media: read off the tally, not object by object."""
    out: set[int] = set()
    for medium in head.media:
        session.tracking.read_presence(head.host, medium)
        for network in session.presence.get((head.host, medium), ()):
            found = session.resolve(network)
            if found is not None and found.kind == "network":
                out.add(found.ord)
    return out
