"""What the first octets of a conversation say: TLS's server name, HTTP's host, DNS, DHCP.

TLS's ClientHello (RFC 8446 §4.1.2, RFC 6066 §3), over as many records as it takes; HTTP/1 requests (RFC 9112). What is
cut off or makes no sense says nothing: nothing is raised, whatever the octets are.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from calipso.flows import dns
from calipso.flows import record as r
from calipso.flows.dns import Cut, Octets
from calipso.flows.lan import dhcp_of, vrrp_of
from calipso.model.flow import FlowDhcp, FlowDns, FlowVrrp

LAYERS: tuple[Literal["DNS", "DHCPv4", "VRRP"], ...] = ("DNS", "DHCPv4", "VRRP")
"""Layers that flows tell in full when they are asked to."""
_TCP, _UDP, _VRRP = 6, 17, 112
_REQUEST = re.compile(
    rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PROPFIND) (\S+) HTTP/1\.[01]\r?\n", re.ASCII
)
_HOST = re.compile(rb"\r?\n[Hh][Oo][Ss][Tt]:[ \t]*([!-~]+)[ \t]*\r?\n")
_ANSWER = re.compile(rb"HTTP/1\.[01] [1-5][0-9][0-9][ \r\n]")
_DNS_PORTS, _DHCP_PORTS = frozenset({53, 5353, 5355}), frozenset({67, 68})
_NAME = re.compile(r"[A-Za-z0-9._:\[\]%-]{1,253}")


class Said(NamedTuple):
    """application: empty for not known by it. asked_name: TLS's server name, HTTP's host, DNS's question."""

    application: str = ""
    asked_name: str = ""
    dns: FlowDns | None = None
    dhcp: FlowDhcp | None = None
    vrrp: FlowVrrp | None = None


def said_by(key: r.Key, heads: tuple[bytes, bytes]) -> Said:
    """What the first octets of both sides say of a conversation."""
    if key.protocol == _TCP:
        return _of_tcp(key, heads)
    if key.protocol == _UDP:
        return _of_udp(key, heads)
    if key.protocol == _VRRP:
        found = next((vrrp for head in heads if (vrrp := vrrp_of(head)) is not None), None)
        return Said("VRRP", vrrp=found) if found is not None else Said()
    return Said()


def _of_tcp(key: r.Key, heads: tuple[bytes, bytes]) -> Said:
    for head in heads:
        name = server_name(head)
        if name is not None:
            return Said("TLS", name)
        if _REQUEST.match(head):
            return Said("HTTP", host(head))
    if any(map(_ANSWER.match, heads)):
        return Said("HTTP")
    if _DNS_PORTS & {key.port_a, key.port_b}:
        return _of_dns([head[2 : 2 + int.from_bytes(head[:2], "big")] for head in heads], sure=True)
    return Said()


def _of_udp(key: r.Key, heads: tuple[bytes, bytes]) -> Said:
    ports = {key.port_a, key.port_b}
    if ports & _DHCP_PORTS:
        found = next((dhcp for head in heads if (dhcp := dhcp_of(head)) is not None), None)
        return Said("DHCPv4", dhcp=found) if found is not None else Said()
    return _of_dns(list(heads), sure=bool(ports & _DNS_PORTS))


def _of_dns(heads: list[bytes], *, sure: bool) -> Said:
    """An answer tells the question too. On ports that are not DNS's all octets have to be a message."""
    found = [said for head in heads if (said := dns.message(head, whole=not sure)) is not None]
    if not found:
        return Said()
    told = next((said for said in found if said.answer), found[0])
    name = told.questions.partition(" ")[0].rstrip(".")
    return Said("DNS", name, dns=told)


def server_name(head: bytes) -> str | None:
    """Of a ClientHello, "" where it names none or is cut off before; None for anything else."""
    hello = bytearray()
    at = 0
    while len(head) >= at + 5 and head[at] == 22 and head[at + 1] == 3 and len(hello) < 1 << 14:
        size = int.from_bytes(head[at + 3 : at + 5], "big")
        hello += head[at + 5 : at + 5 + size]
        at += 5 + size
    if len(hello) < 6 or hello[0] != 1 or hello[4] != 3:
        return None
    try:
        return _extension(Octets(bytes(hello), 4 + 2 + 32))
    except Cut:
        return ""


def _extension(said: Octets) -> str:
    """The name in server_name's extension. Raises `Cut`."""
    said.take(said.number(1))  # session
    said.take(said.number(2))  # cipher suites
    said.take(said.number(1))  # compression
    said.number(2)
    while True:
        kind, size = said.number(2), said.number(2)
        body = said.take(size)
        if kind == 0:
            names = Octets(body, 2)
            while True:
                form, name = names.number(1), names.take(names.number(2))
                if form == 0:
                    text = name.decode("ascii", "replace").lower()
                    return text if _NAME.fullmatch(text) else ""


def host(head: bytes) -> str:
    """Of a request: its Host field, else that of its target (RFC 9112 §3.2); without its port, "" for none."""
    top = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0] + b"\r\n"
    found = _HOST.search(top)
    request = _REQUEST.match(head)
    text = found.group(1) if found else _target(request.group(1)) if request else b""
    name = re.sub(r":\d{1,5}$", "", text.decode("ascii", "replace")).lower()
    return name if _NAME.fullmatch(name) else ""


def _target(target: bytes) -> bytes:
    absolute = re.match(rb"https?://([^/?#]+)", target)
    return absolute.group(1) if absolute else b""
