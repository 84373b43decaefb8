"""GET, POST, PATCH and DELETE of Skydive's resources (`web/skydive_kinds.py`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jsonpatch
import msgspec
import yaml
from litestar import Request, Response, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from msgspec import DecodeError, json

from calipso.errors import Forbidden, NotFound, QueryError
from calipso.operations.context import Context
from calipso.operations.metadata import Json
from calipso.web.skydive_caller import Caller
from calipso.web.skydive_kinds import KINDS, Kind, call_workflow

Asking = Request[Any, Any, Any]
LIFETIME = "x-resource-ttl"
KEYS = ("UUID", "ID")


def resource_routes(context: Context, default: str, at: str) -> Sequence[HTTPRouteHandler]:
    """The routes of all kinds, below a path. `default`: the environment when the path names none."""

    def caller(request: Asking) -> Caller:
        environment = str(request.path_params.get("environment", default))
        return Caller(context, environment, request.scope["user"].name)

    return [_calls(caller, at), _files(caller, at), *(each for kind in KINDS for each in _routes(kind, caller, at))]


def _calls(caller: Callable[[Asking], Caller], at: str) -> HTTPRouteHandler:
    opt = {"operation": "skydive call", "scope": "write"}

    @route(f"{at}/api/workflow/{{id:str}}/call", http_method=["POST"], status_code=200, opt=opt)
    async def called(request: Asking) -> Response[bytes]:
        """Run a workflow."""
        return _answer(await call_workflow(caller(request), str(request.path_params["id"]), await _body(request)))

    return called


def _files(caller: Callable[[Asking], Caller], at: str) -> HTTPRouteHandler:
    opt = {"operation": "skydive pcap", "scope": "write"}

    @route(f"{at}/api/pcap", http_method=["POST"], status_code=200, opt=opt)
    async def imported(request: Asking) -> Response[bytes]:
        """Keep the flows of a capture file."""
        return _answer(msgspec.to_builtins(await caller(request).does("import_packets", pcap=await request.body())))

    return imported


def _routes(kind: Kind, caller: Callable[[Asking], Caller], at: str) -> Sequence[HTTPRouteHandler]:
    one = "{id:path}" if kind.name in ("node", "edge") else "{id:str}"  # ids of objects have slashes in them
    reads, writes = ({"operation": f"skydive {kind.name}", "scope": scope} for scope in ("read", "write"))

    @route(f"{at}/api/{kind.name}", http_method=["GET"], status_code=200, opt=reads)
    async def listed(request: Asking) -> Response[bytes]:
        """All of the kind, by id."""
        return _answer(await kind.all(caller(request)))

    @route(f"{at}/api/{kind.name}", http_method=["POST"], status_code=201, opt=writes)
    async def made(request: Asking) -> Response[bytes]:
        """Make one."""
        if LIFETIME in request.headers:
            raise HTTPException(status_code=400, detail="X-Resource-TTL: what is made stays until it is removed")
        return _answer(await kind.put(caller(request), await _body(request), True), 201)

    @route(f"{at}/api/{kind.name}/{one}", http_method=["GET"], status_code=200, opt=reads)
    async def shown(request: Asking) -> Response[bytes]:
        """One."""
        return _answer(_one(kind, await kind.all(caller(request)), _id(request)))

    @route(f"{at}/api/{kind.name}/{one}", http_method=["PATCH"], status_code=200, opt=writes)
    async def changed(request: Asking) -> Response[bytes]:
        """Change one by a patch (RFC 6902)."""
        there = await _changeable(kind, caller(request), _id(request))
        return _answer(await kind.put(caller(request), _patched(there, await _said(request)), False))

    @route(f"{at}/api/{kind.name}/{one}", http_method=["DELETE"], status_code=200, opt=writes)
    async def removed(request: Asking) -> Response[bytes]:
        """End one."""
        await kind.remove(caller(request), _id(request))
        return Response(b"", media_type="text/plain")

    return listed, made, shown, changed, removed


def _id(request: Asking) -> str:
    return str(request.path_params["id"]).removeprefix("/")


def _one(kind: Kind, found: dict[str, Json], id: str) -> Json:
    if id not in found:
        raise NotFound(f"no {kind.name} {id!r}")
    return found[id]


async def _changeable(kind: Kind, caller: Caller, id: str) -> Json:
    """Raises `Forbidden` for what was found: a change would declare it once more, beside what was found."""
    if kind.own is None:
        return _one(kind, await kind.all(caller), id)
    own = await kind.own(caller)
    if id not in own:
        _one(kind, await kind.all(caller), id)
        raise Forbidden(f"the {kind.name} {id!r} was found, not declared", hint="node rules give it metadata")
    return own[id]


def _answer(said: Any, status: int = 200) -> Response[bytes]:
    return Response(json.encode(said), status_code=status, media_type="application/json")


async def _said(request: Asking) -> Any:
    """The body, JSON or YAML. Raises `QueryError`."""
    body = await request.body()
    try:
        if "yaml" in request.headers.get("content-type", ""):
            return yaml.safe_load(body)
        return json.decode(body)
    except (DecodeError, yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise QueryError(f"the body: {error}") from error


async def _body(request: Asking) -> Json:
    said = await _said(request)
    if not isinstance(said, dict):
        raise QueryError("the body is an object")
    return said


def _patched(there: Json, patch: Any) -> Json:
    """Raises `QueryError` for a patch that does not fit, or changes which one it is."""
    if not isinstance(patch, list):
        raise QueryError("the body is a list of changes", hint='as in [{"op": "add", "path": "/Metadata/Rack", …}]')
    try:
        made = jsonpatch.JsonPatch(patch).apply(there)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError, ValueError) as error:
        raise QueryError(f"the patch: {error}") from error
    if not isinstance(made, dict) or any(made.get(key) != there.get(key) for key in KEYS):
        raise QueryError("a patch does not change which one it is")
    return made
