"""How the transcripts here and in `nova_db` were made: both sources on a MariaDB with databases of real clouds.

`python -m tests.replay.neutron_db.record` needs mariadbd and root; `tests/support/cloud_databases` are what is read.
"""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
from pathlib import Path

from calipso.model.environment import SqlAccess
from calipso.seams import Source, SourceConfig
from calipso.sources.neutron_db import SOURCE as NEUTRON
from calipso.sources.nova_db import SOURCE as NOVA
from calipso.transports.record import RecordTransport
from calipso.transports.sql import SqlTransport
from tests.support.mariadb import READER, SECRET, MariaDb, mariadb

REPLAY = Path(__file__).parents[1]
WANTED: tuple[tuple[Source, str], ...] = (
    (NEUTRON, "ml2-ovs"), (NEUTRON, "ml2-linuxbridge"), (NEUTRON, "older"), (NOVA, "ml2-ovs"), (NOVA, "older"),
)  # fmt: skip


async def record(server: MariaDb, source: Source, cloud: str) -> None:
    output = io.StringIO()
    access = SqlAccess(host="127.0.0.1", port=server.port, user=READER, password="env:READER")
    transport = RecordTransport(SqlTransport(access), output)
    async for _ in source.collect(transport, SourceConfig(host=cloud)):
        pass
    await transport.close()
    name = source.manifest.name
    (REPLAY / name / f"{name}@{cloud}.jsonl").write_text(output.getvalue())


def main() -> None:
    os.environ["READER"] = SECRET
    with tempfile.TemporaryDirectory() as folder, mariadb(Path(folder) / "m") as server:
        for source, cloud in WANTED:
            for database in ("neutron", "nova", "nova_cell0", "nova_api"):
                server.sql(f"DROP DATABASE IF EXISTS {database}")
            server.load(cloud)
            server.let_read()
            asyncio.run(record(server, source, cloud))


if __name__ == "__main__":
    main()
