"""A real server on the lab of two hosts, the built web UI, and Debian's Chromium."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from labs.plain.running import Running
from tests.support.plain_lab import standing

ROOT = Path(__file__).parents[2]
CALIPSO = [sys.executable, "-m", "calipso"]
PICTURES = ROOT / "build/e2e"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
SIZE = {"width": 1600, "height": 1000}
SECONDS = 60
expect.set_options(timeout=20_000)  # what is seen is asserted, not how fast: that is measured in bench/


class Served:
    """A running server: its address and token, and the command line on the same folder."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url
        self.token = (home / "token").read_text().strip()

    def run(self, *words: str, may_fail: bool = False) -> str:
        return ask(self.home, *words, may_fail=may_fail)


def ask(home: Path, *words: str, may_fail: bool = False) -> str:
    environment = {**os.environ, "CALIPSO_HOME": str(home), "NO_COLOR": "1"}
    done = subprocess.run([*CALIPSO, *words], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert may_fail or not done.returncode, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def serving(home: Path, *words: str) -> Iterator[Served]:
    environment = {**os.environ, "CALIPSO_HOME": str(home)}
    command = [*CALIPSO, "up", "--port", "0", *words]
    with (home.parent / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            began = time.monotonic()
            while not (home / "server.json").exists():
                assert time.monotonic() - began < SECONDS and process.poll() is None, "the server does not start"
                time.sleep(0.05)
            url = json.loads((home / "server.json").read_text())["url"]
            yield Served(home, url)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def built() -> None:
    """The web UI as its sources are now."""
    subprocess.run([str(ROOT / "tools/ui"), "--if-changed"], check=True, timeout=300)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with standing(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="session")
def served(lab: Running, built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The lab, scanned, and followed from then on."""
    home = tmp_path_factory.mktemp("served") / "home"
    home.mkdir()
    ask(home, "add", str(lab.state / "plain.yaml"))
    for server in serving(home):
        server.run("scan", "--env", "plain")
        time.sleep(6)  # the index by text is brought up every five seconds
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test")
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


Opened = Callable[..., Page]


def told(said: ConsoleMessage, refused: str) -> bool:
    """Whether a line of the console is a fault."""
    meant = any(f"responded with a status of {each}" in said.text for each in refused.split())
    return said.type in ("error", "warning") and not meant


@pytest.fixture
def opened(browser: Browser, served: Served) -> Iterator[Opened]:
    """Open a place of the UI. Fails in the end on any error in the console, and on anything loaded from elsewhere.

    refused: the statuses that the server is to answer with; the browser itself notes it in the console.
    """
    contexts, wrong = [], []

    def at(
        path: str, theme: str = "system", *, signed_in: bool = True, width: int = SIZE["width"], refused: str = ""
    ) -> Page:
        context = browser.new_context(viewport={**SIZE, "width": width}, accept_downloads=True, color_scheme="light")
        contexts.append(context)
        page = context.new_page()
        token = f"sessionStorage.setItem('calipso.token', '{served.token}');" if signed_in else ""
        page.add_init_script(f"{token}localStorage.setItem('calipso.theme', '{theme}')")
        page.on("console", lambda said: wrong.append(said.text) if told(said, refused) else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        own = (served.url, "blob:", "data:", served.url.replace("http", "ws", 1))
        page.on("request", lambda asked: None if asked.url.startswith(own) else wrong.append(f"elsewhere: {asked.url}"))
        page.goto(served.url + path)
        return page

    yield at
    for context in contexts:
        context.close()
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def keep() -> Callable[[Page, str], None]:
    """Keep a picture of a page, to be put beside the design; one named NAME-light also as NAME-dark where it can be.

    A page that follows the system's theme is not touched for that: what is open stays open.
    """
    PICTURES.mkdir(parents=True, exist_ok=True)

    def kept(page: Page, name: str) -> None:
        page.wait_for_timeout(400)
        page.screenshot(path=PICTURES / f"{name}.png")
        if name.endswith("-light") and not page.evaluate("document.documentElement.dataset.theme ?? ''"):
            page.emulate_media(color_scheme="dark")
            page.wait_for_timeout(400)
            page.screenshot(path=PICTURES / f"{name.removesuffix('-light')}-dark.png")
            page.emulate_media(color_scheme="light")

    return kept
