"""The original's REST interface below /calipso: its resources, parameters, answers and errors, by our operations.

Where its two generations differ, the second's way is taken: what is not found is an empty answer with 200, and
`env_name` may be left out. A body is JSON. Errors are {"error": {"message", "code", "title"}}.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import MediaType, Request, Response, Router, route
from litestar.datastructures import MultiDict
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from calipso.errors import CalipsoError, ConfigError, NotFound, ParseError, QueryError
from calipso.operations.context import Context, Scope
from calipso.operations.original import DERIVED, PAGE, CountOriginal, GetOriginal, OriginalDocuments
from calipso.operations.original_parameters import ANY_ATTRIBUTE, RESOURCES, truth
from calipso.operations.registry import BY_NAME, perform
from calipso.web.problems import STATUS

PATH = "/calipso"
SERVED = (
    "inventory", "links", "cliques", "clique_types", "clique_constraints", "monitoring_config_templates",
    "environment_configs", "connection_tests", "scans", "scheduled_scans", "messages",
)  # fmt: skip
"""Resources that are lists."""
NEEDS_ENVIRONMENT = ("connection_tests", "scans")
Asking = Request[Any, Any, Any]

log = structlog.get_logger()


def calipso_router(context: Context, further: Sequence[HTTPRouteHandler]) -> Router:
    """Everything below /calipso; `further`: what acts, and who may."""
    lists = [_list(name, context) for name in SERVED]
    return Router(
        PATH, route_handlers=[*lists, _constants(context), _aggregates(context), *further],
        exception_handlers={Exception: on_error, CalipsoError: on_error, HTTPException: on_error},
    )  # fmt: skip


def answered(said: Any, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(said), status_code=status, media_type=MediaType.JSON)


def on_error(request: Asking, error: Exception) -> Response[bytes]:
    """Any error in the original's form."""
    if isinstance(error, CalipsoError):
        wrong = isinstance(error, QueryError | ConfigError | ParseError | NotFound)
        status = 400 if wrong else next(status for kind, status in STATUS if isinstance(error, kind))
        return _error(status, error.message + (f" ({error.hint})" if error.hint else ""))
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError):
        return _error(400, f"The request body is not as it has to be: {error}")
    if isinstance(error, HTTPException):
        answer = _error(error.status_code, error.detail)
        answer.headers.update(error.headers or {})
        return answer
    log.error("a request failed", path=request.url.path, exc_info=error)
    return _error(500, "this is a bug; the server's log says where")


def _error(status: int, message: str) -> Response[bytes]:
    said = {"message": message, "code": status, "title": HTTPStatus(status).phrase}
    return answered({"error": said}, status)


def reading(path: str, name: str, scope: Scope = "read") -> Any:
    """What makes a handler of a function that answers GET."""
    return route(
        path, http_method=["GET"], status_code=200, name=f"calipso {name}", sync_to_thread=None,
        opt={"scope": scope, "operation": name},
    )  # fmt: skip


def _list(resource: str, context: Context) -> HTTPRouteHandler:
    async def listed(request: Asking) -> Response[bytes]:
        asked, single = asked_for(resource, request.query_params)
        try:
            found: OriginalDocuments = await perform(context, BY_NAME["get_original"], asked, "")
        except NotFound as error:
            raise QueryError(f"unknown environment: {asked.environment}", hint=error.hint) from error
        if not single:
            return answered({found.key: found.items})
        return answered({"id": found.items[0]["_id"], **found.items[0]} if found.items else {})

    handler: HTTPRouteHandler = reading(f"/{resource}", resource)(listed)
    return handler


def asked_for(resource: str, values: MultiDict[str]) -> tuple[GetOriginal, bool]:
    """What a query asks for, and whether for one document by its id. Raises `QueryError` naming the parameter."""
    known = {*RESOURCES[resource].parameters, "page", "page_size", "all"}
    known |= {"sub_tree", "projection"} if resource == "inventory" else set()
    for name in values:
        if name not in known and not (resource == "links" and name.startswith(ANY_ATTRIBUTE)):
            raise QueryError(f"Unknown parameter: {name}", hint=f"{resource} takes: {', '.join(sorted(known))}")
    where = [
        f"{name}={value}"
        for name in values
        if name not in ("page", "page_size", "all") and not (name == "env_name" and resource in DERIVED)
        for value in values.getall(name)
    ]
    environment = values.get("env_name") or ""
    if resource in NEEDS_ENVIRONMENT and not environment:
        raise QueryError("env_name must be specified")
    size = 0 if truth("all", values.get("all") or "false") else _number(values, "page_size", PAGE)
    single = "id" in values
    asked = GetOriginal(
        collection=resource, environment=environment if resource in DERIVED else "", where=tuple(where),
        page=0 if single else _number(values, "page", 0), page_size=1 if single else size, full=single,
    )  # fmt: skip
    return asked, single


def _number(values: MultiDict[str], name: str, otherwise: int) -> int:
    text = values.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and int(text[:8]) <= 1_000_000 and len(text) < 8):
        raise QueryError(f"{name} must be an integer from 0 to 1000000")
    return int(text)


def _constants(context: Context) -> HTTPRouteHandler:
    async def one(request: Asking) -> Response[bytes]:
        where = [f"{name}={value}" for name in request.query_params for value in request.query_params.getall(name)]
        shown = [text for text in where if not text.startswith(("env_name=", "env_type="))]
        asked = GetOriginal(collection="constants", environment="", where=tuple(shown), page_size=1)
        found: OriginalDocuments = await perform(context, BY_NAME["get_original"], asked, "")
        return answered(found.items[0] if found.items else {})

    handler: HTTPRouteHandler = reading("/constants", "constants")(one)
    return handler


def _aggregates(context: Context) -> HTTPRouteHandler:
    async def counted(request: Asking) -> Response[bytes]:
        values = request.query_params
        for name in values:
            if name not in ("type", "env_name"):
                raise QueryError(f"Unknown parameter: {name}", hint="aggregates takes: env_name, type")
        if "type" not in values:
            raise QueryError("type must be specified")
        asked = CountOriginal(type=values["type"], environment=values.get("env_name") or "")
        found = await perform(context, BY_NAME["count_original"], asked, "")
        said = {"type": found.type, "aggregates": found.aggregates}
        return answered({**said, "env_name": found.env_name} if found.env_name else said)

    handler: HTTPRouteHandler = reading("/aggregates", "aggregates")(counted)
    return handler
