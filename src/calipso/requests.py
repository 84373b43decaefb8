"""Requests that `seams` has beside its own: those of message buses and of databases."""

from __future__ import annotations

import msgspec


class Amqp(msgspec.Struct, frozen=True, tag=True):
    """`listen`: what is published to exchanges of a message bus, kept in a durable queue of ours while we are away.

    queue:     its name; what is not understood goes to `QUEUE.dead`
    exchanges: topic exchanges of others: one that is not there yet is waited for, never made
    topics:    words that routing keys begin with: `notifications` takes `notifications.info`, `notifications.error` …

    Replies are JSON. How it stands, first and from time to time: `{"bound": [exchanges], "missing": [exchanges],
    "waiting": messages in the queue, "dead": messages in `QUEUE.dead`}`. A message: `{"number": …, "exchange": …,
    "routing_key": …, "redelivered": …, "body": text}`. It stays in the queue until `AmqpSettle` names its number.
    """

    queue: str
    exchanges: tuple[str, ...]
    topics: tuple[str, ...]


class AmqpSettle(msgspec.Struct, frozen=True, tag=True):
    """What became of messages that `Amqp` told: `taken` leave the queue, `dead` go to `QUEUE.dead` with the reason.

    Numbers of a connection that ended are passed over: the bus tells their messages again. The reply's body is empty.
    """

    queue: str
    taken: tuple[int, ...] = ()
    dead: tuple[tuple[int, str], ...] = ()
    timeout: float = 30.0


class Sql(msgspec.Struct, frozen=True, tag=True):
    """One SELECT of a database that is only read; `%s` in `text` is where a parameter goes, `%%` is a percent sign.

    The reply's body is JSON: `{"columns": [name, …], "rows": [[value, …], …]}`; times are text, octets base64.
    Credentials are the transport's matter.
    """

    text: str
    params: tuple[str | int, ...] = ()
    timeout: float = 30.0
