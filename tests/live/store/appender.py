"""Appends changes to a store and says on stdout what is durable; killed by its test at some moment.

    python appender.py PATH FIRST CHANGES COMMIT

Every change sets `mtu` of a device to the number of the change. A line `TIME REVISION` is written
after each append, `rolling` before a snapshot.
"""

from __future__ import annotations

import sys
from pathlib import Path

from calipso.graph.value import FacetChange
from calipso.model.environment import Environment
from calipso.stores.sqlite import SqliteStore

DEVICES = 3000


def changes(store: SqliteStore, first: int, count: int) -> list[FacetChange]:
    encode = store.codec.encode
    out = []
    for number in range(first, first + count):
        name = f"d{number % DEVICES}"
        said = {"host": "h1", "netns": "h1", "name": name, "ifindex": number % DEVICES + 1, "mtu": number}
        if number % 7 == 0:
            said["peer_netns"], said["peer_ifindex"] = "h1", (number + 1) % DEVICES + 1
        out.append(FacetChange(f"h1/dev:{name}", "netlink", encode("veth", "netlink@h1", said)))
    return out


def main(path: Path, first: int, count: int, commit: int) -> None:
    store = SqliteStore(path, Environment())
    graph = store.load()
    print("ready", len(graph), flush=True)
    for tick in range(first, first + count, commit):
        after, delta = graph.apply(changes(store, tick, commit), tick + commit)
        store.append(delta)
        graph = after
        print(graph.ts, graph.rev, flush=True)
        if tick // commit % 150 == 149:
            print("rolling", flush=True)
            store.roll(graph)
    store.close()
    print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
