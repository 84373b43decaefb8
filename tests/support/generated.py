"""A folder with a generated environment and its history, as a server finds it when it starts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import cycle, islice

from bench import generate
from calipso.model.record import Record, Scope, Seen
from calipso.runtime.demo import tell
from calipso.runtime.home import Home

SCOPE = Scope("generated", "generated")
TICK = 2_000
HOUR = 3_600_000_000


class _Moment:
    """What was said so many seconds before the end."""

    def __init__(self, at: float, said: list[Seen]) -> None:
        self.at, self.said = at, said


def _records(objects: int) -> Iterator[Record]:
    for each in generate.Estate(1).records(objects):
        yield Record(each.id, each.facet, each.type, each.attributes)


def _history(objects: int, changes: int) -> Iterator[_Moment]:
    """The objects a day ago, and since then changes, each at a moment of its own."""
    records = list(_records(objects))
    for start in range(0, len(records), TICK):
        yield _Moment(-86_400.0 + start / TICK, [Seen(SCOPE, tuple(records[start : start + TICK]))])
    devices = cycle([each for each in records if each.facet == "netlink" and "mtu" in each.attributes])
    for number, each in enumerate(islice(devices, changes)):
        changed = {**each.attributes, "mtu": 1400 + number % 4 * 25, "speed": 1000 + number}
        yield _Moment(-43_200.0 + number, [Seen(SCOPE, (Record(each.id, each.facet, each.type, changed),))])


def fill(home: Home, name: str, objects: int, changes: int, now: int) -> None:
    """Make an environment of about so many objects; nothing of it is looked at. now: µs since the epoch."""
    home.prepare()
    text = f"name: {name}\nrecorded: true\nnamespaces: instances\n"
    (home.environments / f"{name}.yaml").write_text(text)
    environment, _ = home.environment(text, name)
    asyncio.run(tell(list(_history(objects, changes)), environment, home.store(name), now))  # type: ignore[arg-type]
