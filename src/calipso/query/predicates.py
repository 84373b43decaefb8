"""What a value may have to be: equality, order, membership, patterns, address ranges.

A predicate says of one scalar whether it holds; of a list, whether it holds of any member, or of all when it is
negative. What the planner can look up instead of testing is told beside it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import re2  # type: ignore[import-untyped]

from calipso.errors import QueryError
from calipso.query.syntax import Scalar

Holds = Callable[[Any], bool]
LONGEST_PATTERN = 1000


class Span(NamedTuple):
    """Both ends belong to it; None is no bound. order: `number`, `text`, `ipv4` or `ipv6`. exact: all in it hold."""

    order: str
    low: Any
    high: Any
    exact: bool = False


class Predicate(NamedTuple):
    """holds: of one scalar. negative: of a list all members must hold. missing: holds where there is no value.

    equal: all values it holds of, None when they cannot be told. span: a range that holds all it holds of. plain: an
    index of scalars can answer it.
    """

    name: str
    holds: Holds
    negative: bool = False
    missing: bool = False
    equal: tuple[Scalar, ...] | None = None
    span: Span | None = None
    plain: bool = True

    def test(self, value: Any) -> bool:
        """Whether it holds of a value: None is no value, lists are looked into."""
        if value is None:
            return self.missing
        if isinstance(value, list | tuple):
            return all(map(self.test, value)) if self.negative else any(map(self.test, value))
        return self.holds(value)


def same(one: Any, other: Any) -> bool:
    """Equality of scalars: a number is not a truth value, 1 is 1.0."""
    if type(one) is bool or type(other) is bool:
        return one is other
    return bool(one == other)


def equals(value: Scalar) -> Predicate:
    """Has(k, v)."""
    if value is None:
        return absent()
    return Predicate("EQ", lambda each: same(each, value), equal=(value,))


def differs(value: Scalar) -> Predicate:
    """There, and not this value."""
    if value is None:
        return present()
    return Predicate("NE", lambda each: not same(each, value), negative=True)


def differs_or_missing(value: Scalar) -> Predicate:
    if value is None:
        return present()
    return Predicate("NEE", lambda each: not same(each, value), negative=True, missing=True)


def present() -> Predicate:
    return Predicate("present", lambda each: True, negative=True)


def absent() -> Predicate:
    return Predicate("absent", lambda each: False, missing=True)


def within(*values: Scalar) -> Predicate:
    wanted = [value for value in values if value is not None]
    among = _among(wanted)
    return Predicate(
        "Within", among, missing=len(wanted) < len(values),
        equal=tuple(wanted) if len(wanted) == len(values) else None,
    )  # fmt: skip


def without(*values: Scalar) -> Predicate:
    among = _among([value for value in values if value is not None])
    return Predicate("Without", lambda each: not among(each), negative=True)


def _among(values: Iterable[Scalar]) -> Holds:
    exact = frozenset((type(value) is bool, value) for value in values)
    return lambda each: type(each) in (str, int, float, bool) and (type(each) is bool, each) in exact


def _ordered(low: Scalar, high: Scalar, holds: Callable[[Any], bool], name: str) -> Predicate:
    """A comparison of numbers with numbers, or of texts with texts."""
    text = isinstance(low if low is not None else high, str)
    order = "text" if text else "number"

    def fits(each: Any) -> bool:
        if text:
            return isinstance(each, str) and holds(each)
        return type(each) in (int, float) and holds(each)

    return Predicate(name, fits, span=Span(order, low, high))


def less(value: Scalar) -> Predicate:
    return _ordered(None, value, lambda each: each < value, "LT")


def less_or_equal(value: Scalar) -> Predicate:
    return _ordered(None, value, lambda each: each <= value, "LTE")


def greater(value: Scalar) -> Predicate:
    return _ordered(value, None, lambda each: each > value, "GT")


def greater_or_equal(value: Scalar) -> Predicate:
    return _ordered(value, None, lambda each: each >= value, "GTE")


def inside(low: Scalar, high: Scalar) -> Predicate:
    return _ordered(low, high, lambda each: low < each < high, "Inside")


def between(low: Scalar, high: Scalar) -> Predicate:
    return _ordered(low, high, lambda each: low <= each < high, "Between")


def outside(low: Scalar, high: Scalar) -> Predicate:
    both = _ordered(low, high, lambda each: each < low or each > high, "Outside")
    return both._replace(span=None)


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 22
    options.never_nl = False
    return re2.compile(pattern, options=options)


def regex(pattern: Scalar) -> Predicate:
    """The whole text matches; the syntax is that of RE2, so no pattern takes more than linear time."""
    if not isinstance(pattern, str):
        raise QueryError(f"a regular expression is a text, not {pattern!r}")
    if len(pattern) > LONGEST_PATTERN:
        raise QueryError(f"the regular expression has more than {LONGEST_PATTERN} characters")
    try:
        compiled = _pattern(pattern)
    except re2.error as error:
        said = error.args[0] if error.args else "not understood"
        shown = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise QueryError(f"{pattern!r} is no regular expression: {shown}", hint="the syntax is that of RE2") from None
    return Predicate("Regex", lambda each: isinstance(each, str) and compiled.fullmatch(each) is not None)


def not_regex(pattern: Scalar) -> Predicate:
    found = regex(pattern)
    return Predicate("NotRegex", lambda each: not found.holds(each), negative=True)


def address(text: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address, with or without prefix length; None when the text is none."""
    if not isinstance(text, str):
        return None
    try:
        return ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return None


def ip_range(cidr: Scalar, version: int = 0) -> Predicate:
    """The address, with or without prefix length, lies in a network. `version` 4 or 6, 0 for either."""
    try:
        if not isinstance(cidr, str):
            raise ValueError("it is not a text")
        network = ipaddress.ip_network(cidr.strip(), strict=False)
    except ValueError as error:
        raise QueryError(f"{cidr!r} is no address range: {error}", hint="say 10.0.0.0/8 or fd00::/8") from None
    if version and network.version != version:
        other = "IPV6Range" if network.version == 6 else "IPV4Range"
        raise QueryError(f"{cidr} is not of version {version}", hint=f"did you mean {other}?")
    low, high = int(network.network_address), int(network.broadcast_address)

    def holds(each: Any) -> bool:
        found = address(each)
        return found is not None and found.version == network.version and low <= int(found) <= high

    return Predicate(f"IPV{network.version}Range", holds, span=Span(f"ipv{network.version}", low, high, True))


def text_test(name: str, test: Callable[[str, str], bool], *, negative: bool = False) -> Callable[[Scalar], Predicate]:
    """A predicate on texts, such as `startingWith`."""

    def build(wanted: Scalar) -> Predicate:
        if not isinstance(wanted, str):
            raise QueryError(f"{name} compares with a text, not {wanted!r}")
        if negative:
            return Predicate(name, lambda each: not (isinstance(each, str) and test(each, wanted)), negative=True)
        return Predicate(name, lambda each: isinstance(each, str) and test(each, wanted))

    return build


def negated(inner: Predicate) -> Predicate:
    """Where there is a value, what the other is not."""
    return Predicate("not", lambda each: not inner.test(each), negative=not inner.negative, plain=False)


def both(one: Predicate, other: Predicate) -> Predicate:
    return Predicate(
        "and", lambda each: one.test(each) and other.test(each), one.negative and other.negative,
        one.missing and other.missing, plain=False,
    )  # fmt: skip


def either(one: Predicate, other: Predicate) -> Predicate:
    return Predicate(
        "or", lambda each: one.test(each) or other.test(each), missing=one.missing or other.missing, plain=False
    )
