"""Connection tests: whether each section of an environment can be reached and lets us in, how fast, and why not."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import msgspec

from calipso.errors import ConfigError, QueryError
from calipso.model import constants
from calipso.model.moments import rfc3339
from calipso.model.secrecy import MASK, REFERENCE, is_secret, masked
from calipso.operations.context import Context, Probed

SHELF = "connection_tests"
KEPT = 200
"""Tests that are remembered; the oldest go."""
TARGETS = (*constants.SECOND_GENERATION["configuration_targets"], "NFV_provider")


class TestConnections(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """environment: one there is; or text: the file of one that is not taken over yet; or sections of a document.

    targets: names of sections, empty for all. timeout: seconds for each.
    """

    __test__ = False
    environment: str = ""
    text: str = ""
    sections: tuple[dict[str, Any], ...] = ()
    targets: tuple[str, ...] = ()
    timeout: Annotated[float, msgspec.Meta(gt=0, le=120)] = 10.0


class ConnectionsTested(msgspec.Struct, frozen=True):
    """status: ok when every section that can be tested let us in; partial, failed."""

    id: str
    status: str
    items: list[Probed]


async def test_connections(context: Context, request: TestConnections) -> ConnectionsTested:
    """Try the connections of an environment at once. Raises `NotFound`, `ConfigError`, `QueryError`."""
    if not (request.environment or request.text or request.sections):
        raise QueryError("say the name of an environment, or the text of one")
    unknown = [each for each in request.targets if each not in TARGETS]
    if unknown:
        raise QueryError(f"no target {unknown[0]!r}", hint=f"there are: {', '.join(TARGETS)}")
    began = context.moment("now")
    items = await context.probe(request.environment, request.text, request.sections, request.targets, request.timeout)
    id = _remember(context, request, items, began)
    failed = [each for each in items if each.status == "failed"]
    status = "ok" if not failed else "failed" if len(failed) == len(items) else "partial"
    return ConnectionsTested(id, status, items)


test_connections.__test__ = False  # type: ignore[attr-defined]


async def checked(context: Context, text: str) -> None:
    """Raises `ConfigError` naming the sections of an environment's text that cannot be reached."""
    items = await context.probe("", text, (), (), 10.0)
    failed = [each for each in items if each.status == "failed"]
    if failed:
        first = failed[0]
        others = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        where = f"{first.target}.{first.field}" if first.field else first.target
        raise ConfigError(f"{first.error}: {first.reason}{others}", where=where, hint=first.hint)


def _remember(context: Context, request: TestConnections, items: list[Probed], began: int) -> str:
    """Keep a test as the original does; secrets are masked."""
    ended = context.moment("now")
    names = list(dict.fromkeys(each.target for each in items))
    results = {name: all(each.status == "ok" for each in items if each.target == name) for name in names}
    errors = {name: _why(items, name) for name in names if not results[name]}
    id = f"{began:016x}"[-14:] + secrets.token_hex(5)
    context.shelf.put(SHELF, id, {
        "_id": id, "environment": request.environment, "test_targets": list(request.targets) or names,
        "targets_configuration": masked([hidden(each) for each in request.sections]), "status": "response",
        "submit_timestamp": rfc3339(began), "response_timestamp": rfc3339(ended),
        "response_time": round((ended - began) / 1e6, 3), "test_results": results, "errors": errors,
        "last_response_message": next(iter(errors.values()), "OK"),
    })  # fmt: skip
    for old in list(context.shelf.all(SHELF))[:-KEPT]:
        context.shelf.put(SHELF, old, None)
    return id


def _why(items: list[Probed], name: str) -> str:
    return "; ".join(f"{each.error} {each.reason}".strip() for each in items if each.target == name and each.reason)


def hidden(section: dict[str, Any]) -> dict[str, Any]:
    """A section without the secrets it has in clear."""

    def told(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {each: told(str(each), inner) for each, inner in value.items()}
        return MASK if is_secret(name) and value and not REFERENCE.fullmatch(str(value)) else value

    return {name: told(name, value) for name, value in section.items()}
