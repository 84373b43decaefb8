"""The words of the model: kinds, link types, clique types, what is shown of what. Legends and tables follow from it."""

from __future__ import annotations

import msgspec

from calipso.model.hover import COMMON, HOVER
from calipso.model.kinds import KINDS, Kind
from calipso.model.links import LINK_TYPES
from calipso.model.scoring import clique_types
from calipso.operations.context import Context


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
    """link_types: walked in this order."""

    name: str
    focal_kind: str
    link_types: list[str]
    origin: str
    doc: str


class Model(msgspec.Struct, frozen=True):
    """hover: kind → attributes that are shown first, `common` those of every kind."""

    kinds: list[Kind]
    link_types: list[LinkTypeView]
    clique_types: list[CliqueTypeView]
    common: list[str]
    hover: dict[str, list[str]]


async def get_model(context: Context, request: GetModel) -> Model:
    """Kinds, link types and clique types as they are declared, and which attributes come first."""
    config = context.site(request.environment).config
    return Model(
        list(KINDS),
        [
            LinkTypeView(each.name, each.relation, each.source, each.target, each.doc)
            for each in LINK_TYPES
            if not each.hidden
        ],
        [
            CliqueTypeView(each.name, each.focal_kind, list(each.link_types), each.origin, each.description)
            for each in clique_types(config)
        ],
        list(COMMON),
        {kind: list(names) for kind, names in HOVER.items()},
    )
