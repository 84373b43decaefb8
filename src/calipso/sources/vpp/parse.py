"""What VPP's shell prints of its parts, in the forms of VPP 17.04 to 25.02 (src/vnet, src/plugins of fd.io VPP).

Each parser takes a command's whole output and raises `ParseError` or nothing else. Empty output means no such part.
"""

from __future__ import annotations

import itertools
import re
from typing import NoReturn

import msgspec

from calipso.errors import ParseError
from calipso.model import ids

_VERSION = re.compile(r"vpp (v?\S+)")
_BOND = re.compile(r"\S+$")
_FLAGS = {
    "learning": "learning",
    "u-forwrd": "forwarding",
    "uu-flood": "unknown_unicast_flooding",
    "flooding": "flooding",
    "arp-term": "arp_termination",
}
"""Columns of `show bridge-domain` → attribute."""


class BridgeDomain(msgspec.Struct, frozen=True):
    """`flags`: attribute → whether it is on. `bvi`: the interface that routes for it."""

    id: int
    flags: dict[str, bool] = {}
    mac_age: int | None = None
    """Minutes until a learnt address is forgotten, 0 for never."""
    bvi: str = ""


class Tunnel(msgspec.Struct, frozen=True):
    """A VXLAN tunnel. `index`: of its software interface, as `show interface` numbers them."""

    local: str
    remote: str
    vni: int
    index: int | None = None
    port: int | None = None


class VhostUser(msgspec.Struct, frozen=True):
    """A vhost-user interface: `role` is VPP's own end, `client` or `server`, of the socket at `path`."""

    name: str
    path: str
    role: str = ""


class Tap(msgspec.Struct, frozen=True):
    """A tap: `device` is its other end, a device of the host's namespace `namespace`, "" for the host's own."""

    name: str
    device: str
    namespace: str = ""


class Bond(msgspec.Struct, frozen=True):
    name: str
    mode: str = ""
    balance: str = ""
    members: tuple[str, ...] = ()


def parse_version(text: str) -> str:
    """`show version`: `22.10.0-135~gb08fbe84e`."""
    found = _VERSION.match(text.strip())
    if found is None:
        _fail("show version", "no version", text)
    return found[1].removeprefix("v")


def parse_bridge_domains(text: str) -> list[BridgeDomain]:
    """`show bridge-domain`: a table whose columns grew from release to release; they are told by their head."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if not lines or lines[0][:3] == ["no", "bridge-domains", "in"]:
        return []
    head = [word.lower() for word in lines[0]]
    if head[0] not in ("id", "bd-id"):
        _fail("show bridge-domain", "no column of ids", text)
    found = []
    for words in lines[1:]:
        if not words[0].isdecimal() or len(words) < len(head):
            _fail("show bridge-domain", "a row with too few columns", " ".join(words))
        row = dict(zip(head, words, strict=False))
        age = row.get("age(min)", "")
        found.append(
            BridgeDomain(
                int(words[0]),
                {name: row[column] != "off" for column, name in _FLAGS.items() if column in row},
                int(age) if age.isdecimal() else 0 if age == "off" else None,
                row.get("bvi-intf", "N/A").replace("N/A", ""),
            )
        )
    return [domain for domain in found if domain.id != 0]  # 0 is where interfaces without a domain are


def parse_tunnels(text: str) -> list[Tunnel]:
    """`show vxlan tunnel`: one a line, words in pairs after a number in brackets."""
    found = []
    for line in text.splitlines():
        if not line.lstrip().startswith("["):
            continue
        words = line.partition("]")[2].split()
        said = {name.replace("-", "_"): value for name, value in itertools.pairwise(words)}
        try:
            index = said.get("sw_if_index") or said.get("sw_if_idx")
            port = said.get("dst_port")
            found.append(
                Tunnel(
                    ids.canonical_ip(said["src"]),
                    ids.canonical_ip(said["dst"]),
                    int(said["vni"]),
                    int(index) if index else None,
                    int(port) if port else None,
                )
            )
        except (KeyError, ValueError):
            _fail("show vxlan tunnel", "a tunnel without both ends and a VNI", line)
    return found


def parse_vhost_users(text: str) -> list[VhostUser]:
    """`show vhost-user`: a block for each interface, `socket filename PATH type client` in it."""
    found, name = [], ""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["Interface:"] and len(words) > 1:
            name = words[1]
        elif words[:2] == ["socket", "filename"] and len(words) > 2 and name:
            role = words[4] if words[3:4] == ["type"] and len(words) > 4 else ""
            found.append(VhostUser(name, words[2], role))
            name = ""
    return found


def parse_taps(text: str) -> list[Tap]:
    """`show tap`: a block for each, `name "tap0"` being the host's end."""
    found: list[Tap] = []
    name, device = "", ""
    for line in [*text.splitlines(), "Interface:"]:
        words = line.split()
        if words[:1] == ["Interface:"]:
            if name and device and not (found and found[-1].name == name):
                found.append(Tap(name, device))
            name, device = (words[1] if len(words) > 1 else ""), ""
        elif words[:1] == ["name"] and len(words) > 1 and name:
            device = words[1].strip('"')
        elif words[:1] == ["host-ns"] and len(words) > 1 and name and device:
            namespace = words[1].strip('"')
            found.append(Tap(name, device, "" if namespace == "(nil)" else namespace))
    return found


def parse_bonds(text: str) -> list[Bond]:
    """`show bond details`: a block for each; members were called slaves until 20.05."""
    found: list[Bond] = []
    listing = False
    for line in text.splitlines():
        if not line.strip():
            continue
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not line[0].isspace() and not colon and _BOND.match(line):
            found.append(Bond(line.strip()))
            listing = False
        elif found and colon:
            listing = name in ("number of members", "number of slaves")
            if name in ("mode", "load balance"):
                field = "mode" if name == "mode" else "balance"
                found[-1] = msgspec.structs.replace(found[-1], **{field: value})
        elif found and listing:
            found[-1] = msgspec.structs.replace(found[-1], members=(*found[-1].members, line.split()[0]))
    return found


def _fail(command: str, reason: str, text: str) -> NoReturn:
    raise ParseError(f"vppctl {command}", reason, excerpt=text[:200])
