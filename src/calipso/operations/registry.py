"""Every use case, once: REST, the CLI and the SDK are produced from this table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from calipso.errors import CalipsoError
from calipso.model.flowpath import FlowPath
from calipso.model.secrecy import is_secret
from calipso.operations import (
    access,
    alerts,
    capturing,
    cliques,
    connection_tests,
    declared,
    differences,
    environments,
    flow_paths,
    history,
    injecting,
    inventory,
    messages,
    monitoring,
    original,
    original_adding,
    packet_files,
    picture,
    querying,
    scans,
    searching,
    sql,
    supported,
    topology,
    transfer,
    users,
    usertopology,
    usertopology_text,
    vocabulary,
    workflows,
)
from calipso.operations.context import Context, Ran, Scope, asking


class Operation(msgspec.Struct, frozen=True):
    """name: of the operation and its path below /api/v1. method: GET reads, POST acts; a body only with POST."""

    name: str
    method: Literal["GET", "POST"]
    path: str
    request: type
    response: type
    run: Callable[[Context, Any], Awaitable[Any]]
    needs: Scope | None = None
    """The scope of the token; without it `read` for GET and `write` for POST."""
    open: bool = False
    """Whether it is asked without a token."""

    @property
    def scope(self) -> Scope:
        return self.needs or ("read" if self.method == "GET" else "write")

    @property
    def doc(self) -> str:
        return (self.run.__doc__ or "").strip()


OPERATIONS: tuple[Operation, ...] = (
    Operation("get_objects", "GET", "objects", inventory.GetObjects, inventory.Objects, inventory.get_objects),
    Operation("count_objects", "GET", "counts", inventory.CountObjects, inventory.Counts, inventory.count_objects),
    Operation("get_links", "GET", "links", topology.GetLinks, topology.Links, topology.get_links),
    Operation("get_tree", "GET", "tree", topology.GetTree, topology.Tree, topology.get_tree),
    Operation("get_clique", "GET", "clique", cliques.GetClique, cliques.CliqueView, cliques.get_clique),
    Operation("get_history", "GET", "history", history.GetHistory, history.History, history.get_history),
    Operation("get_diff", "GET", "diff", differences.GetDiff, differences.DiffView, differences.get_diff),
    Operation("get_map", "GET", "map", picture.GetMap, picture.Map, picture.get_map),
    Operation("get_density", "GET", "density", picture.GetDensity, picture.Density, picture.get_density),
    Operation("search", "GET", "search", searching.Search, searching.SearchAnswer, searching.search),
    Operation("get_model", "GET", "model", vocabulary.GetModel, vocabulary.Model, vocabulary.get_model),
    Operation("query", "GET", "query", querying.Query, querying.QueryAnswer, querying.query),
    Operation("sql", "GET", "sql", sql.Sql, sql.SqlAnswer, sql.sql),
    Operation("get_sources", "GET", "sources", monitoring.GetSources, monitoring.Sources, monitoring.get_sources),
    Operation(
        "get_environments", "GET", "environments", monitoring.Nothing, monitoring.Environments,
        monitoring.get_environments,
    ),
    Operation(
        "get_supported_environments", "GET", "supported-environments", supported.GetSupportedEnvironments,
        supported.SupportedEnvironments, supported.get_supported_environments,
    ),
    Operation("get_agents", "GET", "agents", monitoring.Nothing, monitoring.Agents, monitoring.get_agents),
    Operation(
        "put_environment", "POST", "environments", environments.PutEnvironment, environments.EnvironmentTaken,
        environments.put_environment, "admin",
    ),
    Operation(
        "open_demo", "POST", "environments/demo", environments.OpenDemo, environments.EnvironmentTaken,
        environments.open_demo, "admin",
    ),
    Operation(
        "remove_environment", "POST", "environments/remove", environments.RemoveEnvironment,
        environments.EnvironmentRemoved, environments.remove_environment, "admin",
    ),
    Operation(
        "try_environment", "POST", "environments/try", environments.TryEnvironment, environments.EnvironmentTried,
        environments.try_environment, "admin",
    ),
    Operation(
        "test_connections", "POST", "environments/connections", connection_tests.TestConnections,
        connection_tests.ConnectionsTested, connection_tests.test_connections, "admin",
    ),
    Operation(
        "get_schedule", "GET", "schedule", environments.GetSchedule, environments.Schedules, environments.get_schedule,
    ),
    Operation("scan", "POST", "scan", scans.Scan, scans.ScanResult, scans.scan),
    Operation("start_scan", "POST", "scans/start", scans.StartScan, scans.ScanView, scans.start_scan),
    Operation("get_scans", "GET", "scans", scans.GetScans, scans.ScanList, scans.get_scans),
    Operation("cancel_scan", "POST", "scans/cancel", scans.CancelScan, scans.ScanView, scans.cancel_scan),
    Operation("show_scan", "GET", "scans/show", scans.OneScan, scans.ScanView, scans.show_scan),
    Operation(
        "put_scan_schedule", "POST", "scans/schedules", scans.PutScanSchedule, scans.ScanScheduleView,
        scans.put_scan_schedule,
    ),
    Operation(
        "enable_scan_schedule", "POST", "scans/schedules/enable", scans.EnableScanSchedule, scans.ScanScheduleView,
        scans.enable_scan_schedule,
    ),
    Operation(
        "get_scan_schedules", "GET", "scans/schedules", scans.GetScanSchedules, scans.ScanScheduleList,
        scans.get_scan_schedules,
    ),
    Operation(
        "remove_scan_schedule", "POST", "scans/schedules/remove", scans.RemoveScanSchedule, scans.ScanScheduleView,
        scans.remove_scan_schedule,
    ),
    Operation("get_messages", "GET", "messages", messages.GetMessages, messages.MessageList, messages.get_messages),
    Operation(
        "view_messages", "POST", "messages/view", messages.ViewMessages, messages.MessagesChanged,
        messages.view_messages,
    ),
    Operation(
        "delete_messages", "POST", "messages/delete", messages.DeleteMessages, messages.MessagesChanged,
        messages.delete_messages,
    ),
    Operation(
        "rotate_secrets", "POST", "secrets/rotate", environments.RotateSecrets, environments.SecretsRotated,
        environments.rotate_secrets, "admin",
    ),
    Operation("export", "GET", "export", transfer.Export, transfer.Exported, transfer.export),
    Operation("import", "POST", "import", transfer.Import, transfer.Imported, transfer.import_records),
    Operation(
        "create_capture", "POST", "captures", capturing.CreateCapture, capturing.CaptureView, capturing.create_capture
    ),
    Operation("get_captures", "GET", "captures", capturing.GetCaptures, capturing.CaptureList, capturing.get_captures),
    Operation(
        "remove_capture", "POST", "captures/remove", capturing.RemoveCapture, capturing.CaptureList,
        capturing.remove_capture,
    ),
    Operation(
        "inject_packet", "POST", "injections", injecting.InjectPacket, injecting.InjectionView, injecting.inject_packet
    ),
    Operation(
        "get_injections", "GET", "injections", injecting.GetInjections, injecting.InjectionList,
        injecting.get_injections,
    ),
    Operation(
        "remove_injection", "POST", "injections/remove", injecting.RemoveInjection, injecting.InjectionView,
        injecting.remove_injection,
    ),
    Operation("get_flows", "GET", "flows", capturing.GetFlows, capturing.FlowList, capturing.get_flows),
    Operation("get_flow_path", "GET", "flows/path", flow_paths.GetFlowPath, FlowPath, flow_paths.get_flow_path),
    Operation(
        "get_original", "GET", "original", original.GetOriginal, original.OriginalDocuments, original.get_original
    ),
    Operation(
        "count_original", "GET", "original/counts", original.CountOriginal, original.OriginalCounts,
        original.count_original,
    ),
    Operation(
        "add_clique_type", "POST", "clique-types", original_adding.AddCliqueType, original_adding.Added,
        original_adding.add_clique_type,
    ),
    Operation(
        "add_clique_constraint", "POST", "clique-constraints", original_adding.AddCliqueConstraint,
        original_adding.Added, original_adding.add_clique_constraint,
    ),
    Operation(
        "remove_added", "POST", "clique-types/remove", original_adding.RemoveAdded, original_adding.Added,
        original_adding.remove_added,
    ),
    Operation(
        "get_user_topology", "GET", "user-topology", usertopology.GetUserTopology, usertopology.UserTopology,
        usertopology.get_user_topology,
    ),
    Operation(
        "put_user_node", "POST", "user-topology/nodes", usertopology.PutUserNode, declared.UserNode,
        usertopology.put_user_node,
    ),
    Operation(
        "put_user_edge", "POST", "user-topology/edges", usertopology.PutUserEdge, declared.UserEdge,
        usertopology.put_user_edge,
    ),
    Operation(
        "put_node_rule", "POST", "user-topology/node-rules", usertopology.PutNodeRule, declared.NodeRule,
        usertopology.put_node_rule,
    ),
    Operation(
        "put_edge_rule", "POST", "user-topology/edge-rules", usertopology.PutEdgeRule, declared.EdgeRule,
        usertopology.put_edge_rule,
    ),
    Operation(
        "remove_user_topology", "POST", "user-topology/remove", usertopology.RemoveUserTopology, usertopology.Removed,
        usertopology.remove_user_topology,
    ),
    Operation(
        "import_user_topology", "POST", "user-topology/import", usertopology_text.ImportUserTopology,
        usertopology_text.UserTopologyImported, usertopology_text.import_user_topology,
    ),
    Operation(
        "export_user_topology", "GET", "user-topology/export", usertopology.GetUserTopology,
        usertopology_text.UserTopologyExported, usertopology_text.export_user_topology,
    ),
    Operation("get_alerts", "GET", "alerts", alerts.GetAlerts, alerts.Alerts, alerts.get_alerts),
    Operation("put_alert", "POST", "alerts", alerts.PutAlert, alerts.AlertView, alerts.put_alert),
    Operation("remove_alert", "POST", "alerts/remove", alerts.RemoveAlert, alerts.AlertRemoved, alerts.remove_alert),
    Operation("get_firings", "GET", "alerts/firings", alerts.GetFirings, alerts.Firings, alerts.get_firings),
    Operation(
        "get_workflows", "GET", "workflows", workflows.GetWorkflows, workflows.Workflows, workflows.get_workflows
    ),
    Operation("put_workflow", "POST", "workflows", workflows.PutWorkflow, workflows.Workflow, workflows.put_workflow),
    Operation("call_workflow", "POST", "workflows/call", workflows.CallWorkflow, Ran, workflows.call_workflow),
    Operation(
        "remove_workflow", "POST", "workflows/remove", workflows.RemoveWorkflow, workflows.WorkflowRemoved,
        workflows.remove_workflow,
    ),
    Operation(
        "export_flows", "GET", "flows/export", capturing.ExportFlows, capturing.FlowFile, capturing.export_flows
    ),
    Operation(
        "import_packets", "POST", "flows/import", packet_files.ImportPackets, packet_files.PacketsImported,
        packet_files.import_packets, "write",
    ),
    Operation("get_packets", "GET", "flows/packets", capturing.GetPackets, capturing.PacketFile, capturing.get_packets),
    Operation("get_tokens", "GET", "tokens", access.GetTokens, access.Tokens, access.get_tokens, "admin"),
    Operation(
        "create_token", "POST", "tokens/create", access.CreateToken, access.CreatedToken, access.create_token, "admin"
    ),
    Operation("revoke_token", "POST", "tokens/revoke", access.RevokeToken, access.Tokens, access.revoke_token, "admin"),
    Operation("who_am_i", "GET", "me", users.WhoAmI, users.Caller, users.who_am_i),
    Operation("get_users", "GET", "users", users.GetUsers, users.UserList, users.get_users, "admin"),
    Operation(
        "create_user", "POST", "users/create", users.CreateUser, users.MadePassword, users.create_user, "admin"
    ),
    Operation(
        "change_password", "POST", "password", users.ChangePassword, access.CreatedToken, users.change_password,
        open=True,
    ),
    Operation("log_in", "POST", "login", users.LogIn, access.CreatedToken, users.log_in, open=True),
    Operation("log_out", "POST", "logout", users.LogOut, users.Caller, users.log_out, "read"),
    Operation("change_role", "POST", "users/role", users.ChangeRole, users.UserList, users.change_role, "admin"),
    Operation(
        "reset_password", "POST", "users/reset", users.OneUser, users.MadePassword, users.reset_password, "admin"
    ),
    Operation("remove_user", "POST", "users/remove", users.OneUser, users.UserList, users.remove_user, "admin"),
    Operation("get_audit", "GET", "audit", access.GetAudit, access.Audit, access.get_audit, "admin"),
)  # fmt: skip

BY_NAME: dict[str, Operation] = {operation.name: operation for operation in OPERATIONS}

LONGEST = 200
"""Characters of a value that the journal keeps."""

WHOLE_TEXTS = ("text", "pcap")
"""Fields that hold a file, in which secrets may be: the journal tells how long it is."""


async def perform(context: Context, operation: Operation, request: Any, who: str) -> Any:
    """Run an operation for somebody; a write is noted in the journal, also when it fails."""
    before = asking.set(who)
    try:
        if operation.method == "GET":
            return await operation.run(context, request)
        return await _noted(context, operation, request, who)
    finally:
        asking.reset(before)


async def _noted(context: Context, operation: Operation, request: Any, who: str) -> Any:
    about = _about(request) if not operation.open else _of_whom(context, request)
    try:
        result = await operation.run(context, request)
    except CalipsoError as error:
        context.journal.note(who, operation.name, type(error).__name__, about)
        raise
    context.journal.note(who, operation.name, "done", about)
    return result


def _of_whom(context: Context, request: Any) -> dict[str, str | int | bool]:
    """Whom a stranger says to be, if there is somebody of that name: people type passwords there too."""
    known = any(each.name == request.name for each in context.users.all())
    return {"name": request.name} if known else {}


def _about(request: Any) -> dict[str, str | int | bool]:
    """What was asked: short values as they are; of lists how many, since an import is large."""
    said: dict[str, str | int | bool] = {}
    for name, value in msgspec.structs.asdict(request).items():
        if is_secret(name):
            continue
        if name in WHOLE_TEXTS:
            said[name] = len(value)
        elif isinstance(value, str | int | bool):
            said[name] = value[:LONGEST] if isinstance(value, str) else value
        elif isinstance(value, list | tuple):
            short = all(isinstance(each, str) and len(each) < 16 for each in value) and len(value) < 8
            said[name] = ",".join(value) if short else len(value)
    return said
