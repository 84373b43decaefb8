"""Pages in Debian's Chromium without a GPU: the product's map, and cytoscape.js with the same graph."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

HERE = Path(__file__).parent
CYTOSCAPE = HERE / "node_modules/cytoscape/dist/cytoscape.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
SIZE = {"width": 1600, "height": 1000}
FRAMES = 60
PATIENCE = 90.0
"""Seconds after which a picture is given up."""
LAYOUT = "grid"
"""The cheapest layout that cytoscape.js has: what takes places from links takes minutes at 10,000 objects."""


class First(NamedTuple):
    """ms since the address was opened. picture: it stands. asked, answered, came: of the objects."""

    picture: float
    asked: float
    answered: float
    came: float


class Moves(NamedTuple):
    """ms of each frame: everything in view, into it, within, and out again."""

    pan_all: list[float]
    zoom: list[float]
    pan_within: list[float]


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def context(browser: Browser, **more: Any) -> Iterator[BrowserContext]:
    """With nothing kept of what was loaded before."""
    made = browser.new_context(viewport=SIZE, **more)
    made.set_default_timeout(PATIENCE * 1000)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def ours(browser: Browser, url: str, token: str) -> Iterator[tuple[Page, First]]:
    """The product's map, once its first picture stands."""
    with context(browser) as made:
        page = made.new_page()
        page.add_init_script(f"sessionStorage.setItem('calipso.token', '{token}')")
        page.add_init_script(path=HERE / "frames.js")
        page.add_init_script(path=HERE / "ours.js")
        page.goto(f"{url}/map", wait_until="commit")
        found = page.evaluate("""async () => {
            const pictured = await bench.pictured;
            const map = performance.getEntriesByType("resource").find((each) => each.name.includes("/api/v1/map"));
            return [pictured, map.startTime, map.responseStart, map.responseEnd];
        }""")
        yield page, First(*found)


@contextmanager
def peer(browser: Browser, url: str, token: str) -> Iterator[tuple[Page, float]]:
    """cytoscape.js, and the ms to its first picture, without what loading the script takes; infinite: given up."""
    with context(browser, bypass_csp=True) as made:
        page = made.new_page()
        page.goto(f"{url}/healthz")
        page.add_script_tag(path=CYTOSCAPE)
        page.add_script_tag(path=HERE / "frames.js")
        page.add_script_tag(path=HERE / "peer.js")
        yield (
            page,
            page.evaluate(
                "([token, layout, patience]) => Promise.race([bench.first(token, layout), bench.never(patience)])",
                [token, LAYOUT, PATIENCE * 1000],
            )
            or float("inf"),
        )


def moved(page: Page) -> Moves:
    """Pan over everything, zoom in and out, pan within."""
    everything = page.evaluate(f"bench.pan({FRAMES})")
    into = page.evaluate(f"bench.zoom({FRAMES // 2}, 1)")
    within = page.evaluate(f"bench.pan({FRAMES})")
    out = page.evaluate(f"bench.zoom({FRAMES // 2}, -1)")
    return Moves(everything, into + out, within)


class Heap:
    """The heap of a page's script, in MB, of what can be reached."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("HeapProfiler.enable")

    def used(self) -> float:
        self._session.send("HeapProfiler.collectGarbage")
        return float(self._session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def middle(took: list[float]) -> float:
    return median(took)


def late(took: list[float]) -> float:
    """The 95th percentile."""
    return sorted(took)[int(len(took) * 0.95)] if took else float("nan")
