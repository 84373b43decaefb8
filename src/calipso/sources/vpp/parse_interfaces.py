"""Tables of VPP's interfaces: `show interface`, `show hardware-interfaces`, `show interface address`."""

from __future__ import annotations

import itertools
import re

import msgspec

from calipso.errors import ParseError
from calipso.model import ids

_COUNTER = re.compile(r"(\S.*?)\s{2,}(\d+)$")
_BRIDGE = re.compile(r"l2 bridge bd[-_]id (\d+)", re.IGNORECASE)
_CROSS = re.compile(r"l2 xconnect (\S+)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:L3 )?([0-9a-fA-F.:]+/\d+)")
_MTU = re.compile(r"\bmtu (\d+)|\bmax-frame-size (\d+)")
_PCI = re.compile(r"\baddress ([0-9a-fA-F]{4}):([0-9a-fA-F]{2}):([0-9a-fA-F]{2})\.0*([0-7])\b")
_NAMED = re.compile(r"[A-Za-z]*Ethernet([0-9a-f]+)/([0-9a-f]+)/([0-9a-f]+)")
_VIRTUAL = "VirtualEthernet"
_COUNTERS = {
    "rx packets": "rx_packets",
    "rx bytes": "rx_bytes",
    "tx packets": "tx_packets",
    "tx bytes": "tx_bytes",
    "rx-error": "rx_errors",
    "tx-error": "tx_errors",
    "rx-miss": "rx_missed_errors",
}
"""VPP's counters that other interfaces have too → metric; drops are of no direction there."""


class Interface(msgspec.Struct, frozen=True):
    """A software interface. `mtu`: of layer 3, octets."""

    name: str
    index: int
    up: bool
    mtu: int | None = None
    counters: dict[str, float] = {}


class Hardware(msgspec.Struct, frozen=True):
    """What is below an interface. `device`: VPP's words for what drives it; `link`: whether there is a carrier."""

    name: str
    link: bool
    device: str = ""
    mac: str = ""
    frame: int | None = None
    pci_address: str = ""
    speed: str = ""


class Addresses(msgspec.Struct, frozen=True):
    """`addresses`: with prefix. `bridge_domain`, `crossed`: where its frames go when it is of layer 2."""

    addresses: tuple[str, ...] = ()
    bridge_domain: int | None = None
    bvi: bool = False
    crossed: str = ""


def parse_interfaces(text: str) -> list[Interface]:
    """`show interface`: one row each, its further counters below it. Raises `ParseError`."""
    found: list[Interface] = []
    for line in text.splitlines():
        if not line.strip() or line.split()[0] == "Name":
            continue
        if not line[0].isspace():
            found.append(_interface(line))
            continue
        counter = _COUNTER.match(line.strip())
        if counter is not None and found and counter[1] in _COUNTERS:
            found[-1].counters[_COUNTERS[counter[1]]] = float(counter[2])
    return found


def _interface(line: str) -> Interface:
    words = line.split()
    if len(words) < 3 or not words[1].isdecimal():
        raise ParseError("vppctl show interface", "a row without index and state", excerpt=line[:200])
    layer3 = words[3].partition("/")[0] if len(words) > 3 and "/" in words[3] else ""
    made = Interface(words[0], int(words[1]), words[2] == "up", int(layer3) or None if layer3.isdecimal() else None, {})
    counter = _COUNTER.search(line)
    said = re.search(r"((?:rx|tx)[ -]\S+)\s+(\d+)$", line) if counter else None
    if said is not None and said[1] in _COUNTERS:
        made.counters[_COUNTERS[said[1]]] = float(said[2])
    return made


def parse_hardware(text: str) -> dict[str, Hardware]:
    """`show hardware-interfaces`: a block each, by name. Raises `ParseError`."""
    found: dict[str, Hardware] = {}
    block: list[str] = []
    for line in [*text.splitlines(), "end 0 down end"]:
        if not line.strip() or line.split()[:2] == ["Name", "Idx"]:
            continue
        words = line.split()
        if line[0].isspace():
            if block:
                block.append(line)
        elif len(words) >= 4 and words[1].isdecimal():
            if block:
                hardware = _hardware(block)
                found[hardware.name] = hardware
            block = [line]
        elif ": " not in line:  # VPP logs between the blocks now and then
            raise ParseError("vppctl show hardware-interfaces", "a row without index and link", excerpt=line[:200])
    return found


def _hardware(block: list[str]) -> Hardware:
    words = block[0].split()
    text = "\n".join(block[1:])
    mac = re.search(r"Ethernet address (\S+)", text)
    speed = re.search(r"Link speed: (.+)", text)
    frame, pci = _MTU.search(text), _PCI.search(text)
    return Hardware(
        words[0],
        words[2] == "up",
        _device(block[1:]),
        ids.canonical_mac(mac[1]) if mac else "",
        int(frame[1] or frame[2]) if frame else None,
        f"{pci[1]}:{pci[2]}:{pci[3]}.{pci[4]}".lower() if pci else _place(words[0]),
        "" if speed is None or speed[1].strip() == "unknown" else speed[1].strip(),
    )


def _place(name: str) -> str:
    """The PCI address that VPP names a NIC by, `TenGigabitEthernetBUS/SLOT/FUNCTION` in hexadecimal digits."""
    named = None if name.startswith(_VIRTUAL) else _NAMED.fullmatch(name)
    return f"0000:{int(named[1], 16):02x}:{int(named[2], 16):02x}.{int(named[3], 16):x}" if named else ""


def _device(lines: list[str]) -> str:
    """The line after the address: what the interface is made by. Queues are told before it in newer releases."""
    for line, after in itertools.pairwise(lines):
        if "Ethernet address" in line:
            return after.strip().rstrip(":")
    return ""


def parse_addresses(text: str) -> dict[str, Addresses]:
    """`show interface address`: interface → what it has. Raises `ParseError`."""
    found: dict[str, Addresses] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip():
            continue
        if not line[0].isspace():
            name = line.split()[0]
            found[name] = Addresses()
        elif not name:
            raise ParseError("vppctl show interface address", "an address of no interface", excerpt=line[:200])
        else:
            found[name] = _with(found[name], line.strip())
    return found


def _with(said: Addresses, line: str) -> Addresses:
    if bridge := _BRIDGE.match(line):
        return msgspec.structs.replace(said, bridge_domain=int(bridge[1]), bvi=" bvi" in line)
    if crossed := _CROSS.match(line):
        return msgspec.structs.replace(said, crossed=crossed[1])
    if address := _ADDRESS.match(line):
        return msgspec.structs.replace(said, addresses=(*said.addresses, address[1].lower()))
    return said
