"""200 concurrent readers, and watchers, while changes arrive: how long filtered reads take, whether a delta is lost.

    python bench/readers.py [READERS] [CHANGES A SECOND]

The server runs in a process of its own, as a user's does. One JSON line a figure; the budget: p95 ≤ 200 ms at 1,000/s.
"""

from __future__ import annotations

import asyncio
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

from calipso.client import AsyncClient, Changes, Snapshot
from serving import MARK, TOKEN, Sent, said, served, show

SECONDS = 15.0
PAUSE = 1.0
"""Seconds between the reads of one reader: a page that refreshes."""
WATCHERS = 5
LIMIT = 200.0


def numbered(number: int) -> dict[str, Any]:
    return {"bench_number": number}


async def read(url: str, number: int, hosts: list[str], until: asyncio.Event, took: list[float]) -> None:
    """One connection, by hand: a client for 200 of them in one process would measure itself."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    query = f"kind=interface&host={hosts[number % len(hosts)]}&fields=state,attributes.mtu&limit=50"
    request = f"GET /api/v1/objects?{query} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
    await asyncio.sleep(PAUSE * (number % 50) / 50)
    while not until.is_set():
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise SystemExit(head.decode())
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        took.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(PAUSE)
    writer.close()


async def watch(client: AsyncClient, ready: asyncio.Event) -> tuple[set[int], int]:
    """(numbers that were told, snapshots that had to be taken) until the mark appears."""
    told: set[int] = set()
    snapshots = 0
    async for frame in client.watch():
        if isinstance(frame, Snapshot):
            snapshots += 1
            ready.set()
        elif isinstance(frame, Changes) and _take(frame, told):
            break
    return told, snapshots


def _take(frame: Changes, told: set[int]) -> bool:
    done = False
    for change in frame.changes:
        if change.object is not None:
            told.update(field.new for field in change.object.fields if field.name == "bench_number")
            done = done or change.object.id == MARK
    return done


async def load(url: str, readers: int, rate: int, pipe: Connection) -> None:
    async with AsyncClient(url, TOKEN) as client:
        hosts = sorted({str(s.attributes["host"]) for s in said() if "host" in s.attributes})
        readies = [asyncio.Event() for _ in range(WATCHERS)]
        watching = [asyncio.create_task(watch(client, each)) for each in readies]
        await asyncio.gather(*(each.wait() for each in readies))
        until, took = asyncio.Event(), list[float]()
        reading = [asyncio.create_task(read(url, number, hosts, until, took)) for number in range(readers)]
        pipe.send("go")
        used = time.process_time()
        done: Sent = await asyncio.to_thread(pipe.recv)
        sent, lasted = done.changes, done.lasted
        until.set()
        ours = (time.process_time() - used) / lasted
        await asyncio.gather(*reading)
        results = await asyncio.wait_for(asyncio.gather(*watching), 60)
    took.sort()
    show(f"filtered reads of {readers} readers at {rate} changes/s, p95", took[int(len(took) * 0.95)], "ms",
         limit=LIMIT, p50=round(took[len(took) // 2], 1), worst=round(took[-1], 1), reads=len(took),
         reads_a_second=round(len(took) / lasted), changes_a_second=round(sent / lasted),
         server_share_of_a_core=round(done.share, 2), client_share_of_a_core=round(ours, 2))  # fmt: skip
    lost = max(sent - len(told) for told, _ in results)
    show("deltas lost by a watcher, worst", lost, "changes", sent=sent, snapshots=max(count for _, count in results))


def main() -> None:
    readers, rate = int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with served(rate, SECONDS, numbered) as pipe:
        asyncio.run(load(pipe.recv(), readers, rate, pipe))


if __name__ == "__main__":
    main()
