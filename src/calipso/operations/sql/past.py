"""`FROM objects AT '-1h'`: the SQL standard's way to say when, as a call that SQLite knows; positions stay."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`[^`]*`?|\[[^\]]*\]?|\w+|\s+|.""", re.DOTALL
)
VIEWS = frozenset({"objects", "links", "runs"})
"""Views that are as of a moment."""


def says_something(text: str) -> bool:
    """Whether there is more than space and comments."""
    return any(not token.isspace() and token[:2] not in ("--", "/*") for token in _TOKEN.findall(text))


def is_sql(text: str) -> bool:
    """Whether it begins as a statement does; queries begin with G."""
    words = (token for token in _TOKEN.findall(text) if not token.isspace() and token[:2] not in ("--", "/*"))
    return next(words, "").lower() in ("select", "with", "values")


def with_calls(text: str) -> str:
    """The text with `objects AT '…'` as `objects ('…')`, of the same length: positions are those of the text."""
    tokens = _TOKEN.findall(text)
    words = [place for place, token in enumerate(tokens) if not token.isspace() and token[:2] not in ("--", "/*")]
    for at in range(1, len(words) - 1):
        view, word, moment = words[at - 1 : at + 2]
        if (
            tokens[word].lower() == "at"
            and tokens[view].lower().strip('"') in VIEWS
            and tokens[moment].startswith("'")
            and moment > word + 1
        ):
            between = "".join(tokens[word + 1 : moment])
            tokens[word : moment + 1] = [
                " (", between[1:], tokens[moment] + ")", *[""] * (moment - word - 2)
            ]  # fmt: skip
    return "".join(tokens)
