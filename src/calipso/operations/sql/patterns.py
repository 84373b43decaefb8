"""LIKE, GLOB and REGEXP in linear time: SQLite's own take as long as a hostile pattern wants them to."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from calipso.errors import QueryError

LONGEST = 1_000


def _like(pattern: str, escape: str) -> str:
    out, escaped = [], False
    for char in pattern:
        if escaped or char not in ("%", "_", escape):
            out.append(re.escape(char))
            escaped = False
        elif char == escape:
            escaped = True
        else:
            out.append(".*" if char == "%" else ".")
    return "(?is)^" + "".join(out) + r"\z"


def _glob(pattern: str) -> str:
    out, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        end = pattern.find("]", at + 2) if char == "[" else -1
        if end > 0:
            inside = pattern[at + 1 : end]
            negated = "^" if inside.startswith("^") else ""
            out.append(f"[{negated}{inside[len(negated) :].replace(chr(92), chr(92) * 2).replace('[', chr(92) + '[')}]")
            at = end
        else:
            out.append({"*": ".*", "?": "."}.get(char, re.escape(char)))
        at += 1
    return "(?s)^" + "".join(out) + r"\z"


_FORMS: dict[str, Callable[..., str]] = {"LIKE": _like, "GLOB": _glob, "REGEXP": lambda pattern: pattern}


@lru_cache(maxsize=512)
def _compiled(form: str, pattern: str, *more: str) -> Any:
    if len(pattern) > LONGEST:
        raise QueryError(f"a pattern of {len(pattern)} characters", hint=f"at most {LONGEST} are matched")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(_FORMS[form](pattern, *more), options)
    except re2.error as error:
        raise QueryError(f"{pattern!r} is no pattern of {form}: {error}") from None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def like(pattern: Any, value: Any, escape: Any = "") -> bool | None:
    """`value LIKE pattern [ESCAPE …]`: % any text, _ one character, without regard to case."""
    if pattern is None or value is None or escape is None:
        return None
    if escape != "" and len(_text(escape)) != 1:
        raise QueryError("ESCAPE takes one character")
    return _compiled("LIKE", _text(pattern), _text(escape)).search(_text(value)) is not None


def glob(pattern: Any, value: Any) -> bool | None:
    """`value GLOB pattern`: * any text, ? one character, [a-z] one of some."""
    if pattern is None or value is None:
        return None
    return _compiled("GLOB", _text(pattern)).search(_text(value)) is not None


def regexp(pattern: Any, value: Any) -> bool | None:
    """`value REGEXP pattern`: found anywhere in it, as RE2 reads patterns."""
    if pattern is None or value is None:
        return None
    return _compiled("REGEXP", _text(pattern)).search(_text(value)) is not None
