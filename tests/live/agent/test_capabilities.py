"""With the capabilities of its unit, and as nobody otherwise, the agent sees what root sees."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.live
UNIT = Path(__file__).parents[3] / "packaging/calipso-agent.service"
NAME = f"ct-cap-{os.getpid()}"
NOBODY = "65534"
LOOK = """
import asyncio, json, sys
from calipso.model.record import RunEnded, Seen
from calipso.seams import SourceConfig
from calipso.sources.linux import SOURCE
from calipso.transports.local import LocalTransport

async def main(name):
    seen, wrong, events = set(), [], False
    async def look():
        nonlocal events
        told = False
        async for each in SOURCE.watch(LocalTransport(), SourceConfig(host="h")):
            if isinstance(each, Seen):
                seen.update((record.id, record.facet) for record in each.records)
            if isinstance(each, RunEnded):
                wrong.extend(error.message for error in each.errors)
            if not told and f"h/netns:{name}" in {id for id, _ in seen}:
                told = True
                print("listening", flush=True)
            if any(id.endswith(f"netns:{name}-2") for id, _ in seen):
                events = True
                return
    try:
        await asyncio.wait_for(look(), 15)
    except TimeoutError:
        pass
    except Exception as error:
        wrong.append(str(error))
    print(json.dumps({"seen": sorted(map(list, seen)), "wrong": wrong, "events": events}))

asyncio.run(main(sys.argv[1]))
"""


def capabilities() -> list[str]:
    found = re.search(r"^CapabilityBoundingSet=(.+)$", UNIT.read_text(), re.MULTILINE)
    assert found
    return [word.removeprefix("CAP_").lower() for word in found.group(1).split()]


@pytest.fixture
def namespaces() -> Iterator[None]:
    subprocess.run(["ip", "netns", "add", NAME], check=True)
    yield
    for name in (NAME, f"{NAME}-2"):
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def look(prefix: list[str]) -> dict[str, object]:
    process = subprocess.Popen([*prefix, sys.executable, "-c", LOOK, NAME], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().strip() == "listening"
        subprocess.run(["ip", "netns", "add", f"{NAME}-2"], check=True)
        return dict(json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        subprocess.run(["ip", "netns", "del", f"{NAME}-2"], capture_output=True, check=False)


def test_the_units_capabilities_are_enough(namespaces: None) -> None:
    words = ",".join(f"+{each}" for each in capabilities())
    drop = [
        "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", f"--inh-caps=-all,{words}",
        f"--ambient-caps=-all,{words}", f"--bounding-set=-all,{words}",
    ]  # fmt: skip
    as_root, as_nobody = look([]), look(drop)
    assert as_nobody["events"] and as_root["events"]
    assert not as_nobody["wrong"]

    def mine(found: dict[str, object]) -> set[tuple[str, str]]:
        return {(id, facet) for id, facet in found["seen"] if NAME in id or id.startswith("h/dev:")}  # type: ignore[attr-defined]

    assert mine(as_nobody) >= mine(as_root) - {(f"h/netns:{NAME}-2", "netlink")}
    assert {f"h/netns:{NAME}", f"h/netns:{NAME}/dev:lo"} <= {id for id, _ in mine(as_nobody)}
