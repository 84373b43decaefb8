"""Pages that hold still while the graph changes: a cursor names the moment of the first page and the last item seen."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec

from calipso.errors import QueryError

T = TypeVar("T")

Limit = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
"""Items of a page, 0 for all."""
BESIDE = ("cursor", "limit")
"""Fields of a request that may differ from page to page."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """after: the last item's place. at: µs, the graph's moment. asked: digest of the request it belongs to."""

    after: str
    at: int
    asked: str

    @classmethod
    def read(cls, text: str, request: Any) -> Cursor | None:
        """None for the first page. Raises `QueryError` for a cursor that is none, or another request's."""
        if not text:
            return None
        try:
            found = msgspec.json.decode(base64.urlsafe_b64decode(text.encode("ascii")), type=cls)
        except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError) as error:
            raise QueryError("that is no cursor", hint="give `next` of the page before, unchanged") from error
        if found.asked != _asked(request):
            raise QueryError("that cursor belongs to another request", hint="keep the other parameters as they were")
        return found

    @classmethod
    def after_last(cls, after: str, at: int, request: Any) -> str:
        """What the next page is asked with."""
        return base64.urlsafe_b64encode(msgspec.json.encode(cls(after, at, _asked(request)))).decode()


def _asked(request: Any) -> str:
    said = {name: value for name, value in msgspec.structs.asdict(request).items() if name not in BESIDE}
    return hashlib.blake2b(msgspec.json.encode(said, order="sorted"), digest_size=6).hexdigest()


def page(items: Sequence[T], limit: int) -> tuple[Sequence[T], bool]:
    """(the first items up to a limit, whether there are more)."""
    return (items[:limit], True) if 0 < limit < len(items) else (items, False)
