"""`virsh domstats`, lists, and lines of `virsh event`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from calipso.errors import ParseError

STATUSES = ("unknown", "running", "blocked", "paused", "shutting down", "shut off", "crashed", "suspended")
"""By number of `virDomainState`."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_EVENT = re.compile(r"event '([a-z-]+)' for (?:domain|network)")
_NET = re.compile(r"net\.(\d+)\.(name|[rt]x\.[a-z]+)")
_PASSING = frozenset({"rtc-change", "balloon-change", "graphics", "agent-lifecycle", "migration-iteration",
                      "job-completed", "block-job", "block-job-2", "watchdog", "io-error", "io-error-reason",
                      "block-threshold", "memory-failure", "memory-device-size-change", "control-error"})  # fmt: skip
"""Events after which a domain is made as it was before."""
COUNTERS = {
    "rx.bytes": "rx_bytes", "rx.pkts": "rx_packets", "rx.errs": "rx_errors", "rx.drop": "rx_dropped",
    "tx.bytes": "tx_bytes", "tx.pkts": "tx_packets", "tx.errs": "tx_errors", "tx.drop": "tx_dropped",
}  # fmt: skip
"""Name in domstats → name of the metric."""


def parse_uuids(text: str) -> list[str]:
    """UUIDs, one a line, sorted. Raises `ParseError` for a line that is none."""
    out = []
    for number, line in enumerate(text.splitlines(), start=1):
        word = line.strip().lower()
        if word and not _UUID.fullmatch(word):
            raise ParseError("virsh list", "no UUID", line=number, excerpt=line)
        if word:
            out.append(word)
    return sorted(out)


def parse_statuses(text: str) -> dict[str, str]:
    """Domain name → status, of `virsh domstats --state`."""
    return {
        name: STATUSES[int(value)]
        for name, key, value in _pairs(text)
        if key == "state.state" and value in ("0", "1", "2", "3", "4", "5", "6", "7")
    }


def parse_counters(text: str) -> dict[str, dict[str, float]]:
    """Device on the host → metric → count, of `virsh domstats --interface`."""
    names: dict[tuple[str, str], str] = {}
    counts: dict[tuple[str, str], dict[str, float]] = {}
    for domain, key, value in _pairs(text):
        found = _NET.fullmatch(key)
        if found is None:
            continue
        place = (domain, found[1])
        if found[2] == "name":
            names[place] = value
        elif found[2] in COUNTERS and value.isascii() and value.isdecimal() and len(value) <= 20:
            counts.setdefault(place, {})[COUNTERS[found[2]]] = float(value)
    return {names[place]: said for place, said in counts.items() if place in names}


def _pairs(text: str) -> Iterator[tuple[str, str, str]]:
    """(domain, key, value) of every line."""
    domain = ""
    for line in text.splitlines():
        if line.startswith("Domain: '") and line.endswith("'"):
            domain = line[len("Domain: '") : -1]
        elif domain and "=" in line:
            key, _, value = line.strip().partition("=")
            yield domain, key, value


def tells_a_change(line: str) -> bool:
    """Whether a line of `virsh event` says that a domain may be made otherwise now."""
    found = _EVENT.search(line)
    return found is not None and found[1] not in _PASSING
