"""MIB tables out of walks: IF-MIB (RFC 2863), BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363), LLDP-MIB (802.1AB)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from calipso.errors import ParseError
from calipso.model import ids

NAME = "snmp"
Index = tuple[int, ...]

SYSTEM = {"description": "1.3.6.1.2.1.1.1", "object_id": "1.3.6.1.2.1.1.2", "name": "1.3.6.1.2.1.1.5",
          "location": "1.3.6.1.2.1.1.6"}  # fmt: skip
_IF, _IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
INTERFACES = {"descr": f"{_IF}.2", "type": f"{_IF}.3", "mtu": f"{_IF}.4", "mac": f"{_IF}.6", "admin": f"{_IF}.7",
              "oper": f"{_IF}.8", "name": f"{_IFX}.1", "speed": f"{_IFX}.15", "alias": f"{_IFX}.18"}  # fmt: skip
_BRIDGE, _Q = "1.3.6.1.2.1.17", "1.3.6.1.2.1.17.7.1"
BRIDGE = {"address": f"{_BRIDGE}.1.1", "port_ifindex": f"{_BRIDGE}.1.4.1.2", "fdb_port": f"{_BRIDGE}.4.3.1.2",
          "fdb_status": f"{_BRIDGE}.4.3.1.3"}  # fmt: skip
Q_BRIDGE = {"fdb_port": f"{_Q}.2.2.1.2", "fdb_status": f"{_Q}.2.2.1.3", "egress": f"{_Q}.4.2.1.4",
            "untagged": f"{_Q}.4.2.1.5", "vlan_name": f"{_Q}.4.3.1.1", "pvid": f"{_Q}.4.5.1.1"}  # fmt: skip
_LLDP = "1.0.8802.1.1.2.1"
LLDP = {"chassis_subtype": f"{_LLDP}.3.1", "chassis_id": f"{_LLDP}.3.2", "port_subtype": f"{_LLDP}.3.7.1.2",
        "port_id": f"{_LLDP}.3.7.1.3", "port_descr": f"{_LLDP}.3.7.1.4"}  # fmt: skip
_REMOTE = f"{_LLDP}.4.1.1"
REMOTE = {"chassis_subtype": f"{_REMOTE}.4", "chassis_id": f"{_REMOTE}.5", "port_subtype": f"{_REMOTE}.6",
          "port_id": f"{_REMOTE}.7", "port_descr": f"{_REMOTE}.8", "name": f"{_REMOTE}.9",
          "capabilities": f"{_REMOTE}.12"}  # fmt: skip
CHASSIS_SUBTYPES = {1: "component", 2: "ifalias", 3: "port", 4: "mac", 5: "ip", 6: "ifname", 7: "local"}
PORT_SUBTYPES = {1: "ifalias", 2: "port", 3: "mac", 4: "ip", 5: "ifname", 6: "agent", 7: "local"}
_CAPABILITIES = ("Other", "Repeater", "Bridge", "Wlan", "Router", "Telephone", "Docsis", "Station")
_SWITCHING = frozenset({"Repeater", "Bridge", "Wlan", "Router"})
LEARNED = 3
"""dot1dTpFdbStatus."""


COLUMNS = frozenset(
    tuple(map(int, oid.split(".")))
    for table in (SYSTEM, INTERFACES, BRIDGE, Q_BRIDGE, LLDP, REMOTE)
    for oid in table.values()
)
LENGTHS = tuple(sorted({len(column) for column in COLUMNS}, reverse=True))


class Walk:
    """The answer to walks: tables by column. Raises `ParseError` when the answer is none."""

    def __init__(self, body: bytes) -> None:
        self._columns: dict[Index, dict[Index, int | str]] = {}
        self.take(body)

    def take(self, body: bytes) -> Walk:
        """Take in another answer of the same device. Raises `ParseError`."""
        try:
            rows = msgspec.json.decode(body, type=list[tuple[str, str, int | str]])
            found = [(tuple(map(int, oid.split("."))), value) for oid, _, value in rows]
        except (msgspec.DecodeError, ValueError) as error:
            raise ParseError(NAME, str(error), excerpt=body[:200].decode(errors="replace")) from None
        for oid, value in found:
            column = next((oid[:length] for length in LENGTHS if oid[:length] in COLUMNS), None)
            if column is not None:
                self._columns.setdefault(column, {})[oid[len(column) :]] = value
        return self

    def column(self, oid: str) -> dict[Index, int | str]:
        """Index → value."""
        return self._columns.get(tuple(map(int, oid.split("."))), {})

    def numbers(self, oid: str) -> dict[Index, int]:
        return {index: value for index, value in self.column(oid).items() if isinstance(value, int)}

    def texts(self, oid: str) -> dict[Index, str]:
        return {index: text(value) for index, value in self.column(oid).items() if isinstance(value, str)}


def octets(value: int | str | None) -> bytes:
    """Octets of a value that stands as hexadecimal text; none when it does not."""
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""


def text(value: int | str | None) -> str:
    """An octet string for people: some devices end it by a NUL."""
    return octets(value).rstrip(b"\0").decode("utf-8", "replace").strip()


def mac(value: int | str | None) -> str:
    """Six octets as a MAC, "" for anything else or nothing."""
    raw = octets(value)
    return raw.hex(":") if len(raw) == 6 and any(raw) else ""


def identity(subtypes: dict[int, str], subtype: object, value: int | str | None) -> tuple[str, str]:
    """(subtype, id) of a chassis or port, in the form that source `lldp` gives them: one thing has one id."""
    name = subtypes.get(subtype, "") if isinstance(subtype, int) else ""
    raw = octets(value)
    if name == "mac" and len(raw) == 6:
        return name, raw.hex(":")
    if name == "ip" and len(raw) in (5, 17):  # the first octet is the address family (IANA)
        return name, ids.canonical_ip(".".join(map(str, raw[1:])) if len(raw) == 5 else raw[1:].hex())
    return name, text(value)


def capabilities(value: int | str | None) -> tuple[str, ...] | None:
    """Those of BITS that are set, the first bit the highest of the first octet (RFC 2578 §7.1.4); None: not told."""
    raw = octets(value)
    return tuple(name for bit, name in enumerate(_CAPABILITIES) if raw[0] & (0x80 >> bit)) if raw else None


def passes_on(enabled: tuple[str, ...] | None) -> bool:
    """Whether a neighbour is a switch as far as it says."""
    return enabled is None or not _SWITCHING.isdisjoint(enabled)


def ports_of(value: int | str | None) -> Iterator[int]:
    """The ports of a PortList: the highest bit of the first octet is port 1 (RFC 4363)."""
    for number, byte in enumerate(octets(value)):
        for bit in range(8):
            if byte & (0x80 >> bit):
                yield number * 8 + bit + 1
