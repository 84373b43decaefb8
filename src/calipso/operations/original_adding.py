"""Clique types and constraints that users add, in the original's form."""

from __future__ import annotations

from typing import Any

import msgspec

from calipso.errors import Conflict, QueryError
from calipso.model import constants
from calipso.model.kinds import BY_NAME
from calipso.model.links import CODES
from calipso.model.original import TYPES
from calipso.operations import clique_choice
from calipso.operations import original_catalog as catalog
from calipso.operations.context import Context
from calipso.operations.original_places import object_id


class AddCliqueType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """environment: the one it is for; or what an environment must be for it: distribution and so on. Not both.

    focal_point_type: a kind. link_types: walked in order, in either direction.
    """

    name: str
    focal_point_type: str
    link_types: tuple[str, ...]
    environment: str = ""
    environment_type: str = ""
    distribution: str = ""
    distribution_version: str = ""
    mechanism_drivers: str = ""
    type_drivers: str = ""
    use_implicit_links: bool = False


class AddCliqueConstraint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What cliques of a focal kind are kept to: `network`, or nothing."""

    focal_point_type: str
    constraints: tuple[str, ...]


class RemoveAdded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: the `_id` of a clique type or constraint that a user added."""

    id: str


class Added(msgspec.Struct, frozen=True):
    id: str
    message: str


async def add_clique_type(context: Context, request: AddCliqueType) -> Added:
    """Add a clique type; of those that fit an environment equally well, it is used first.

    Raises `QueryError` naming the field, `Conflict` for one there is.
    """
    said: dict[str, Any] = {name: value for name, value in msgspec.structs.asdict(request).items() if value}
    config = [name for name in clique_choice.CONFIG if name in said]
    if not request.name.strip():
        raise QueryError("name must be specified")
    _kind(request.focal_point_type)
    _known_links(request)
    if bool(request.environment) == bool(config):
        raise QueryError("either environment or its configuration (distribution …) must be specified, and not both")
    if request.environment.upper() == "ANY":
        raise QueryError("environment cannot be ANY: that is the one that is used where no other fits")
    if request.environment:
        _there(context, request.environment)
    if request.distribution_version and not request.distribution:
        raise QueryError("distribution_version needs distribution")
    document = {**said, "environment_type": TYPES.get(request.environment_type, request.environment_type)}
    for each in catalog.clique_type_documents(context):
        same = all(each.get(name, "") == said.get(name, "") for name in ("focal_point_type", "environment", *config))
        if same and (each["name"] == request.name or request.environment):
            raise Conflict(f"there is a clique type for {request.focal_point_type} of these environments already")
    made = catalog.clique_type_document(clique_choice.clique_type_of(document))
    context.shelf.put(clique_choice.ADDED_TYPES, made["_id"], {**document, "link_types": list(request.link_types)})
    return Added(made["_id"], "created a new clique_type document")


def _kind(name: str) -> None:
    if name not in BY_NAME:
        raise QueryError(f"focal_point_type must be one of: {', '.join(BY_NAME)}; not {name!r}")


def _known_links(request: AddCliqueType) -> None:
    known = {*CODES, *constants.FIRST_GENERATION["link_types"], *constants.SECOND_GENERATION["link_types"]}
    if not request.link_types:
        raise QueryError("link_types must be specified: at least one")
    for name in request.link_types:
        one, _, other = name.partition("-")
        implicit = request.use_implicit_links and one in BY_NAME and other in BY_NAME
        if name not in known and f"{other}-{one}" not in known and not implicit:
            raise QueryError(f"link_types: {name!r} is none", hint="`get_original` of link_types lists them")


def _there(context: Context, environment: str) -> None:
    names = [each.name for each in context.environments()]
    if environment not in names:
        raise QueryError(f"unknown environment: {environment}", hint=f"there are: {', '.join(names)}")


async def add_clique_constraint(context: Context, request: AddCliqueConstraint) -> Added:
    """Say what cliques of a kind are kept to, in the place of what was said before. Raises `QueryError`."""
    _kind(request.focal_point_type)
    for name in request.constraints:
        if name not in constants.FIRST_GENERATION["constraints"]:
            raise QueryError(f"constraints must be of: network; not {name!r}")
    id = object_id("clique_constraints", request.focal_point_type)
    document = {"focal_point_type": request.focal_point_type, "constraints": list(request.constraints)}
    context.shelf.put(clique_choice.ADDED_CONSTRAINTS, id, document)
    return Added(id, "created a new clique_constraint document")


async def remove_added(context: Context, request: RemoveAdded) -> Added:
    """Take back a clique type or constraint that a user added. Raises `QueryError`."""
    for shelf in (clique_choice.ADDED_TYPES, clique_choice.ADDED_CONSTRAINTS):
        if request.id in context.shelf.all(shelf):
            context.shelf.put(shelf, request.id, None)
            return Added(request.id, "removed")
    raise QueryError(f"no clique type or constraint that somebody added has the id {request.id!r}")
