"""Makes the recordings of `docker` and `containers` from labs/docker: `python -m tests.replay.docker.record`, as root.

Of engines' answers only what is read is kept: the rest is long, and tells of the machine that the lab ran on.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import tempfile
from pathlib import Path
from typing import Any

from calipso.seams import SourceConfig
from calipso.sources.containers import SOURCE as CONTAINERS
from calipso.sources.docker import SOURCE
from calipso.transports.local import LocalTransport
from calipso.transports.record import RecordTransport
from labs.docker import lab

HERE = Path(__file__).parent
OTHERS = HERE.parent / "containers"
STOPPED = {"d1": "plain1", "d2": "back"}
KEPT: dict[str, Any] = {
    "/info": {
        **dict.fromkeys(("ID", "Name", "ServerVersion", "Driver", "CgroupDriver", "SystemTime")),
        "Swarm": dict.fromkeys(("NodeID", "NodeAddr", "LocalNodeState", "ControlAvailable")),
    },
    "/containers/json": [dict.fromkeys(("Id", "Names"))],
    "/containers/": {
        **dict.fromkeys(("Id", "Name", "Created", "Image", "State", "NetworkSettings")),
        "HostConfig": dict.fromkeys(("NetworkMode",)),
        "Config": dict.fromkeys(("Hostname", "Image", "Labels")),
    },
}
"""Beginning of a path → the fields kept of its answer, those of None whole."""


def kept(said: Any, form: Any) -> Any:
    if isinstance(form, list):
        return [kept(each, form[0]) for each in said]
    return said if form is None else {name: kept(said[name], below) for name, below in form.items() if name in said}


def trimmed(line: str) -> str:
    """A line of a transcript, an engine's answer without what is not read."""
    said: dict[str, Any] = json.loads(line)
    path = said.get("request", {}).get("path", "")
    form = next((form for start, form in KEPT.items() if path.startswith(start)), None)
    if form is not None and "text" in said:
        said["text"] = json.dumps(kept(json.loads(said["text"]), form), separators=(",", ":"))
    return json.dumps(said, separators=(",", ":"))


async def record(made: lab.Running, host: str) -> str:
    """A transcript of a look, then of what events told while a container was stopped."""
    output = io.StringIO()
    transport = RecordTransport(LocalTransport(pid=made.pid(host)), output)
    stream = SOURCE.watch(transport, SourceConfig(host=host))

    async def follow() -> None:
        async for _ in stream:
            pass

    following = asyncio.create_task(follow())
    await asyncio.sleep(2)
    await asyncio.to_thread(made.docker, host, "stop", "--time", "0", STOPPED[host])
    await asyncio.sleep(1)
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following
    await transport.close()
    return "".join(trimmed(line) + "\n" for line in output.getvalue().splitlines())


async def record_processes(made: lab.Running, host: str) -> str:
    """A transcript of the source `containers` on the same host."""
    output = io.StringIO()
    transport = RecordTransport(LocalTransport(pid=made.pid(host)), output)
    async for _ in CONTAINERS.collect(transport, SourceConfig(host=host)):
        pass
    await transport.close()
    return output.getvalue()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        made = lab.up(state, mortal=True)
        try:
            for host in made.holders:
                (OTHERS / f"containers@{host}.jsonl").write_text(asyncio.run(record_processes(made, host)))
                (HERE / f"docker@{host}.jsonl").write_text(asyncio.run(record(made, host)))
        finally:
            lab.down(state)


if __name__ == "__main__":
    main()
