"""Every network namespace of a host: those with a name in the file system, and those only processes hold.

The body of the reply to `Namespaces` is a JSON object:

    root           {"inode", "device", "paths", "processes"}   the host's own namespace
    pid_namespace  inode of the host's own pid namespace
    initial        true when that is the machine's first: nothing is outside of this host's kernel
    complete       false when a part of /proc or of the mounts could not be read
    errors         [text]    what could not be read
    namespaces     [{"inode", "device", "paths", "path", "processes", "reference", "reason"}]

`paths` are bind mounts and links, /run/netns first, then by path. `path` leads there, also when only a process does.
`processes` are [pid, inode of its pid namespace], as the host counts them. `reference` is the namespace's number in
the netlink transport (`CURRENT_NSID` of the dump `nsids`, namespace of an event), -1 for none. `reason` tells why a
path leads nowhere; inode and device are 0 then. Namespaces are the same when (device, inode) are (`nsfs`, kernel
fs/nsfs.c); /proc/PID/mountinfo is proc_pid_mountinfo(5).
"""

from __future__ import annotations

import os
import re

import msgspec

from calipso.native.place import Place

_RUN = "/run/netns"
_FIRST_PID_NAMESPACE = 0xEFFFFFFC
_ESCAPE = re.compile(r"\\([0-7]{3})")


class Found(msgspec.Struct):
    """A namespace while it is being looked for."""

    inode: int
    device: int
    paths: list[str] = []
    path: str = ""
    processes: list[tuple[int, int]] = []
    reference: int = -1
    reason: str = ""


class Listing(msgspec.Struct):
    """The reply's body."""

    root: Found
    pid_namespace: int
    initial: bool
    complete: bool
    errors: list[str]
    namespaces: list[Found]


def list_namespaces(place: Place) -> Listing:
    """Look at the mounts and processes of a host. Raises `OSError` when the host's own namespace cannot be seen."""
    status = os.stat(f"{place.init}/ns/net")
    pid_namespace = inode_of(f"{place.init}/ns/pid")
    search = _Search(place, status.st_dev, status.st_ino, pid_namespace)
    search.run_directory()
    search.mounts()
    search.processes()
    root = search.found.pop(status.st_ino)
    namespaces = [*search.found.values(), *search.unreadable]
    for each in (root, *namespaces):
        each.paths.sort(key=_rank)
        each.path = each.paths[0] if each.paths else f"/proc/{each.processes[0][0]}/ns/net" if each.processes else ""
    namespaces.sort(key=lambda each: (_rank(each.path) if each.paths else (2, ""), each.inode))
    return Listing(
        root=root,
        pid_namespace=pid_namespace,
        initial=pid_namespace == _FIRST_PID_NAMESPACE,
        complete=not search.errors,
        errors=search.errors,
        namespaces=namespaces,
    )


def inode_of(link: str) -> int:
    """The inode a /proc/PID/ns link names (`net:[4026531840]`), 0 when it cannot be read."""
    try:
        return int(os.readlink(link).partition("[")[2].rstrip("]") or 0)
    except (OSError, ValueError):
        return 0


def pids(place: Place) -> list[int]:
    """The processes of the host: all of its /proc, unless that is the machine's and the host is only a part of it."""
    found = [int(name) for name in os.listdir(place.proc) if name.isdigit()]
    if place.pid is None:
        return found
    own = inode_of(f"{place.init}/ns/pid")
    if inode_of(f"{place.proc}/1/ns/pid") == own:
        return found
    return [pid for pid in found if inode_of(f"{place.proc}/{pid}/ns/pid") == own]


def _rank(path: str) -> tuple[int, str]:
    return (0 if path.startswith(_RUN + "/") else 1, path)


class _Search:
    """One look at a host; every way to a namespace adds to `found`, keyed by inode (all are of one device)."""

    def __init__(self, place: Place, device: int, root: int, pid_namespace: int) -> None:
        self.place = place
        self.device = device
        self.pid_namespace = pid_namespace
        self.found: dict[int, Found] = {root: Found(root, device, [], "", [])}
        self.root = root
        self.unreadable: list[Found] = []
        self.errors: list[str] = []

    def _add(self, inode: int) -> Found:
        found = self.found.get(inode)
        if found is None:
            found = self.found[inode] = Found(inode, self.device, [], "", [])
        return found

    def run_directory(self) -> None:
        """Where `ip netns` keeps names: bind mounts, or links to /proc/PID/ns/net that other tools put there."""
        try:
            names = os.listdir(self.place.root + _RUN)
        except FileNotFoundError:
            return
        except OSError as error:
            self.errors.append(f"{_RUN}: {error.strerror}")
            return
        for name in sorted(names):
            path = f"{_RUN}/{name}"
            try:
                status = os.stat(self.place.namespace_path(path))
            except FileNotFoundError:
                if os.path.islink(self.place.root + path):
                    self._leads_nowhere(path, "the process it links to is gone")
                continue
            except OSError as error:
                self._leads_nowhere(path, str(error.strerror))
                continue
            if status.st_dev == self.device:
                self._add(status.st_ino).paths.append(path)
            else:
                self._leads_nowhere(path, "not a namespace: a left-over file, or mounted where this host cannot see it")

    def _leads_nowhere(self, path: str, reason: str) -> None:
        self.unreadable.append(Found(0, 0, [path], path, [], -1, reason))

    def mounts(self) -> None:
        """Bind mounts elsewhere (/run/docker/netns …); a mount that another one covers is not there for the host."""
        try:
            with open(self.place.mountinfo, encoding="utf-8", errors="surrogateescape") as file:
                lines = [line for line in file if " - nsfs " in line and " net:[" in line]
        except OSError as error:
            self.errors.append(f"mounts: {error.strerror}")
            return
        for line in lines:
            path = _ESCAPE.sub(lambda m: chr(int(m[1], 8)), line.split(" ", 5)[4])
            if path.startswith(_RUN + "/"):
                continue
            try:
                status = os.stat(self.place.namespace_path(path))
            except OSError:
                continue
            if status.st_dev == self.device:
                found = self._add(status.st_ino)
                if path not in found.paths:
                    found.paths.append(path)

    def processes(self) -> None:
        """Namespaces of processes; those of the host's own namespace are not listed one by one."""
        hidden = 0
        proc = self.place.proc
        for pid in pids(self.place):
            try:
                link = os.readlink(f"{proc}/{pid}/ns/net")
            except (FileNotFoundError, ProcessLookupError):
                continue
            except OSError:
                hidden += not self._in_own_namespace(pid)
                continue
            inode = int(link.partition("[")[2].rstrip("]") or 0)
            if inode and inode != self.root:
                self._add(inode).processes.append((pid, inode_of(f"{proc}/{pid}/ns/pid")))
        for found in self.found.values():
            found.processes.sort()
        if hidden:
            self.errors.append(f"{hidden} processes may not be looked at: their namespaces are not known")

    def _in_own_namespace(self, pid: int) -> bool:
        """Whether a process that may not be looked at is in the host's own namespace all the same.

        /proc/PID/net is open to everybody, and the kernel numbers its files afresh for each namespace (fs/proc).
        """
        try:
            own = os.stat(f"{self.place.init}/net/dev").st_ino
            return os.stat(f"{self.place.proc}/{pid}/net/dev").st_ino == own
        except OSError:
            return False


def encode(listing: Listing) -> bytes:
    """The reply's body."""
    return msgspec.json.encode(listing)
