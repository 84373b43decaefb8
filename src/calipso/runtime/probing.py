"""Whether what an environment names can be reached and lets us in: one try for each section, none of it kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from calipso.errors import AuthFailed, CalipsoError, ConfigError, TimedOut, Unreachable
from calipso.model.environment import AmqpAccess, Environment, Host, SqlAccess
from calipso.model.original import HOSTED
from calipso.model.secrecy import Opened
from calipso.operations.context import Probed
from calipso.runtime.collect import with_pid
from calipso.runtime.probing_http import aci, keystone, kubernetes, sensu
from calipso.seams import Exec, Http, Sql, Transport
from calipso.sources.openstack.bus import EXCHANGES
from calipso.transports.amqp import AmqpTransport
from calipso.transports.secrets import secret
from calipso.transports.sql import SqlTransport

Section = Mapping[str, Any]
Reach = Callable[[Host], Transport]


class Target(msgspec.Struct, frozen=True):
    """name: a section's. place: where it leads. fields: those that prove who we are. work: the try itself."""

    name: str
    place: str
    fields: tuple[str, ...]
    work: Callable[[float], Awaitable[str]] | None


def targets(environment: Environment, reach: Reach, opened: Callable[[Any], Any]) -> list[Target]:
    """Everything an environment names, section by section, then host by host."""
    sections = environment.original.get("configuration", ())
    found = [_of_section(each, opened) for each in sections if HOSTED.get(str(each["name"])) not in environment.hosts]
    for name, host in environment.hosts.items():
        found += list(_of_host(name, host, reach))
    return found + list(_of_buses(environment, opened, {each.name for each in found}))


def _of_buses(environment: Environment, opened: Callable[[Any], Any], tried: set[str]) -> Iterator[Target]:
    """The message bus of each cloud, once; a document's section AMQP is the environment's bus and tried as it is."""
    seen = [environment.amqp] if "AMQP" in tried else []
    for name, host in environment.hosts.items():
        bus = environment.bus_of(host)
        if bus is not None and bus not in seen:
            seen.append(bus)
            fields = tuple(field for field in ("user", "password") if getattr(bus, field))
            work = partial(_listened, bus, opened, partial(with_pid, host, f"hosts.{name}"))
            yield Target("AMQP", f"{bus.host}:{bus.port}" if bus.port else bus.host, fields, work)


def _of_section(section: Section, opened: Callable[[Any], Any]) -> Target:
    name = str(section["name"])
    place = str(section.get("host") or section.get("server_ip") or "")
    port = section.get("port") or section.get("api_port")
    shown = f"{place}:{port}" if port else place
    tried = SECTIONS.get(name)
    proofs = tuple(field for field in ("user", "pwd", "token", "admin_token", "key") if section.get(field))
    if tried is None:
        return Target(name, shown, proofs, None)
    return Target(name, shown, proofs, lambda limit: tried(_lit(section, opened), limit))


def _lit(section: Section, opened: Callable[[Any], Any]) -> dict[str, Any]:
    """A section with its secrets in clear. Raises `ConfigError` naming the field."""
    said = dict(opened(section))
    for field, value in said.items():
        if isinstance(value, str) and (value.startswith(("env:", "file:")) or value is not section[field]):
            said[field] = str.__str__(secret(value, f"{section['name']}.{field}"))
    return said


def _of_host(name: str, host: Host, reach: Reach) -> Iterator[Target]:
    where = f"hosts.{name}"
    if host.ssh is not None:
        fields = tuple(field for field in ("user", "password", "keys", "agent") if getattr(host.ssh, field))
        yield Target("CLI", name, fields, lambda limit: _command(reach, host, limit))
    if host.mysql is not None:
        fields = tuple(field for field in ("user", "password") if getattr(host.mysql, field))
        place = f"{host.mysql.host}:{host.mysql.port}"
        yield Target("mysql", place, fields, lambda limit: _databases(reach(with_pid(host, where)), limit))
    if host.openstack is not None:
        fields = ("cloud",) if host.openstack.cloud else ("user", "password")
        yield Target(
            "OpenStack", host.openstack.place, fields, lambda limit: _cloud(reach, with_pid(host, where), limit)
        )


async def _command(reach: Reach, host: Host, limit: float) -> str:
    """Log in by SSH and ask for the host's name."""
    transport = reach(host)
    try:
        reply = await transport.ask(Exec(("uname", "-n"), timeout=limit))
        return f"is {reply.body.decode(errors='replace').strip()}"
    finally:
        await transport.close()


async def _databases(transport: Transport, limit: float) -> str:
    """Log in to the server of a cloud's databases and ask for its version."""
    try:
        said = msgspec.json.decode((await transport.ask(Sql("SELECT VERSION()", timeout=limit))).body)
        return f"version {said['rows'][0][0]}"
    finally:
        await transport.close()


async def _cloud(reach: Reach, host: Host, limit: float) -> str:
    transport = reach(host)
    try:
        said = msgspec.json.decode((await transport.ask(Http("openstack:", "/", timeout=limit))).body)
        return f"region {said.get('region')}, services {', '.join(said.get('services', ()))}"
    finally:
        await transport.close()


async def _database(said: Section, limit: float) -> str:
    """Log in to MySQL or MariaDB as reading does and ask for its version."""
    access = SqlAccess(
        host=str(said["host"]), port=int(said["port"]), user=str(said["user"]), password=_password(said),
        connect_timeout=limit,
    )  # fmt: skip
    return await _databases(SqlTransport(access), limit)


async def _bus(said: Section, limit: float) -> str:
    """Log in to RabbitMQ."""
    access = AmqpAccess(
        host=str(said["host"]), port=int(said["port"]), user=str(said["user"]), password=_password(said),
        vhost=str(said.get("vhost") or "/"),
    )  # fmt: skip
    return await _met(AmqpTransport(access))


def _password(said: Section) -> str:
    """A section's, which is in clear by now."""
    return Opened(said["pwd"]) if said.get("pwd") else ""


async def _listened(bus: AmqpAccess, opened: Callable[[Any], Any], host: Callable[[], Host], limit: float) -> str:
    """Log in as listening does, from where it does."""
    return await _met(AmqpTransport(opened(bus), host().pid or None))


async def _met(transport: AmqpTransport) -> str:
    """Log in and look for the exchanges of the cloud's services."""
    there = await transport.met(EXCHANGES)
    return f"logged in, exchanges: {', '.join(there) or 'none of ' + ', '.join(EXCHANGES)}"


async def _port(said: Section, limit: float) -> str:
    """Reach the port. What speaks there was never documented, and nothing of the original read it: nobody logs in."""
    place = f"{said['host']}:{said['port']}"
    try:
        async with asyncio.timeout(limit):
            _, writer = await asyncio.open_connection(str(said["host"]), int(said["port"]))
    except TimeoutError as error:
        raise TimedOut(f"{place}: no connection within {limit:g} s") from error
    except OSError as error:
        raise Unreachable(f"{place}: {error.strerror or error}") from error
    writer.close()
    return "the port is reached; whether it lets us in is not known"


async def _keystone(said: Section, limit: float) -> str:
    return await keystone(said, limit)


SECTIONS: Mapping[str, Callable[[Section, float], Awaitable[str]]] = {
    "OpenStack": _keystone, "mysql": _database, "AMQP": _bus, "Monitoring": sensu, "ACI": aci, "Kubernetes": kubernetes,
    "NFV_provider": _port,
}  # fmt: skip
"""Section → how it is tried; the others name no place. CLI is tried host by host."""


async def probed(found: Sequence[Target], limit: float) -> list[Probed]:
    """What came of all tries, made at once."""
    return list(await asyncio.gather(*(_try(each, limit) for each in found)))


async def _try(target: Target, limit: float) -> Probed:
    if target.work is None:
        return Probed(target.name, target.place, "not supported", 0.0, "it names no place that could be tried")
    began = time.monotonic()
    status, reason, kind, field, hint = "ok", "", "", "", ""
    try:
        async with asyncio.timeout(limit + 1):
            reason = await target.work(limit)
    except TimeoutError:
        status, kind, reason = "failed", "TimedOut", f"{target.place}: no answer within {limit:g} s"
    except CalipsoError as error:
        status, kind, reason, hint = "failed", type(error).__name__, error.message, error.hint
        if isinstance(error, AuthFailed):
            field = ", ".join(target.fields)
        elif isinstance(error, ConfigError):
            field = error.where
        else:
            field = "host" if isinstance(error, Unreachable | TimedOut) else ""
    return Probed(target.name, target.place, status, round(time.monotonic() - began, 6), reason, kind, field, hint)
