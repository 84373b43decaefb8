"""DHCPv4 (RFC 2131, options of RFC 2132) and VRRPv2 (RFC 3768) as they begin a conversation."""

from __future__ import annotations

import ipaddress
import re

from calipso.flows.dns import Cut, Octets
from calipso.model.flow import FlowDhcp, FlowVrrp

_MAGIC = bytes.fromhex("63825363")
_MESSAGES = {
    1: "discover", 2: "offer", 3: "request", 4: "decline", 5: "ack", 6: "nak", 7: "release", 8: "inform",
}  # fmt: skip
_PRINTABLE = re.compile(rb"[!-~]{1,255}")


def dhcp_of(text: bytes) -> FlowDhcp | None:
    """A message, None for anything else; options that are cut off are left out."""
    if len(text) < 240 or text[236:240] != _MAGIC or text[0] not in (1, 2):
        return None
    said = _options(text)
    hardware = text[2] if text[2] <= 16 else 16
    client, yours, server, relay = (_address(text[at : at + 4]) for at in (12, 16, 20, 24))
    kind = said.get(53, b"")
    name = said.get(12, b"").rstrip(b"\0")
    return FlowDhcp(
        int.from_bytes(text[4:8], "big"), _MESSAGES.get(kind[0], "") if len(kind) == 1 else "", text[0] - 1,
        text[28 : 28 + hardware].hex(":"), client, yours, server, relay, _address(said.get(50, b"")),
        _address(said.get(54, b"")), int.from_bytes(said.get(51, b"")[:4], "big"),
        name.decode() if _PRINTABLE.fullmatch(name) else "",
    )  # fmt: skip


def _options(text: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    said = Octets(text, 240)
    try:
        while (code := said.number(1)) != 255:
            if code:
                found[code] = found.get(code, b"") + said.take(said.number(1))
    except Cut:
        pass
    return found


def _address(octets: bytes) -> str:
    """ "" for none."""
    return str(ipaddress.IPv4Address(octets)) if len(octets) == 4 and any(octets) else ""


def vrrp_of(text: bytes) -> FlowVrrp | None:
    """An advertisement of version 2, None for anything else."""
    if len(text) < 8 or text[0] != 0x21 or len(text) < 8 + 4 * text[3]:
        return None
    addresses = [str(ipaddress.IPv4Address(text[8 + 4 * n : 12 + 4 * n])) for n in range(text[3])]
    return FlowVrrp(text[1], text[2], text[5], text[4], " ".join(addresses))
