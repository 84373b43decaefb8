"""Makes this folder's recordings from a real LXD: `python -m tests.replay.lxd.record`, as root."""

from __future__ import annotations

import asyncio
import io
import tempfile
from pathlib import Path

from calipso.seams import SourceConfig
from calipso.sources.lxd import SOURCE
from calipso.transports.local import LocalTransport
from calipso.transports.record import RecordTransport
from tests.support.lxd_host import LxdHost

HERE = Path(__file__).parent


async def record(made: LxdHost, host: str) -> None:
    output = io.StringIO()
    transport = RecordTransport(LocalTransport(pid=made.pid), output)
    async for _ in SOURCE.collect(transport, SourceConfig(host=host)):
        pass
    await transport.close()
    (HERE / f"lxd@{host}.jsonl").write_text(output.getvalue())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = LxdHost(Path(folder))
        try:
            made.up()
            asyncio.run(record(made, "running"))
            made.run("lxc", "stop", "--force", "web")
            asyncio.run(record(made, "stopped"))
        finally:
            made.down()


if __name__ == "__main__":
    main()
