"""The map in a browser without a GPU: first picture, pan and zoom, memory under deltas, size; beside cytoscape.js.

    tools/bench ui

The estates of `generate.py`, of 1,000, 10,000 and 50,000 objects, served as by `calipso up` after a restart. One JSON
line a figure: `value` is the product's, `cytoscape` that of cytoscape.js with the same objects and links in the same
run, `ratio` how many times as long that took. `UIBENCH_SECONDS` changes how long deltas are sent.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import subprocess
import sys
from typing import Any

from playwright.sync_api import Browser, Page

from bench.ui.driving import CYTOSCAPE, HERE, Heap, chromium, late, middle, moved, ours, peer
from bench.ui.serving import TOKEN, Sent, Served, served

ROOT = HERE.parents[1]
STATIC = ROOT / "src/calipso/web/static"
SIZES = {1000: 1000, 10_000: 1000, 50_000: 3000}
"""Objects, and within how many ms the first picture stands."""
MOVED = 10_000
FRAME = 33
TIMES = 3
RATE = 1000
SECONDS = float(os.environ.get("UIBENCH_SECONDS", "60"))
SETTLED = 10.0
"""Seconds after which code is compiled and buffers have their size."""
STABLE = 1.1
"""How many times the heap may be what it was when it had settled."""
BUNDLE = 200


def show(figure: str, value: float, unit: str, limit: float | None, other: float | None = None, **more: Any) -> None:
    line: dict[str, Any] = {"figure": figure, "value": round(value, 3), "unit": unit}
    if limit is not None:
        line["limit"] = limit
    if other is not None:
        given_up = math.isinf(other)
        line |= {
            "cytoscape": None if given_up else round(other, 1),
            "ratio": None if given_up else round(other / value, 1),
        }
    print(json.dumps(line | more), flush=True)


def prepare() -> None:
    """The product as its sources are, and what it is put beside."""
    subprocess.run([ROOT / "tools/ui", "--if-changed"], check=True)
    if not CYTOSCAPE.exists():
        subprocess.run(["npm", "ci", "--silent", "--no-progress"], check=True, cwd=HERE)


def bundle() -> None:
    """All that a browser loads, as a server that compresses would send it."""
    files = [each for each in STATIC.rglob("*") if each.suffix in (".js", ".css", ".html", ".svg")]
    sizes = {each.suffix[1:]: 0.0 for each in files}
    for each in files:
        sizes[each.suffix[1:]] += len(gzip.compress(each.read_bytes(), 9)) / 1000
    peers = len(gzip.compress(CYTOSCAPE.read_bytes(), 9)) / 1000
    show(
        "bundle, gzipped", sum(sizes.values()), "kB", BUNDLE, peers, **{key: round(kB, 1) for key, kB in sizes.items()}
    )


def first(browser: Browser, server: Served, limit: float) -> None:
    """The first opening after the start of the server, then of a server that was asked before."""
    firsts = []
    for _ in range(TIMES + 1):
        with ours(browser, server.url, TOKEN) as (_, took):
            firsts.append(took)
    with peer(browser, server.url, TOKEN) as (_, theirs):
        pass
    warm = sorted(firsts[1:])[TIMES // 2]
    show(f"first picture of {server.objects} objects", warm.picture, "ms", limit, theirs,
         after_start=round(firsts[0].picture), asked=round(warm.asked), answered=round(warm.answered),
         came=round(warm.came))  # fmt: skip


def moves(browser: Browser, server: Served) -> None:
    with ours(browser, server.url, TOKEN) as (page, _):
        page.wait_for_timeout(1000)
        mine = moved(page)
    with peer(browser, server.url, TOKEN) as (page, _):
        theirs = moved(page)
    for name, ms, others in zip(("pan over all", "zoom in and out", "pan within"), mine, theirs, strict=True):
        show(f"{name}, {server.objects} objects, median frame", middle(ms), "ms", FRAME, middle(others),
             p95=round(late(ms), 1), worst=round(max(ms), 1), frames=len(ms))  # fmt: skip


def followed(page: Page, server: Served) -> tuple[list[float], Sent]:
    """The heap at the beginning, when settled, and then five times until the end of the deltas."""
    heap = Heap(page)
    found = [heap.used()]
    server.change(RATE, SECONDS)
    for wait in (SETTLED, *[(SECONDS - SETTLED) / 5] * 5):
        page.wait_for_timeout(wait * 1000)
        found.append(heap.used())
    return found, server.changed()


def deltas(browser: Browser, server: Served) -> None:
    with ours(browser, server.url, TOKEN) as (page, _):
        page.wait_for_timeout(1000)
        mine, sent = followed(page, server)
        server.change(RATE, 8)
        panned = page.evaluate("bench.pan(60)")
        server.changed()
    with peer(browser, server.url, TOKEN) as (page, _):
        page.evaluate("token => bench.follow(token)", TOKEN)
        theirs, _ = followed(page, server)
    show(f"heap under {RATE} deltas/s for {SECONDS:.0f} s, end to {SETTLED:.0f} s", mine[-1] / mine[1], "times", STABLE,
         theirs[-1] / theirs[1], MB=[round(each, 1) for each in mine], cytoscape_MB=[round(each, 1) for each in theirs],
         changes_a_second=round(sent.changes / sent.seconds), too_slow=sent.lost)  # fmt: skip
    show(f"pan under {RATE} deltas/s, median frame", middle(panned), "ms", None, p95=round(late(panned), 1))


def main(sizes: list[int]) -> None:
    prepare()
    bundle()
    with chromium() as browser:
        for objects in sizes:
            with served(objects) as server:
                first(browser, server, SIZES[objects])
                if objects == MOVED:
                    moves(browser, server)
                    deltas(browser, server)


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or list(SIZES))
