"""Messages: what went wrong and what was found, said once, counted, over or not."""

from __future__ import annotations

from typing import Literal

import msgspec

from calipso.errors import QueryError
from calipso.model.moments import rfc3339
from calipso.operations.context import Context
from calipso.operations.inventory import between
from calipso.operations.message_documents import LEVELS, Level, Message, SourceSystem
from calipso.operations.paging import Limit

YesNo = Literal["", "yes", "no"]


class GetMessages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """environment: "" for all. level: only these; at_least: this one and worse. related_object: id of an object.

    viewed, open: `yes` or `no`; open is what holds now. since, until: said last within. text: part of the message.
    limit: the newest so many, 0 for all.
    """

    environment: str = ""
    level: tuple[Level, ...] = ()
    at_least: Level = "debug"
    source_system: tuple[SourceSystem, ...] = ()
    related_object: str = ""
    origin_id: str = ""
    viewed: YesNo = ""
    open: YesNo = ""
    since: str = ""
    until: str = ""
    text: str = ""
    limit: Limit = 100


class MessageView(msgspec.Struct, frozen=True, omit_defaults=True):
    """timestamp: when it was said first; received_timestamp: last; finished_timestamp: when it was over, "" before.

    count: how often it was said. places: where it holds now (`scope linux@h1:netns:blue`). origin_type: `manual` or
    `scheduled` for the kind of scan that brought it up, `live` without one.
    """

    id: str
    environment: str
    level: Level
    source_system: SourceSystem
    message: str
    timestamp: str
    received_timestamp: str
    finished_timestamp: str = ""
    count: int = 1
    viewed: bool = False
    related_object: str = ""
    related_object_type: str = ""
    display_context: str = ""
    origin_id: str = ""
    origin_type: str = "live"
    places: list[str] = []


class MessageList(msgspec.Struct, frozen=True):
    """levels: how many of each severity fit, without the limit."""

    items: list[MessageView]
    total: int
    levels: dict[str, int]


class ViewMessages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """ids: of messages of one environment; none for all of them. viewed: false to mark them as new again."""

    environment: str = "local"
    ids: tuple[str, ...] = ()
    viewed: bool = True


class DeleteMessages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """ids: of messages of one environment. level: all of a severity. One of both."""

    environment: str = "local"
    ids: tuple[str, ...] = ()
    level: tuple[Level, ...] = ()


class MessagesChanged(msgspec.Struct, frozen=True):
    environment: str
    changed: int


async def get_messages(context: Context, request: GetMessages) -> MessageList:
    """Messages, the newest first."""
    names = [request.environment] if request.environment else [each.name for each in context.environments()]
    since, until = between(context, request.since, request.until)
    found = [
        each
        for name in names
        for each in context.messages.all(name)
        if since <= each.last <= until and _fits(each, request)
    ]
    found.sort(key=lambda each: (-each.last, each.environment, -int(each.id)))
    shown = found[: request.limit] if request.limit else found
    counts = {level: sum(each.level == level for each in found) for level in LEVELS}
    levels: dict[str, int] = {level: count for level, count in counts.items() if count}
    return MessageList([message_view(each) for each in shown], len(found), levels)


def _fits(each: Message, request: GetMessages) -> bool:
    return (
        (not request.level or each.level in request.level)
        and LEVELS.index(each.level) <= LEVELS.index(request.at_least)
        and (not request.source_system or each.source_system in request.source_system)
        and request.related_object in ("", each.related_object)
        and request.origin_id in ("", each.origin_id)
        and (not request.viewed or each.viewed == (request.viewed == "yes"))
        and (not request.open or (not each.finished) == (request.open == "yes"))
        and request.text.lower() in each.message.lower()
    )


async def view_messages(context: Context, request: ViewMessages) -> MessagesChanged:
    """Mark messages as viewed, or as new again. Raises `NotFound`; then none has changed."""
    ids = request.ids or tuple(each.id for each in context.messages.all(request.environment))
    return MessagesChanged(request.environment, await context.messages.view(request.environment, ids, request.viewed))


async def delete_messages(context: Context, request: DeleteMessages) -> MessagesChanged:
    """Delete messages; what still holds is said again when it is found again. Raises `NotFound`; then none is gone."""
    if bool(request.ids) == bool(request.level):
        raise QueryError("say either which messages or which severities", hint="ids or level")
    there = context.messages.all(request.environment)
    ids = request.ids or tuple(each.id for each in there if each.level in request.level)
    return MessagesChanged(request.environment, await context.messages.delete(request.environment, ids))


def message_view(each: Message) -> MessageView:
    """A message as users see it."""
    return MessageView(
        id=each.id, environment=each.environment, level=each.level, source_system=each.source_system,
        message=each.message, timestamp=rfc3339(each.first), received_timestamp=rfc3339(each.last),
        finished_timestamp=rfc3339(each.finished) if each.finished else "", count=each.count, viewed=each.viewed,
        related_object=each.related_object, related_object_type=each.related_object_type,
        display_context=each.display_context, origin_id=each.origin_id, origin_type=each.origin_type or "live",
        places=sorted(each.places),
    )  # fmt: skip
