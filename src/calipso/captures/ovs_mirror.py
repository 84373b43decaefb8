"""Captures of Open vSwitch ports: a mirror to an internal port of its own, which AF_PACKET reads."""

from __future__ import annotations

import contextlib
import secrets
from typing import Any

from calipso.captures.afpacket import AfPacket
from calipso.captures.around import Around
from calipso.captures.ovs import OWNER, Switch, alive, owner, switch_of
from calipso.errors import CalipsoError, ConfigError
from calipso.seams import CaptureOptions, CapturePoint

PREFIX = "calmir"
"""Of the names of internal ports; with eight digits they are short enough for a device (IFNAMSIZ)."""


class OvsMirror:
    """The engine: every packet of the port, in both directions. A bridge has at most 32 mirrors."""

    name = "ovsmirror"
    title = "mirror of Open vSwitch"
    types = frozenset({"ovsport"})
    filters = True
    keeps_packets = True

    def reason(self) -> str:
        return AfPacket().reason()

    def open(self, point: CapturePoint, options: CaptureOptions) -> MirrorCapture:
        """Raises `Unreachable`, `AuthFailed`, `CommandFailed` (no such port), `ConfigError`."""
        return MirrorCapture(switch_of(point), point, options)


class MirrorCapture(Around):
    def __init__(self, switch: Switch, point: CapturePoint, options: CaptureOptions) -> None:
        self._switch, self._device = switch, PREFIX + secrets.token_hex(4)
        recover(switch)
        bridge = _bridge_of(switch, point.device)
        note = f'external_ids:{OWNER}="{owner()}"'
        switch.vsctl(
            "--", "--id=@interface", "create", "Interface", f"name={self._device}", "type=internal",
            "--", "--id=@out", "create", "Port", f"name={self._device}", "interfaces=@interface", note,
            "--", "add", "Bridge", bridge, "ports", "@out",
        )  # fmt: skip
        try:
            self._silence()
            switch.vsctl(
                "--", "--id=@out", "get", "Port", self._device, "--", "--id=@seen", "get", "Port", point.device,
                "--", "--id=@mirror", "create", "Mirror", f"name={self._device}", "select-src-port=@seen",
                "select-dst-port=@seen", "output-port=@out", note, "--", "add", "Bridge", bridge, "mirrors", "@mirror",
            )  # fmt: skip
            self._settle()
            there = CapturePoint(device=self._device, pid=point.pid, node=point.node, host=point.host)
            super().__init__(AfPacket().open(there, options))
        except CalipsoError:
            with contextlib.suppress(CalipsoError):
                remove(switch, self._device)
            raise

    def _silence(self) -> None:
        """Take the port's addresses, before anything is mirrored to it. Raises `CommandFailed`.

        vswitchd brings it up, so it has one of IPv6 by then. With one it would speak, and where vswitchd does tunnels
        itself it ends them at any port that has an address (ofproto-dpif-xlate.c, `xport_has_ip`): what is mirrored
        would arrive twice.
        """
        self._switch.run("ip", "link", "set", self._device, "addrgenmode", "none", "up")
        self._switch.run("ip", "address", "flush", "dev", self._device)

    def _settle(self) -> None:
        """What the datapath forwards already is mirrored only once vswitchd has translated it again: see to that.

        A mirror that is new does not make vswitchd 3.1 do so by itself, a port that changes does. Raises
        `CommandFailed`.
        """
        for said in ("true", "false"):
            self._switch.vsctl("set", "Port", self._device, f"protected={said}")

    def close(self) -> None:
        super().close()
        with contextlib.suppress(CalipsoError):  # the host is gone, or the next capture there removes it
            remove(self._switch, self._device)


def _bridge_of(switch: Switch, port: str) -> str:
    """Raises `CommandFailed` for no such port, `ConfigError` for one that a capture made."""
    if any(each["name"] == port and OWNER in each["external_ids"] for each in _ports(switch)):
        raise ConfigError(f"{port} was made by a capture")
    return switch.vsctl("port-to-br", port).strip()


def _ports(switch: Switch) -> list[dict[str, Any]]:
    rows = switch.table("Port", "name", "external_ids")
    return [each for each in rows if isinstance(each["external_ids"], dict)]


def recover(switch: Switch) -> None:
    """Remove mirrors and ports of processes that are gone. Raises `Unreachable`, `CommandFailed`, `ParseError`."""
    for each in _ports(switch):
        notes = each["external_ids"]
        if isinstance(notes, dict) and OWNER in notes and not alive(str(notes[OWNER])):
            remove(switch, str(each["name"]))


def remove(switch: Switch, device: str) -> None:
    """A mirror and its port. Raises `Unreachable`, `CommandFailed`."""
    words = ["--", "--if-exists", "del-port", device]
    for bridge in switch.table("Bridge", "name", "mirrors"):
        mirrors = bridge["mirrors"] if isinstance(bridge["mirrors"], list) else [bridge["mirrors"]]
        for mirror in switch.table("Mirror", "_uuid", "name"):
            if mirror["name"] == device and mirror["_uuid"] in mirrors:
                words += ["--", "remove", "Bridge", bridge["name"], "mirrors", mirror["_uuid"]]
    switch.vsctl(*words)
