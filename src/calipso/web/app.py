"""The HTTP interface: every operation of the registry below /api/v1, nothing else (DESIGN §2.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_origin, get_type_hints

import msgspec
from litestar import Litestar, MediaType, Request, Response, Router, route
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.middleware import DefineMiddleware

from calipso.errors import CalipsoError, Conflict, Forbidden, NotFound, ParseError, QueryError, StoreError
from calipso.operations.context import Context
from calipso.operations.registry import OPERATIONS, Operation
from calipso.version import VERSION
from calipso.web.health import Probe, health_routes
from calipso.web.hosts import KnownHosts
from calipso.web.ingest import Ingest, ingest_route
from calipso.web.live import live_route

STATUS: tuple[tuple[type[CalipsoError], int], ...] = (
    (NotFound, 404), (QueryError, 400), (ParseError, 422), (Conflict, 409), (Forbidden, 403), (StoreError, 503),
    (CalipsoError, 500),
)  # fmt: skip
"""Error → HTTP status; the first that fits."""

PROBLEM = "application/problem+json"
OPEN = ("/healthz", "/readyz")
"""What can be asked without a token: whether the server is up, nothing about what it knows."""

Guard = Callable[[str], bool]


def problem(status: int, title: str, detail: str = "", hint: str = "", position: int = -1) -> Response[bytes]:
    """RFC 9457: what went wrong, at which character of a query, and what to do next."""
    body: dict[str, str | int] = {"type": "about:blank", "status": status, "title": title}
    if detail:
        body["detail"] = detail
    if hint:
        body["hint"] = hint
    if position >= 0:
        body["position"] = position
    return Response(msgspec.json.encode(body), status_code=status, media_type=PROBLEM)


def _on_error(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if isinstance(error, CalipsoError):
        status = next(status for kind, status in STATUS if isinstance(error, kind))
        position = error.position if isinstance(error, QueryError) else -1
        return problem(status, type(error).__name__, error.message, error.hint, position)
    if isinstance(error, msgspec.ValidationError):
        return problem(400, "BadRequest", str(error))
    if isinstance(error, HTTPException):
        return problem(error.status_code, type(error).__name__, error.detail)
    raise error


def request_of(operation: Operation, values: Mapping[str, str]) -> Any:
    """A request from query parameters; lists are separated by commas. Raises `QueryError` naming the parameter."""
    hints = get_type_hints(operation.request)
    unknown = sorted(set(values) - set(hints) - {"token"})
    if unknown:
        known = ", ".join(sorted(hints)) or "none"
        raise QueryError(f"no parameter {unknown[0]!r}", hint=f"{operation.name} takes: {known}")
    said: dict[str, Any] = {}
    for name, text in values.items():
        if name == "token":
            continue
        listed = get_origin(hints[name]) in (tuple, list)
        said[name] = [part for part in text.split(",") if part] if listed else text
    try:
        return msgspec.convert(said, operation.request, strict=False)
    except msgspec.ValidationError as error:
        raise QueryError(f"{operation.name}: {error}") from error


def _handler(operation: Operation, context: Context) -> HTTPRouteHandler:
    async def answer(request: Request[Any, Any, Any]) -> Response[bytes]:
        if operation.method == "GET":
            said = request_of(operation, dict(request.query_params))
        else:
            body = await request.body()
            said = msgspec.json.decode(body or b"{}", type=operation.request)
        result = await operation.run(context, said)
        return Response(msgspec.json.encode(result), media_type=MediaType.JSON)

    answer.__doc__ = operation.doc
    return route(
        f"/{operation.path}", http_method=[operation.method], status_code=200, name=operation.name,
        operation_id=operation.name, summary=operation.doc.split("\n")[0], sync_to_thread=None,
    )(answer)  # fmt: skip


def _token_guard(allowed: Guard) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], None]:
    def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        if connection.url.path in OPEN:
            return
        given = connection.headers.get("authorization", "")
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not allowed(token):
            raise HTTPException(status_code=401, detail="a bearer token is needed: see CALIPSO_HOME/token")

    return guard


def build(context: Context, allowed: Guard, live: Any, ingest: Ingest, probe: Probe, hosts: list[str]) -> Litestar:
    """The application. `allowed(token)` decides; `hosts`: the Host headers it answers to (against DNS rebinding)."""
    api = Router(
        "/api/v1",
        route_handlers=[*(_handler(each, context) for each in OPERATIONS), live_route(live), ingest_route(ingest)],
    )
    return Litestar(
        route_handlers=[api, *health_routes(probe), _openapi_route(context)],
        guards=[_token_guard(allowed)],
        exception_handlers={Exception: _on_error, CalipsoError: _on_error, HTTPException: _on_error},
        middleware=[DefineMiddleware(KnownHosts, names=hosts)],
        openapi_config=None,
        debug=False,
    )


def _openapi_route(_: Context) -> HTTPRouteHandler:
    document = msgspec.json.encode(openapi())

    @route("/api/v1/openapi.json", http_method=["GET"], status_code=200, sync_to_thread=False)
    def document_of_the_api() -> Response[bytes]:
        """The OpenAPI document."""
        return Response(document, media_type=MediaType.JSON)

    return document_of_the_api


def openapi() -> dict[str, Any]:
    """OpenAPI 3.1, from the registry and the schemas of its requests and responses."""
    types = [each.response for each in OPERATIONS] + [each.request for each in OPERATIONS]
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    paths = {}
    for each in OPERATIONS:
        paths[f"/api/v1/{each.path}"] = {each.method.lower(): _describe(each, components)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Calipso", "version": VERSION},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _describe(operation: Operation, components: dict[str, Any]) -> dict[str, Any]:
    lines = operation.doc.split("\n")
    out: dict[str, Any] = {
        "operationId": operation.name,
        "summary": lines[0],
        "description": (operation.request.__doc__ or "").strip(),
        "responses": {
            "200": {
                "description": "the answer",
                "content": {"application/json": {"schema": {"$ref": _ref(operation.response)}}},
            },
            "4XX": {"description": "RFC 9457", "content": {PROBLEM: {"schema": {"type": "object"}}}},
        },
    }
    if operation.method == "POST":
        out["requestBody"] = {"content": {"application/json": {"schema": {"$ref": _ref(operation.request)}}}}
    else:
        schema = components.get(operation.request.__name__, {})
        required = schema.get("required", [])
        out["parameters"] = [
            {"name": name, "in": "query", "required": name in required, "schema": kind, "explode": False}
            for name, kind in schema.get("properties", {}).items()
        ]
    return out


def _ref(type: type) -> str:
    return f"#/components/schemas/{type.__name__}"
