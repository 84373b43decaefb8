"""Scans, scheduled scans and messages as the original's documents."""

from __future__ import annotations

from typing import Any

from calipso.operations.context import Context
from calipso.operations.messages import GetMessages, get_messages
from calipso.operations.original_places import object_id
from calipso.operations.scans import GetScans, GetScanSchedules, get_scan_schedules, get_scans

Document = dict[str, Any]
PARTS = ("inventory", "links", "cliques")


async def scan_documents(context: Context) -> list[Document]:
    """Newest first. A scan's `_id` is made of its environment and number."""
    found = []
    for each in (await get_scans(context, GetScans(limit=0))).items:
        document: Document = {
            "_id": object_id("scans", each.environment, each.id), "environment": each.environment,
            "status": each.status, "inventory": each.inventory or "inventory", "object_id": each.object_id or None,
            "clear": each.clear, "submit_timestamp": each.submit_timestamp, "scheduled": bool(each.schedule),
            **{f"scan_only_{part}": each.only == part for part in PARTS},
        }  # fmt: skip
        for name in ("start_timestamp", "end_timestamp"):
            if getattr(each, name):
                document[name] = getattr(each, name)
        found.append(document)
    return found


async def schedule_documents(context: Context) -> list[Document]:
    """`freq` is the first generation's word, `recurrence` the second's; a cron schedule has neither there: CRON."""
    return [
        {
            "_id": object_id("scheduled_scans", each.environment, each.id), "environment": each.environment,
            "freq": each.recurrence.upper(), "recurrence": each.recurrence.upper(), "clear": each.clear,
            "submit_timestamp": each.submit_timestamp, "scheduled_timestamp": each.scheduled_timestamp or None,
            "status": "upcoming" if each.scheduled_timestamp else "finished",
            **{f"scan_only_{part}": each.only == part for part in PARTS},
        }
        for each in (await get_scan_schedules(context, GetScanSchedules())).items
    ]  # fmt: skip


async def message_documents(context: Context) -> list[Document]:
    """Newest first. `id` is our number within the environment."""
    found = []
    for each in (await get_messages(context, GetMessages(limit=0))).items:
        document: Document = {
            "_id": object_id("messages", each.environment, each.id), "id": each.id, "environment": each.environment,
            "source_system": each.source_system, "level": each.level, "message": each.message,
            "timestamp": each.timestamp, "received_timestamp": each.received_timestamp, "viewed": each.viewed,
            "display_context": each.display_context, "related_object": each.related_object,
            "related_object_type": each.related_object_type, "origin_id": each.origin_id,
            "origin_type": each.origin_type, "finished_timestamp": each.finished_timestamp or None,
        }  # fmt: skip
        found.append(document)
    return found
