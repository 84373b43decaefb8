"""What commands print, taken apart: nothing but `ParseError` comes of a form that is not theirs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import msgspec

from calipso.errors import ParseError

P = ParamSpec("P")
T = TypeVar("T")


def parser(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Turn what a surprising value raises into a `ParseError` of this parser."""

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def parse(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return function(*args, **kwargs)
            except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
                raise ParseError(name, f"not in its form: {type(error).__name__}: {error}") from error

        return parse

    return wrap


def rows(body: bytes, parser: str) -> list[dict[str, Any]]:
    """A list of objects; iproute2 says nothing at all for none, and empty objects for what it filters out."""
    try:
        found = msgspec.json.decode(body.strip() or b"[]")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError(parser, str(error), excerpt=body[:120].decode("utf-8", "replace")) from None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ParseError(parser, "not a list of objects", excerpt=body[:120].decode("utf-8", "replace"))
    return [each for each in found if each]
