"""`ss -HtunapO` (iproute2, misc/ss.c): listening and established sockets with the processes that hold them."""

from __future__ import annotations

import re
from typing import Any

_STATES = {("tcp", "LISTEN"): "listen", ("tcp", "ESTAB"): "established", ("udp", "UNCONN"): "listen",
           ("udp", "ESTAB"): "established"}  # fmt: skip
_OWNER = re.compile(r'\("((?:[^"\\]|\\.)*)",pid=(\d+)')


def parse_sockets(body: bytes) -> list[dict[str, Any]]:
    """As the parser of the kernel's own answer gives them, sorted; lines of another form are left out."""
    out = []
    for line in body.decode("utf-8", "replace").splitlines():
        words = line.split(None, 6)
        state = _STATES.get((words[0], words[1])) if len(words) >= 6 else None
        if state is None:
            continue
        local, remote = _endpoint(words[4]), _endpoint(words[5])
        if local is None or (state == "established" and remote is None):
            continue
        entry: dict[str, Any] = {
            "protocol": words[0], "state": state, "local_address": local[0], "local_port": local[1],
        }  # fmt: skip
        if state == "established" and remote is not None:
            entry |= {"remote_address": remote[0], "remote_port": remote[1]}
        owners = sorted((int(pid), name) for name, pid in _OWNER.findall(words[6] if len(words) > 6 else ""))
        if owners:
            entry["pid"], entry["process"] = owners[0]
        out.append(entry)
    return sorted(out, key=lambda each: (each["protocol"], each["state"], each["local_port"], repr(each)))


def _endpoint(text: str) -> tuple[str, int] | None:
    """`address%device:port`, `[v6]:port`, `*:port` for a socket of both families."""
    address, _, port = text.rpartition(":")
    if not port.isdigit():
        return None
    address = address.partition("%")[0].strip("[]")
    return ("::" if address == "*" else address), int(port)
