"""The original's collections that do not come from a graph: what is declared, and what users added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from calipso.model import constants, hover
from calipso.model.cliques import CliqueType
from calipso.model.environment import Environment
from calipso.model.links import LINK_TYPES
from calipso.model.moments import rfc3339
from calipso.model.original import TYPES
from calipso.model.scoring import clique_types
from calipso.model.secrecy import masked
from calipso.model.supported import FEATURES, VARIANCES
from calipso.operations.clique_choice import added_types, constraints
from calipso.operations.context import Context, Site
from calipso.operations.original_documents import clique_type_id
from calipso.operations.original_places import object_id

Document = dict[str, Any]

AGENTS: Sequence[tuple[str, str, str]] = (
    ("dhcp", "DHCP agent", "DHCP servers"),
    ("router", "L3 agent", "Gateways"),
    ("metadata", "Metadata agent", "Metadata services"),
    ("vedge", "Open vSwitch agent", "vEdges"),
    ("vedge", "NIC Switch agent", "vEdges"),
    ("vconnector", "Linux bridge agent", "vConnectors"),
    ("load_balancer", "Loadbalancer agent", "Load balancers"),
    ("firewall", "Firewall agent", "Firewalls"),
    ("vpn", "VPN agent", "VPNs"),
    ("orchestrator", "Container orchestrator", "Orchestrators"),
)
"""Type of what an agent makes, the agent, and the folder its things are in."""
_TYPE_OF = {ours: theirs for theirs, ours in TYPES.items()}


def clique_type_document(each: CliqueType) -> Document:
    """A clique type as the original keeps it; `environment` is ANY for one that asks nothing."""
    asked = dict(each.environment)
    environment = asked.pop("environment_name", "" if asked else "ANY")
    config = {("environment_type" if name == "type" else name): value for name, value in asked.items()}
    return {
        "_id": clique_type_id(each), "name": each.name, "environment": environment, **config,
        "focal_point_type": each.focal_kind, "link_types": list(each.link_types),
        "use_implicit_links": each.use_implicit_links,
    }  # fmt: skip


def clique_type_documents(context: Context) -> list[Document]:
    """Every clique type that an environment at hand chooses from."""
    found: dict[str, Document] = {}
    for each in (*added_types(context), *(one for site in context.environments() for one in clique_types(site))):
        document = clique_type_document(each)
        found.setdefault(document["_id"], document)
    return list(found.values())


def clique_constraint_documents(context: Context) -> list[Document]:
    return [
        {"_id": object_id("clique_constraints", kind), "focal_point_type": kind, "constraints": names}
        for kind, names in sorted(constraints(context).items())
    ]


def constant_documents() -> list[Document]:
    """Both generations' lists in one."""
    found = []
    for name in sorted({*constants.FIRST_GENERATION, *constants.SECOND_GENERATION}):
        both = (*constants.SECOND_GENERATION.get(name, ()), *constants.FIRST_GENERATION.get(name, ()))
        entries: list[Document] = [{"label": each, "value": each} for each in dict.fromkeys(both)]
        if name == "monitoring_check_statuses":
            entries = [{"label": entry["label"], "value": number} for number, entry in enumerate(entries)]
        found.append({"_id": object_id("constants", name), "name": name, "data": entries})
    return found


def link_type_documents() -> list[Document]:
    """The link types that the original has, in both directions."""
    declared = {each.name: each for each in LINK_TYPES}
    names = {*constants.FIRST_GENERATION["link_types"], *constants.SECOND_GENERATION["link_types"]}
    found = []
    for name in sorted(names):
        one, _, other = name.partition("-")
        ours = declared.get(name) or declared.get(f"{other}-{one}")
        description = ours.doc if ours is not None else ""
        found.append({
            "_id": object_id("link_types", name), "type": name, "endPointA": one, "endPointB": other,
            "description": description,
        })  # fmt: skip
    return found


def supported_documents() -> list[Document]:
    """One document for distribution, mechanism and type driver, with its versions."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for each in VARIANCES:
        key = (each.type, each.distribution, each.mechanism_driver, each.type_driver, each.features)
        found.setdefault(key, []).append(each.version)
    return [
        {
            "_id": object_id("supported_environments", *key[:4], *key[4]),
            "environment": {
                "environment_type": _TYPE_OF.get(key[0], key[0]), "distribution": key[1],
                "distribution_version": versions, "mechanism_drivers": key[2], "type_drivers": key[3],
            },
            "features": {feature: feature in key[4] for feature in FEATURES},
        }
        for key, versions in found.items()
    ]  # fmt: skip


def agent_type_documents() -> list[Document]:
    return [
        {"_id": object_id("network_agent_types", *row), "type": row[0], "description": row[1], "folder_text": row[2]}
        for row in AGENTS
    ]


def hover_documents() -> list[Document]:
    return [
        {"_id": object_id("attributes_for_hover_on_data", kind), "type": kind, "attributes": list(names)}
        for kind, names in sorted(hover.SECOND_GENERATION.items())
    ]


def environment_document(site: Site, watched: bool) -> Document:
    """An environment as the original keeps it; secrets are references or masked, never told."""
    config = site.config
    rest = {name: value for name, value in config.original.items() if name not in ("configuration", "_id")}
    looked = [state for state in site.scopes() if state.completed]
    last = max((state.completed for state in looked), default=0)
    document: Document = {
        "_id": object_id("environments_config", config.name), **rest, "name": config.name, "type": "environment",
        "environment_type": _TYPE_OF.get(config.type, config.type), "distribution": config.distribution,
        "distribution_version": config.distribution_version, "mechanism_drivers": list(config.mechanism_drivers),
        "type_drivers": ",".join(config.type_drivers), "listen": bool(rest.get("listen", False)),
        "scanned": bool(looked), "operational": "error" if site.trouble else "running" if watched else "stopped",
        "monitoring_setup_done": bool(rest.get("monitoring_setup_done", False)), "app_path": rest.get("app_path", ""),
        "configuration": list(_sections(config)),
    }  # fmt: skip
    if last:
        document["last_scanned"] = rfc3339(last)
    hidden: Document = masked(document)
    return hidden


def _sections(config: Environment) -> Iterator[Document]:
    """The sections that were kept, and CLI for the hosts that are reached by SSH."""
    reached = {name: host.ssh for name, host in config.hosts.items() if host.ssh is not None}
    logins = {}
    for name, ssh in reached.items():
        said = {"host": ssh.host, "user": ssh.user, "pwd": ssh.password, "key": next(iter(ssh.keys), "")}
        logins[name] = {field: value for field, value in said.items() if value}
    if logins:
        first = next(iter(logins))
        others = {name: login for name, login in logins.items() if name != first}
        yield {"name": "CLI", **logins[first], **({"hosts": others} if others else {})}
    yield from config.original.get("configuration", ())


def counted(values: Iterable[str]) -> dict[str, int]:
    """How often each occurs, by name."""
    found: dict[str, int] = {}
    for each in values:
        found[each] = found.get(each, 0) + 1
    return dict(sorted(found.items()))
