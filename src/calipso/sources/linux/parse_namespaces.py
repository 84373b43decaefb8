"""The list of a host's namespaces (`transports/namespaces.py` describes the body) and what they are called."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from calipso.errors import ParseError
from calipso.model import ids

NAME = "namespaces"


class Listed(msgspec.Struct, frozen=True):
    """A namespace as the transport found it; see `transports/namespaces.py`."""

    inode: int
    device: int = 0
    paths: tuple[str, ...] = ()
    path: str = ""
    processes: tuple[tuple[int, int], ...] = ()
    reference: int = -1
    reason: str = ""


class _Body(msgspec.Struct, frozen=True):
    root: Listed
    pid_namespace: int = 0
    initial: bool = False
    complete: bool = False
    errors: tuple[str, ...] = ()
    namespaces: tuple[Listed, ...] = ()


class Namespace(msgspec.Struct, frozen=True):
    """A namespace of this host: `id` (the host's own id for its root), `part` of its scope, `path` for requests."""

    id: str
    part: str
    path: str
    inode: int
    reference: int
    name: str = ""
    paths: tuple[str, ...] = ()
    reason: str = ""

    @property
    def root(self) -> bool:
        return self.part == "root"


class Namespaces(msgspec.Struct, frozen=True):
    """All namespaces of this host, its root first.

    foreign: references of namespaces that are other declared hosts' and so none of this one's.
    """

    all: tuple[Namespace, ...]
    foreign: frozenset[int]
    initial: bool
    complete: bool
    errors: tuple[str, ...]

    def proves_gone(self, part: str) -> bool:
        """It is not there, and everything that could hold it was looked at: mounts hold names, processes the others."""
        if any(each.part == part for each in self.all):
            return False
        held_by_mount = not part.startswith("netns:ino:")
        return self.complete or (held_by_mount and not any(error.startswith(("/", "mounts")) for error in self.errors))


def parse_namespaces(body: bytes, host: str, declared: Collection[int] = ()) -> Namespaces:
    """Names and ids of the namespaces of `host`. Raises `ParseError`.

    `declared`: pids of processes of other declared hosts. Their network namespaces are left out, and so are those only
    used by processes of their pid namespaces.
    """
    try:
        listed = msgspec.json.decode(body, type=_Body)
    except msgspec.DecodeError as error:
        raise ParseError(NAME, str(error), excerpt=body[:120].decode("utf-8", "replace")) from None
    other_pids = {
        pid_namespace
        for each in listed.namespaces
        for pid, pid_namespace in each.processes
        if pid in declared and pid_namespace not in (0, listed.pid_namespace)
    }
    host_id = ids.host(host)
    found = [Namespace(host_id, "root", "", listed.root.inode, listed.root.reference)]
    foreign: set[int] = set()
    taken: set[str] = set()
    for each in listed.namespaces:
        if _foreign(each, declared, other_pids):
            foreign.add(each.reference)
        else:
            found.append(_named(each, host, taken))
    return Namespaces(tuple(found), frozenset(foreign), listed.initial, listed.complete, listed.errors)


def _foreign(each: Listed, declared: Collection[int], other_pids: set[int]) -> bool:
    if any(pid in declared for pid, _ in each.processes):
        return True
    return not each.paths and bool(each.processes) and all(other in other_pids for _, other in each.processes)


def _named(each: Listed, host: str, taken: set[str]) -> Namespace:
    name = ids.namespace_name(each.paths, taken)
    id = ids.netns(host, name) if name else ids.netns_by_inode(host, each.inode)
    return Namespace(
        id=id,
        part=id.rpartition("/")[2],
        path=each.path,
        inode=each.inode,
        reference=each.reference,
        name=name or f"ino:{each.inode}",
        paths=each.paths,
        reason=each.reason,
    )
