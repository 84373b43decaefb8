"""What acts below /calipso: new clique types, constraints, environments; tokens by X-Auth-Token."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from calipso.errors import Conflict, QueryError
from calipso.operations.access import open_session
from calipso.operations.connection_tests import TestConnections
from calipso.operations.context import SESSION, Context, Scope, Token
from calipso.operations.environments import PutEnvironment
from calipso.operations.original_adding import AddCliqueConstraint, AddCliqueType
from calipso.operations.original_places import object_id
from calipso.operations.original_rules import check
from calipso.operations.registry import BY_NAME, perform
from calipso.operations.users import LogOut
from calipso.web.calipso_api import answered
from calipso.web.calipso_api_scans import scan, schedule
from calipso.web.guards import Gate
from calipso.web.signing import sign_in

Asking = Request[Any, Any, Any]


class Credentials(msgspec.Struct, frozen=True):
    """A user's name and password, or a token's name (`admin` for the admin's) and the token."""

    username: str = ""
    password: str = ""


class Authentication(msgspec.Struct, frozen=True):
    methods: list[str]
    credentials: Credentials = Credentials()
    token: str = ""


class Login(msgspec.Struct, frozen=True):
    auth: Authentication


class Config(msgspec.Struct, frozen=True):
    """What a clique type asks of an environment."""

    distribution: str = ""
    distribution_version: str = ""
    mechanism_drivers: str = ""
    type_drivers: str = ""
    environment_type: str = ""


class CliqueTypeBody(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """config: the same as its fields beside it, which the second generation takes."""

    focal_point_type: str
    link_types: list[str]
    name: str
    environment: str = ""
    config: Config | None = None
    use_implicit_links: bool = False


class ConstraintBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    focal_point_type: str
    constraints: list[str]


class EnvironmentBody(msgspec.Struct, frozen=True):
    """The fields an environment's document cannot do without; all others are taken as they are."""

    app_path: str
    configuration: list[dict[str, Any]]
    distribution: str
    distribution_version: str | list[str]
    listen: bool
    mechanism_drivers: list[str]
    name: str
    operational: str
    type: str
    type_drivers: str | list[str]
    environment_type: str = "OpenStack"
    enable_monitoring: bool = False


class ConnectionsBody(msgspec.Struct, frozen=True):
    """test_targets: names of sections. targets_configuration: the sections."""

    environment: str
    test_targets: list[str]
    targets_configuration: list[dict[str, Any]]


def acting(context: Context, gate: Gate) -> list[HTTPRouteHandler]:
    """The handlers of everything that acts."""
    return [
        _posting("/clique_types", "add_clique_type", "write", lambda request: _clique_type(context, request)),
        _posting("/clique_constraints", "add_clique_constraint", "write", lambda each: _constraint(context, each)),
        _posting("/environment_configs", "put_environment", "admin", lambda request: _environment(context, request)),
        _posting("/connection_tests", "test_connections", "admin", lambda request: _connections(context, request)),
        _posting("/scans", "start_scan", "write", lambda request: scan(context, request)),
        _posting("/scheduled_scans", "put_scan_schedule", "write", lambda request: schedule(context, request)),
        _log_in(context, gate), _log_out(context),
    ]  # fmt: skip


def _posting(path: str, operation: str, scope: Scope, act: Any, **opt: Any) -> HTTPRouteHandler:
    async def posted(request: Asking) -> Response[bytes]:
        said = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if said != "application/json":
            raise HTTPException(status_code=415, detail="the body has to be application/json")
        return answered(await act(request), 201)

    handler: HTTPRouteHandler = route(
        path, http_method=["POST"], status_code=201, name=f"calipso POST {path}", sync_to_thread=None,
        opt={"scope": scope, "operation": operation, **opt},
    )(posted)  # fmt: skip
    return handler


def _who(request: Asking) -> str:
    return str(request.scope["user"].name)


async def _clique_type(context: Context, request: Asking) -> Any:
    said = msgspec.json.decode(await request.body(), type=CliqueTypeBody)
    config = {name: getattr(said.config or said, name) for name in Config.__struct_fields__}
    asked = AddCliqueType(
        name=said.name, focal_point_type=said.focal_point_type, link_types=tuple(said.link_types),
        environment=said.environment, use_implicit_links=said.use_implicit_links, **config,
    )  # fmt: skip
    return await perform(context, BY_NAME["add_clique_type"], asked, _who(request))


async def _constraint(context: Context, request: Asking) -> Any:
    said = msgspec.json.decode(await request.body(), type=ConstraintBody)
    asked = AddCliqueConstraint(focal_point_type=said.focal_point_type, constraints=tuple(said.constraints))
    return await perform(context, BY_NAME["add_clique_constraint"], asked, _who(request))


async def _environment(context: Context, request: Asking) -> Any:
    """A new environment; one that there is stays as it is."""
    body = await request.body()
    said = msgspec.json.decode(body, type=EnvironmentBody)
    if said.type != "environment":
        raise QueryError("type must be environment")
    if any(each.name == said.name for each in context.environments()):
        raise Conflict(f"there is an environment {said.name} already")
    check(msgspec.to_builtins(said))
    taken = await perform(context, BY_NAME["put_environment"], PutEnvironment(text=body.decode()), _who(request))
    return {
        "message": f"created environment_config for {taken.name}",
        "id": object_id("environments_config", taken.name),
    }


async def _connections(context: Context, request: Asking) -> Any:
    """A connection test; it is done when this answers, so that its `status` is `response` at once."""
    said = msgspec.json.decode(await request.body(), type=ConnectionsBody)
    if not any(each.name == said.environment for each in context.environments()):
        raise QueryError(f"unknown environment: {said.environment}")
    asked = TestConnections(
        environment=said.environment, sections=tuple(said.targets_configuration), targets=tuple(said.test_targets)
    )
    done = await perform(context, BY_NAME["test_connections"], asked, _who(request))
    return {"id": done.id, "message": f"created a connection test for {said.environment}"}


def _log_in(context: Context, gate: Gate) -> HTTPRouteHandler:
    async def log_in(request: Asking) -> Any:
        said = msgspec.json.decode(await request.body(), type=Login).auth
        method, token = _proven(said, gate)
        if token is not None:
            base = token.name.partition(SESSION)[0]
            made = open_session(context, base, token.scopes, token.expires)
            context.journal.note(base, "log_in", "done", {})
        elif method == "credentials":
            made = await sign_in(context, said.credentials.username, said.credentials.password)
        else:
            raise HTTPException(status_code=401, detail="nobody's token, or one that has expired")
        return {
            "_id": object_id("api_tokens", made.about.name), "token": made.token, "issued_at": made.about.created,
            "expires_at": made.about.expires, "method": method,
        }  # fmt: skip

    return _posting("/auth/tokens", "log_in", "read", log_in, open=True)


def _proven(said: Authentication, gate: Gate) -> tuple[str, Token | None]:
    """The method, and whose token was shown, None for nobody's. Raises `QueryError` for a method that is none."""
    unknown = [each for each in said.methods if each not in ("credentials", "token")]
    if unknown or not said.methods:
        raise QueryError("methods must be of: credentials, token")
    if "credentials" in said.methods:
        found = gate.whose(said.credentials.password) if said.credentials.password else None
        return "credentials", found if found is not None and found.name == said.credentials.username else None
    return "token", gate.whose(said.token) if said.token else None


def _log_out(context: Context) -> HTTPRouteHandler:
    async def log_out(request: Asking) -> Response[bytes]:
        """End the token that is shown; one that was not got here stays: `calipso token revoke` ends it."""
        await perform(context, BY_NAME["log_out"], LogOut(), _who(request))
        return answered({"message": "token deleted"})

    handler: HTTPRouteHandler = route(
        "/auth/tokens", http_method=["DELETE"], status_code=200, name="calipso DELETE /auth/tokens",
        sync_to_thread=None, opt={"scope": "read", "operation": "log_out"},
    )(log_out)  # fmt: skip
    return handler
