"""Everything that can be asked of the world, as values; `seams` hands them on (DESIGN §2.1)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Exec(msgspec.Struct, frozen=True, tag=True):
    """Run a command without a shell. `netns`: path of a namespace to run it in, "" for the host's own.

    `listen`: one reply a line of its output, without the line's end; it ends by an error when the command ends.
    """

    argv: tuple[str, ...]
    netns: str = ""
    timeout: float = 30.0
    stdin: bytes = b""


class Read(msgspec.Struct, frozen=True, tag=True):
    """Read a whole file, or list a directory (one entry a line) when `path` ends in `/`."""

    path: str
    timeout: float = 10.0


class Namespaces(msgspec.Struct, frozen=True, tag=True):
    """Every network namespace of the host; the reply's body is JSON, see `transports/namespaces.py`."""

    timeout: float = 30.0


class Netlink(msgspec.Struct, frozen=True, tag=True):
    """Dumps of one namespace over one socket; `dumps` are names of the table in `sources/linux/wire.py`.

    The reply's body is, for each dump in order, a u32 length (native) and that many bytes of netlink messages
    (without NLMSG_DONE). `netns` is a path that leads to the namespace, "" for the host's own.
    """

    dumps: tuple[str, ...]
    netns: str = ""
    timeout: float = 10.0


class NetlinkEvents(msgspec.Struct, frozen=True, tag=True):
    """`listen`: events of all namespaces over one LISTEN_ALL_NSID socket, and of namespaces coming and going."""

    netns: str = ""


class Ovsdb(msgspec.Struct, frozen=True, tag=True):
    """One OVSDB `monitor` snapshot (`ask`) or stream (`listen`). `columns` by table; empty: all columns.

    The reply's body is JSON: the table updates object of RFC 7047 §4.1.5.
    """

    endpoint: str
    database: str
    columns: Mapping[str, tuple[str, ...]]
    timeout: float = 10.0


class Http(msgspec.Struct, frozen=True, tag=True):
    """An HTTP request of an API on the host. `endpoint`: `unix:///run/docker.sock`, `http://…` or `https://…`.

    The reply's exit code is the status, its body the whole body. `listen`: one reply a line of the body, for APIs that
    stream JSON lines. Credentials are the transport's matter and never part of a request.
    """

    endpoint: str
    path: str
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = {}
    timeout: float = 30.0


class Snmp(msgspec.Struct, frozen=True, tag=True):
    """Walk subtrees of a device's MIB; `oids` are dotted numbers. Credentials are the transport's matter.

    The reply's body is JSON: a list of [oid, type, value] in lexicographic order, octet strings as hexadecimal text.
    """

    oids: tuple[str, ...]
    timeout: float = 30.0


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


Request = Exec | Read | Namespaces | Netlink | NetlinkEvents | Ovsdb | Http | Snmp | Sql | Amqp | AmqpSettle
