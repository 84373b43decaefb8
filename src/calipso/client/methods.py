"""The methods of a client. Written by tools/generate_client.py from the table of operations: do not edit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from calipso.operations.access import Audit, CreatedToken, Tokens
from calipso.operations.answers import LinkView, ObjectView
from calipso.operations.cliques import CliqueView
from calipso.operations.context import Deed, Scope
from calipso.operations.differences import DiffView
from calipso.operations.environments import EnvironmentRemoved, EnvironmentTaken, EnvironmentTried, Schedules
from calipso.operations.history import History
from calipso.operations.inventory import Counts, Objects
from calipso.operations.monitoring import Agents, Environments, ScanResult, Sources
from calipso.operations.querying import QueryAnswer
from calipso.operations.sql.operation import SqlAnswer
from calipso.operations.supported import SupportedEnvironments
from calipso.operations.topology import Links, Tree
from calipso.operations.transfer import Exported, Imported


class Methods:
    """Every operation as a method."""

    def call(self, name: str, /, **values: Any) -> Any:
        raise NotImplementedError

    def get_objects(
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

        found: Objects = self.call(
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

    def iter_objects(
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
    ) -> Iterator[ObjectView]:
        """All of them, fetched in pages that show one moment. Objects by kind, type, id or name. Raises `NotFound`
        for an unknown kind, or an id that is not there.

        kind: a kind, a type, or `interface`; empty for all. id: an id, an alias or a name. limit 0: no limit.
        where: attributes that objects have, as `mtu=1500`. fields: what to tell beside id, kind, type, name,
        host and environment, as `state` or `attributes.mtu`; empty for all. cursor: `next` of the page before.
        """

        cursor = ""
        while True:
            found = self.get_objects(
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
            yield from found.items
            cursor = found.next
            if not cursor:
                return

    def count_objects(self, *, environment: str = "local", at: str = "") -> Counts:
        """How many objects of each kind and type there are."""
        found: Counts = self.call("count_objects", environment=environment, at=at)
        return found

    def get_links(
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

        found: Links = self.call(
            "get_links", id=id, type=type, implicit=implicit, environment=environment, at=at, limit=limit, cursor=cursor
        )
        return found

    def iter_links(
        self,
        *,
        id: str = "",
        type: str = "",
        implicit: bool = False,
        environment: str = "local",
        at: str = "",
        page: int = 500,
    ) -> Iterator[LinkView]:
        """All of them, fetched in pages that show one moment. Links of an object, or of the environment, with what
        they go through.

        id: whose links, empty for all. type: one link type, or a relation such as `layer2`. implicit: also what
        role links of the object lead to over others that share a network.
        """

        cursor = ""
        while True:
            found = self.get_links(
                id=id, type=type, implicit=implicit, environment=environment, at=at, limit=page, cursor=cursor
            )
            yield from found.items
            cursor = found.next
            if not cursor:
                return

    def get_tree(self, *, root: str = "", depth: int = 0, environment: str = "local", at: str = "") -> Tree:
        """Containment: the environment, its hosts, their namespaces and switches, their devices and ports.

        root: whose subtree, empty for the environment. depth: levels below it, 0 for all.
        """

        found: Tree = self.call("get_tree", root=root, depth=depth, environment=environment, at=at)
        return found

    def get_clique(
        self, *, id: str, type: str = "", network: Sequence[str] = (), environment: str = "local", at: str = ""
    ) -> CliqueView:
        """What an object depends on, or reaches. Raises `NotFound`.

        id: the focal object's id or name. type: a clique type's name, empty for the environment's own. network:
        ids or names of networks to keep to, empty for all of the focal object's.
        """

        found: CliqueView = self.call("get_clique", id=id, type=type, network=network, environment=environment, at=at)
        return found

    def get_history(self, *, id: str, since: str = "", until: str = "", environment: str = "local") -> History:
        """Everything that happened to an object, also one that is gone. Raises `NotFound`.

        id: an id, alias or name, of an object that is or was. since: how far back; until: to when, now without
        it.
        """

        found: History = self.call("get_history", id=id, since=since, until=until, environment=environment)
        return found

    def get_diff(
        self, *, start: str, end: str = "", id: str = "", clique: str = "", query: str = "", environment: str = "local"
    ) -> DiffView:
        """What is different between two moments, and what brought it. Raises `QueryError` when it would run
        backwards.

        start, end: moments; end defaults to now. Of everything, or of what one of these held at either moment:
        id: an object and all that belongs to it. clique: the clique of a focal object. query: the objects of a
        query.
        """

        found: DiffView = self.call(
            "get_diff", start=start, end=end, id=id, clique=clique, query=query, environment=environment
        )
        return found

    def query(
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

        found: QueryAnswer = self.call(
            "query", query=query, environment=environment, at=at, limit=limit, timeout=timeout, drawing=drawing
        )
        return found

    def sql(
        self, *, sql: str, environment: str = "local", at: str = "", limit: int = 10000, timeout: float = 10.0
    ) -> SqlAnswer:
        """What SQL answers. Raises `QueryError` with the position of what is wrong.

        sql: one SELECT over the views objects, links, changes and runs. limit: rows at most. timeout: seconds.
        """

        found: SqlAnswer = self.call("sql", sql=sql, environment=environment, at=at, limit=limit, timeout=timeout)
        return found

    def get_sources(self, *, environment: str = "local", at: str = "") -> Sources:
        """Every scope that is looked at: freshness, what it saw, errors verbatim.

        at: as it was then, by the looks that changed something or went otherwise than the one before.
        """

        found: Sources = self.call("get_sources", environment=environment, at=at)
        return found

    def get_environments(self) -> Environments:
        """The environments there are."""
        found: Environments = self.call("get_environments")
        return found

    def get_supported_environments(
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

        found: SupportedEnvironments = self.call(
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

    def get_agents(self) -> Agents:
        """The agents that were here since the server started: who is, and what each costs."""
        found: Agents = self.call("get_agents")
        return found

    def put_environment(self, *, text: str) -> EnvironmentTaken:
        """Add an environment, or change it: what it is made of is derived anew and watched from now on. Raises
        `ConfigError` naming the field.

        text: an environment's file, as YAML. It is added, or takes the place of the one of its name.
        """

        found: EnvironmentTaken = self.call("put_environment", text=text)
        return found

    def remove_environment(self, *, environment: str, purge: bool = False) -> EnvironmentRemoved:
        """End an environment; its history stays unless it is purged. Raises `NotFound`, `Forbidden`.

        purge: its history too; without it, adding the environment again goes on with its history.
        """

        found: EnvironmentRemoved = self.call("remove_environment", environment=environment, purge=purge)
        return found

    def try_environment(self, *, environment: str = "", text: str = "") -> EnvironmentTried:
        """Look once at everything and keep nothing: what works, how long it takes, why it does not.

        environment: one there is; or text: the YAML of one that is not taken over yet.
        """

        found: EnvironmentTried = self.call("try_environment", environment=environment, text=text)
        return found

    def get_schedule(self, *, environment: str = "local") -> Schedules:
        """What each source does on each host, when it looks next, and how often it failed in a row."""
        found: Schedules = self.call("get_schedule", environment=environment)
        return found

    def scan(self, *, environment: str = "local") -> ScanResult:
        """Look at an environment once, completely."""
        found: ScanResult = self.call("scan", environment=environment)
        return found

    def export(self, *, environment: str = "local", at: str = "") -> Exported:
        """All records of an environment, in order of id and facet, behind a header."""
        found: Exported = self.call("export", environment=environment, at=at)
        return found

    def import_(self, *, lines: Sequence[str], environment: str = "local") -> Imported:
        """Take records over, scope by scope; what an imported scope held before and the export does not is gone.
        Raises `ParseError` naming the line; then nothing has been taken over.

        lines: as `export` gives them, the header first.
        """

        found: Imported = self.call("import", lines=lines, environment=environment)
        return found

    def get_tokens(self) -> Tokens:
        """The named tokens there are, without their secrets."""
        found: Tokens = self.call("get_tokens")
        return found

    def create_token(self, *, name: str, scopes: Sequence[Scope] = ("read",), expires: str = "") -> CreatedToken:
        """Make a token. Raises `Conflict` when the name is taken, `QueryError` for an end in the past.

        name: who it is for. scopes: read, write (which reads too), admin (everything), agent (delivers only).
        expires: a moment, or how long from now (`30d`); empty for never.
        """

        found: CreatedToken = self.call("create_token", name=name, scopes=scopes, expires=expires)
        return found

    def revoke_token(self, *, name: str) -> Tokens:
        """End a token at once. Raises `NotFound`.

        name: whose token ends.
        """

        found: Tokens = self.call("revoke_token", name=name)
        return found

    def get_audit(self, *, who: str = "", what: str = "", limit: int = 100, cursor: str = "") -> Audit:
        """Who wrote what, when, and how it ended; also what was refused. The newest first.

        who: a token's name. what: an operation. limit 0: no limit.
        """

        found: Audit = self.call("get_audit", who=who, what=what, limit=limit, cursor=cursor)
        return found

    def iter_audit(self, *, who: str = "", what: str = "", page: int = 500) -> Iterator[Deed]:
        """All of them, fetched in pages that show one moment. Who wrote what, when, and how it ended; also what was
        refused. The newest first.

        who: a token's name. what: an operation. limit 0: no limit.
        """

        cursor = ""
        while True:
            found = self.get_audit(who=who, what=what, limit=page, cursor=cursor)
            yield from found.items
            cursor = found.next
            if not cursor:
                return
