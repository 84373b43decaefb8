"""One pass over a region: every listing is asked at once, and each part of the cloud stands or falls alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from calipso.errors import CalipsoError, CommandFailed, ParseError, TransportError
from calipso.model.record import Observation, Record, RunBegan, RunEnded, RunError, Scope, ScopeGone, Seen
from calipso.seams import Http, SourceConfig, Transport
from calipso.sources.openstack import (
    agents,
    balancers,
    compute,
    firewalls,
    identity,
    network,
    parse,
    parse_services,
    placement,
    vpns,
)
from calipso.sources.openstack.listings import Listings

SOURCE = "openstack"
SESSION = "openstack:"
VERSIONS = {"compute": "compute 2.53", "placement": "placement 1.14"}
"""Servers with their flavor, ids of services and hypervisors as uuids: Pike; trees of providers: Queens. Clouds before
them are asked without."""
LIMIT = 1000
"""Objects of a page."""
MOST = 10_000
"""Pages of a listing: one that never comes to an end is none."""
TIMEOUT = 120.0


class Listing(msgspec.Struct, frozen=True):
    """What is asked: the service, the path below its versioned endpoint, the key of the answer, its form."""

    service: str
    path: str
    key: str
    form: type[parse.Document]


WITHOUT_KEY = "&".join(f"fields={name}" for name in parse_services.IpsecConnection.__struct_fields__)
"""Connections are asked for these fields alone: all of one holds its `psk`, which has no business here."""
EXTENSIONS = Listing("network", "/extensions", "extensions", parse.Extension)
"""What Neutron can do besides: it decides on parts, and is none itself."""

LISTINGS: dict[str, Listing] = {
    "regions": Listing("identity", "/regions", "regions", parse.Region),
    "services": Listing("identity", "/services", "services", parse.Service),
    "endpoints": Listing("identity", "/endpoints", "endpoints", parse.Endpoint),
    "projects": Listing("identity", "/projects", "projects", parse.Project),
    "servers": Listing("compute", f"/servers/detail?all_tenants=1&limit={LIMIT}", "servers", parse.Server),
    "flavors": Listing("compute", "/flavors/detail?is_public=None", "flavors", parse.Flavor),
    "images": Listing("image", f"/images?limit={LIMIT}", "images", parse.Image),
    "hypervisors": Listing("compute", "/os-hypervisors/detail", "hypervisors", parse.Hypervisor),
    "nova_services": Listing("compute", "/os-services", "services", parse.NovaService),
    "aggregates": Listing("compute", "/os-aggregates", "aggregates", parse.Aggregate),
    "zones": Listing("compute", "/os-availability-zone/detail", "availabilityZoneInfo", parse.Zone),
    "networks": Listing("network", "/networks", "networks", parse.Network),
    "segments": Listing("network", "/segments", "segments", parse.Segment),
    "subnets": Listing("network", "/subnets", "subnets", parse.Subnet),
    "ports": Listing("network", f"/ports?limit={LIMIT}", "ports", parse.Port),
    "routers": Listing("network", "/routers", "routers", parse.Router),
    "floating_ips": Listing("network", "/floatingips", "floatingips", parse.FloatingIp),
    "trunks": Listing("network", "/trunks", "trunks", parse.Trunk),
    "security_groups": Listing("network", "/security-groups", "security_groups", parse.SecurityGroup),
    "qos_policies": Listing("network", "/qos/policies", "policies", parse.QosPolicy),
    "agents": Listing("network", "/agents", "agents", parse.Agent),
    "load_balancers": Listing("load-balancer", "/lbaas/loadbalancers", "loadbalancers", parse_services.LoadBalancer),
    "firewall_groups": Listing("network", "/fwaas/firewall_groups", "firewall_groups", parse_services.FirewallGroup),
    "firewall_policies": Listing(
        "network", "/fwaas/firewall_policies", "firewall_policies", parse_services.FirewallPolicy
    ),
    "firewall_rules": Listing("network", "/fwaas/firewall_rules", "firewall_rules", parse_services.FirewallRule),
    "vpn_services": Listing("network", "/vpn/vpnservices", "vpnservices", parse_services.VpnService),
    "ipsec_connections": Listing(
        "network",
        f"/vpn/ipsec-site-connections?{WITHOUT_KEY}",
        "ipsec_site_connections",
        parse_services.IpsecConnection,
    ),
    "endpoint_groups": Listing("network", "/vpn/endpoint-groups", "endpoint_groups", parse_services.EndpointGroup),
    "providers": Listing("placement", "/resource_providers", "resource_providers", parse.Provider),
}


class Detail(msgspec.Struct, frozen=True):
    """What is asked of each of some objects that were listed. path: of an object, by its id."""

    of: Callable[[Listings], list[Any]]
    service: str
    path: str
    key: str


DETAILS: dict[str, Detail] = {
    "router_agents": Detail(Listings.on_several_agents, "network", "/routers/{}/l3-agents", "agents"),
    "inventories": Detail(lambda listed: listed.providers, "placement", "/resource_providers/{}/inventories",
                          "inventories"),
    "traits": Detail(lambda listed: listed.providers, "placement", "/resource_providers/{}/traits", "traits"),
    "compute_quotas": Detail(Listings.in_use, "compute", "/os-quota-sets/{}", "quota_set"),
    "network_quotas": Detail(Listings.in_use, "network", "/quotas/{}", "quota"),
}  # fmt: skip


def _in_turns() -> list[str]:
    nth: Counter[str] = Counter()
    turns = []
    for name, each in LISTINGS.items():
        turns.append((nth[each.service], name))
        nth[each.service] += 1
    return [name for _, name in sorted(turns, key=lambda turn: turn[0])]


IN_TURNS = _in_turns()
"""Listings, the services in turns: each lets a new token be checked with its first answer, and so all do it at once."""


class Part(msgspec.Struct, frozen=True):
    """A scope: listings it cannot do without, and those a cloud may lack or refuse.

    service, extension: what a cloud need not have, and its Neutron need not know; without them there is no such scope.
    option: what leaves it out when false.
    """

    name: str
    needs: tuple[str, ...]
    records: Callable[[Listings], list[Record]]
    uses: tuple[str, ...] = ()
    service: str = ""
    extension: str = ""
    option: str = ""


PARTS = (
    Part("identity", ("regions", "projects"), identity.records, ("services", "endpoints")),
    Part("servers", ("servers",), compute.server_records, ("projects", "flavors", "images")),
    Part("hosts", ("hypervisors", "nova_services", "aggregates", "zones"), compute.host_records),
    Part(
        "networks", ("networks", "subnets", "ports"), network.records,
        ("projects", "segments", "routers", "floating_ips", "trunks", "security_groups", "qos_policies", "agents",
         "router_agents"),
    ),
    Part("agents", ("agents",), agents.records),
    Part("resources", ("providers", "hypervisors"), placement.resource_records, ("inventories", "traits"), "placement"),
    Part("load_balancers", ("load_balancers",), balancers.records, ("projects",), "load-balancer"),
    Part("firewalls", ("firewall_groups", "firewall_policies", "firewall_rules"), firewalls.records, ("projects",),
         "network", "fwaas_v2"),
    Part("vpns", ("vpn_services", "ipsec_connections"), vpns.records, ("projects", "endpoint_groups"),
         "network", "vpnaas"),
    Part("quotas", ("projects",), placement.quota_records,
         ("servers", "networks", "routers", "compute_quotas", "network_quotas"), option="quotas"),
)  # fmt: skip

BESIDE = {"servers": "networks"}
"""Part → the one that is looked at with it."""

Answer = list[Any] | dict[str, Any] | CalipsoError


class Look(NamedTuple):
    """A look at a region: the parts that it has, those it lacks, each listing's objects or why there are none."""

    region: str
    parts: list[Part]
    lacking: list[Part]
    answers: dict[str, Answer]


def chosen(options: Mapping[str, Any]) -> list[Part]:
    """The parts that the options leave."""
    return [part for part in PARTS if not part.option or options.get(part.option, True)]


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """All parts of the region; what a part needs and is not told ends it as failed, and nothing of it is lost."""
    parts, known = chosen(config.options), config.options.get("known", ())
    scopes = {part.name: Scope(SOURCE, config.host, part.name) for part in PARTS}
    for part in PARTS:
        if part not in parts and part.name in known:
            yield ScopeGone(scopes[part.name])
    parts = _wanted(parts, config)
    try:
        session, present, lacking = await _found(transport, parts, known)
    except (TransportError, ParseError) as error:
        for part in expected(parts, known):
            yield RunBegan(scopes[part.name])
            yield RunEnded(scopes[part.name], "failed", (RunError("session", error.message),))
        return
    for part in lacking:
        if part.name in known:
            yield ScopeGone(scopes[part.name])
    for part in present:
        yield RunBegan(scopes[part.name])
    answers = await _answers(Asking(transport, session.services), session.region, present)
    listed = listings_of(session.region, answers)
    for part in present:
        for observation in told(part, scopes[part.name], answers, listed):
            yield observation


def _wanted(parts: list[Part], config: SourceConfig) -> list[Part]:
    """Those that are to be looked at. A server's NICs are ports: a new one is told there."""
    beside = [BESIDE[part.name] for part in parts if part.name in BESIDE and config.wants(part.name)]
    return [part for part in parts if config.wants(part.name) or part.name in beside]


async def ask_all(transport: Transport, parts: list[Part], known: Collection[str]) -> Look:
    """Everything at once. Raises `TransportError`, `ParseError` where not even the session is told."""
    session, present, lacking = await _found(transport, parts, known)
    answers = await _answers(Asking(transport, session.services), session.region, present)
    return Look(session.region, present, lacking, answers)


def expected(parts: list[Part], known: Collection[str]) -> list[Part]:
    """The parts that a region has as far as is known before it was asked."""
    return [part for part in parts if not part.service or part.name in known]


async def _found(
    transport: Transport, parts: list[Part], known: Collection[str]
) -> tuple[parse.About, list[Part], list[Part]]:
    """The session, the parts that the region has, those it lacks. Where extensions are not told, those known so far."""
    session = parse.about((await transport.ask(Http(SESSION, "/"))).body)
    present = [part for part in parts if not part.service or part.service in session.services]
    extended = [part for part in present if part.extension]
    if extended:
        said = await Asking(transport, session.services).answer(EXTENSIONS)
        aliases = None if isinstance(said, CalipsoError) else {each.alias for each in said}
        absent = [p for p in extended if (p.name not in known if aliases is None else p.extension not in aliases)]
        present = [part for part in present if part not in absent]
    return session, present, [part for part in parts if part not in present]


async def _answers(asking: Asking, region: str, parts: list[Part]) -> dict[str, Answer]:
    """Listings, then what is asked of single objects in them, each with its answer or what went wrong."""
    wanted = {name for part in parts for name in (*part.needs, *part.uses)}
    names = [name for name in IN_TURNS if name in wanted]
    answers: dict[str, Answer] = dict(
        zip(names, await asyncio.gather(*(asking.answer(LISTINGS[name]) for name in names)), strict=True)
    )
    listed = listings_of(region, answers)
    further = [name for name in DETAILS if name in wanted]
    found = await asyncio.gather(*(asking.details(DETAILS[name], listed) for name in further))
    return {**answers, **dict(zip(further, found, strict=True))}


def told(part: Part, scope: Scope, answers: dict[str, Answer], listed: Listings) -> Iterator[Observation]:
    """What a part of the region is, or why that cannot be said, and the end of the look at it."""
    errors = _errors(part, answers)
    if not errors:
        try:
            yield Seen(scope, tuple(part.records(listed)))
        except ParseError as error:
            errors = (RunError(part.name, error.message),)
    yield RunEnded(scope, "failed" if errors else "completed", errors)


def _errors(part: Part, answers: dict[str, Answer]) -> tuple[RunError, ...]:
    out = []
    for name in (*part.needs, *part.uses):
        answer = answers[name]
        if isinstance(answer, CalipsoError) and (name in part.needs or not isinstance(answer, Lacking)):
            asked = LISTINGS.get(name) or DETAILS[name]
            out.append(RunError(f"{asked.service} {asked.path}", answer.message))
    return tuple(out)


def listings_of(region: str, answers: dict[str, Answer]) -> Listings:
    found: dict[str, Any] = {name: each for name, each in answers.items() if not isinstance(each, CalipsoError)}
    return Listings(region=region, **found)


class Asking:
    """Asks for listings, page by page."""

    def __init__(self, transport: Transport, services: list[str]) -> None:
        self._transport = transport
        self._services = services

    async def answer(self, listing: Listing) -> list[Any] | CalipsoError:
        """All objects, or why there are none."""
        if listing.service not in self._services:
            return Lacking(f"the catalogue has no {listing.service} service in this region", 404)
        try:
            return await self._all(listing)
        except (TransportError, ParseError) as error:
            return error

    async def details(self, detail: Detail, listed: Listings, known: Collection[str] = ()) -> Answer:
        """What each object says that is not `known`, by its id; an object that is gone by now says nothing."""
        if detail.service not in self._services:
            return {}
        ids = [each.id for each in detail.of(listed) if each.id not in known]
        try:
            said = await asyncio.gather(*(self._detail(detail, id) for id in ids))
        except (TransportError, ParseError) as error:
            return error
        return {id: each for id, each in zip(ids, said, strict=True) if each is not None}

    async def _detail(self, detail: Detail, id: str) -> Any:
        try:
            return parse.detail(await self._body(detail.service, detail.path.format(id)), detail.key)
        except Lacking:
            return None

    async def _all(self, listing: Listing) -> list[Any]:
        found: dict[str, Any] = {}
        path = listing.path
        for _ in range(MOST):
            objects, query = parse.page(await self._body(listing.service, path), listing.key, listing.form)
            found.update((str(getattr(each, "id", "") or getattr(each, "name", "")), each) for each in objects)
            if not query:
                return [found[id] for id in sorted(found)]  # what moved between pages counts once
            path = f"{listing.path.partition('?')[0]}?{query}"
        raise TransportError(f"{listing.service}{listing.path}: more than {MOST} pages")

    async def _body(self, service: str, path: str) -> bytes:
        headers = {"OpenStack-API-Version": VERSIONS[service]} if service in VERSIONS else {}
        reply = await self._transport.ask(Http(f"openstack:{service}", path, headers=headers, timeout=TIMEOUT))
        if reply.exit_code == 406 and headers:
            reply = await self._transport.ask(Http(f"openstack:{service}", path, timeout=TIMEOUT))
        if reply.exit_code == 200:
            return reply.body
        said = reply.body[:200].decode(errors="replace").strip()
        message = f"{service} {path.partition('?')[0]}: {reply.exit_code} {said}"
        if reply.exit_code in (403, 404):
            raise Lacking(message, reply.exit_code)
        raise CommandFailed(message, exit_code=reply.exit_code)


class Lacking(CommandFailed):
    """The cloud has no such thing, or does not show it to this user."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, exit_code=status)
