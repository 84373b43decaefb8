"""The methods of a client. Written by tools/generate_client.py from the table of operations: do not edit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

from calipso.model.flowpath import FlowPath
from calipso.operations.access import Audit, CreatedToken, Tokens
from calipso.operations.alerts import AlertRemoved, Alerts, AlertView, Firings
from calipso.operations.answers import LinkView, ObjectView
from calipso.operations.capturing import CaptureExtra, CaptureList, CaptureView, FlowFile, FlowList, PacketFile
from calipso.operations.cliques import CliqueView
from calipso.operations.connection_tests import ConnectionsTested
from calipso.operations.context import Deed, Ran, Scope
from calipso.operations.declared import EdgeRule, NodeRule, UserEdge, UserNode
from calipso.operations.differences import DiffView
from calipso.operations.environments import (
    EnvironmentRemoved,
    EnvironmentTaken,
    EnvironmentTried,
    Schedules,
    SecretsRotated,
)
from calipso.operations.history import Event, History
from calipso.operations.injecting import InjectionList, InjectionView, Packet
from calipso.operations.inventory import Counts, Objects
from calipso.operations.messages import MessageList, MessagesChanged
from calipso.operations.monitoring import Agents, Environments, Sources
from calipso.operations.original import OriginalCounts, OriginalDocuments
from calipso.operations.original_adding import Added
from calipso.operations.packet_files import PacketsImported
from calipso.operations.picture import Density, Map
from calipso.operations.querying import QueryAnswer
from calipso.operations.scans import ScanList, ScanResult, ScanScheduleList, ScanScheduleView, ScanView
from calipso.operations.searching import SearchAnswer
from calipso.operations.sql.operation import SqlAnswer
from calipso.operations.supported import SupportedEnvironments
from calipso.operations.topology import Links, Tree
from calipso.operations.transfer import Exported, Imported
from calipso.operations.users import Caller, MadePassword, UserList
from calipso.operations.usertopology import Removed, UserTopology
from calipso.operations.usertopology_text import UserTopologyExported, UserTopologyImported
from calipso.operations.vocabulary import Model
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
        self,
        *,
        id: str,
        type: str = "",
        network: Sequence[str] = (),
        peer: str = "",
        environment: str = "local",
        at: str = "",
    ) -> CliqueView:
        """What an object depends on, or reaches. Raises `NotFound`.

        id: the focal object's id or name. type: a clique type's name, empty for the environment's own. network:
        ids or names of networks to keep to, empty for all of the focal object's. peer: the other end of a
        conversation, id or name; the answer tells what joins both.
        """

        found: CliqueView = await self.call(
            "get_clique", id=id, type=type, network=network, peer=peer, environment=environment, at=at
        )
        return found

    async def get_history(
        self, *, id: str, since: str = "", until: str = "", limit: int = 0, cursor: str = "", environment: str = "local"
    ) -> History:
        """Everything that happened to an object, also one that is gone. Raises `NotFound`.

        id: an id, alias or name, of an object that is or was. since: how far back; until: to when, now without
        it. limit: events of a page, 0 for all. cursor: `next` of the page before.
        """

        found: History = await self.call(
            "get_history", id=id, since=since, until=until, limit=limit, cursor=cursor, environment=environment
        )
        return found

    async def iter_history(
        self, *, id: str, since: str = "", until: str = "", environment: str = "local", page: int = 500
    ) -> AsyncIterator[Event]:
        """All of them, fetched in pages that show one moment. Everything that happened to an object, also one that
        is gone. Raises `NotFound`.

        id: an id, alias or name, of an object that is or was. since: how far back; until: to when, now without
        it. limit: events of a page, 0 for all. cursor: `next` of the page before.
        """

        cursor = ""
        while True:
            found = await self.get_history(
                id=id, since=since, until=until, environment=environment, limit=page, cursor=cursor
            )
            for item in found.events:
                yield item
            cursor = found.next
            if not cursor:
                return

    async def get_diff(
        self, *, start: str, end: str = "", id: str = "", clique: str = "", query: str = "", environment: str = "local"
    ) -> DiffView:
        """What is different between two moments, and what brought it. Raises `QueryError` when it would run
        backwards.

        start, end: moments; end defaults to now. Of everything, or of what one of these held at either moment:
        id: an object and all that belongs to it. clique: the clique of a focal object. query: the objects of a
        query.
        """

        found: DiffView = await self.call(
            "get_diff", start=start, end=end, id=id, clique=clique, query=query, environment=environment
        )
        return found

    async def get_map(self, *, environment: str = "local", at: str = "") -> Map:
        """All objects and links of an environment in one compact answer, for drawing them."""
        found: Map = await self.call("get_map", environment=environment, at=at)
        return found

    async def get_density(
        self, *, start: str = "", end: str = "", bins: int = 180, environment: str = "local"
    ) -> Density:
        """How many changes there were in each part of a stretch of time. Raises `QueryError` when it runs
        backwards.

        start, end: moments; six hours up to now without them. bins: how many equal parts.
        """

        found: Density = await self.call("get_density", start=start, end=end, bins=bins, environment=environment)
        return found

    async def search(
        self, *, text: str, kind: str = "", environment: str = "local", at: str = "", limit: int = 20
    ) -> SearchAnswer:
        """What holds a text: objects that are there by kind, then those that once were.

        text: a part of a name, id, address or MAC. kind: only these. limit: results handed out at most.
        """

        found: SearchAnswer = await self.call(
            "search", text=text, kind=kind, environment=environment, at=at, limit=limit
        )
        return found

    async def get_model(self, *, environment: str = "local") -> Model:
        """Kinds and link types as declared, clique types and constraints with those added, which attributes come
        first.

        environment: whose clique types.
        """

        found: Model = await self.call("get_model", environment=environment)
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

    async def sql(
        self, *, sql: str, environment: str = "local", at: str = "", limit: int = 10000, timeout: float = 10.0
    ) -> SqlAnswer:
        """What SQL answers. Raises `QueryError` with the position of what is wrong.

        sql: one SELECT over the views objects, links, changes and runs. limit: rows at most. timeout: seconds.
        """

        found: SqlAnswer = await self.call("sql", sql=sql, environment=environment, at=at, limit=limit, timeout=timeout)
        return found

    async def get_sources(self, *, environment: str = "local", at: str = "") -> Sources:
        """Every scope that is looked at: freshness, what it saw, errors verbatim.

        at: as it was then, by the looks that changed something or went otherwise than the one before.
        """

        found: Sources = await self.call("get_sources", environment=environment, at=at)
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
        evidence. evidence: `lab`, `recording`; `declared only` for what is known by name and not supported,
        `any` for all of them.
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

    async def put_environment(self, *, text: str, test: bool = False) -> EnvironmentTaken:
        """Add an environment, or change it: what it is made of is derived anew and watched from now on. Raises
        `ConfigError` naming the field.

        text: an environment's file, as YAML. It is added, or takes the place of the one of its name. test: only
        when all its connections can be made.
        """

        found: EnvironmentTaken = await self.call("put_environment", text=text, test=test)
        return found

    async def open_demo(self) -> EnvironmentTaken:
        """Open the demo: a recorded cloud with a day of history that ends now. Nothing is contacted.
        `remove_environment` takes it away again. Raises `Conflict` when another environment is called `demo`.
        """

        found: EnvironmentTaken = await self.call("open_demo")
        return found

    async def remove_environment(self, *, environment: str, purge: bool = False) -> EnvironmentRemoved:
        """End an environment; its history stays unless it is purged. Raises `NotFound`, `Forbidden`.

        purge: its history too; without it, adding the environment again goes on with its history. A recorded one
        is always purged: it can be opened again.
        """

        found: EnvironmentRemoved = await self.call("remove_environment", environment=environment, purge=purge)
        return found

    async def try_environment(self, *, environment: str = "", text: str = "") -> EnvironmentTried:
        """Look once at everything and keep nothing: what works, how long it takes, why it does not.

        environment: one there is; or text: the YAML of one that is not taken over yet.
        """

        found: EnvironmentTried = await self.call("try_environment", environment=environment, text=text)
        return found

    async def test_connections(
        self,
        *,
        environment: str = "",
        text: str = "",
        sections: Sequence[Mapping[str, Any]] = (),
        targets: Sequence[str] = (),
        timeout: float = 10.0,
    ) -> ConnectionsTested:
        """Try the connections of an environment at once. Raises `NotFound`, `ConfigError`, `QueryError`.

        environment: one there is; or text: the file of one that is not taken over yet; or sections of a
        document. targets: names of sections, empty for all. timeout: seconds for each.
        """

        found: ConnectionsTested = await self.call(
            "test_connections", environment=environment, text=text, sections=sections, targets=targets, timeout=timeout
        )
        return found

    async def get_schedule(self, *, environment: str = "local") -> Schedules:
        """What each source does on each host, when it looks next, and how often it failed in a row."""
        found: Schedules = await self.call("get_schedule", environment=environment)
        return found

    async def scan(
        self,
        *,
        environment: str = "local",
        object_id: str = "",
        only: Literal["", "inventory", "links", "cliques"] = "",
        clear: bool = False,
        inventory: str = "",
        queue: bool = False,
    ) -> ScanResult:
        """Scan an environment and wait for the end. Raises `Conflict` while another scan runs, unless it may wait.

        object_id: look only at what is known of this object and what it owns. only: `inventory` looks and leaves
        links unchecked; `links` derives all links anew from what is known; `cliques` counts them; both without
        looking. clear: also end what nothing looks at any more; nothing is ended after an error. inventory: a
        name for the moment the scan ends at. queue: wait for a running scan instead of refusing.
        """

        found: ScanResult = await self.call(
            "scan",
            environment=environment,
            object_id=object_id,
            only=only,
            clear=clear,
            inventory=inventory,
            queue=queue,
        )
        return found

    async def start_scan(
        self,
        *,
        environment: str = "local",
        object_id: str = "",
        only: Literal["", "inventory", "links", "cliques"] = "",
        clear: bool = False,
        inventory: str = "",
        queue: bool = False,
        draft: bool = False,
        id: str = "",
    ) -> ScanView:
        """Start a scan and go on at once; `show_scan` tells how far it is. Raises `Conflict` while another one
        runs.

        As for `scan`. draft: only write it down. id: start this draft, as it was written down.
        """

        found: ScanView = await self.call(
            "start_scan",
            environment=environment,
            object_id=object_id,
            only=only,
            clear=clear,
            inventory=inventory,
            queue=queue,
            draft=draft,
            id=id,
        )
        return found

    async def get_scans(
        self,
        *,
        environment: str = "",
        status: Sequence[
            Literal["draft", "pending", "running", "completed", "completed_with_errors", "failed", "aborted"]
        ] = (),
        object_id: str = "",
        inventory: str = "",
        since: str = "",
        until: str = "",
        limit: int = 100,
    ) -> ScanList:
        """Scans, the newest first, without their looks; `show_scan` tells all of one.

        environment: "" for all. inventory: only the scans of this name. since, until: submitted within. limit:
        the newest so many, 0 for all.
        """

        found: ScanList = await self.call(
            "get_scans",
            environment=environment,
            status=status,
            object_id=object_id,
            inventory=inventory,
            since=since,
            until=until,
            limit=limit,
        )
        return found

    async def cancel_scan(self, *, environment: str = "local", id: str = "") -> ScanView:
        """End a scan: what it has found stays, what it was in the middle of is stale. Raises `Conflict` when it has
        ended.

        id: of a scan that is a draft, pending or running; without it the running one.
        """

        found: ScanView = await self.call("cancel_scan", environment=environment, id=id)
        return found

    async def show_scan(self, *, environment: str = "local", id: str = "") -> ScanView:
        """A scan: how far it is or how it ended, its errors verbatim, what its validators found.

        id: as `get_scans` tells it; without it the newest.
        """

        found: ScanView = await self.call("show_scan", environment=environment, id=id)
        return found

    async def put_scan_schedule(
        self,
        *,
        recurrence: Literal["once", "hourly", "daily", "weekly", "monthly", "yearly", "cron"],
        environment: str = "local",
        id: str = "",
        at: str = "now",
        cron: str = "",
        zone: str = "UTC",
        enabled: bool = True,
        object_id: str = "",
        only: Literal["", "inventory", "links", "cliques"] = "",
        clear: bool = False,
        inventory: str = "",
    ) -> ScanScheduleView:
        """Add or change a scheduled scan; it runs while a server does. Raises `QueryError`, `NotFound`.

        A scheduled scan, added; or with an `id` changed to what is given here. at: when it runs first, which the
        other runs are counted from: a moment, or as the clocks of the zone show it, `2026-01-31 02:30`, or
        `02:30` for the next time they do, or `+2h`. zone: whose days and hours. cron: with recurrence `cron`,
        five fields. The rest as for `scan`.
        """

        found: ScanScheduleView = await self.call(
            "put_scan_schedule",
            recurrence=recurrence,
            environment=environment,
            id=id,
            at=at,
            cron=cron,
            zone=zone,
            enabled=enabled,
            object_id=object_id,
            only=only,
            clear=clear,
            inventory=inventory,
        )
        return found

    async def enable_scan_schedule(
        self, *, id: str, environment: str = "local", enabled: bool = True
    ) -> ScanScheduleView:
        """Have a scheduled scan run or rest.

        enabled: false has it rest until it is enabled again; what was due meanwhile is not made up for.
        """

        found: ScanScheduleView = await self.call(
            "enable_scan_schedule", id=id, environment=environment, enabled=enabled
        )
        return found

    async def get_scan_schedules(self, *, environment: str = "") -> ScanScheduleList:
        """Scheduled scans and when each runs next.

        environment: "" for all.
        """

        found: ScanScheduleList = await self.call("get_scan_schedules", environment=environment)
        return found

    async def remove_scan_schedule(self, *, id: str, environment: str = "local") -> ScanScheduleView:
        """End a scheduled scan; the scans it started stay."""
        found: ScanScheduleView = await self.call("remove_scan_schedule", id=id, environment=environment)
        return found

    async def get_messages(
        self,
        *,
        environment: str = "",
        level: Sequence[Literal["panic", "alert", "crit", "error", "warn", "notice", "info", "debug"]] = (),
        at_least: Literal["panic", "alert", "crit", "error", "warn", "notice", "info", "debug"] = "debug",
        source_system: Sequence[Literal["OpenStack", "Calipso", "Sensu", "Kubernetes"]] = (),
        related_object: str = "",
        origin_id: str = "",
        viewed: Literal["", "yes", "no"] = "",
        open: Literal["", "yes", "no"] = "",
        since: str = "",
        until: str = "",
        text: str = "",
        limit: int = 100,
    ) -> MessageList:
        """Messages, the newest first.

        environment: "" for all. level: only these; at_least: this one and worse. related_object: id of an
        object. viewed, open: `yes` or `no`; open is what holds now. since, until: said last within. text: part
        of the message. limit: the newest so many, 0 for all.
        """

        found: MessageList = await self.call(
            "get_messages",
            environment=environment,
            level=level,
            at_least=at_least,
            source_system=source_system,
            related_object=related_object,
            origin_id=origin_id,
            viewed=viewed,
            open=open,
            since=since,
            until=until,
            text=text,
            limit=limit,
        )
        return found

    async def view_messages(
        self, *, environment: str = "local", ids: Sequence[str] = (), viewed: bool = True
    ) -> MessagesChanged:
        """Mark messages as viewed, or as new again. Raises `NotFound`; then none has changed.

        ids: of messages of one environment; none for all of them. viewed: false to mark them as new again.
        """

        found: MessagesChanged = await self.call("view_messages", environment=environment, ids=ids, viewed=viewed)
        return found

    async def delete_messages(
        self,
        *,
        environment: str = "local",
        ids: Sequence[str] = (),
        level: Sequence[Literal["panic", "alert", "crit", "error", "warn", "notice", "info", "debug"]] = (),
    ) -> MessagesChanged:
        """Delete messages; what still holds is said again when it is found again. Raises `NotFound`; then none is
        gone.

        ids: of messages of one environment. level: all of a severity. One of both.
        """

        found: MessagesChanged = await self.call("delete_messages", environment=environment, ids=ids, level=level)
        return found

    async def rotate_secrets(self) -> SecretsRotated:
        """Seal every secret of every environment anew, with a new key. Raises `ConfigError`; then all is as before."""
        found: SecretsRotated = await self.call("rotate_secrets")
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
        extra: CaptureExtra | None = None,
        sampling: int = 1,
        port: int = 0,
        ttl: float = 0.0,
        packets: int = 0,
        cpu: float = 0.0,
    ) -> CaptureView:
        """Capture on every object that a query finds, for as long as it finds it. Raises `QueryError`,
        `ConfigError`; `Conflict` without a running server, and for an id that is taken.

        query: what finds the objects, asked again as they change. engine: empty for the best there is. id: what
        it is to be known by, empty for one that is made up. bpf: a filter in the language of pcap-filter(7).
        header: octets of a packet that are looked at. raw_packets: whole packets kept of each flow. l2_key: MACs
        tell flows apart. ttl: seconds until it ends by itself, 0 for never. extra: what else is counted and
        read. sampling: one of how many packets a switch is to send. port: UDP port of a receiver, 0 for its own.
        packets: seen at all points together, after which it ends, 0 for any number. cpu: the share of a CPU that
        it may use in a process, 1.0 for a whole one, 0 for any; one that uses more for some seconds is ended. An
        agent holds to both by what it sees, also while the server is away.
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
            extra=extra,
            sampling=sampling,
            port=port,
            ttl=ttl,
            packets=packets,
            cpu=cpu,
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

    async def inject_packet(
        self,
        *,
        source: str,
        target: str = "",
        environment: str = "local",
        id: str = "",
        type: Literal["icmp4", "icmp6", "tcp4", "tcp6", "udp4", "udp6", "pcap"] = "icmp4",
        source_ip: str = "",
        source_mac: str = "",
        target_mac: str = "",
        source_port: int = 0,
        target_port: int = 0,
        packet: Packet | None = None,
        count: int = 1,
        interval: float = 1000.0,
        mode: Literal["unique", "random"] = "unique",
        pcap: str = "",
    ) -> InjectionView:
        """Send packets from an object; gives at once, and `get_injections` tells how it goes. A token may send as
        much, and to where, as its role is allowed in the settings (`injections`): who writes only to addresses
        of objects of the environment. Raises `QueryError`, `NotFound`, `Forbidden` for what the role may not;
        `Conflict` without a running server, `Unreachable` for an object that is neither here nor on a host with
        an agent.

        source: an object by id or by a query that finds one: a device, a namespace or a host. target: the same,
        or an address. id: what it is to be known by, empty for one that is made up. type: of the packets, or
        pcap for the frames of a file, as they are. source_ip, source_mac, target_mac: instead of what addresses,
        routes and neighbours tell. source_port: 0 for one that is chosen. interval: milliseconds between
        packets, 0 for as fast as is allowed. mode: unique, all packets are of one flow; random, each is of its
        own. pcap: a file of frames of Ethernet, in base64.
        """

        found: InjectionView = await self.call(
            "inject_packet",
            source=source,
            target=target,
            environment=environment,
            id=id,
            type=type,
            source_ip=source_ip,
            source_mac=source_mac,
            target_mac=target_mac,
            source_port=source_port,
            target_port=target_port,
            packet=packet,
            count=count,
            interval=interval,
            mode=mode,
            pcap=pcap,
        )
        return found

    async def get_injections(
        self, *, environment: str = "local", id: str = "", since: str = "", until: str = ""
    ) -> InjectionList:
        """What was sent since the server began, and what is being sent. Raises `NotFound`.

        id: only this one. since, until: those that began within.
        """

        found: InjectionList = await self.call(
            "get_injections", environment=environment, id=id, since=since, until=until
        )
        return found

    async def remove_injection(self, *, id: str, environment: str = "local") -> InjectionView:
        """Send nothing more of it and take it from the list; gives how far it came. Raises `NotFound`.

        The flows that it caused stay.
        """

        found: InjectionView = await self.call("remove_injection", id=id, environment=environment)
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

    async def get_flow_path(
        self, *, id: str, environment: str = "local", since: str = "", until: str = "", nat: bool = True
    ) -> FlowPath:
        """The way of one conversation, hop by hop: counters, loss and delay between hops, what was not captured.
        Raises `NotFound` where no flow has the id, `QueryError` for a wrong moment.

        id: a flow's tracking_id, l3_tracking_id or uuid. since, until: moments; its flows that were going on
        then. nat: ask the kernels on the way which addresses they translate now, and follow the conversation
        through that.
        """

        found: FlowPath = await self.call(
            "get_flow_path", id=id, environment=environment, since=since, until=until, nat=nat
        )
        return found

    async def get_original(
        self,
        *,
        collection: str,
        environment: str = "local",
        where: Sequence[str] = (),
        page: int = 0,
        page_size: int = 1000,
        full: bool = False,
        cursor: str = "",
        at: str = "",
    ) -> OriginalDocuments:
        """The documents of one of the original's collections, with its field names. Raises `NotFound` for a
        collection or environment that is not there, `QueryError` for a parameter that is none.

        collection: of the original. where: its parameters, as `type=instance`; what is given twice has to hold
        twice. environment: empty for all. page counts from 0, page_size 0 is all. full: whole documents; else
        what its lists show. cursor: `next` of the page before, in place of `page`; all such pages show one
        moment.
        """

        found: OriginalDocuments = await self.call(
            "get_original",
            collection=collection,
            environment=environment,
            where=where,
            page=page,
            page_size=page_size,
            full=full,
            cursor=cursor,
            at=at,
        )
        return found

    async def count_original(self, *, type: str, environment: str = "", at: str = "") -> OriginalCounts:
        """How many objects of each type an environment has, or values each constant. Raises `QueryError`,
        `NotFound`.

        type: `environment` (which needs one), `message` or `constant`. at: of an environment, as it was then.
        """

        found: OriginalCounts = await self.call("count_original", type=type, environment=environment, at=at)
        return found

    async def add_clique_type(
        self,
        *,
        name: str,
        focal_point_type: str,
        link_types: Sequence[str],
        environment: str = "",
        environment_type: str = "",
        distribution: str = "",
        distribution_version: str = "",
        mechanism_drivers: str = "",
        type_drivers: str = "",
        use_implicit_links: bool = False,
    ) -> Added:
        """Add a clique type; of those that fit an environment equally well, it is used first. Raises `QueryError`
        naming the field, `Conflict` for one there is.

        environment: the one it is for; or what an environment must be for it: distribution and so on. Not both.
        focal_point_type: a kind. link_types: walked in order, in either direction.
        """

        found: Added = await self.call(
            "add_clique_type",
            name=name,
            focal_point_type=focal_point_type,
            link_types=link_types,
            environment=environment,
            environment_type=environment_type,
            distribution=distribution,
            distribution_version=distribution_version,
            mechanism_drivers=mechanism_drivers,
            type_drivers=type_drivers,
            use_implicit_links=use_implicit_links,
        )
        return found

    async def add_clique_constraint(self, *, focal_point_type: str, constraints: Sequence[str]) -> Added:
        """Say what cliques of a kind are kept to, in the place of what was said before. Raises `QueryError`.

        What cliques of a focal kind are kept to: `network`, or nothing.
        """

        found: Added = await self.call(
            "add_clique_constraint", focal_point_type=focal_point_type, constraints=constraints
        )
        return found

    async def remove_added(self, *, id: str) -> Added:
        """Take back a clique type or constraint that a user added. Raises `QueryError`.

        id: the `_id` of a clique type or constraint that a user added.
        """

        found: Added = await self.call("remove_added", id=id)
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

        expression: a query, or a SELECT. trigger: `change`, or `every:30s`. id: of one to change, else made up.
        action: empty for a message alone, an http(s) address that is posted to, or `script:NAME`, a program in
        the folder `scripts` of CALIPSO_HOME. It goes off when the answer is not empty and not what it was; an
        empty answer arms it again.
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

    async def get_firings(
        self, *, alert: str = "", since: str = "", until: str = "", limit: int = 50, environment: str = "local"
    ) -> Firings:
        """When alerts went off, and what came of their actions. The newest first.

        alert: only of this one. since, until: that went off within. limit: the newest so many.
        """

        found: Firings = await self.call(
            "get_firings", alert=alert, since=since, until=until, limit=limit, environment=environment
        )
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

    async def export_flows(
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
        limit: int = 100000,
    ) -> FlowFile:
        """Flows as a Parquet file. Raises `QueryError` for a wrong moment.

        As `GetFlows`, with another limit.
        """

        found: FlowFile = await self.call(
            "export_flows",
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

    async def import_packets(
        self, *, pcap: bytes, environment: str = "local", capture: str = "import"
    ) -> PacketsImported:
        """Keep the flows of a capture file, without an object that they were captured on. Raises `QueryError`.

        pcap: a pcap or pcapng file, in JSON as base64. capture: what its flows are said to be captured by.
        """

        found: PacketsImported = await self.call("import_packets", pcap=pcap, environment=environment, capture=capture)
        return found

    async def get_packets(
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
        limit: int = 1000,
        uuid: str = "",
        bpf: str = "",
    ) -> PacketFile:
        """The packets kept of flows, as a file. Raises `QueryError` (a moment), `ConfigError` (a filter).

        As `GetFlows`, of whose flows the packets are. uuid: of one flow. bpf: a filter of pcap-filter(7)
        besides.
        """

        found: PacketFile = await self.call(
            "get_packets",
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
            uuid=uuid,
            bpf=bpf,
        )
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

    async def who_am_i(self) -> Caller:
        """Whose token this is, and what it may."""
        found: Caller = await self.call("who_am_i")
        return found

    async def get_users(self) -> UserList:
        """The users there are, without their passwords."""
        found: UserList = await self.call("get_users")
        return found

    async def create_user(self, *, name: str, role: Literal["viewer", "operator", "admin"] = "viewer") -> MadePassword:
        """Let somebody sign in: makes a password to choose one's own with. Raises `Conflict` when the name is
        taken.

        role: viewer (looks), operator (also scans, captures, sends packets, marks messages), admin (everything).
        """

        found: MadePassword = await self.call("create_user", name=name, role=role)
        return found

    async def change_password(self, *, name: str, password: str, new_password: str) -> CreatedToken:
        """Choose another password and sign in with it; all other sessions end. Raises `Forbidden`, `QueryError`.

        password: the one there is. new_password: 12 characters or more, without the name in it.
        """

        found: CreatedToken = await self.call(
            "change_password", name=name, password=password, new_password=new_password
        )
        return found

    async def log_in(self, *, name: str, password: str) -> CreatedToken:
        """Sign in with a user's name and password. Raises `Forbidden`; `Conflict` when a password is to be chosen.

        A user's name and password.
        """

        found: CreatedToken = await self.call("log_in", name=name, password=password)
        return found

    async def log_out(self) -> Caller:
        """End the session that asks. Raises `QueryError` for a token that is none."""
        found: Caller = await self.call("log_out")
        return found

    async def change_role(self, *, name: str, role: Literal["viewer", "operator", "admin"]) -> UserList:
        """Let a user do more or less; sessions end, since they may what the role did. Raises `NotFound`.

        role: viewer, operator or admin.
        """

        found: UserList = await self.call("change_role", name=name, role=role)
        return found

    async def reset_password(self, *, name: str) -> MadePassword:
        """Make a user a password to choose another with; the old one and all sessions end. Raises `NotFound`.

        name: whose.
        """

        found: MadePassword = await self.call("reset_password", name=name)
        return found

    async def remove_user(self, *, name: str) -> UserList:
        """End a user and all sessions; tokens that the user made stay. Raises `NotFound`.

        name: whose.
        """

        found: UserList = await self.call("remove_user", name=name)
        return found

    async def get_audit(
        self, *, who: str = "", what: str = "", since: str = "", until: str = "", limit: int = 100, cursor: str = ""
    ) -> Audit:
        """Who wrote what, when, and how it ended; also what was refused. The newest first.

        who: a token's or a user's name. what: an operation. since, until: what was done within. limit 0: no
        limit.
        """

        found: Audit = await self.call(
            "get_audit", who=who, what=what, since=since, until=until, limit=limit, cursor=cursor
        )
        return found

    async def iter_audit(
        self, *, who: str = "", what: str = "", since: str = "", until: str = "", page: int = 500
    ) -> AsyncIterator[Deed]:
        """All of them, fetched in pages that show one moment. Who wrote what, when, and how it ended; also what was
        refused. The newest first.

        who: a token's or a user's name. what: an operation. since, until: what was done within. limit 0: no
        limit.
        """

        cursor = ""
        while True:
            found = await self.get_audit(who=who, what=what, since=since, until=until, limit=page, cursor=cursor)
            for item in found.items:
                yield item
            cursor = found.next
            if not cursor:
                return
