"""An answer as rows: a sequence of dicts that shows itself in notebooks and becomes a data frame of any library."""

from __future__ import annotations

import html
import importlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, overload

from calipso.errors import ConfigError
from calipso.operations.answers import Freshness

SHOWN_ROWS, SHOWN_COLUMNS, SHOWN_TEXT = 50, 20, 200
LARGEST = 2**63
STYLE = "text-align: left; vertical-align: top; font-family: monospace; white-space: pre-wrap; max-width: 32em"


class Rows(Sequence[dict[str, Any]]):
    """Rows in the order of the answer. freshness: how far it can be trusted. truncated: there was more."""

    def __init__(
        self, columns: Sequence[str], items: list[dict[str, Any]], *, kind: str, freshness: Freshness,
        truncated: bool = False,
    ) -> None:  # fmt: skip
        self.columns = list(columns)
        self.kind = kind
        self.freshness = freshness
        self.truncated = truncated
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self._items[place]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"<{len(self)} {self.kind}{' and more' if self.truncated else ''} as of {self.freshness.as_of}>"

    def column(self, name: str) -> list[Any]:
        """The values of a column, None where a row has none. Raises `KeyError`."""
        if name not in self.columns:
            raise KeyError(name)
        return [item.get(name) for item in self._items]

    def flat(self) -> Rows:
        """Each attribute as a column of its own; one that is called like a column as `attributes.NAME`."""
        rest = [name for name in self.columns if name != "attributes"]
        found = dict.fromkeys(name for item in self._items for name in item.get("attributes") or {})
        named = {name: f"attributes.{name}" if name in rest else name for name in found}
        items = [
            {name: value for name, value in item.items() if name != "attributes"}
            | {named[name]: value for name, value in (item.get("attributes") or {}).items()}
            for item in self._items
        ]
        columns = [*rest, *named.values()]
        return Rows(columns, items, kind=self.kind, freshness=self.freshness, truncated=self.truncated)

    # ── data frames ──────────────────────────────────────────────────────────────────────────────────────────────

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`; lists and maps stay what they are. Raises `ConfigError` without pandas."""
        return _library("pandas").DataFrame({name: self.column(name) for name in self.columns}, columns=self.columns)

    def to_polars(self) -> Any:
        """A `polars.DataFrame`, with types as in `to_arrow`. Raises `ConfigError` without polars."""
        polars = _library("polars")
        return polars.DataFrame({name: typed(self.column(name)) for name in self.columns}, infer_schema_length=None)

    def to_arrow(self) -> Any:
        """A `pyarrow.Table`. Numbers, texts, truth values and lists of texts keep their types; anything else, and a
        column that mixes them, becomes JSON text. Raises `ConfigError` without pyarrow."""
        return _library("pyarrow").table({name: typed(self.column(name)) for name in self.columns})

    # ── notebooks ────────────────────────────────────────────────────────────────────────────────────────────────

    def _repr_html_(self) -> str:
        columns = [name for name in self.columns if any(item.get(name) not in (None, "", [], {}) for item in self)]
        shown = columns[:SHOWN_COLUMNS]
        head = "".join(f'<th style="{STYLE}">{html.escape(name)}</th>' for name in shown)
        body = "".join(
            "<tr>"
            + "".join(f'<td style="{STYLE}">{html.escape(_cell(item.get(name)))}</td>' for name in shown)
            + "</tr>"
            for item in self._items[:SHOWN_ROWS]
        )
        said = html.escape(self._said(columns))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{said}</p>"

    def _said(self, columns: list[str]) -> str:
        """How much there is, and how far it can be trusted."""
        said = [f"{len(self)} {self.kind}" + (" and more" if self.truncated else "")]
        if len(self) > SHOWN_ROWS:
            said.append(f"the first {SHOWN_ROWS} are shown")
        if len(columns) > SHOWN_COLUMNS:
            said.append(f"{len(columns) - SHOWN_COLUMNS} columns are not shown")
        said.append(f"as of {self.freshness.as_of}")
        if self.freshness.stale:
            said.append("may be out of date: " + ", ".join(self.freshness.stale[:4]))
        return "; ".join(said)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_TEXT else text[: SHOWN_TEXT - 1] + "…"


def typed(values: list[Any]) -> list[Any]:
    """Values of a column as one type: see `Rows.to_arrow`."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool} or kinds <= {str}:
        return values
    if kinds <= {int} and all(-LARGEST <= value < LARGEST for value in values if value is not None):
        return values
    if kinds <= {int, float}:
        return [None if value is None else float(value) for value in values]
    if kinds <= {list} and all(isinstance(each, str) for value in values for each in value or ()):
        return values
    return [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ConfigError(f"{name} is not installed", hint=f"pip install {name}, or calipso[frames]") from None
