"""Scans and scheduled scans below /calipso: asked for in the original's words."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from litestar import Request

from calipso.errors import QueryError
from calipso.operations.context import Context
from calipso.operations.original_places import object_id
from calipso.operations.registry import BY_NAME, perform
from calipso.operations.scan_documents import Only, Recurrence
from calipso.operations.scans import PutScanSchedule, StartScan

Asking = Request[Any, Any, Any]
STATUSES = ("draft", "pending")
FREQUENCIES = ("ONCE", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What both generations say of a scan. env_name: the second's word for environment."""

    environment: str = ""
    env_name: str = ""
    log_level: str = "warning"
    clear: bool = False
    scan_only_inventory: bool = False
    scan_only_links: bool = False
    scan_only_cliques: bool = False
    implicit_links: bool = False
    es_index: bool = False

    @property
    def place(self) -> str:
        """Raises `QueryError`."""
        if not (self.environment or self.env_name):
            raise QueryError("environment must be specified")
        return self.environment or self.env_name

    @property
    def only(self) -> Only:
        """Raises `QueryError` for more than one."""
        chosen = [name for name in ("inventory", "links", "cliques") if getattr(self, f"scan_only_{name}")]
        if len(chosen) > 1:
            raise QueryError("at most one of scan_only_inventory, scan_only_links, scan_only_cliques")
        return cast("Only", chosen[0]) if chosen else ""


class ScanBody(_Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: str = "pending"
    inventory: str = ""
    object_id: str = ""


class ScheduleBody(_Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """freq, submit_timestamp: the first generation's words; recurrence, scheduled_timestamp: the second's."""

    freq: str = ""
    recurrence: str = ""
    submit_timestamp: str = ""
    scheduled_timestamp: str = ""


async def scan(context: Context, request: Asking) -> Any:
    said = msgspec.json.decode(await request.body(), type=ScanBody)
    if said.status not in STATUSES:
        raise QueryError(f"status must be one of: {', '.join(STATUSES)}")
    _there(context, said.place)
    asked = StartScan(
        environment=said.place, object_id=said.object_id, only=said.only, clear=said.clear,
        inventory="" if said.inventory == "inventory" else said.inventory, queue=True, draft=said.status == "draft",
    )  # fmt: skip
    begun = await perform(context, BY_NAME["start_scan"], asked, str(request.scope["user"].name))
    id = object_id("scans", said.place, begun.id)
    return {"message": f"created a new scan for environment {said.place}", "id": id}


async def schedule(context: Context, request: Asking) -> Any:
    said = msgspec.json.decode(await request.body(), type=ScheduleBody)
    frequency = (said.freq or said.recurrence).upper()
    if frequency not in FREQUENCIES:
        raise QueryError(f"freq must be one of: {', '.join(FREQUENCIES)}")
    _there(context, said.place)
    asked = PutScanSchedule(
        environment=said.place, recurrence=cast("Recurrence", frequency.lower()), only=said.only, clear=said.clear,
        at=said.scheduled_timestamp or said.submit_timestamp or "now",
    )  # fmt: skip
    kept = await perform(context, BY_NAME["put_scan_schedule"], asked, str(request.scope["user"].name))
    id = object_id("scheduled_scans", said.place, kept.id)
    return {"message": f"created a new scheduled scan for environment {said.place}", "id": id}


def _there(context: Context, environment: str) -> None:
    if not any(each.name == environment for each in context.environments()):
        raise QueryError(f"unknown environment: {environment}")
