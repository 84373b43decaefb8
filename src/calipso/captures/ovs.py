"""What captures change in Open vSwitch, and how it is put back exactly: by `ovs-vsctl` on the bridge's host.

A bridge that already exports is joined: the receiver becomes one more target of what is there, and the administrator's
settings stay. Otherwise a row is made. Each target is noted in the row's external_ids with the process it is for, in
the same transaction; the notes of processes that are gone are undone when the next capture opens on that host.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import msgspec

from calipso.errors import CommandFailed, ConfigError, ParseError, TimedOut, Unreachable
from calipso.native.place import Place
from calipso.seams import CapturePoint

NOTE = "calipso-"
MADE = "calipso-made"
"""Notes of a row: `calipso-PORT` of a target, with its process; that the whole row is ours."""
OWNER = "calipso-owner"
"""Note of a port or mirror: the process it is for."""
_SECONDS = 10


class Exporter(msgspec.Struct, frozen=True):
    """A kind of export: its table, the bridge's column that refers to it, what a row of ours says besides targets."""

    table: str
    column: str
    settings: tuple[str, ...] = ()


SFLOW, NETFLOW, IPFIX = Exporter("sFlow", "sflow"), Exporter("NetFlow", "netflow"), Exporter("IPFIX", "ipfix")


class Row(msgspec.Struct, frozen=True):
    uuid: str
    targets: frozenset[str]
    notes: dict[str, str]
    bridges: tuple[str, ...]
    """Names of those that refer to it."""


class Switch:
    """Open vSwitch of a host; commands run where the host's own would."""

    def __init__(self, pid: int = 0) -> None:
        self._enter = ["nsenter", "-t", str(pid), "-a", "--"] if pid else _to_own_network()

    def run(self, *words: str) -> str:
        """Raises `Unreachable` (no Open vSwitch there), `CommandFailed`, `TimedOut`."""
        try:
            done = subprocess.run(
                [*self._enter, *words], capture_output=True, text=True, timeout=_SECONDS + 5, errors="replace"
            )
        except FileNotFoundError as error:
            raise Unreachable(f"{error.filename}: not found") from error
        except subprocess.TimeoutExpired as error:
            raise TimedOut(f"{words[0]}: no answer within {_SECONDS + 5} s") from error
        if done.returncode:
            said = done.stderr.strip()[:300]
            raise CommandFailed(f"{words[0]}: {said}", exit_code=done.returncode, stderr=said)
        return done.stdout

    def vsctl(self, *words: str) -> str:
        """One transaction. Raises as `run`."""
        return self.run("ovs-vsctl", f"--timeout={_SECONDS}", *words)

    def table(self, name: str, *columns: str) -> list[dict[str, Any]]:
        """Rows of a table, values as Python has them. Raises as `run`; `ParseError`."""
        text = self.vsctl("--format=json", f"--columns={','.join(columns)}", "list", name)
        try:
            said = json.loads(text) if text.strip() else {"headings": [], "data": []}
            return [
                {head: plain(value) for head, value in zip(said["headings"], row, strict=True)} for row in said["data"]
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise ParseError("ovs-vsctl", "not the JSON of a table", excerpt=text) from error

    # ── export ───────────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, exporter: Exporter) -> list[Row]:
        """Raises as `table`."""
        bridges: dict[str, list[str]] = {}
        for bridge in self.table("Bridge", "name", exporter.column):
            for uuid in _set(bridge[exporter.column]):
                bridges.setdefault(uuid, []).append(bridge["name"])
        return [
            Row(
                each["_uuid"], frozenset(_set(each["targets"])), each["external_ids"],
                tuple(sorted(bridges.get(each["_uuid"], []))),
            )
            for each in self.table(exporter.table, "_uuid", "targets", "external_ids")
        ]  # fmt: skip

    def export(self, exporter: Exporter, bridge: str, port: int) -> None:
        """Have a bridge send to a port of its host, from now on. Raises as `table`; `ConfigError`."""
        self.recover(exporter)
        target, note = f'"127.0.0.1:{port}"', f'external_ids:{NOTE}{port}="{owner()}"'
        there = next((row for row in self.rows(exporter) if bridge in row.bridges), None)
        if there is None:
            made = f'external_ids:{MADE}="true"'
            self.vsctl(
                "--", "--id=@made", "create", exporter.table, f"targets={target}", *exporter.settings, note, made,
                "--", "set", "Bridge", bridge, f"{exporter.column}=@made",
            )  # fmt: skip
            return
        if len(there.bridges) > 1:
            raise ConfigError(
                f"{bridge} shares its {exporter.table} with {', '.join(set(there.bridges) - {bridge})}",
                hint="What they send could not be told apart: capture on ports, or give each bridge its own.",
            )
        self.vsctl(
            "--", "add", exporter.table, there.uuid, "targets", target,
            "--", "set", exporter.table, there.uuid, note,
        )  # fmt: skip

    def recover(self, exporter: Exporter) -> None:
        """Undo what processes that are gone have left. Raises as `table`."""
        for row in self.rows(exporter):
            ports = [
                int(key.removeprefix(NOTE))
                for key, value in row.notes.items()
                if key.removeprefix(NOTE).isdecimal() and key.startswith(NOTE) and not alive(value)
            ]
            for port in ports:
                self.stop(exporter, port)

    def stop(self, exporter: Exporter, port: int) -> None:
        """Take a target away again, and the row with it if it was made for this. Raises as `table`."""
        target, note = f"127.0.0.1:{port}", f"{NOTE}{port}"
        for row in self.rows(exporter):
            if note not in row.notes:
                continue
            left = row.targets - {target}
            if not left:  # a row without targets cannot be; nobody else is told anything by it
                clear = [word for name in row.bridges for word in ("--", "clear", "Bridge", name, exporter.column)]
                self.vsctl(*clear)
                continue
            words = ["--", "remove", exporter.table, row.uuid, "external_ids", note]
            if target in row.targets:
                words += ["--", "remove", exporter.table, row.uuid, "targets", f'"{target}"']
            if MADE in row.notes and not any(key != note and key.removeprefix(NOTE).isdecimal() for key in row.notes):
                words += ["--", "remove", exporter.table, row.uuid, "external_ids", MADE]
            self.vsctl(*words)


def _to_own_network() -> list[str]:
    """The way to the machine's own network: who runs in a container has another, where Open vSwitch has no ports.

    Nothing where it is the own one, or where it may not be looked at.
    """
    there = Place().namespace_path("")
    try:
        known = os.path.samefile(there, "/proc/self/ns/net")
    except OSError:
        return []
    return [] if known else ["nsenter", f"--net={there}", "--"]


def switch_of(point: CapturePoint) -> Switch:
    return Switch(point.pid)


def _set(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def plain(value: Any) -> Any:
    """A value of OVSDB's JSON (RFC 7047 §5.1): sets as lists, maps as dicts, UUIDs as text. Raises `ValueError`."""
    if not isinstance(value, list):
        return value
    kind, said = value
    if kind == "set":
        return [plain(each) for each in said]
    if kind == "map":
        return {key: plain(each) for key, each in said}
    return said


def owner() -> str:
    """This process as it is noted: its namespace of pids, its pid, when it began."""
    return f"{os.stat('/proc/self/ns/pid').st_ino}.{os.getpid()}.{_began(os.getpid())}"


def alive(noted: str) -> bool:
    """Whether the process of a note is there. One of another namespace of pids cannot be asked: it counts as alive."""
    namespace, _, rest = noted.partition(".")
    pid, _, began = rest.partition(".")
    if not (namespace.isdecimal() and pid.isdecimal()):
        return False
    if int(namespace) != os.stat("/proc/self/ns/pid").st_ino:
        return True
    return _began(int(pid)) == began


def _began(pid: int) -> str:
    """Clock ticks between the machine's start and the process's (proc(5), field 22); empty for no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
