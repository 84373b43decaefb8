"""Which network namespaces a host has, by ls, stat and mountinfo: what holds each, as the local transport tells it.

lsns(8) alone would not do: before util-linux 2.39 it lists only namespaces with processes. It is asked inside of a
namespace for the numbers this one gives to others.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from calipso.errors import ParseError
from calipso.seams import Reply
from calipso.sources.linux.commands.batch import Argv
from calipso.sources.linux.commands.form import parser, rows

NAME = "namespaces"
_RUN = "/run/netns"
_FIRST_PID_NAMESPACE = 4026531836
_MOUNTS = (
    "grep -e ' - nsfs ' /proc/self/mountinfo | cut -d' ' -f5 | sort -u | while IFS= read -r path; do "
    """path=$(printf '%b' "$(printf '%s' "$path" | sed 's/\\\\\\([0-7]\\)/\\\\0\\1/g')"); """
    """stat -L -c '%i %d %n' -- "$path" 2>/dev/null; done; :"""
)
COMMANDS: tuple[Argv, ...] = (
    ("sh", "-c", "ls -l /proc/1/ns/net /proc/self/ns/net /proc/self/ns/pid 2>/dev/null; :"),
    ("sh", "-c", f"stat -L -c '%i %d %n' {_RUN}/* 2>/dev/null; :"),
    ("sh", "-c", f"[ ! -d {_RUN} ] || ls -1A {_RUN}"),
    ("sh", "-c", _MOUNTS),
    ("sh", "-c", "ls -l /proc/[0-9]*/ns/net 2>&1; :"),
)
_LINK = re.compile(r" /proc/(\S+)/ns/(net|pid) -> (?:net|pid):\[(\d+)\]$", re.MULTILINE)
_HIDDEN = re.compile(r"(?:cannot read (?:symbolic )?link|/ns/net).*Permission denied")


@parser(NAME)
def parse_listing(replies: list[Reply]) -> bytes:
    """The body that `parse_namespaces` takes (`transports/namespaces.py`). Raises `ParseError`."""
    own, stats, names, mounts, processes = (reply.body.decode("utf-8", "surrogateescape") for reply in replies)
    links = {(who, kind): int(inode) for who, kind, inode in _LINK.findall(own)}
    root = links.get(("1", "net")) or links.get(("self", "net"))
    if not root:
        raise ParseError(NAME, "/proc/self/ns/net tells no namespace", excerpt=own)
    found: dict[int, dict[str, Any]] = {}
    nsfs = _held(stats, mounts, root, found)
    held = {path for each in found.values() for path in each["paths"]}
    unreadable = [
        _nowhere(f"{_RUN}/{name}") for name in sorted(names.split("\n")) if name and f"{_RUN}/{name}" not in held | nsfs
    ]
    for who, _, inode in _LINK.findall(processes):
        if who.isdigit() and int(inode) != root:
            found.setdefault(int(inode), {"paths": [], "processes": []})["processes"].append((int(who), 0))
    hidden = len(_HIDDEN.findall(processes))
    errors = [f"{hidden} processes may not be looked at: their namespaces are not known"] if hidden else []
    listed = [_listed(inode, each) for inode, each in found.items()]
    listed.sort(key=lambda each: (_rank(each["path"]) if each["paths"] else (2, ""), each["inode"]))
    for number, each in enumerate(listed, 1):
        each["reference"] = number
    pid_namespace = links.get(("self", "pid"), 0)
    return msgspec.json.encode(
        {
            "root": {"inode": root, "reference": 0},
            "pid_namespace": pid_namespace,
            "initial": pid_namespace == _FIRST_PID_NAMESPACE,
            "complete": not errors,
            "errors": errors,
            "namespaces": [*listed, *unreadable],
        }
    )


def _held(stats: str, mounts: str, root: int, found: dict[int, dict[str, Any]]) -> set[str]:
    """Namespaces that a name or a mount holds; paths below /run/netns that lead to the host's own."""
    own: set[str] = set()
    mounted = {line.split(" ", 2)[2]: line.split(" ", 2) for line in mounts.split("\n") if line.count(" ") >= 2}
    devices = {words[1] for words in mounted.values()}
    for line in (*stats.split("\n"), *(" ".join(words) for words in mounted.values())):
        words = line.split(" ", 2)
        if len(words) < 3 or words[1] not in devices:
            continue
        inode, _, path = words
        if int(inode) == root:
            own.add(path)
            continue
        if path.startswith("/var/run/netns/"):
            path = path.removeprefix("/var")
        entry = found.setdefault(int(inode), {"paths": [], "processes": []})
        if path not in entry["paths"]:
            entry["paths"].append(path)
    return own


def _nowhere(path: str) -> dict[str, Any]:
    reason = "not a namespace: a left-over file, or mounted where this host cannot see it"
    return {"inode": 0, "paths": [path], "path": path, "reason": reason}


def _listed(inode: int, each: dict[str, Any]) -> dict[str, Any]:
    paths = sorted(each["paths"], key=_rank)
    processes = sorted(each["processes"])
    path = paths[0] if paths else f"/proc/{processes[0][0]}/ns/net"
    return {"inode": inode, "paths": paths, "path": path, "processes": processes}


def _rank(path: str) -> tuple[int, str]:
    return (0 if path.startswith(_RUN + "/") else 1, path)


@parser("lsns")
def parse_numbers(lsns: Reply, names: Reply, inodes: dict[int, int], by_name: dict[str, int]) -> dict[int, int]:
    """Number that a namespace uses for another → the listing's number of that one. Raises `ParseError`.

    lsns: `lsns -J -t net -o NS,NETNSID,NSFS,PID` in the namespace, which tells those with processes. names:
    `ip -j netns list-id` there, which tells those with a name. inodes, by_name: the listing's numbers.
    """
    out: dict[int, int] = {}
    for each in _namespaces(lsns) if lsns.exit_code == 0 else []:
        number, inode = str(each.get("netnsid", "")), str(each.get("ns", ""))
        if number.isdigit() and inode.isdigit() and int(inode) in inodes:
            out[int(number)] = inodes[int(inode)]
    for each in rows(names.body, "ip netns") if names.exit_code == 0 else []:
        if str(each.get("nsid", "")).isdigit() and each.get("name") in by_name:
            out.setdefault(int(each["nsid"]), by_name[each["name"]])
    return out


def _namespaces(reply: Reply) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(reply.body or b"{}")
        return [each for each in found.get("namespaces", []) if isinstance(each, dict)]
    except (msgspec.DecodeError, AttributeError, UnicodeDecodeError) as error:
        raise ParseError("lsns", str(error), excerpt=reply.body[:120].decode("utf-8", "replace")) from None
