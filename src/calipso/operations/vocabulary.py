"""The words of the model: kinds, link types, clique types, what is shown of what. Legends and tables follow from it."""

from __future__ import annotations

import msgspec

from calipso.model.hover import COMMON, HOVER
from calipso.model.kinds import KINDS, Kind
from calipso.model.links import LINK_TYPES
from calipso.operations.clique_choice import ADDED_CONSTRAINTS, constraints, types_of
from calipso.operations.context import Context
from calipso.operations.original_documents import clique_type_id
from calipso.operations.original_places import object_id


class GetModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """environment: whose clique types."""

    environment: str = "local"


class LinkTypeView(msgspec.Struct, frozen=True):
    """relation: ownership, layer2, layer3, mapping, or role for links between roles."""

    name: str
    relation: str
    source: str
    target: str
    doc: str


class CliqueTypeView(msgspec.Struct, frozen=True):
    """link_types: walked in this order. origin: `added` for what a user added; `remove_added` takes it back by id."""

    name: str
    focal_kind: str
    link_types: list[str]
    origin: str
    doc: str
    id: str = ""


class ConstraintView(msgspec.Struct, frozen=True):
    """What cliques of a focal kind are kept to. added: by a user, over what is declared."""

    focal_kind: str
    keeps_to: list[str]
    id: str
    added: bool


class Model(msgspec.Struct, frozen=True):
    """hover: kind → attributes that are shown first, `common` those of every kind."""

    kinds: list[Kind]
    link_types: list[LinkTypeView]
    clique_types: list[CliqueTypeView]
    common: list[str]
    hover: dict[str, list[str]]
    constraints: list[ConstraintView] = []


async def get_model(context: Context, request: GetModel) -> Model:
    """Kinds and link types as declared, clique types and constraints with those added, which attributes come first."""
    config = context.site(request.environment).config
    return Model(
        list(KINDS),
        [
            LinkTypeView(each.name, each.relation, each.source, each.target, each.doc)
            for each in LINK_TYPES
            if not each.hidden
        ],
        [
            CliqueTypeView(
                each.name, each.focal_kind, list(each.link_types), each.origin, each.description, clique_type_id(each)
            )
            for each in types_of(context, config)
        ],
        list(COMMON),
        {kind: list(names) for kind, names in HOVER.items()},
        _constraints(context),
    )


def _constraints(context: Context) -> list[ConstraintView]:
    added = {each["focal_point_type"] for each in context.shelf.all(ADDED_CONSTRAINTS).values()}
    return [
        ConstraintView(kind, names, object_id("clique_constraints", kind), kind in added)
        for kind, names in sorted(constraints(context).items())
    ]
