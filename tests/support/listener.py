"""A client of live deltas that keeps what it is told: the state it should have at each number."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from calipso.runtime.live import Feed

HEAD = ("kind", "type", "name", "host", "parent", "networks", "media", "aliases")


class Listener:
    """Applies snapshots and deltas as documented. `seq` goes with its state."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.objects: dict[str, dict[str, Any]] = {}
        self.links: set[tuple[str, str, str]] = set()
        self.values: Counter[str] = Counter()
        self.snapshots = 0
        self.told: list[str] = []

    async def drain(self, feed: Feed) -> None:
        """Take all that comes until its state is that of the newest graph."""
        while not (feed.client.empty and feed.group.settled):
            if feed.client.empty:
                await asyncio.sleep(0.002)
                continue
            message = await feed.next()
            if message is None:
                return
            self.take(message.event, json.loads(message.text))

    def take(self, event: str, said: dict[str, Any]) -> None:
        self.told.append(event)
        if event == "snapshot":
            self.snapshots += 1
            self.objects, self.links, self.values = {}, set(), Counter()
            for item in said["snapshot"]:
                self._whole(item)
        elif event == "changes":
            assert self.seq is not None and said["seq"] > self.seq
            for change in said["changes"]:
                self._change(change)
        self.seq = said.get("seq", self.seq)

    def _whole(self, item: Any) -> None:
        if isinstance(item, dict) and {"id", "kind", "type"} <= item.keys():
            self.objects[item["id"]] = shape(item)
        elif isinstance(item, dict) and {"type", "source", "target"} <= item.keys():
            self.links.add((item["type"], item["source"], item["target"]))
        else:
            self.values[json.dumps(item, sort_keys=True)] += 1

    def _change(self, change: dict[str, Any]) -> None:
        if (value := change.get("value")) is not None:
            sign = 1 if value["op"] == "added" else -1
            self.values[json.dumps(value["value"], sort_keys=True)] += sign * value["count"]
            self.values += Counter()
        elif (link := change.get("link")) is not None:
            ends = (link["type"], link["source"], link["target"])
            (self.links.add if link["op"] == "added" else self.links.discard)(ends)
        else:
            self._object(change["object"])

    def _object(self, each: dict[str, Any]) -> None:
        if each["op"] == "removed":
            del self.objects[each["id"]]
        elif each["op"] == "added":
            assert each["id"] not in self.objects
            self.objects[each["id"]] = shape(each)
        else:
            known = self.objects[each["id"]]
            for field in each["fields"]:
                name, new = field["name"], field["new"]
                if name in HEAD:
                    known[name] = [one for one in new if one] if name == "media" else new
                elif new is None:
                    del known["attributes"][name.removeprefix("attributes.")]
                else:
                    known["attributes"][name.removeprefix("attributes.")] = new


def shape(item: dict[str, Any]) -> dict[str, Any]:
    """What an object is, without counters."""
    empty: dict[str, Any] = {"parent": "", "networks": None, "media": [], "aliases": []}
    return {name: item.get(name, empty.get(name)) for name in HEAD} | {"attributes": item.get("attributes", {})}
