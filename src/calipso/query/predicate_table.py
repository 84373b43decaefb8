"""Predicates by name, as they stand in queries: `NE(1500)`, `P.gt(3)`, `Within('a', 'b')`, and plain words."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import msgspec

from calipso.errors import QueryError
from calipso.query import predicates
from calipso.query.predicates import Predicate
from calipso.query.syntax import PREFIXES, Argument, Call, Chain, Literal, Scalar

Wrong = Callable[[str, Argument | None], QueryError]
Normal = Callable[[Any], Any]


class PredicateSpec(msgspec.Struct, frozen=True):
    """names: the first is shown. arguments: how many, -1 for one or more. original: whether Skydive has it."""

    names: tuple[str, ...]
    arguments: int
    build: Callable[..., Predicate]
    doc: str
    example: str
    original: bool = True
    differs: str = ""


PREDICATES: tuple[PredicateSpec, ...] = (
    PredicateSpec(("EQ",), 1, predicates.equals, "is this value", "Has('MTU', EQ(1500))", False),
    PredicateSpec(("NE", "neq"), 1, predicates.differs, "is there and is not this value", "Has('MTU', NE(1500))"),
    PredicateSpec(("NEE",), 1, predicates.differs_or_missing, "is not this value, or is not there",
                  "Has('MTU', NEE(1500))"),
    PredicateSpec(("LT",), 1, predicates.less, "is less", "Has('MTU', LT(1500))",
                  differs="also compares texts and fractions"),
    PredicateSpec(("LTE",), 1, predicates.less_or_equal, "is less or equal", "Has('MTU', LTE(1500))"),
    PredicateSpec(("GT",), 1, predicates.greater, "is greater", "Has('MTU', GT(1400))"),
    PredicateSpec(("GTE",), 1, predicates.greater_or_equal, "is greater or equal", "Has('MTU', GTE(1500))"),
    PredicateSpec(("Inside",), 2, predicates.inside, "lies between both, neither included",
                  "Has('MTU', Inside(1400, 1500))"),
    PredicateSpec(("Outside",), 2, predicates.outside, "is less than the first or greater than the second",
                  "Has('MTU', Outside(1400, 1500))", differs="cannot be reached in Skydive"),
    PredicateSpec(("Between",), 2, predicates.between, "lies between both, the first included",
                  "Has('MTU', Between(1400, 1501))"),
    PredicateSpec(("Within",), -1, predicates.within, "is one of these", "Has('Type', Within('veth', 'tun'))"),
    PredicateSpec(("Without",), -1, predicates.without, "is there and is none of these",
                  "Has('Name', Without('br-int'))"),
    PredicateSpec(("Regex",), 1, predicates.regex, "matches as a whole (RE2)", "Has('Name', Regex('qbr.*'))",
                  differs="`^` and `$` are allowed"),
    PredicateSpec(("notRegex",), 1, predicates.not_regex, "does not match", "has('name', notRegex('qbr.*'))", False),
    PredicateSpec(("IPV4Range", "IPV4"), 1, lambda cidr: predicates.ip_range(cidr, 4), "lies in an IPv4 network",
                  "Has('IPV4', IPV4Range('192.0.2.0/24'))"),
    PredicateSpec(("IPV6Range", "IPV6"), 1, lambda cidr: predicates.ip_range(cidr, 6), "lies in an IPv6 network",
                  "Has('IPV6', IPV6Range('fe80::/10'))", False),
    PredicateSpec(("IPRange",), 1, predicates.ip_range, "lies in a network of either version",
                  "Has('ip', IPRange('192.0.2.0/24'))", False),
    PredicateSpec(("startingWith",), 1, predicates.text_test("startingWith", str.startswith), "begins with",
                  "has('name', startingWith('tap'))", False),
    PredicateSpec(("endingWith",), 1, predicates.text_test("endingWith", str.endswith), "ends with",
                  "has('name', endingWith('10'))", False),
    PredicateSpec(("containing",), 1, predicates.text_test("containing", str.__contains__), "contains",
                  "has('name', containing('int'))", False),
    PredicateSpec(("notStartingWith",), 1, predicates.text_test("notStartingWith", str.startswith, negative=True),
                  "does not begin with", "has('name', notStartingWith('tap'))", False),
    PredicateSpec(("notEndingWith",), 1, predicates.text_test("notEndingWith", str.endswith, negative=True),
                  "does not end with", "has('name', notEndingWith('10'))", False),
    PredicateSpec(("notContaining",), 1, predicates.text_test("notContaining", str.__contains__, negative=True),
                  "does not contain", "has('name', notContaining('int'))", False),
)  # fmt: skip

BY_WORD: dict[str, PredicateSpec] = {name.lower(): spec for spec in PREDICATES for name in spec.names}

WORDS: dict[str, Scalar] = {"null": None, "true": True, "false": False}
"""Words that stand for a value."""


def word(chain: Chain, wrong: Wrong) -> Scalar:
    """The value that a word stands for. Raises `QueryError`."""
    if chain.only_word in WORDS:
        return WORDS[chain.only_word]
    said = chain.calls[-1]
    if said.args is None:
        raise wrong(f"{said.name} is no value; texts stand in quotes", chain)
    raise wrong("a value is needed here", chain)


def predicate(argument: Argument, wrong: Wrong, normal: Normal = lambda value: value) -> Predicate:
    """What a value has to be: a literal, a word, or a predicate, whose values are brought to a form by `normal`."""
    if isinstance(argument, Literal):
        return predicates.equals(normal(argument.value))
    if argument.only_word in WORDS:
        return predicates.equals(WORDS[argument.only_word])
    calls = argument.calls
    if calls[0].args is None and calls[0].word in PREFIXES and len(calls) > 1:
        calls = calls[1:]
    found = _called(calls[0], argument, wrong, normal)
    for call in calls[1:]:
        if call.word == "negate":
            found = predicates.negated(found)
        elif call.word in ("and", "or") and call.args and len(call.args) == 1:
            other = predicate(call.args[0], wrong, normal)
            found = (predicates.both if call.word == "and" else predicates.either)(found, other)
        else:
            raise wrong(f"{call.name}() cannot follow a predicate", argument)
    return found


def _called(call: Call, argument: Argument, wrong: Wrong, normal: Normal) -> Predicate:
    if call.word == "not" and call.args is not None and len(call.args) == 1:
        return predicates.negated(predicate(call.args[0], wrong, normal))
    spec = BY_WORD.get(call.word)
    if spec is None:
        near = difflib.get_close_matches(call.word, BY_WORD, 1, 0.5)
        shown = next((name for name in BY_WORD[near[0]].names if name.lower() == near[0]), "") if near else ""
        if call.args is None and not shown:
            raise wrong(f"{call.name} is no value; texts stand in quotes", argument)
        raise wrong(f"unknown predicate {call.name!r}" + (f", did you mean {shown!r}?" if shown else ""), argument)
    given = call.args or ()
    if (spec.arguments >= 0 and len(given) != spec.arguments) or not given:
        raise wrong(f"{spec.names[0]}() takes {spec.arguments if spec.arguments > 0 else 'some'} values", argument)
    values = [normal(_scalar(each, wrong)) for each in given]
    if spec.build in _ORDERED and len({isinstance(each, str) for each in values} | _kinds(values)) > 1:
        raise wrong(f"{spec.names[0]}() compares numbers or texts, not both", argument)
    try:
        return spec.build(*values)
    except QueryError as error:
        raise wrong(error.message, argument) from None


_ORDERED = frozenset({
    predicates.less, predicates.less_or_equal, predicates.greater, predicates.greater_or_equal, predicates.inside,
    predicates.outside, predicates.between,
})  # fmt: skip


def _kinds(values: list[Any]) -> set[Any]:
    """Something odd when a value is neither number nor text."""
    return {"odd" for each in values if type(each) not in (str, int, float)}


def _scalar(argument: Argument, wrong: Wrong) -> Scalar:
    return argument.value if isinstance(argument, Literal) else word(argument, wrong)
