"""Where a container's network is: the namespace an engine's sandbox key, process or partner leads to."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from calipso.errors import ParseError
from calipso.model import ids
from calipso.sources.docker.parse import Container


class _Namespace(msgspec.Struct, frozen=True):
    inode: int
    paths: tuple[str, ...] = ()
    processes: tuple[tuple[int, int], ...] = ()


class _Body(msgspec.Struct, frozen=True):
    root: _Namespace
    namespaces: tuple[_Namespace, ...] = ()


class Places:
    """Ids of a host's namespaces by path and by process, named as every source names them (`ids.namespace_name`).

    Without the list (`body` empty) a sandbox key stands for itself: its last part is the namespace's name, unless
    another has it too.
    """

    def __init__(self, host: str, body: bytes = b"") -> None:
        self.host = host
        self.by_path: dict[str, str] = {}
        self.by_pid: dict[int, str] = {}
        if body:
            self._read(body)

    def _read(self, body: bytes) -> None:
        try:
            listed = msgspec.json.decode(body, type=_Body)
        except msgspec.DecodeError as error:
            raise ParseError("namespaces", str(error), excerpt=body[:120].decode(errors="replace")) from None
        taken: set[str] = set()
        for each in (listed.root, *listed.namespaces):
            name = "" if each is listed.root else ids.namespace_name(each.paths, taken)
            id = ids.netns(self.host, name) if name else ids.netns_by_inode(self.host, each.inode)
            if each is listed.root:
                id = ids.host(self.host)
            self.by_path.update(dict.fromkeys(each.paths, id))
            self.by_pid.update((pid, id) for pid, _ in each.processes)

    def of_path(self, path: str) -> str:
        """The namespace a sandbox key leads to. /var/run is /run (hier(7))."""
        short = path.removeprefix("/var") if path.startswith("/var/run/") else path
        return self.by_path.get(short) or self.by_path.get(path) or ids.netns(self.host, short.rpartition("/")[2])

    def of(self, container: Container, others: Mapping[str, Container]) -> str | None:
        """The namespace a container runs in; None while it does not run.

        One that shares another's (`--network container:X`) is where that one is, however long the chain.
        """
        seen = {container.id}
        while (mode := container.host_config.network_mode).startswith("container:"):
            partner = others.get(mode.partition(":")[2])
            if partner is None or partner.id in seen or not container.state.pid:
                return None
            seen.add(partner.id)
            container = partner
        if not container.state.pid:
            return None
        if mode == "host":
            return ids.host(self.host)
        key = container.network_settings.sandbox_key
        return self.of_path(key) if key else self.by_pid.get(container.state.pid)
