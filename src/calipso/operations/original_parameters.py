"""The original's resources: their parameters, what each filters, and what a list shows of a document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from calipso.errors import QueryError
from calipso.model import constants

Kind = Literal["text", "int", "bool", "object id", "path", "moment"]
_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class Parameter(msgspec.Struct, frozen=True):
    """field: what it is compared with, dots for what lies below. constant: the list its values are from."""

    field: str
    kind: Kind = "text"
    constant: str = ""


class Resource(msgspec.Struct, frozen=True):
    """key: what the list is called in the answer. shown: fields of a list's items beside `id`, empty for all.

    needed: parameters that have to be given.
    """

    key: str
    parameters: Mapping[str, Parameter]
    shown: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


def _named(*names: str, **more: Parameter) -> dict[str, Parameter]:
    return {**{name: Parameter(name) for name in names}, **more}


_ID = Parameter("_id", "object id")
_ENVIRONMENT = Parameter("environment")
RESOURCES: Mapping[str, Resource] = {
    "inventory": Resource(
        "objects",
        _named("id", "id_path", "parent_id", "type", env_name=_ENVIRONMENT, parent_path=Parameter("id_path", "path"),
               scanned_after=Parameter("last_scanned", "moment"), scanned_before=Parameter("last_scanned", "moment")),
        ("name", "name_path"),
    ),
    "links": Resource(
        "links",
        _named("host", "link_name", "source_id", "target_id", id=_ID, env_name=_ENVIRONMENT,
               link_type=Parameter("link_type", constant="link_types"),
               state=Parameter("state", constant="link_states")),
        ("link_name", "link_type", "environment", "host"),
    ),
    "cliques": Resource(
        "cliques",
        _named("focal_point_object_id", id=_ID, env_name=_ENVIRONMENT,
               focal_point=Parameter("focal_point", "object id"),
               focal_point_type=Parameter("focal_point_type", constant="object_types"),
               link_type=Parameter("links_detailed.link_type", constant="link_types"),
               link_id=Parameter("links", "object id")),
        ("focal_point_type", "environment"),
    ),
    "clique_types": Resource(
        "clique_types",
        _named("distribution", "distribution_version", "mechanism_drivers", "type_drivers", "name", id=_ID,
               env_name=_ENVIRONMENT, focal_point_type=Parameter("focal_point_type", constant="object_types"),
               link_type=Parameter("link_types", constant="link_types")),
    ),
    "clique_constraints": Resource(
        "clique_constraints",
        _named(id=_ID, focal_point_type=Parameter("focal_point_type", constant="object_types"),
               constraint=Parameter("constraints")),
        ("_id",),
    ),
    "constants": Resource("constants", _named("name", "env_name", "env_type"), needed=("name",)),
    "monitoring_config_templates": Resource(
        "monitoring_config_templates",
        _named("type", id=_ID, order=Parameter("order", "int"),
               side=Parameter("side", constant="monitoring_sides")),
        ("side", "type"),
    ),
    "environment_configs": Resource(
        "environment_configs",
        _named("name", "distribution", "distribution_version", "mechanism_drivers", "type_drivers", "user",
               listen=Parameter("listen", "bool"), scanned=Parameter("scanned", "bool"),
               monitoring_setup_done=Parameter("monitoring_setup_done", "bool"),
               operational=Parameter("operational", constant="environment_operational_status"),
               environment_type=Parameter("environment_type", constant="environment_types")),
        ("name", "distribution"),
    ),
    "connection_tests": Resource(
        "connection_tests",
        _named("status", id=_ID, env_name=_ENVIRONMENT,
               test_targets=Parameter("test_targets", constant="configuration_targets"),
               test_results=Parameter("test_results", "bool")),
        ("test_targets", "test_results"),
    ),
    "scans": Resource(
        "scans",
        _named(id=_ID, env_name=_ENVIRONMENT, base_object=Parameter("object_id"),
               status=Parameter("status", constant="scans_statuses")),
        ("environment", "status"),
    ),
    "scheduled_scans": Resource(
        "scheduled_scans",
        _named("environment", "freq", "recurrence", id=_ID, env_name=_ENVIRONMENT),
        ("environment", "scheduled_timestamp", "freq"),
    ),
    "messages": Resource(
        "messages",
        _named("id", "related_object", "related_object_type", env_name=_ENVIRONMENT,
               source_system=Parameter("source_system", constant="message_source_systems"),
               level=Parameter("level", constant="messages_severity"),
               start_time=Parameter("received_timestamp", "moment"),
               end_time=Parameter("received_timestamp", "moment")),
        ("environment", "source_system", "level"),
    ),
    "link_types": Resource("link_types", _named("type")),
    "network_agent_types": Resource("network_agent_types", _named("type")),
    "supported_environments": Resource("supported_environments", {}),
    "attributes_for_hover_on_data": Resource("attributes_for_hover_on_data", _named("type")),
    "statistics": Resource("statistics", _named("object_id", "type", env_name=_ENVIRONMENT)),
}  # fmt: skip
"""Name → resource. The last five are collections that the original's REST interface does not serve."""
AFTER = ("scanned_after", "start_time")
"""Parameters that say from when on; others of the kind say until when."""
ANY_ATTRIBUTE = "attributes:"
"""What a parameter begins with that filters links by one of their attributes."""


def conditions(collection: str, where: Sequence[tuple[str, str]]) -> list[tuple[Parameter, str, Any]]:
    """(parameter, its name, value) of each. Raises `QueryError` that names the parameter."""
    known = RESOURCES[collection].parameters
    found: list[tuple[Parameter, str, Any]] = []
    for name, text in where:
        if collection == "links" and name.startswith(ANY_ATTRIBUTE):
            found.append((Parameter("attributes." + name[len(ANY_ATTRIBUTE) :]), name, text))
        elif name not in known:
            raise QueryError(f"Unknown parameter {name!r}", hint=f"{collection} takes: {', '.join(known)}")
        else:
            found.append((known[name], name, value(name, known[name], text)))
    return found


def value(name: str, parameter: Parameter, text: str) -> Any:
    """A parameter's value. Raises `QueryError`."""
    if parameter.constant:
        allowed = {*constants.FIRST_GENERATION[parameter.constant], *constants.SECOND_GENERATION[parameter.constant]}
        if text not in allowed:
            raise QueryError(f"{name} must be one of: {', '.join(sorted(allowed))}")
    if parameter.kind == "object id" and not _OBJECT_ID.fullmatch(text):
        raise QueryError(f"{name} must be of type ObjectId: 24 hexadecimal digits")
    if parameter.kind == "int" and not re.fullmatch(r"-?\d{1,15}", text):
        raise QueryError(f"{name} must be an integer")
    if parameter.kind == "bool":
        return truth(name, text)
    return int(text) if parameter.kind == "int" else text.lower() if parameter.kind == "object id" else text


def truth(name: str, text: str) -> bool:
    """Raises `QueryError` for what is neither true nor false."""
    if text.lower() not in _TRUTH:
        raise QueryError(f"{name} must be a boolean")
    return _TRUTH[text.lower()]


def matches(document: Mapping[str, Any], asked: Sequence[tuple[Parameter, str, Any]], sub_tree: bool) -> bool:
    """Whether a document has everything asked for; of what is given twice, both."""
    return all(_has(document, parameter, name, wanted, sub_tree) for parameter, name, wanted in asked)


def _has(document: Mapping[str, Any], parameter: Parameter, name: str, wanted: Any, sub_tree: bool) -> bool:
    found = _values(document, parameter.field.split(".", 1))
    if parameter.kind == "path":
        below = [str(each)[len(wanted) + 1 :] for each in found if str(each).startswith(wanted.rstrip("/") + "/")]
        return any(sub_tree or "/" not in each for each in below)
    if parameter.kind == "moment":
        return any(str(each) > wanted if name in AFTER else str(each) < wanted for each in found)
    return wanted in found


def _values(said: Any, path: list[str]) -> list[Any]:
    """What stands at a path; every item of what is a list, every value of a mapping at its end."""
    if isinstance(said, list):
        return [value for each in said for value in _values(each, path)]
    if not path:
        return list(said.values()) if isinstance(said, dict) else [said]
    if not isinstance(said, Mapping) or path[0] not in said:
        return []
    rest = path[1].split(".", 1) if len(path) > 1 else []
    return _values(said[path[0]], rest)
