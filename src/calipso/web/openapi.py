"""OpenAPI 3.1, from the registry, the schemas of its requests and responses, and recorded examples."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from calipso.operations.registry import OPERATIONS, Operation
from calipso.version import VERSION
from calipso.web.problems import PROBLEM, Problem

PROBLEMS = {
    "400": "a parameter or the body is wrong",
    "401": "no token, or one that is unknown or has expired",
    "403": "the token's scopes do not allow it",
    "404": "no such object, environment, kind or moment",
    "405": "another method is needed",
    "409": "it exists already, or changed meanwhile",
    "413": "the body is too large",
    "415": "the body is not application/json",
    "422": "what is to be taken over is no export, or no environment",
    "429": "too many requests with this token: Retry-After says when to try again",
    "502": "a host could not be asked",
    "503": "nothing can be read or kept at the moment",
}
"""Status → what it means here."""
READS = frozenset({"400", "401", "403", "404", "405", "422", "429", "502", "503"})

DESCRIPTION = """Every use case of Calipso. All but signing in needs a bearer token with the scope that an operation
names: `read`, `write` (which reads too), `admin` (everything) or `agent` (delivers what a host sees). Errors are
problem documents (RFC 9457).
Reads carry an `ETag` and answer `If-None-Match` with 304. Lists in query parameters are separated by commas.
Live changes: `/api/v1/live` (WebSocket) and `/api/v1/events` (server-sent events)."""


class Example(msgspec.Struct, frozen=True):
    """A request and the answer it really had, on the example of two hosts that the tests use."""

    request: dict[str, Any]
    response: Any


@cache
def examples() -> dict[str, Example]:
    """Operation → example."""
    return msgspec.json.decode(files("calipso.web").joinpath("examples.json").read_bytes(), type=dict[str, Example])


def openapi() -> dict[str, Any]:
    """The document."""
    types = [Problem] + [each.response for each in OPERATIONS] + [each.request for each in OPERATIONS]
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(f"/api/v1/{each.path}", {})[each.method.lower()] = _describe(each, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Calipso", "version": VERSION, "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {status: _problem(status) for status in PROBLEMS},
        },
        "security": [{"token": []}],
    }  # fmt: skip


def _problem(status: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "description": PROBLEMS[status],
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == "429":
        said["headers"] = {
            "Retry-After": {"description": "seconds", "required": True, "schema": {"type": "string"}},
        }
    return said


def _describe(operation: Operation, components: dict[str, Any]) -> dict[str, Any]:
    example = examples().get(operation.name)
    content: dict[str, Any] = {"schema": {"$ref": _ref(operation.response)}}
    if example is not None:
        content["example"] = example.response
    said = [" ".join(operation.doc.split()), " ".join((operation.request.__doc__ or "").split())]
    reads = operation.method == "GET"
    answer: dict[str, Any] = {"description": "the answer", "content": {"application/json": content}}
    responses: dict[str, Any] = {"200": answer}
    if reads:
        answer["headers"] = {"ETag": {"description": "for If-None-Match", "schema": {"type": "string"}}}
        responses["304"] = {"description": "nothing changed since the answer with that ETag"}
    responses |= {
        status: {"$ref": f"#/components/responses/{status}"} for status in PROBLEMS if not reads or status in READS
    }
    out: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.doc.split("\n")[0],
        "description": "\n\n".join(each for each in (*said, _needs(operation)) if each),
        "responses": responses,
    }
    if operation.open:
        out["security"] = []
    if reads:
        out["parameters"] = _parameters(operation, components, example)
    else:
        body: dict[str, Any] = {"schema": {"$ref": _ref(operation.request)}}
        if example is not None:
            body["example"] = example.request
        out["requestBody"] = {"required": True, "content": {"application/json": body}}
    return out


def _needs(operation: Operation) -> str:
    return "Needs no token." if operation.open else f"Needs the scope `{operation.scope}`."


def _parameters(operation: Operation, components: dict[str, Any], example: Example | None) -> list[dict[str, Any]]:
    schema = components.get(operation.request.__name__, {})
    out = []
    for name, kind in schema.get("properties", {}).items():
        said = {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": kind}
        if kind.get("type") == "array":
            said |= {"style": "form", "explode": False}
        if example is not None and name in example.request:
            said["example"] = example.request[name]
        out.append(said)
    return out


def _ref(type: type) -> str:
    return f"#/components/schemas/{type.__name__}"
