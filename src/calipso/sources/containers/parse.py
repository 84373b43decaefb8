"""Which container a process is in, by /proc/PID/cgroup (cgroups(7)): engines name control groups after containers."""

from __future__ import annotations

import re
from typing import NamedTuple

_SCOPE = re.compile(r"(?:(?P<engine>docker|libpod|crio|cri-containerd)-)?(?P<id>[0-9a-f]{64})(?:\.scope)?")
_POD = re.compile(r"(?:^|[-/])pod(?P<uid>[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")
_ENGINES = {"libpod": "podman", "crio": "cri-o", "cri-containerd": "containerd"}
_PARENTS = {"docker": "docker", "libpod_parent": "podman"}
_HELPERS = "conmon"
"""Of a container's control group that holds its monitor (`libpod-conmon-ID.scope`), not the container."""


class Membership(NamedTuple):
    """A container: its id, the engine where the group tells it, the uid of its pod under Kubernetes."""

    id: str
    engine: str = ""
    pod: str = ""


def parse_cgroup(text: str) -> Membership | None:
    """The container of a process, None for a process of the host.

    Lines are `ID:CONTROLLERS:PATH`; the innermost group named after a container counts: containers run in containers.
    """
    found = None
    for line in text.splitlines():
        path = line.partition(":")[2].partition(":")[2]
        member = _member(path)
        if member is not None and (found is None or (member.engine and not found.engine)):
            found = member
    return found


def _member(path: str) -> Membership | None:
    parts = [part for part in path.split("/") if part]
    for at in range(len(parts) - 1, -1, -1):
        if _HELPERS in parts[at]:
            return None
        slice, engine, id = [*parts[at].split(":"), "", ""][:3]  # runc's systemd form where nobody resolves it
        match = _SCOPE.fullmatch(f"{engine}-{id}" if slice and id else parts[at])
        if match is not None:
            named = match["engine"] or ""
            known = _ENGINES.get(named, named) or _PARENTS.get(parts[at - 1] if at else "", "")
            pod = _POD.search("/".join(parts[: at + 1]))
            return Membership(match["id"], known, pod["uid"].replace("_", "-") if pod else "")
    return None
