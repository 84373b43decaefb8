"""Messages of DNS (RFC 1035) in the words of zone files: `example.org. IN A`, `example.org. 300 IN A 192.0.2.1`."""

from __future__ import annotations

import ipaddress

from calipso.model.flow import FlowDns

MOST = 64
"""Records of a message that are told."""
_TYPES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR",
    41: "OPT", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 52: "TLSA", 64: "SVCB", 65: "HTTPS",
    251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA",
}  # fmt: skip
_CLASSES = {1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY"}
_HOPS = 64
"""Labels and pointers of one name."""


class Cut(Exception):
    """The octets end before, or make no sense."""


class Octets:
    """Octets that are read from `at` on. Every read raises `Cut` where there are too few."""

    __slots__ = ("at", "text")

    def __init__(self, text: bytes, at: int = 0) -> None:
        self.text, self.at = text, at

    def take(self, size: int) -> bytes:
        found = self.text[self.at : self.at + size]
        if len(found) != size:
            raise Cut
        self.at += size
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")


def message(text: bytes, *, whole: bool) -> FlowDns | None:
    """A message, as far as it is there; `whole`: only if nothing is missing or follows. None for no message."""
    said = Octets(text)
    try:
        ident, flags = said.number(2), said.number(2)
        counts = [said.number(2) for _ in range(4)]
        if not 1 <= counts[0] <= MOST or flags & 0x0040 or flags >> 11 & 15 not in (0, 1, 2, 4, 5):
            return None
        questions = [_question(said) for _ in range(counts[0])]
    except Cut:
        return None
    answers: list[str] = []
    try:
        for _ in range(min(counts[1], MOST)):
            answers.append(_resource(said))
        for _ in range(min(counts[2] + counts[3], 2 * MOST) if whole else 0):
            _resource(said)
    except Cut:
        if whole:
            return None
    if whole and said.at != len(text):
        return None
    return FlowDns(
        ident, int(flags >> 15), flags >> 11 & 15, flags & 15, int(flags >> 10 & 1), int(flags >> 9 & 1),
        "\n".join(questions), "\n".join(answers),
    )  # fmt: skip


def _question(said: Octets) -> str:
    name = _name(said)
    kind, of = said.number(2), said.number(2)
    return f"{name} {_class(of)} {_type(kind)}"


def _resource(said: Octets) -> str:
    name = _name(said)
    kind, of, ttl, size = said.number(2), said.number(2), said.number(4), said.number(2)
    end = said.at + size
    if end > len(said.text):
        raise Cut
    told = _data(Octets(said.text[:end], said.at), kind, size)
    said.at = end
    return f"{name} {ttl} {_class(of)} {_type(kind)} {told}"


def _data(said: Octets, kind: int, size: int) -> str:
    if kind == 1 and size == 4:
        return str(ipaddress.IPv4Address(said.take(4)))
    if kind == 28 and size == 16:
        return str(ipaddress.IPv6Address(said.take(16)))
    if kind in (2, 5, 12):
        return _name(said)
    if kind == 15:
        return f"{said.number(2)} {_name(said)}"
    if kind == 33:
        return f"{said.number(2)} {said.number(2)} {said.number(2)} {_name(said)}"
    if kind == 6:
        names = f"{_name(said)} {_name(said)}"
        return " ".join([names, *(str(said.number(4)) for _ in range(5))])
    if kind == 16:
        parts, end = [], said.at + size
        while said.at < end:
            parts.append(f'"{_label(said.take(said.number(1)), keep=" .")}"')
        return " ".join(parts)
    return f"\\# {size} {said.take(size).hex()}".rstrip()


def _class(number: int) -> str:
    number &= 0x7FFF  # multicast DNS has a bit of its own there
    return _CLASSES.get(number, f"CLASS{number}")


def _type(number: int) -> str:
    return _TYPES.get(number, f"TYPE{number}")


def _name(said: Octets) -> str:
    """A name with its last dot; pointers (RFC 1035 §4.1.4) only lead back."""
    parts: list[str] = []
    reader, least = said, said.at
    for _ in range(_HOPS):
        size = reader.number(1)
        if not size:
            return ".".join(parts) + "."
        if size & 0xC0 == 0xC0:
            to = (size & 0x3F) << 8 | reader.number(1)
            if to >= least:
                raise Cut
            reader, least = Octets(said.text, to), to
        elif size & 0xC0:
            raise Cut
        else:
            parts.append(_label(reader.take(size)))
    raise Cut


def _label(octets: bytes, keep: str = "") -> str:
    out = []
    for each in octets:
        text = chr(each)
        if text in '.\\"' and text not in keep:
            out.append("\\" + text)
        else:
            out.append(text if 32 < each < 127 or text in keep else f"\\{each:03d}")
    return "".join(out)
