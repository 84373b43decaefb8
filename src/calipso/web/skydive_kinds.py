"""The resources of Skydive's interface: what each looks like there, and which of our operations acts on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec

from calipso.errors import QueryError
from calipso.model import user
from calipso.operations.alerts import Alerts, AlertView
from calipso.operations.context import Ran
from calipso.operations.declared import EdgeRule, NodeRule, UserEdge, UserNode
from calipso.operations.metadata import ORIGIN, Json
from calipso.operations.skydive import Topology, topology
from calipso.operations.usertopology import UserTopology
from calipso.operations.workflows import Workflow, Workflows
from calipso.web import skydive_packets as packets
from calipso.web.skydive_caller import Caller


class Kind(msgspec.Struct, frozen=True):
    """A resource. all: id → as Skydive shows it. put: from Skydive's form, new or changed. remove: by id.

    own: of what is shown that which can be changed, where that is not all of it, and as it was said.
    """

    name: str
    all: Callable[[Caller], Awaitable[dict[str, Json]]]
    put: Callable[[Caller, Json, bool], Awaitable[Json]]
    remove: Callable[[Caller, str], Awaitable[None]]
    own: Callable[[Caller], Awaitable[dict[str, Json]]] | None = None


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    return "" if value is None else value


def _metadata(body: Json) -> Json:
    return body.get("Metadata") or {}


async def _declared(caller: Caller) -> UserTopology:
    found: UserTopology = await caller.does("get_user_topology")
    return found


# ── nodes and edges ──────────────────────────────────────────────────────────────────────────────────────────────


async def _graph(caller: Caller) -> Json:
    found = await topology(caller.context, Topology(environment=caller.environment))
    graph: Json = found[0]
    return graph


async def _nodes(caller: Caller) -> dict[str, Json]:
    return {each["ID"]: each for each in (await _graph(caller))["Nodes"]}


async def _edges(caller: Caller) -> dict[str, Json]:
    return {each["ID"]: each for each in (await _graph(caller))["Edges"]}


def _node(node: UserNode) -> Json:
    return {"ID": node.id, "Host": node.host, **_times(node.created), "Metadata": node.metadata}


def _edge(edge: UserEdge) -> Json:
    return {
        "ID": edge.id, "Host": "", "Parent": user.name_of(edge.parent), "Child": user.name_of(edge.child),
        **_times(edge.created), "Metadata": edge.metadata,
    }  # fmt: skip


async def _own_nodes(caller: Caller) -> dict[str, Json]:
    return {each.id: _node(each) for each in (await _declared(caller)).nodes}


async def _own_edges(caller: Caller) -> dict[str, Json]:
    return {each.id: _edge(each) for each in (await _declared(caller)).edges}


async def _put_node(caller: Caller, body: Json, create: bool) -> Json:
    return _node(await caller.does(
        "put_user_node", id=_text(body, "ID"), host=_text(body, "Host"), metadata=_metadata(body), create=create
    ))  # fmt: skip


async def _put_edge(caller: Caller, body: Json, create: bool) -> Json:
    made: UserEdge = await caller.does(
        "put_user_edge", id=_text(body, "ID"), parent=_text(body, "Parent"), child=_text(body, "Child"),
        metadata=_metadata(body), create=create,
    )  # fmt: skip
    return {**_edge(made), "Host": _text(body, "Host")}


def _times(created: str) -> Json:
    ms = int(datetime.fromisoformat(created).timestamp() * 1000) if created else 0
    return {"Origin": ORIGIN, "CreatedAt": ms, "UpdatedAt": ms, "Revision": 1}


def _remove(what: str) -> Callable[[Caller, str], Awaitable[None]]:
    async def remove(caller: Caller, id: str) -> None:
        await caller.does("remove_user_topology", what=what, id=id)

    return remove


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _node_rule(rule: NodeRule) -> Json:
    return {
        "UUID": rule.id, "Name": rule.name, "Description": rule.description, "Action": rule.action,
        "Query": rule.query, "Metadata": rule.metadata,
    }  # fmt: skip


def _edge_rule(rule: EdgeRule) -> Json:
    return {
        "UUID": rule.id, "Name": rule.name, "Description": rule.description, "Src": rule.source, "Dst": rule.target,
        "Metadata": rule.metadata,
    }  # fmt: skip


async def _node_rules(caller: Caller) -> dict[str, Json]:
    return {each.id: _node_rule(each) for each in (await _declared(caller)).node_rules}


async def _edge_rules(caller: Caller) -> dict[str, Json]:
    return {each.id: _edge_rule(each) for each in (await _declared(caller)).edge_rules}


async def _put_node_rule(caller: Caller, body: Json, create: bool) -> Json:
    return _node_rule(await caller.does(
        "put_node_rule", id=_text(body, "UUID"), name=_text(body, "Name"), description=_text(body, "Description"),
        action=_text(body, "Action"), query=_text(body, "Query"), metadata=_metadata(body),
    ))  # fmt: skip


async def _put_edge_rule(caller: Caller, body: Json, create: bool) -> Json:
    return _edge_rule(await caller.does(
        "put_edge_rule", id=_text(body, "UUID"), name=_text(body, "Name"), description=_text(body, "Description"),
        source=_text(body, "Src"), target=_text(body, "Dst"), metadata=_metadata(body),
    ))  # fmt: skip


# ── alerts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _alert(alert: AlertView) -> Json:
    return {
        "UUID": alert.id, "Name": alert.name, "Description": alert.description, "Expression": alert.expression,
        "Action": alert.action, "Trigger": alert.trigger, "CreateTime": alert.created,
    }  # fmt: skip


async def _alerts(caller: Caller) -> dict[str, Json]:
    found: Alerts = await caller.does("get_alerts")
    return {each.id: _alert(each) for each in found.items}


async def _put_alert(caller: Caller, body: Json, create: bool) -> Json:
    return _alert(await caller.does(
        "put_alert", id=_text(body, "UUID"), name=_text(body, "Name"), description=_text(body, "Description"),
        expression=_text(body, "Expression"), action=_text(body, "Action"), trigger=_text(body, "Trigger") or "graph",
        create=create,
    ))  # fmt: skip


async def _remove_alert(caller: Caller, id: str) -> None:
    await caller.does("remove_alert", id=id)


# ── workflows ────────────────────────────────────────────────────────────────────────────────────────────────────


def _workflow(workflow: Workflow) -> Json:
    return {
        "UUID": workflow.id, "Name": workflow.name, "Title": workflow.title, "Abstract": workflow.abstract,
        "Description": workflow.description, "Source": workflow.source,
        "Parameters": [
            {"Name": each.name, "Type": each.type, "Description": each.description, "Default": each.default,
             "Values": [{"Value": value, "Description": str(value)} for value in each.values]}
            for each in workflow.parameters
        ],
    }  # fmt: skip


async def _workflows(caller: Caller) -> dict[str, Json]:
    found: Workflows = await caller.does("get_workflows")
    return {each.id: _workflow(each) for each in found.items}


async def _put_workflow(caller: Caller, body: Json, create: bool) -> Json:
    parameters = [
        {"name": each.get("Name"), "type": _type(each),
         "description": each.get("Description") or "", "default": each.get("Default"),
         "values": [value.get("Value") for value in each.get("Values") or () if isinstance(value, dict)]}
        for each in body.get("Parameters") or () if isinstance(each, dict)
    ]  # fmt: skip
    return _workflow(await caller.does(
        "put_workflow", id=_text(body, "UUID"), name=_text(body, "Name"), title=_text(body, "Title"),
        abstract=_text(body, "Abstract"), description=_text(body, "Description"), source=_text(body, "Source"),
        parameters=parameters, create=create,
    ))  # fmt: skip


async def _remove_workflow(caller: Caller, id: str) -> None:
    await caller.does("remove_workflow", id=id)


def _type(parameter: Json) -> str:
    said = str(parameter.get("Type") or "string")
    return TYPES.get(said, said)


TYPES = {"text": "string", "datetime": "date"}
"""Skydive's names of types where they are not ours."""


async def call_workflow(caller: Caller, id: str, body: Json) -> Any:
    """Run a workflow with parameters in their order. Raises `QueryError` with why it failed."""
    params = body.get("Params") or []
    found: Workflows = await caller.does("get_workflows", id=id)
    names = [each.name for each in found.items[0].parameters]
    if not isinstance(params, list) or len(params) > len(names):
        raise QueryError(f"Params is a list of {len(names)} values: {', '.join(names)}")
    said = {name: value for name, value in zip(names, params, strict=False) if value is not None}
    ran: Ran = await caller.does("call_workflow", id=id, parameters=said)
    if ran.status != "done":
        raise QueryError(f"{ran.error} (line {ran.line})" if ran.line else ran.error)
    return ran.result


KINDS = (
    Kind("node", _nodes, _put_node, _remove("nodes"), _own_nodes),
    Kind("edge", _edges, _put_edge, _remove("edges"), _own_edges),
    Kind("noderule", _node_rules, _put_node_rule, _remove("node_rules")),
    Kind("edgerule", _edge_rules, _put_edge_rule, _remove("edge_rules")),
    Kind("alert", _alerts, _put_alert, _remove_alert),
    Kind("workflow", _workflows, _put_workflow, _remove_workflow),
    Kind("capture", packets.captures, packets.put_capture, packets.remove_capture),
    Kind("injectpacket", packets.injections, packets.put_injection, packets.remove_injection),
)
