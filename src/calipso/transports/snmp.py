"""SNMP of a device: walks of subtrees by GETBULK (RFC 3416 §4.2.3), version 2c or 3 (RFC 3414, RFC 3826)."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from pysnmp.carrier.asyncio.dgram.udp import UdpAsyncioTransport
from pysnmp.carrier.asyncio.dgram.udp6 import Udp6AsyncioTransport
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto import errind
from pysnmp.proto.rfc1902 import Integer, Integer32, IpAddress, ObjectName, OctetString, Opaque
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from calipso.errors import AuthFailed, ConfigError, TimedOut, TransportError, Unreachable
from calipso.model.environment import SnmpAccess
from calipso.native.entered import entered
from calipso.native.place import Place
from calipso.seams import Reply, Request, Snmp
from calipso.transports.secrets import secret

REPETITIONS = 25
"""Rows asked for at a time: what fits into one datagram of most devices."""
TIMEOUT, RETRIES = 2.0, 2
MOST = 1_000_000
"""Rows of a walk: a device that never comes to an end is none."""
_AUTH = {
    "MD5": hlapi.usmHMACMD5AuthProtocol,
    "SHA": hlapi.usmHMACSHAAuthProtocol,
    "SHA256": hlapi.usmHMAC192SHA256AuthProtocol,
    "SHA512": hlapi.usmHMAC384SHA512AuthProtocol,
}
_PRIV = {"DES": hlapi.usmDESPrivProtocol, "AES": hlapi.usmAesCfb128Protocol, "AES256": hlapi.usmAesCfb256Protocol}
_REFUSED = (
    errind.UnknownUserName, errind.WrongDigest, errind.UnsupportedSecurityLevel, errind.AuthenticationFailure,
    errind.DecryptionError, errind.UnknownCommunityName, errind.UnsupportedAuthProtocol,
)  # fmt: skip


class SnmpTransport:
    """Answers `Snmp` of one device. `pid`: packets leave from the network namespace of that process.

    Raises `ConfigError` when a credential's reference leads nowhere.
    """

    answers: frozenset[type[Request]] = frozenset({Snmp})

    def __init__(self, access: SnmpAccess, pid: int | None = None) -> None:
        self._access = access
        self._place = Place(pid)
        self._auth = _credentials(access)
        self._one = asyncio.Lock()

    async def ask(self, request: Request) -> Reply:
        """Raises `Unreachable`, `AuthFailed`, `TimedOut`."""
        if not isinstance(request, Snmp):
            raise TransportError(f"a device is asked by SNMP only, not by {type(request).__name__}")
        async with self._one:  # devices are slow: one walk at a time
            try:
                async with asyncio.timeout(request.timeout):
                    rows = await self._walks(request.oids)
            except TimeoutError:
                raise TimedOut(f"{self._access.address}: not told within {request.timeout} s") from None
            except (PySnmpError, OSError) as error:
                raise Unreachable(f"{self._access.address}: {error}") from error
        return Reply(msgspec.json.encode(rows))

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        """Nothing of a device is a stream."""
        raise TransportError("SNMP is no stream: ask for it")

    async def close(self) -> None:
        """Nothing is open between requests."""

    async def _walks(self, oids: tuple[str, ...]) -> list[tuple[str, str, int | str]]:
        engine = hlapi.SnmpEngine()
        try:
            kind = _Target6 if ":" in self._access.address else _Target
            target = await kind.create((self._access.address, self._access.port), timeout=TIMEOUT, retries=RETRIES)
            target.socket = self._socket(kind.family)
            found: dict[tuple[int, ...], tuple[str, str, int | str]] = {}
            for oid in oids:
                await self._walk(engine, target, ObjectName(oid), found)
            return [found[oid] for oid in sorted(found)]
        finally:
            engine.close_dispatcher()

    async def _walk(
        self, engine: Any, target: Any, root: Any, found: dict[tuple[int, ...], tuple[str, str, int | str]]
    ) -> None:
        at = root
        while True:
            refused, status, _, rows = await hlapi.bulk_cmd(
                engine, self._auth, target, hlapi.ContextData(), 0, REPETITIONS, (at, hlapi.Null("")), lookupMib=False
            )
            if refused is not None:
                raise self._error(refused)
            if status:
                raise TransportError(f"{self._access.address}: {status.prettyPrint()}")
            for oid, value in rows:
                ended = isinstance(value, EndOfMibView | NoSuchObject | NoSuchInstance | hlapi.Null)
                if ended or not root.isPrefixOf(oid) or tuple(oid) <= tuple(at):
                    return
                found[tuple(oid)] = (str(oid), type(value).__name__, _value(value))
                at = oid
            if not rows:
                return
            if len(found) > MOST:
                raise TransportError(f"{self._access.address}: more than {MOST} rows")

    def _error(self, refused: Any) -> TransportError:
        if isinstance(refused, _REFUSED):
            return AuthFailed(f"{self._access.address}: {refused}")
        if isinstance(refused, errind.RequestTimedOut):
            hint = "A device does not answer a wrong community at all." if self._access.community else ""
            return Unreachable(f"{self._access.address}: no answer by SNMP", hint=hint)
        return TransportError(f"{self._access.address}: {refused}")

    def _socket(self, family: socket.AddressFamily) -> socket.socket:
        if self._place.pid is None:
            made = socket.socket(family, socket.SOCK_DGRAM)
        else:
            namespace = self._place.open_namespace("")
            try:
                with entered(namespace):
                    made = socket.socket(family, socket.SOCK_DGRAM)
            finally:
                os.close(namespace)
        made.setblocking(False)
        return made


class _Target(hlapi.UdpTransportTarget):  # type: ignore[misc]
    """Over a socket of ours: it may be in another namespace."""

    family = socket.AF_INET
    socket: socket.socket

    def open_client_mode(self) -> Any:
        self.socket.bind(("", 0))
        self.transport = UdpAsyncioTransport().open_server_mode(sock=self.socket)
        return self.transport


class _Target6(hlapi.Udp6TransportTarget):  # type: ignore[misc]
    """The same by IPv6."""

    family = socket.AF_INET6
    socket: socket.socket

    def open_client_mode(self) -> Any:
        self.socket.bind(("::", 0))
        self.transport = Udp6AsyncioTransport().open_server_mode(sock=self.socket)
        return self.transport


def _value(value: Any) -> int | str:
    """Numbers as they are, octets as hexadecimal text, object identifiers dotted."""
    if isinstance(value, OctetString | IpAddress | Opaque):
        return bytes(value.asOctets()).hex()
    if isinstance(value, Integer | Integer32):
        return int(value)
    try:
        return int(value)
    except (TypeError, ValueError, PySnmpError):
        return str(value)


def _credentials(access: SnmpAccess) -> Any:
    if access.community:
        return hlapi.CommunityData(secret(access.community, "snmp.community"), mpModel=1)  # noqa: S508  (what many switches can)
    if not access.user:
        raise ConfigError("neither a community nor a user", where="snmp")
    for name, known in ((access.auth_protocol, _AUTH), (access.priv_protocol, _PRIV)):
        if name not in known:
            raise ConfigError(f"{name!r} is none of {', '.join(known)}", where="snmp")
    return hlapi.UsmUserData(
        access.user,
        authKey=secret(access.auth_key, "snmp.auth_key") if access.auth_key else None,
        privKey=secret(access.priv_key, "snmp.priv_key") if access.priv_key else None,
        authProtocol=_AUTH[access.auth_protocol] if access.auth_key else hlapi.usmNoAuthProtocol,
        privProtocol=_PRIV[access.priv_protocol] if access.priv_key else hlapi.usmNoPrivProtocol,
    )
