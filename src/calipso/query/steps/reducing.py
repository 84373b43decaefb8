"""Steps that make one of many: Count, Sum, min, max, mean, fold, group, groupCount; and unfold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from typing import Any, NamedTuple

import msgspec

from calipso.query.elements import ANYTHING, FLOWS, METRICS, PACKETS, VALUES, Kind, identity
from calipso.query.names import Name, name_of
from calipso.query.plan import Asked, Spec, Step, Sub
from calipso.query.run import Run
from calipso.query.steps.cutting import rank
from calipso.query.steps.moving import Vertices
from calipso.query.steps.projecting import Projection, by, shown


class Count(NamedTuple):
    """How many there are."""

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return _late(lambda: run.begun(sum(1 for _ in run.metered(stream)), VALUES))

    def after(self, step: Step) -> Step | None:
        return CountVertices(step) if isinstance(step, Vertices) else None


class CountVertices(NamedTuple):
    """G.V()….Count(): what the index found is counted, not handed on."""

    vertices: Vertices

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        if not self.vertices.ids and not self.vertices.tests:
            return iter([run.begun(len(run.reader), VALUES) for _ in stream][:1])
        total = 0
        for _ in stream:
            found = self.vertices.found(run)
            total += len(found) if isinstance(found, Sized) else sum(1 for _ in run.metered(found))
        return iter((run.begun(total, VALUES),))


def _late(make: Callable[[], Any]) -> Iterator[Any]:
    """One element, made when it is asked for."""
    yield make()


class Fold(NamedTuple):
    """A number from all values: sum, min, max or mean. Values that are no numbers count for nothing."""

    how: str
    name: Name | None
    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return self._folded(stream, run)

    def _folded(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        if self.kind == METRICS and self.name is None:
            yield run.begun(self._whole(stream, run), METRICS)
            return
        made = FOLDS[self.how](self._numbers(stream, run))
        if made is not None:
            yield run.begun(made, VALUES)

    def _numbers(self, stream: Iterator[Any], run: Run) -> Iterator[int | float]:
        for each in run.metered(stream):
            item = run.item(each)
            value = item if self.name is None else run.value(item, self.kind, self.name)
            for one in value if isinstance(value, list | tuple) else (value,):
                if type(one) in (int, float):
                    yield one

    def _whole(self, stream: Iterator[Any], run: Run) -> dict[str, Any]:
        """Counters of all objects, name by name."""
        by_name: dict[str, list[float]] = {}
        for each in run.metered(stream):
            for name, value in run.item(each).items():
                if type(value) in (int, float):
                    by_name.setdefault(name, []).append(value)
        return {name: FOLDS[self.how](iter(values)) for name, values in sorted(by_name.items())}


def _mean(numbers: Iterator[int | float]) -> float | None:
    total, count = 0.0, 0
    for each in numbers:
        total, count = total + each, count + 1
    return total / count if count else None


FOLDS: dict[str, Callable[[Iterator[int | float]], int | float | None]] = {
    "sum": lambda numbers: sum(numbers),
    "min": lambda numbers: min(numbers, default=None),
    "max": lambda numbers: max(numbers, default=None),
    "mean": _mean,
}


class Collect(NamedTuple):
    """fold(): one list of all."""

    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return _late(lambda: run.begun([shown(run, run.item(each), self.kind) for each in run.collected(stream)],
                                       VALUES))  # fmt: skip


class Unfold(NamedTuple):
    """unfold(): the members of lists, the entries of maps."""

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for each in stream:
            item = run.item(each)
            members = [{key: value} for key, value in item.items()] if isinstance(item, dict) else item
            for member in members if isinstance(members, list | tuple) else (members,):
                run.tick()
                yield run.moved(each, member, VALUES)


class Group(NamedTuple):
    """Elements by what the first by() gives of them; of each group a list, a value, or what a traversal makes of it."""

    key: Projection
    value: Projection | None
    kind: Kind
    counts: bool = False

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return _late(lambda: run.begun(self._grouped(stream, run), VALUES))

    def _grouped(self, stream: Iterator[Any], run: Run) -> dict[str, Any]:
        groups: dict[str, list[Any]] = {}
        labels: dict[Any, str] = {}
        for each in run.collected(stream):
            key = self.key.of(run, run.item(each), self.kind)
            if key is None:
                continue
            for one in key if isinstance(key, list) else (key,):
                label = labels.setdefault(identity(one), one if isinstance(one, str) else _text(one))
                groups.setdefault(label, []).append(each)
        return {label: self._made(run, groups[label]) for label in sorted(groups, key=lambda label: rank(label) or ())}

    def _made(self, run: Run, group: list[Any]) -> Any:
        if self.counts:
            return len(group)
        if self.value is None:
            return [shown(run, run.item(each), self.kind) for each in group]
        if self.value.sub is not None and reduces(self.value.sub):
            found = next(self.value.sub.open(iter(group), run), None)
            return None if found is None else run.item(found)
        values = [self.value.of(run, run.item(each), self.kind) for each in group]
        return [value for value in values if value is not None]


def _text(value: Any) -> str:
    """A value as the name of a group, in an answer that is JSON: a number and its text are the same one."""
    try:
        return msgspec.json.encode(value, order="deterministic").decode()
    except (TypeError, OverflowError):  # what JSON has no form for: elements, numbers of more than 64 bits
        return str(value)


def reduces(sub: Sub) -> bool:
    """Whether a traversal makes one of all it is given."""
    return any(isinstance(step, Count | Fold | Collect | Group) for step in sub.steps)


# ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _count(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    return Count(), VALUES


def _fold(how: str) -> Callable[[Asked], tuple[Step, Kind]]:
    def build(asked: Asked) -> tuple[Step, Kind]:
        asked.count(0, 1)
        name = name_of(asked.text(asked.args[0])) if asked.args else None
        if name is None and asked.kind not in (VALUES, METRICS):
            raise asked.wrong("say of which name")
        return Fold(how, name, asked.kind), METRICS if asked.kind == METRICS and name is None else VALUES

    return build


def _collect(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    return Collect(asked.kind), VALUES


def _unfold(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    return Unfold(), VALUES


def _group(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 1 if asked.kind == FLOWS else 0)
    if asked.kind == FLOWS and not asked.after:
        return Group(
            Projection(name_of(asked.text(asked.args[0]) if asked.args else "TrackingID"), None), None, FLOWS
        ), VALUES
    given = [by(asked, call, asked.kind) for call in asked.after]
    if len(given) > 2:
        raise asked.wrong("takes at most two by()")
    key = given[0] if given else Projection(None, None)
    return Group(key, given[1] if len(given) > 1 else None, asked.kind), VALUES


def _group_count(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    if len(asked.after) > 1:
        raise asked.wrong("takes one by()")
    key = by(asked, asked.after[0], asked.kind) if asked.after else Projection(None, None)
    return Group(key, None, asked.kind, counts=True), VALUES


BY = frozenset({"by"})
SPECS: tuple[Spec, ...] = (
    Spec(("Count",), ANYTHING | {FLOWS, PACKETS}, VALUES, _count, "How many there are.", "G.V().Count()"),
    Spec(("Sum",), ANYTHING | {FLOWS}, VALUES, _fold("sum"), "The sum of a name's values; of counters name by name.",
         "G.V().Has('Type', 'veth').Sum('MTU')", differs="of any number, not only of counters"),
    Spec(("Min",), ANYTHING, VALUES, _fold("min"), "The least value.", "g.V().min('mtu')", original=False),
    Spec(("Max",), ANYTHING, VALUES, _fold("max"), "The greatest value.", "g.V().max('mtu')", original=False),
    Spec(("Mean",), ANYTHING, VALUES, _fold("mean"), "The mean of the values.", "g.V().mean('mtu')", original=False),
    Spec(("fold",), ANYTHING, VALUES, _collect, "One list of all.", "g.V().values('mtu').fold()", original=False),
    Spec(("unfold",), frozenset({VALUES}), VALUES, _unfold, "The members of lists.",
         "g.V().values('ips').unfold()", original=False),
    Spec(("Group",), ANYTHING | {FLOWS}, VALUES, _group,
         "Of flows: by their TrackingID, or by a name. Else the standard's group().",
         "g.V().group().by('type').by(count())", modulators=BY),
    Spec(("groupCount",), ANYTHING, VALUES, _group_count, "How many there are of each.",
         "g.V().groupCount().by('type')", original=False, modulators=BY),
)  # fmt: skip
