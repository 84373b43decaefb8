"""What a host tells of Calico: Felix's configuration, processes, routes and BIRD's protocols."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import msgspec

from calipso.errors import ParseError
from calipso.model import ids

Network = IPv4Network | IPv6Network
PREFIXES = ("cali", "tap")
"""What names of workloads' interfaces begin with: of Kubernetes, and as OpenStack's compute service names them."""
_FELIX = re.compile(r"(^|/)calico-felix(\s|$)|(^|/)calico-node\s(.*\s)?-felix(\s|$)")
"""By itself, or as one of the parts of the program that runs on Kubernetes' nodes."""
_PROTOCOL = re.compile(r"(\S+)\s+(\S+)\s+\S+\s+(up|down|start|stop|flush)\b")
_ROUTES = re.compile(r"(\d+) imported,(?: \d+ filtered,)? (\d+) exported")


class Route(msgspec.Struct, frozen=True):
    """A route as `ip -j route` tells it. kind: `unicast`, `blackhole` …; gateway: empty for who is on the link."""

    network: Network
    kind: str
    protocol: str
    device: str
    gateway: str
    table: str

    @property
    def single(self) -> bool:
        """Whether it leads to one address."""
        return self.network.prefixlen == self.network.max_prefixlen


class Peer(msgspec.Struct, frozen=True):
    """A BGP session. state: of RFC 4271, §8.2.2. error: BIRD's last one. imported, exported: routes, None: not told."""

    name: str
    address: str
    state: str
    as_number: int | None = None
    local_as: int | None = None
    error: str = ""
    imported: int | None = None
    exported: int | None = None


def parse_config(text: str) -> Mapping[str, str]:
    """felix.cfg: what is said below [global], names in lower case, values without quotes. Raises `ParseError`."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ParseError("felix.cfg", str(error).splitlines()[0]) from error
    return {name: value.strip().strip("\"'") for name, value in parser.items("global")} if "global" in parser else {}


def prefixes(said: str) -> tuple[str, ...]:
    """`cali,tap` as Felix's InterfacePrefix says it; nothing said: both."""
    return tuple(filter(None, (each.strip() for each in said.split(",")))) or PREFIXES


def felix_runs(processes: str) -> bool:
    """Whether one of the command lines, one in each line, is Felix's."""
    return any(_FELIX.search(line.strip()) for line in processes.splitlines())


def parse_routes(body: bytes, family: int) -> list[Route]:
    """What `ip -j route show table all` tells of IPv4 (4) or IPv6 (6). Raises `ParseError`."""
    try:
        said = msgspec.json.decode(body or b"[]", type=list[dict[str, Any]])
        return [route for each in said if (route := _route(each, family)) is not None]
    except (msgspec.DecodeError, ValueError) as error:
        raise ParseError("ip route", str(error)) from error


def _route(said: dict[str, Any], family: int) -> Route | None:
    to = str(said.get("dst", ""))
    if not to:
        return None
    network = ip_network(("0.0.0.0/0" if family == 4 else "::/0") if to == "default" else to, strict=False)
    hop = next(iter(said.get("nexthops") or ()), said)
    return Route(
        network=network,
        kind=str(said.get("type", "unicast")),
        protocol=str(said.get("protocol", "")),
        device=str(hop.get("dev", "")),
        gateway=str(hop.get("gateway", "") or (hop.get("via") or {}).get("host", "")),
        table=str(said.get("table", "main")),
    )


def way(address: str, routes: Iterable[Route]) -> str:
    """The device by which the main table sends to an address; "" when there is none."""
    try:
        target = ip_address(address)
    except ValueError:
        return ""
    fitting = [each for each in routes if each.table == "main" and each.kind == "unicast" and target in each.network]
    return max(fitting, key=lambda each: each.network.prefixlen).device if fitting else ""


def parse_peers(text: str) -> list[Peer]:
    """The BGP sessions among `birdc show protocols all`, of BIRD 1.6 and 2, sorted. Raises `ParseError`."""
    if text.strip() and "proto" not in text.lower():  # of 1.6 in small letters
        raise ParseError("birdc show protocols", "no table of protocols", excerpt=text.strip().splitlines()[-1])
    found: list[Peer] = []
    block: list[str] = []
    for line in [*text.splitlines(), "end"]:
        if line[:1].isspace() or not line:
            block.append(line)
            continue
        if block and (peer := _peer(block)) is not None:
            found.append(peer)
        block = [line]
    return sorted(found, key=lambda each: (each.name, each.address))


def _peer(block: list[str]) -> Peer | None:
    head = _PROTOCOL.match(block[0])
    if head is None or head[2] != "BGP":
        return None
    said: dict[str, str] = {}
    for line in block[1:]:
        name, colon, value = line.strip().partition(":")
        if colon:
            said.setdefault(name.strip(), value.strip())
    routes = _ROUTES.search(said.get("Routes", ""))
    try:
        return Peer(
            name=head[1],
            address=ids.canonical_ip(said.get("Neighbor address", "").partition("%")[0]),
            state=said.get("BGP state", head[3]).partition(" ")[0],
            as_number=int(said["Neighbor AS"]) if "Neighbor AS" in said else None,
            local_as=int(said["Local AS"]) if "Local AS" in said else None,
            error=said.get("Last error", ""),
            imported=int(routes[1]) if routes else None,
            exported=int(routes[2]) if routes else None,
        )
    except ValueError as error:
        raise ParseError("birdc show protocols", f"{head[1]}: {error}") from error
