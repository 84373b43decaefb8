"""What an element must be like, and how an index answers it: declared keys first, else columns (CORE §5)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from pyroaring import BitMap

from calipso.graph.index import FEW_VALUED
from calipso.graph.protocol import ColumnReader, GraphReader
from calipso.query.elements import NODES, Kind
from calipso.query.names import FORMS, LIFE, Name, spec_of
from calipso.query.predicates import Predicate, address
from calipso.query.run import Run, value_of

FEW = 512
"""Up to so many candidates are tested one by one rather than with a new column."""


class Condition(NamedTuple):
    """A name and what its value must be."""

    name: Name
    predicate: Predicate


class Either(NamedTuple):
    """At least one of them."""

    conditions: tuple[Condition, ...]


Test = Condition | Either


Ords = Collection[int] | BitMap


TEXTS = frozenset({"kind", "type", "host"})
"""Keys with few values that are texts as they stand: one is found without asking all of them."""


class Offer(NamedTuple):
    """Exactly the objects that meet a condition, or with `excluded` those that do not."""

    ords: Ords
    excluded: bool = False


def declared(reader: GraphReader, test: Test) -> Offer | None:
    """What the declared keys say, None when they cannot."""
    if isinstance(test, Either):
        offers = [declared(reader, each) for each in test.conditions]
        return _union(offers)
    name, predicate = test
    if not name.key or not predicate.plain or predicate.missing:
        return None
    if name.key in TEXTS and predicate.equal is not None and all(type(each) is str for each in predicate.equal):
        return Offer(_joined(reader.find(name.key, each) for each in dict.fromkeys(predicate.equal)))
    if name.key in FEW_VALUED:
        form = FORMS[name.form]
        return Offer(_joined(ords for value, ords in reader.values(name.key).items() if predicate.holds(form(value))))
    if predicate.equal is None or any(each == "" or type(each) is bool for each in predicate.equal):
        return None
    if name.form == "upper":
        return None
    wanted = list(dict.fromkeys(predicate.equal))
    if name.key == "id":
        found = [head.ord for each in wanted if isinstance(each, str) and (head := reader.resolve(each)) is not None
                 and head.id == each]  # fmt: skip
        return Offer(found)
    return Offer(_joined(reader.find(name.key, each) for each in wanted))


def _union(offers: Iterable[Offer | None]) -> Offer | None:
    sets = []
    for offer in offers:
        if offer is None or offer.excluded:
            return None
        sets.append(offer.ords)
    return Offer(_joined(sets))


def _joined(sets: Iterable[Ords]) -> Ords:
    """The union; a single set as it is. Most are of one object: those become one bitmap together."""
    kept = [each for each in sets if len(each)]
    if len(kept) <= 1:
        return kept[0] if kept else ()
    few = [ord for each in kept if not isinstance(each, BitMap) for ord in each]
    return BitMap.union(BitMap(few), *(each for each in kept if isinstance(each, BitMap)))


def by_column(reader: GraphReader, test: Test) -> Offer | None:
    """What an attribute's column says; makes the column when it is not there. None where there are no columns."""
    if isinstance(test, Either):
        return _union(declared(reader, each) or by_column(reader, each) for each in test.conditions)
    name, predicate = test
    if name.text in LIFE or not predicate.plain:
        return None
    column = reader.column(spec_of(name))
    if column is None:
        return None
    if not predicate.negative:
        found = _holding(column, predicate)
        return Offer(column.present - BitMap(found), True) if predicate.missing else Offer(found)
    if predicate.name == "present":
        return Offer(column.present)
    failing = _joined(ords for value, ords in column.items() if not predicate.holds(value))
    return Offer(failing, True) if predicate.missing else Offer(column.present - BitMap(failing))


def _holding(column: ColumnReader, predicate: Predicate) -> Ords:
    if predicate.equal is not None:
        return _joined(column.find(value) for value in predicate.equal)
    if predicate.span is not None:
        order, low, high, exact = predicate.span
        spanned = column.between(order, SCALES[order], low, high)
        return _joined(ords for value, ords in spanned if exact or predicate.holds(value))
    return _joined(ords for value, ords in column.items() if predicate.holds(value))


def _address_of(version: int) -> Callable[[Any], int | None]:
    def scale(value: Any) -> int | None:
        found = address(value)
        return int(found) if found is not None and found.version == version else None

    return scale


SCALES: dict[str, Callable[[Any], Any]] = {
    "number": lambda value: value if type(value) in (int, float) else None,
    "text": lambda value: value if isinstance(value, str) else None,
    "ipv4": _address_of(4),
    "ipv6": _address_of(6),
}


def tester(run: Run, test: Test, kind: Kind) -> Callable[[Any], bool]:
    """A condition ready to be asked of elements of the graph that the run reads now."""
    reader = run.reader
    if isinstance(test, Either):
        tests = [tester(run, each, kind) for each in test.conditions]
        return lambda item: any(each(item) for each in tests)
    if kind == NODES and not test.name.of_head:
        return _Watched(run, test)
    name, predicate = test
    return lambda item: predicate.test(value_of(run, reader, item, kind, name))


class _Watched:
    """Tests objects one by one until they are many, then with a column."""

    def __init__(self, run: Run, test: Condition) -> None:
        self.run = run
        self.reader = run.reader
        self.test = test
        self.asked = 0
        self.offer: Offer | None = declared(self.reader, test)
        if self.offer is not None and not isinstance(self.offer.ords, BitMap):
            self.offer = Offer(frozenset(self.offer.ords), self.offer.excluded)

    def __call__(self, ord: int) -> bool:
        if self.offer is not None:
            return (ord in self.offer.ords) is not self.offer.excluded
        self.asked += 1
        if self.asked == FEW:
            found = by_column(self.reader, self.test)
            if found is not None:
                self.offer = Offer(found.ords if isinstance(found.ords, BitMap) else frozenset(found.ords),
                                   found.excluded)  # fmt: skip
        return self.test.predicate.test(value_of(self.run, self.reader, ord, NODES, self.test.name))


def chosen(run: Run, tests: tuple[Test, ...]) -> Iterable[int]:
    """Ordinals of the objects that meet all conditions, ascending: the smallest index answers first."""
    reader = run.reader
    offers: list[Offer] = []
    rest: list[Test] = []
    for test in tests:
        offer = declared(reader, test)
        if offer is None:
            rest.append(test)
        else:
            offers.append(offer)
    if not offers or min(len(offer.ords) for offer in offers) > FEW:
        left = []
        for test in rest:
            offer = by_column(reader, test)
            if offer is None:
                left.append(test)
            else:
                offers.append(offer)
        rest = left
    found = _intersection(run, offers)
    if not rest:
        return found
    ready = [tester(run, test, NODES) for test in rest]
    return (ord for ord in run.metered(found) if all(each(ord) for each in ready))


def _intersection(run: Run, offers: list[Offer]) -> Ords:
    wanted = sorted((offer.ords for offer in offers if not offer.excluded), key=len)
    unwanted = [offer.ords for offer in offers if offer.excluded]
    if not wanted:
        everything = BitMap(head.ord for head in run.metered(run.reader.objects()))
        return everything.difference(*(BitMap(each) for each in unwanted)) if unwanted else everything
    if len(wanted) == 1 and not unwanted:
        return wanted[0] if isinstance(wanted[0], BitMap) else sorted(set(wanted[0]))
    if len(wanted[0]) <= FEW:
        return sorted(
            ord for ord in set(wanted[0])
            if all(ord in each for each in wanted[1:]) and not any(ord in each for each in unwanted)
        )  # fmt: skip
    out = BitMap(wanted[0])
    for each in wanted[1:]:
        out &= BitMap(each)
    for each in unwanted:
        out -= BitMap(each)
    return out
