"""The HTTP interface: every operation of the registry below /api/v1, nothing else (DESIGN §2.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from litestar import Litestar, MediaType, Request, Response, Router, route
from litestar.config.cors import CORSConfig
from litestar.datastructures import MultiDict
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from calipso.errors import CalipsoError, QueryError
from calipso.operations.context import Context, asking
from calipso.operations.registry import OPERATIONS, Operation, perform
from calipso.runtime.settings import Web
from calipso.web.calipso_api import calipso_router
from calipso.web.calipso_api_acting import acting
from calipso.web.guards import Gate
from calipso.web.headers import SafeHeaders
from calipso.web.health import Probe, health_routes
from calipso.web.hosts import KnownHosts
from calipso.web.ingest import Ingest, ingest_route
from calipso.web.lasting import EndsWithToken
from calipso.web.live import live_routes
from calipso.web.openapi import openapi
from calipso.web.pages import page_routes
from calipso.web.problems import on_error
from calipso.web.skydive import Skydive
from calipso.web.skydive_login import SkydiveTokens
from calipso.web.tags import Tags

Asking = Request[Any, Any, Any]
TAGS = Tags()


def request_of(operation: Operation, values: MultiDict[str]) -> Any:
    """A request from query parameters; lists are separated by commas. Raises `QueryError` naming the parameter."""
    hints = get_type_hints(operation.request, include_extras=True)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        known = ", ".join(sorted(hints)) or "none"
        raise QueryError(f"no parameter {unknown[0]!r}", hint=f"{operation.name} takes: {known}")
    said: dict[str, Any] = {}
    for name in values:
        texts = values.getall(name)
        listed = get_origin(_bare(hints[name])) in (tuple, list)
        if listed:
            said[name] = [part for text in texts for part in text.split(",") if part]
        elif len(texts) > 1:
            raise QueryError(f"{name!r} is given {len(texts)} times", hint="it takes one value")
        else:
            said[name] = texts[0]
    try:
        return msgspec.convert(said, operation.request, strict=False)
    except msgspec.ValidationError as error:
        raise QueryError(f"{operation.name}: {error}") from error


def _bare(hint: Any) -> Any:
    """A hint without what is annotated."""
    return get_args(hint)[0] if hasattr(hint, "__metadata__") else hint


def _handler(operation: Operation, context: Context, web: Web) -> HTTPRouteHandler:
    async def answer(request: Asking) -> Response[bytes]:
        if operation.method == "GET":
            return await _read(operation, context, request)
        _json_only(request)
        body = await request.body()
        said: Any = msgspec.json.decode(body, type=operation.request)
        result = await perform(context, operation, said, request.scope["user"].name)
        return Response(msgspec.json.encode(result), media_type=MediaType.JSON)

    answer.__doc__ = operation.doc
    return route(
        f"/{operation.path}", http_method=[operation.method], status_code=200, name=operation.name,
        operation_id=operation.name, summary=operation.doc.split("\n")[0], sync_to_thread=None,
        opt={"scope": operation.scope, "operation": operation.name, "open": operation.open},
        request_max_body_size=web.import_body if operation.name in ("import", "import_packets") else web.body,
    )(answer)  # fmt: skip


async def _read(operation: Operation, context: Context, request: Asking) -> Response[bytes]:
    """The answer to a read; 304 without working it out where the graph says that nothing changed."""
    said = request_of(operation, request.query_params)
    known = request.headers.get("if-none-match", "")
    tag = TAGS.before(operation, context, said)
    if tag and TAGS.among(tag, known):
        return Response(b"", status_code=304, headers={"ETag": tag})
    before = asking.set(request.scope["user"].name)
    try:
        encoded = msgspec.json.encode(await operation.run(context, said))
    finally:
        asking.reset(before)
    tag = tag or TAGS.after(encoded)
    if TAGS.among(tag, known):
        return Response(b"", status_code=304, headers={"ETag": tag})
    return Response(encoded, media_type=MediaType.JSON, headers={"ETag": tag})


def _json_only(request: Asking) -> None:
    """What a page elsewhere can send without being asked first (a form) is never taken for JSON."""
    said = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if said != "application/json":
        raise HTTPException(status_code=415, detail=f"the body is application/json, not {said[:60]}")


def build(
    context: Context, gate: Gate, live: Any, ingest: Ingest, probe: Probe, hosts: Sequence[str], web: Web,
    skydive: Skydive,
) -> ASGIApp:  # fmt: skip
    """The application. `gate` decides; `hosts`: the Host headers it answers to (against DNS rebinding)."""
    api = Router(
        "/api/v1",
        route_handlers=[
            *(_handler(each, context, web) for each in OPERATIONS), *live_routes(live), ingest_route(ingest),
            _document(),
        ],
    )  # fmt: skip
    cors = CORSConfig(
        allow_origins=list(web.cors_origins), allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["ETag", "Retry-After"],
    )  # fmt: skip
    app = Litestar(
        route_handlers=[
            api,
            calipso_router(context, acting(context, gate)),
            *health_routes(probe),
            *skydive.routes(),
            *page_routes(),
        ],
        guards=[gate],
        exception_handlers={Exception: on_error, CalipsoError: on_error, HTTPException: on_error},
        cors_config=cors if web.cors_origins else None,
        request_max_body_size=web.body,
        openapi_config=None,
        debug=False,
        logging_config=None,  # its own would have all libraries tell each step: every command that SSH runs
    )
    return SafeHeaders(KnownHosts(SkydiveTokens(EndsWithToken(app, context.tokens)), hosts))


def _document() -> HTTPRouteHandler:
    document = msgspec.json.encode(openapi())

    @route("/openapi.json", http_method=["GET"], status_code=200, sync_to_thread=False)
    def document_of_the_api() -> Response[bytes]:
        """The OpenAPI document."""
        return Response(document, media_type=MediaType.JSON)

    return document_of_the_api
