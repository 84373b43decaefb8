"""A cable of the lab goes down and up again: it is told once each time, and who could not be told is known."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calipso.operations.registry import BY_NAME
from calipso.runtime.system import System, opened
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, home
from tests.support.scripts import script

pytestmark = pytest.mark.live
PATIENCE = 60.0
CABLE = "G.V('h1/dev:vha').Has('State', 'DOWN').Values('ID')"


@pytest.fixture
def hook() -> Iterator[tuple[str, list[Any]]]:
    """An address that is posted to, and what was."""
    heard: list[Any] = []

    class Hears(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hears)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook", heard
    server.shutdown()
    serving.join()
    server.server_close()


async def ask(system: System, name: str, **values: Any) -> Any:
    operation = BY_NAME[name]
    return await operation.run(system, operation.request(environment=NAME, **values))


async def come(system: System, **wanted: tuple[bool, int, str]) -> None:
    """Wait until the alerts stand so: armed, how often they went off, the beginning of their problem."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = {each.id: each for each in (await ask(system, "get_alerts")).items}
            if all(
                (found[id].armed, found[id].fired) == (armed, fired)
                and found[id].problem[: len(problem) or None] == problem
                for id, (armed, fired, problem) in wanted.items()
            ):
                return
            await asyncio.sleep(0.1)


def test_a_cable_that_is_pulled(lab: Running, tmp_path: Path, hook: tuple[str, list[Any]]) -> None:
    address, heard = hook

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            script(system.home.scripts / "page", "echo away >&2; exit 3")
            system.watch(NAME)
            system.react()
            async with asyncio.timeout(PATIENCE):
                while system.site(NAME).graph().resolve("h1/dev:vha") is None:  # noqa: ASYNC110 - it is looked at
                    await asyncio.sleep(0.1)
            await ask(system, "put_alert", id="hook", expression=CABLE, action=address)
            await ask(system, "put_alert", id="page", expression=CABLE, action="script:page", trigger="every:1s")
            for times in (1, 2):
                lab.run("h1", "ip", "link", "set", "vha", "down")
                await come(system, hook=(False, times, ""), page=(False, times, "failed: exit 3: away"))
                lab.run("h1", "ip", "link", "set", "vha", "up")
                await come(system, hook=(True, times, ""), page=(True, times, "failed: exit 3: away"))
            async with asyncio.timeout(PATIENCE):
                while len(heard) < 2:  # noqa: ASYNC110 - another thread hears
                    await asyncio.sleep(0.1)
            assert [(each["UUID"], each["ReasonData"]) for each in heard] == [("hook", ["h1/dev:vha"])] * 2

    try:
        asyncio.run(work())
    finally:
        lab.run("h1", "ip", "link", "set", "vha", "up")
