"""1,000 deltas a second to 100 clients: how late they are, what the server uses, whether any is lost.

    python bench/subscriptions.py [CLIENTS] [CHANGES A SECOND] [FILTER]

FILTER: `all`, `key`, `one step`, or a query; without it those three are shared out among the clients. The server runs
in a process of its own, the clients share another. One JSON line a figure. The budget: p95 ≤ 250 ms at 1,000/s from a
source's word to a client, 0 lost. Beside it: what encoding each delta for each client would take.
"""

from __future__ import annotations

import asyncio
import sys
import time
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import quote

import msgspec

from calipso.client.watching import Changes
from serving import MARK, TOKEN, Sent, served, show

SECONDS = 12.0
LIMIT = 250.0
FILTERS = {
    "all": "", "one step": "&query=" + quote("G.V().Has('Type', Within('veth', 'device', 'bridge', 'tun'))"),
    "key": "&key=kind:device",
}  # fmt: skip


def timed(number: int) -> dict[str, Any]:
    return {"bench_ns": time.time_ns()}


async def listen(url: str, filter: str, ready: asyncio.Event, late: list[float] | None) -> tuple[int, int]:
    """(deltas, frames) of one client until the mark. By hand: a hundred whole clients would measure themselves.

    late: where this one notes how late each delta is, ms; the others only look for the mark.
    """
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 30)
    head = f"GET /api/v1/events?environment=local{filter} HTTP/1.1\r\nHost: {host}\r\n"
    writer.write(f"{head}Authorization: Bearer {TOKEN}\r\n\r\n".encode())
    deltas = frames = 0
    while line := await reader.readline():
        if not line.startswith(b"data: "):
            continue
        if line.startswith(b'data: {"snapshot"'):
            ready.set()
            continue
        frames += 1
        if late is None:
            deltas += line.count(b'{"object":')
        else:
            now = time.time_ns()
            for change in msgspec.json.decode(line[6:], type=Changes).changes:
                deltas += change.object is not None
                stamps = [each.new for each in change.object.fields if each.name == "bench_ns"] if change.object else []
                late += [(now - stamp) / 1e6 for stamp in stamps]
        if MARK.encode() in line:
            break
    writer.close()
    return deltas, frames


async def load(url: str, clients: int, rate: int, wanted: str, pipe: Connection) -> None:
    filters = list(FILTERS.values()) if not wanted else [FILTERS.get(wanted, "&query=" + quote(wanted))]
    readies = [asyncio.Event() for _ in range(clients)]
    late: list[list[float]] = [[] for _ in range(clients)]
    listening = [
        asyncio.create_task(listen(url, filters[n % len(filters)], readies[n], late[n] if n % 10 < 3 else None))
        for n in range(clients)
    ]
    await asyncio.wait_for(asyncio.gather(*(each.wait() for each in readies)), 120)
    pipe.send("go")
    used = time.process_time()
    done: Sent = await asyncio.to_thread(pipe.recv)
    sent, lasted = done.changes, done.lasted
    ours = (time.process_time() - used) / lasted
    told = await asyncio.wait_for(asyncio.gather(*listening), 60)
    delays = sorted(delay for each in late for delay in each)
    show(f"delta to each of {clients} clients at {rate}/s, p95", delays[int(len(delays) * 0.95)], "ms", limit=LIMIT,
         p50=round(delays[len(delays) // 2], 1), worst=round(delays[-1], 1), filter=wanted or "mixed",
         changes_a_second=round(sent / lasted), deltas_a_second=round(sum(each for each, _ in told) / lasted),
         frames_a_second=round(sum(each for _, each in told) / lasted),
         server_share_of_a_core=round(done.share, 2), client_share_of_a_core=round(ours, 2))  # fmt: skip
    whole = [deltas for n, (deltas, _) in enumerate(told) if filters[n % len(filters)] == FILTERS["all"]]
    if whole:  # the others are told of some changes only
        show("deltas missing at a client of everything, worst", max(0, sent + 1 - min(whole)), "deltas",
             clients=len(whole), times_too_slow=done.dropped)  # fmt: skip


def alone(clients: int, rate: int) -> None:
    """What a message for each delta and client would take, encoded each time."""
    body = {"op": "changed", "id": "h1/dev:eth0", "fields": [{"name": "bench_ns", "old": 1, "new": time.time_ns()}]}
    began = time.perf_counter()
    for _ in range(20_000):
        msgspec.json.encode({"seq": 1, "ts": "2026-01-31T14:05:00.000Z", "changes": [{"object": body}]}).decode()
    each = (time.perf_counter() - began) / 20_000
    show("encoding alone, were each delta encoded for each client", each * clients * rate, "cores")


def main() -> None:
    clients, rate = int(sys.argv[1]) if len(sys.argv) > 1 else 100, int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with served(rate, SECONDS, timed) as pipe:
        asyncio.run(load(pipe.recv(), clients, rate, sys.argv[3] if len(sys.argv) > 3 else "", pipe))
    alone(clients, rate)


if __name__ == "__main__":
    main()
