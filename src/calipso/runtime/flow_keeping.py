"""What becomes of flows that were captured, here or by an agent: named by their objects, told, kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import msgspec
import structlog

from calipso.errors import StoreError
from calipso.flows.places import holder
from calipso.graph.protocol import GraphReader, Obj
from calipso.model.flow import Flow
from calipso.runtime.at import now
from calipso.runtime.site import Site
from calipso.runtime.writer import DAY
from calipso.seams import FlowStore

MOST_WAITING = 100_000
"""Flows that wait while the store cannot take them."""
PRUNE_EVERY = 3600.0

log = structlog.get_logger()


class FlowKeeping:
    """Of one environment. For threads: several captures may hand flows over at once."""

    def __init__(self, site: Site, flows: FlowStore) -> None:
        self.flows = flows
        self.trouble = ""
        """Why flows are not kept just now."""
        self.not_kept = 0
        """Flows that were lost as the store could not take them for too long."""
        self.told: list[Callable[[Sequence[Flow]], None]] = []
        """Called, in the thread that hands them over, with flows that changed or ended."""
        self._site = site
        self._waiting: dict[str, Flow] = {}
        self._pruned = 0.0
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def take(self, flows: Sequence[Flow]) -> None:
        """Keep them; what the store cannot take now, as its disk is full, waits: `trouble` says so."""
        with self._lock:
            named = placed(flows, self._site.graph())
            self._tell(named)
            self._waiting |= {flow.uuid: flow for flow in named}
            over = len(self._waiting) - MOST_WAITING
            if over > 0:
                for uuid in list(self._waiting)[:over]:
                    del self._waiting[uuid]
                self.not_kept += over
            self._keep()

    def deliver(self, flows: Sequence[Flow]) -> None:
        """Keep them, or none: who hands them over has them on disk. Raises `StoreError`."""
        with self._lock:
            named = placed(flows, self._site.graph())
            try:
                self.flows.add(named)
            except StoreError as error:
                self.trouble = f"flows are not kept, those of agents wait there: {error.message}"
                raise
            if not self._waiting:
                self.trouble = ""
            self._tell(named)

    def _tell(self, named: Sequence[Flow]) -> None:
        for told in self.told if named else ():
            told(named)

    def _keep(self) -> None:
        if not self._waiting:
            return
        try:
            self.flows.add(list(self._waiting.values()))
        except StoreError as error:
            if not self.trouble:
                log.error("flows are not kept", reason=error.message, hint=error.hint)
            self.trouble = f"flows are not kept, {len(self._waiting)} wait, {self.not_kept} lost: {error.message}"
            return
        self._waiting.clear()
        self.trouble = ""

    def prune(self) -> None:
        """Now and then, flows that ended longer ago than the environment keeps them."""
        if time.monotonic() < self._pruned:
            return
        self._pruned = time.monotonic() + PRUNE_EVERY
        try:
            gone = self.flows.prune(now() - int(self._site.config.flow_days * DAY))
        except StoreError as error:
            log.error("flows cannot be pruned", reason=error.message, hint=error.hint)
            return
        if gone:
            log.info("flows pruned", environment=self._site.config.name, flows=gone)


def placed(flows: Sequence[Flow], graph: GraphReader) -> list[Flow]:
    """With the objects that both ends belong to, by address and MAC, where one has it: rather NICs than ports."""
    known: dict[tuple[str, str], Obj | None] = {}

    def owner(ip: str, mac: str) -> str:
        found = []
        for key in (("ip", ip), ("mac", mac)):
            if key not in known:
                known[key] = holder(graph, *key)
            if (head := known[key]) is not None:
                found.append(head)
        return next((head.id for head in found if head.kind != "port"), found[0].id if found else "")

    out = []
    for flow in flows:
        a, b = (flow.network.a, flow.network.b) if flow.network else ("", "")
        x, y = (flow.link.a, flow.link.b) if flow.link else ("", "")
        out.append(msgspec.structs.replace(flow, a_object=owner(a, x), b_object=owner(b, y)))
    return out
