"""The methods of a client. Written by tools/generate_client.py from the table of operations: do not edit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

from calipso.operations.access import Audit, CreatedToken, Tokens
from calipso.operations.alerts import AlertRemoved, Alerts, AlertView, Firings
from calipso.operations.answers import LinkView, ObjectView
from calipso.operations.capturing import CaptureList, CaptureView, FlowList
from calipso.operations.cliques import CliqueView
from calipso.operations.context import Deed, Ran, Scope
from calipso.operations.declared import EdgeRule, NodeRule, UserEdge, UserNode
from calipso.operations.environments import EnvironmentRemoved, EnvironmentTaken, EnvironmentTried, Schedules
from calipso.operations.history import DiffView, History
from calipso.operations.inventory import Counts, Objects
from calipso.operations.monitoring import Agents, Environments, ScanResult, Sources
from calipso.operations.querying import QueryAnswer
from calipso.operations.supported import SupportedEnvironments
from calipso.operations.topology import Links, Tree
from calipso.operations.transfer import Exported, Imported
from calipso.operations.usertopology import Removed, UserTopology
from calipso.operations.usertopology_text import UserTopologyExported, UserTopologyImported
from calipso.operations.workflows import Parameter, Workflow, WorkflowRemoved, Workflows


class AsyncMethods:
    """Every operation as a method."""

    async def call(self, name: str, /, **values: Any) -> Any:
        raise NotImplementedError

    async def get_objects(
        self,
        *,
        kind: str = "",
        id: str = "",
        host: str = "",
        state: str = "",
        where: Sequence[str] = (),
        fields: Sequence[str] = (),
        environment: str = "local",
        at: str = "",
        facets: bool = False,
        limit: int = 0,
        cursor: str = "",
    ) -> Objects:
        """Objects by kind, type, id or name. Raises `NotFound` for an unknown kind, or an id that is not there.

        kind: a kind, a type, or `interface`; empty for all. id: an id, an alias or a name. limit 0: no limit.
        where: attributes that objects have, as `mtu=1500`. fields: what to tell beside id, kind, type, name,
        host and environment, as `state` or `attributes.mtu`; empty for all. cursor: `next` of the page before.
        """

        found: Objects = await self.call(
            "get_objects",
            kind=kind,
            id=id,
            host=host,
            state=state,
            where=where,
            fields=fields,
            environment=environment,
            at=at,
            facets=facets,
            limit=limit,
            cursor=cursor,
        )
        return found

    async def iter_objects(
        self,
        *,
        kind: str = "",
        id: str = "",
        host: str = "",
        state: str = "",
        where: Sequence[str] = (),
        fields: Sequence[str] = (),
        environment: str = "local",
        at: str = "",
        facets: bool = False,
        page: int = 500,
    ) -> AsyncIterator[ObjectView]:
        """All of them, fetched in pages that show one moment. Objects by kind, type, id or name. Raises `NotFound`
        for an unknown kind, or an id that is not there.

        kind: a kind, a type, or `interface`; empty for all. id: an id, an alias or a name. limit 0: no limit.
        where: attributes that objects have, as `mtu=1500`. fields: what to tell beside id, kind, type, name,
        host and environment, as `state` or `attributes.mtu`; empty for all. cursor: `next` of the page before.
        """

        cursor = ""
        while True:
            found = await self.get_objects(
                kind=kind,
                id=id,
                host=host,
                state=state,
                where=where,
                fields=fields,
                environment=environment,
                at=at,
                facets=facets,
                limit=page,
                cursor=cursor,
            )
            for item in found.items:
                yield item
            cursor = found.next
            if not cursor:
                return

    async def count_objects(self, *, environment: str = "local", at: str = "") -> Counts:
        """How many objects of each kind and type there are."""
        found: Counts = await self.call("count_objects", environment=environment, at=at)
        return found

    async def get_links(
        self,
        *,
        id: str = "",
        type: str = "",
        implicit: bool = False,
        environment: str = "local",
        at: str = "",
        limit: int = 0,
        cursor: str = "",
    ) -> Links:
        """Links of an object, or of the environment, with what they go through.

        id: whose links, empty for all. type: one link type, or a relation such as `layer2`. implicit: also what
        role links of the object lead to over others that share a network.
        """

        found: Links = await self.call(
            "get_links", id=id, type=type, implicit=implicit, environment=environment, at=at, limit=limit, cursor=cursor
        )
        return found

    async def iter_links(
        self,
        *,
        id: str = "",
        type: str = "",
        implicit: bool = False,
        environment: str = "local",
        at: str = "",
        page: int = 500,
    ) -> AsyncIterator[LinkView]:
        """All of them, fetched in pages that show one moment. Links of an object, or of the environment, with what
        they go through.

        id: whose links, empty for all. type: one link type, or a relation such as `layer2`. implicit: also what
        role links of the object lead to over others that share a network.
        """

        cursor = ""
        while True:
            found = await self.get_links(
                id=id, type=type, implicit=implicit, environment=environment, at=at, limit=page, cursor=cursor
            )
            for item in found.items:
                yield item
            cursor = found.next
            if not cursor:
                return

    async def get_tree(self, *, root: str = "", depth: int = 0, environment: str = "local", at: str = "") -> Tree:
        """Containment: the environment, its hosts, their namespaces and switches, their devices and ports.

        root: whose subtree, empty for the environment. depth: levels below it, 0 for all.
        """

        found: Tree = await self.call("get_tree", root=root, depth=depth, environment=environment, at=at)
        return found

    async def get_clique(
        self, *, id: str, type: str = "", network: Sequence[str] = (), environment: str = "local", at: str = ""
    ) -> CliqueView:
        """What an object depends on, or reaches. Raises `NotFound`.

        id: the focal object's id or name. type: a clique type's name, empty for the environment's own. network:
        ids or names of networks to keep to, empty for all of the focal object's.
        """

        found: CliqueView = await self.call(
            "get_clique", id=id, type=type, network=network, environment=environment, at=at
        )
        return found

    async def get_history(self, *, id: str, since: str = "", environment: str = "local") -> History:
        """Everything that happened to an object, also one that is gone. Raises `NotFound`.

        id: an id, alias or name, of an object that is or was. since: how far back.
        """

        found: History = await self.call("get_history", id=id, since=since, environment=environment)
        return found

    async def get_diff(self, *, start: str, end: str = "", id: str = "", environment: str = "local") -> DiffView:
        """What is different between two moments, field by field. Raises `QueryError` when they are the wrong way
        round.

        start, end: moments; end defaults to now. id: an object and all that belongs to it, empty for everything.
        """

        found: DiffView = await self.call("get_diff", start=start, end=end, id=id, environment=environment)
        return found

    async def query(
        self,
        *,
        query: str,
        environment: str = "local",
        at: str = "",
        limit: int = 10000,
        timeout: float = 10.0,
        drawing: Literal["", "dot", "graphml"] = "",
    ) -> QueryAnswer:
        """What the query language answers. Raises `QueryError` with the position of what is wrong.

        query: as in `G.V().Has('Type', 'veth')`. limit: results handed out at most. timeout: seconds it may
        take. drawing: also the answer's objects and links as a drawing in DOT or GraphML.
        """

        found: QueryAnswer = await self.call(
            "query", query=query, environment=environment, at=at, limit=limit, timeout=timeout, drawing=drawing
        )
        return found

    async def get_sources(self, *, environment: str = "local") -> Sources:
        """Every scope that is looked at: freshness, what it saw, errors verbatim."""
        found: Sources = await self.call("get_sources", environment=environment)
        return found

    async def get_environments(self) -> Environments:
        """The environments there are."""
        found: Environments = await self.call("get_environments")
        return found

    async def get_supported_environments(
        self,
        *,
        type: str = "",
        distribution: str = "",
        version: str = "",
        mechanism_driver: str = "",
        type_driver: str = "",
        feature: str = "",
        evidence: str = "",
    ) -> SupportedEnvironments:
        """Combinations of distribution, version, mechanism driver and type driver, what each allows, and what
        proves it. Raises `QueryError` for a distribution that is not known.

        Only those of a type, distribution, version, mechanism driver, type driver, with a feature or an
        evidence.
        """

        found: SupportedEnvironments = await self.call(
            "get_supported_environments",
            type=type,
            distribution=distribution,
            version=version,
            mechanism_driver=mechanism_driver,
            type_driver=type_driver,
            feature=feature,
            evidence=evidence,
        )
        return found

    async def get_agents(self) -> Agents:
        """The agents that were here since the server started: who is, and what each costs."""
        found: Agents = await self.call("get_agents")
        return found

    async def put_environment(self, *, text: str) -> EnvironmentTaken:
        """Add an environment, or change it: what it is made of is derived anew and watched from now on. Raises
        `ConfigError` naming the field.

        text: an environment's file, as YAML. It is added, or takes the place of the one of its name.
        """

        found: EnvironmentTaken = await self.call("put_environment", text=text)
        return found

    async def remove_environment(self, *, environment: str, purge: bool = False) -> EnvironmentRemoved:
        """End an environment; its history stays unless it is purged. Raises `NotFound`, `Forbidden`.

        purge: its history too; without it, adding the environment again goes on with its history.
        """

        found: EnvironmentRemoved = await self.call("remove_environment", environment=environment, purge=purge)
        return found

    async def try_environment(self, *, environment: str = "", text: str = "") -> EnvironmentTried:
        """Look once at everything and keep nothing: what works, how long it takes, why it does not.

        environment: one there is; or text: the YAML of one that is not taken over yet.
        """

        found: EnvironmentTried = await self.call("try_environment", environment=environment, text=text)
        return found

    async def get_schedule(self, *, environment: str = "local") -> Schedules:
        """What each source does on each host, when it looks next, and how often it failed in a row."""
        found: Schedules = await self.call("get_schedule", environment=environment)
        return found

    async def scan(self, *, environment: str = "local") -> ScanResult:
        """Look at an environment once, completely."""
        found: ScanResult = await self.call("scan", environment=environment)
        return found

    async def export(self, *, environment: str = "local", at: str = "") -> Exported:
        """All records of an environment, in order of id and facet, behind a header."""
        found: Exported = await self.call("export", environment=environment, at=at)
        return found

    async def import_(self, *, lines: Sequence[str], environment: str = "local") -> Imported:
        """Take records over, scope by scope; what an imported scope held before and the export does not is gone.
        Raises `ParseError` naming the line; then nothing has been taken over.

        lines: as `export` gives them, the header first.
        """

        found: Imported = await self.call("import", lines=lines, environment=environment)
        return found

    async def create_capture(
        self,
        *,
        query: str,
        environment: str = "local",
        id: str = "",
        name: str = "",
        description: str = "",
        engine: str = "",
        bpf: str = "",
        header: int = 256,
        raw_packets: int = 0,
        l2_key: bool = False,
        ttl: float = 0.0,
    ) -> CaptureView:
        """Capture on every object that a query finds, for as long as it finds it. Raises `QueryError`,
        `ConfigError`; `Conflict` without a running server, and for an id that is taken.

        query: what finds the objects, asked again as they change. engine: empty for the best there is. id: what
        it is to be known by, empty for one that is made up. bpf: a filter in the language of pcap-filter(7).
        header: octets of a packet that are looked at. raw_packets: whole packets kept of each flow. l2_key: MACs
        tell flows apart. ttl: seconds until it ends by itself, 0 for never.
        """

        found: CaptureView = await self.call(
            "create_capture",
            query=query,
            environment=environment,
            id=id,
            name=name,
            description=description,
            engine=engine,
            bpf=bpf,
            header=header,
            raw_packets=raw_packets,
            l2_key=l2_key,
            ttl=ttl,
        )
        return found

    async def get_captures(self, *, environment: str = "local") -> CaptureList:
        """The captures there are, where each is at work, and what became of the packets there."""
        found: CaptureList = await self.call("get_captures", environment=environment)
        return found

    async def remove_capture(self, *, id: str, environment: str = "local") -> CaptureList:
        """End a capture. Raises `NotFound`.

        The flows that it saw stay.
        """

        found: CaptureList = await self.call("remove_capture", id=id, environment=environment)
        return found

    async def get_flows(
        self,
        *,
        environment: str = "local",
        since: str = "",
        until: str = "",
        address: str = "",
        mac: str = "",
        application: str = "",
        protocol: str = "",
        node: str = "",
        capture: str = "",
        tracking_id: str = "",
        order: Literal["-last", "last", "-start", "start", "-metric.ab_bytes", "-metric.ba_bytes"] = "-last",
        limit: int = 100,
    ) -> FlowList:
        """Flows that were captured, the latest first unless asked otherwise. Raises `QueryError` for a wrong
        moment.

        since, until: moments; flows that were going on then. address, port, mac: of either end. node, capture:
        where it was captured. tracking_id: all points at which one flow was seen. order: a field of the flow by
        dotted path, `-` before it for the greatest first.
        """

        found: FlowList = await self.call(
            "get_flows",
            environment=environment,
            since=since,
            until=until,
            address=address,
            mac=mac,
            application=application,
            protocol=protocol,
            node=node,
            capture=capture,
            tracking_id=tracking_id,
            order=order,
            limit=limit,
        )
        return found

    async def get_user_topology(self, *, environment: str = "local") -> UserTopology:
        """What users have declared in an environment."""
        found: UserTopology = await self.call("get_user_topology", environment=environment)
        return found

    async def put_user_node(
        self,
        *,
        metadata: Mapping[str, Any],
        id: str = "",
        host: str = "",
        create: bool = False,
        environment: str = "local",
    ) -> UserNode:
        """Add a node of one's own, or change it. Raises `Conflict` when it is only to be created and there already.

        metadata: with Name and Type. id: its name for users; made up when empty. create: refuse when it is
        there.
        """

        found: UserNode = await self.call(
            "put_user_node", metadata=metadata, id=id, host=host, create=create, environment=environment
        )
        return found

    async def put_user_edge(
        self,
        *,
        parent: str,
        child: str,
        metadata: Mapping[str, Any],
        id: str = "",
        create: bool = False,
        environment: str = "local",
    ) -> UserEdge:
        """Add an edge between two objects, or change it. Raises `NotFound` for ends that are not there.

        parent, child: ids of objects. metadata: with RelationType (layer2, ownership, or another).
        """

        found: UserEdge = await self.call(
            "put_user_edge",
            parent=parent,
            child=child,
            metadata=metadata,
            id=id,
            create=create,
            environment=environment,
        )
        return found

    async def put_node_rule(
        self,
        *,
        metadata: Mapping[str, Any],
        action: Literal["create", "update"] = "update",
        query: str = "",
        name: str = "",
        description: str = "",
        id: str = "",
        environment: str = "local",
    ) -> NodeRule:
        """Add or change a rule for nodes. Raises `QueryError` for a query that does not answer objects.

        action: create a node of the metadata, or update: give the metadata to what the query finds, as it
        changes.
        """

        found: NodeRule = await self.call(
            "put_node_rule",
            metadata=metadata,
            action=action,
            query=query,
            name=name,
            description=description,
            id=id,
            environment=environment,
        )
        return found

    async def put_edge_rule(
        self,
        *,
        source: str,
        target: str,
        metadata: Mapping[str, Any],
        name: str = "",
        description: str = "",
        id: str = "",
        environment: str = "local",
    ) -> EdgeRule:
        """Add or change a rule for edges. Raises `QueryError` for queries that do not answer objects.

        source, target: queries for objects. Edges with the metadata from each to each, as they come and go.
        """

        found: EdgeRule = await self.call(
            "put_edge_rule",
            source=source,
            target=target,
            metadata=metadata,
            name=name,
            description=description,
            id=id,
            environment=environment,
        )
        return found

    async def remove_user_topology(
        self,
        *,
        what: Literal["nodes", "edges", "node_rules", "edge_rules", "fabric"],
        id: str,
        environment: str = "local",
    ) -> Removed:
        """Remove what was declared, and what followed from it. Raises `NotFound`.

        what: which of its parts. id: of the one to remove; `*` for all of them.
        """

        found: Removed = await self.call("remove_user_topology", what=what, id=id, environment=environment)
        return found

    async def import_user_topology(
        self, *, text: str, replace: bool = False, environment: str = "local"
    ) -> UserTopologyImported:
        """Take declarations over; those of the same id are changed. Raises `ParseError`; then nothing has changed.

        text: YAML as `export` gives it (nodes, edges, node_rules, edge_rules, fabric), or lines of fabric text.
        replace: what was declared before and is not in the text goes.
        """

        found: UserTopologyImported = await self.call(
            "import_user_topology", text=text, replace=replace, environment=environment
        )
        return found

    async def export_user_topology(self, *, environment: str = "local") -> UserTopologyExported:
        """What users have declared, as YAML."""
        found: UserTopologyExported = await self.call("export_user_topology", environment=environment)
        return found

    async def get_alerts(self, *, id: str = "", environment: str = "local") -> Alerts:
        """Alerts and how they stand. Raises `NotFound` for one that is not there.

        id: only this one; empty for all.
        """

        found: Alerts = await self.call("get_alerts", id=id, environment=environment)
        return found

    async def put_alert(
        self,
        *,
        expression: str,
        name: str = "",
        description: str = "",
        trigger: str = "change",
        action: str = "",
        id: str = "",
        create: bool = False,
        environment: str = "local",
    ) -> AlertView:
        """Set an alert up, or change it: then it is armed again. Raises `QueryError` for what cannot be asked or
        done.

        expression: a query. trigger: `change`, or `every:30s`. id: made up when empty, else that alert is
        changed. action: empty for a message alone, an http(s) address that is posted to, or `script:NAME`, a
        program in the folder `scripts` of CALIPSO_HOME. It goes off when the answer is not empty and not what it
        was; an empty answer arms it again.
        """

        found: AlertView = await self.call(
            "put_alert",
            expression=expression,
            name=name,
            description=description,
            trigger=trigger,
            action=action,
            id=id,
            create=create,
            environment=environment,
        )
        return found

    async def remove_alert(self, *, id: str, environment: str = "local") -> AlertRemoved:
        """End an alert. Raises `NotFound`."""
        found: AlertRemoved = await self.call("remove_alert", id=id, environment=environment)
        return found

    async def get_firings(self, *, alert: str = "", limit: int = 50, environment: str = "local") -> Firings:
        """When alerts went off, and what came of their actions. The newest first.

        alert: only of this one. limit: the newest so many.
        """

        found: Firings = await self.call("get_firings", alert=alert, limit=limit, environment=environment)
        return found

    async def get_workflows(self, *, id: str = "", environment: str = "local") -> Workflows:
        """The workflows there are: those that come with Calipso, and those of users.

        id: only this one, by id or name; empty for all.
        """

        found: Workflows = await self.call("get_workflows", id=id, environment=environment)
        return found

    async def put_workflow(
        self,
        *,
        name: str,
        source: str,
        title: str = "",
        abstract: str = "",
        description: str = "",
        parameters: Sequence[Parameter] = (),
        id: str = "",
        create: bool = False,
        environment: str = "local",
    ) -> Workflow:
        """Keep a workflow, or change it. Raises `QueryError` for what is no Python, `Conflict` for a name that is
        taken.

        source: Python that defines run(api, …parameters). id: made up when empty, else that workflow is changed.
        """

        found: Workflow = await self.call(
            "put_workflow",
            name=name,
            source=source,
            title=title,
            abstract=abstract,
            description=description,
            parameters=parameters,
            id=id,
            create=create,
            environment=environment,
        )
        return found

    async def call_workflow(
        self, *, id: str, parameters: Mapping[str, Any], seconds: float = 30.0, environment: str = "local"
    ) -> Ran:
        """Run a workflow in a sandbox: it can ask and do what this interface can, except what needs an admin.

        id: a workflow's id or name. parameters: by name. seconds: it may take at most.
        """

        found: Ran = await self.call(
            "call_workflow", id=id, parameters=parameters, seconds=seconds, environment=environment
        )
        return found

    async def remove_workflow(self, *, id: str, environment: str = "local") -> WorkflowRemoved:
        """Remove a workflow of one's own. Raises `NotFound`, `Forbidden` for those that come with Calipso."""
        found: WorkflowRemoved = await self.call("remove_workflow", id=id, environment=environment)
        return found

    async def get_tokens(self) -> Tokens:
        """The named tokens there are, without their secrets."""
        found: Tokens = await self.call("get_tokens")
        return found

    async def create_token(self, *, name: str, scopes: Sequence[Scope] = ("read",), expires: str = "") -> CreatedToken:
        """Make a token. Raises `Conflict` when the name is taken, `QueryError` for an end in the past.

        name: who it is for. scopes: read, write (which reads too), admin (everything), agent (delivers only).
        expires: a moment, or how long from now (`30d`); empty for never.
        """

        found: CreatedToken = await self.call("create_token", name=name, scopes=scopes, expires=expires)
        return found

    async def revoke_token(self, *, name: str) -> Tokens:
        """End a token at once. Raises `NotFound`.

        name: whose token ends.
        """

        found: Tokens = await self.call("revoke_token", name=name)
        return found

    async def get_audit(self, *, who: str = "", what: str = "", limit: int = 100, cursor: str = "") -> Audit:
        """Who wrote what, when, and how it ended; also what was refused. The newest first.

        who: a token's name. what: an operation. limit 0: no limit.
        """

        found: Audit = await self.call("get_audit", who=who, what=what, limit=limit, cursor=cursor)
        return found

    async def iter_audit(self, *, who: str = "", what: str = "", page: int = 500) -> AsyncIterator[Deed]:
        """All of them, fetched in pages that show one moment. Who wrote what, when, and how it ended; also what was
        refused. The newest first.

        who: a token's name. what: an operation. limit 0: no limit.
        """

        cursor = ""
        while True:
            found = await self.get_audit(who=who, what=what, limit=page, cursor=cursor)
            for item in found.items:
                yield item
            cursor = found.next
            if not cursor:
                return
