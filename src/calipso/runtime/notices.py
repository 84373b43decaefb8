"""What happens beside the graph, for whoever is connected: progress of scans, messages."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from calipso.graph.validate import Check
from calipso.operations.message_documents import Level, Message
from calipso.operations.messages import message_view
from calipso.operations.scan_documents import ScanDocument, ScheduleDocument
from calipso.operations.scans import CANCELLED, ScanView, scan_view
from calipso.runtime.messages import Messages

LEVEL_OF: dict[Check, Level] = {"dangling end": "error", "duplicate id": "error", "orphan": "warn"}
FINDINGS = 100
"""Messages of one validator in one scan; the scan itself has all findings."""

Heard = Callable[[str, str, bytes], None]
"""Called with (environment, `scan` or `message`, its view as JSON)."""


class Notices:
    """Tells listeners, and makes messages of how scans end and what they find."""

    def __init__(self) -> None:
        self.messages: Messages | None = None
        self._heard: list[Heard] = []

    def listen(self, heard: Heard) -> None:
        self._heard.append(heard)

    def message(self, message: Message) -> None:
        if self._heard:
            self._tell(message.environment, "message", msgspec.json.encode(message_view(message)))

    def scan(self, document: ScanDocument) -> None:
        if self._heard:
            self._tell(document.environment, "scan", msgspec.json.encode(_shown(document)))
        if document.ended and self.messages is not None:
            _say(self.messages, document)

    def not_started(self, schedule: ScheduleDocument, reason: str) -> None:
        """A scheduled scan that could not be started."""
        if self.messages is not None:
            self.messages.say(
                schedule.environment, "warn", reason, key=f"schedule {schedule.id}", place=_of(schedule.id),
                related_object_type="scheduled_scan", related_object=schedule.id, origin_type="scheduled",
            )  # fmt: skip

    def _tell(self, environment: str, kind: str, body: bytes) -> None:
        for heard in list(self._heard):
            heard(environment, kind, body)


def _shown(document: ScanDocument) -> ScanView:
    """A scan as it is told on the way: which looks are at work, and all of them at the end."""
    shown = scan_view(document)
    if document.status != "running" or shown.progress is None:
        return shown
    at_work = [look for look in shown.progress.looks if look.status == "running"]
    return msgspec.structs.replace(shown, progress=msgspec.structs.replace(shown.progress, looks=at_work))


def _of(schedule: str) -> str:
    return f"scans {schedule}"


def _say(messages: Messages, document: ScanDocument) -> None:
    """The messages that follow from a scan that has ended; what is well again is over."""
    environment, place = document.environment, _of(document.schedule)
    origin = {"origin_id": document.id, "origin_type": "scheduled" if document.schedule else "manual"}
    if document.status in ("completed", "completed_with_errors"):
        messages.over(environment, place)
        _say_findings(messages, document, origin)
    elif document.reason != CANCELLED:
        messages.say(
            environment, "error" if document.status == "failed" else "warn",
            f"scan {document.id} {'failed' if document.status == 'failed' else 'was aborted'}: {document.reason}",
            key=f"{place} {document.status}", place=place, related_object=document.id, related_object_type="scan",
            **origin,
        )  # fmt: skip


def _say_findings(messages: Messages, document: ScanDocument, origin: dict[str, str]) -> None:
    found: dict[str, int] = {}
    places = set()
    for finding in document.findings:
        found[finding.check] = found.get(finding.check, 0) + 1
        if found[finding.check] > FINDINGS:
            continue
        place = f"check {finding.check}: {finding.id}"
        places.add(place)
        messages.say(
            document.environment, LEVEL_OF[finding.check], finding.message, key=f"{finding.check} {finding.message}",
            place=place, related_object=finding.id, related_object_type="object", **origin,
        )  # fmt: skip
    for place in messages.standing(document.environment, "check "):
        unchecked = document.plan.only == "inventory" and place.startswith("check dangling end")
        if place not in places and not unchecked:
            messages.over(document.environment, place)
