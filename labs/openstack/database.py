"""MariaDB with the cloud's schemas: migrated once, then kept as a dump beside the programs they belong to."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labs.openstack import declaration as d
from labs.openstack import installing
from labs.openstack.configuration import DATABASES, user_of
from labs.openstack.running import LOGS, SLOW, Running, wait
from labs.plain.running import LabError

DATA, SOCKET = "/var/lib/lab-mysql", "/run/mysqld/mysqld.sock"
READER = "discovery"
"""May read everything, and write nothing."""
SERVER = (
    "mariadbd", "--no-defaults", f"--datadir={DATA}", "--user=mysql", "--bind-address=0.0.0.0", "--skip-name-resolve",
    f"--socket={SOCKET}", "--max-connections=400", "--innodb-buffer-pool-size=96M", "--innodb-log-file-size=48M",
    "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--skip-log-bin", "--performance-schema=0",
    "--character-set-server=utf8mb3", "--collation-server=utf8mb3_general_ci",
)  # fmt: skip
CLIENT = ("--no-defaults", f"--socket={SOCKET}", "--user=root")
NEUTRON = ("--config-file", "/etc/neutron/neutron.conf", "--config-file", "/etc/neutron/plugins/ml2/ml2_conf.ini")
MIGRATIONS = (
    (
        ("keystone-manage", "db_sync"),
        ("placement-manage", "db", "sync"),
        ("glance-manage", "db_sync"),
        ("nova-manage", "api_db", "sync"),
        ("nova-manage", "cell_v2", "map_cell0"),
        ("nova-manage", "db", "sync"),
        ("nova-manage", "cell_v2", "create_cell", "--name=cell1"),
        ("octavia-db-manage", "upgrade", "head"),
    ),
    (("neutron-db-manage", *NEUTRON, "upgrade", "heads"),),
)
"""Two rows of commands, each in order, one row beside the other."""


def start(made: Running) -> None:
    """Raises `LabError`."""
    install = f"mariadb-install-db --no-defaults --datadir={DATA} --user=mysql --skip-test-db"
    method = "--auth-root-authentication-method=normal"
    made.script(d.CTL.name, f"chown mysql:mysql /run/mysqld; {install} {method} >{LOGS}/mysql-install.log 2>&1")
    made.serve(d.CTL.name, "mariadbd", *SERVER)
    wait(60, "mariadbd", lambda: made.answers(d.CTL.name, "mariadb-admin", *CLIENT, "ping"))


def fill(made: Running) -> None:
    """Schemas and accounts; whether migrated or taken from the dump is all the same. Raises `LabError`."""
    grants = [
        f"CREATE DATABASE {name}; GRANT ALL ON {name}.* TO '{user_of(name)}'@'%' IDENTIFIED BY '{d.PASSWORD}';"
        for name in DATABASES
    ]
    _sql(made, "".join(grants) + f"GRANT SELECT ON *.* TO '{READER}'@'%' IDENTIFIED BY '{d.PASSWORD}';")
    if kept(made).exists():
        _sql(made, kept(made).read_text())
        return
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(_migrate, made, row) for row in MIGRATIONS]:
            done.result()


def keep(made: Running) -> None:
    """Dump the databases of a cloud that nobody used yet, for the next time."""
    if kept(made).exists():
        return
    text = made.run(d.CTL.name, "mariadb-dump", *CLIENT, "--databases", *DATABASES, timeout=SLOW)
    fresh = kept(made).with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(kept(made))


def kept(made: Running) -> Path:
    """Where that dump is, by what it belongs to."""
    of = "\n".join((*installing.RELEASE, installing.CONSTRAINTS.read_text(), d.PASSWORD, repr(d.REGISTERED)))
    return made.cache / f"databases-{hashlib.sha256(of.encode()).hexdigest()[:12]}.sql"


def count(made: Running, table: str) -> int:
    """Rows of a table, 0 when it is not there."""
    try:
        return int(_sql(made, f"SELECT count(*) FROM {table}"))
    except LabError:
        return 0


def segments(made: Running, types: Collection[str]) -> dict[str, str]:
    """Segment → network, of these types: what nobody tells whose Neutron lists none. Raises `LabError`."""
    told = _sql(made, "SELECT id, network_id, network_type FROM neutron.networksegments")
    rows = (line.split("\t") for line in told.splitlines())
    return {id: network for id, network, kind in rows if kind in types}


def _sql(made: Running, text: str) -> str:
    return made.run(d.CTL.name, "mariadb", *CLIENT, "--skip-column-names", stdin=text, timeout=SLOW)


def _migrate(made: Running, row: tuple[tuple[str, ...], ...]) -> None:
    for each in row:
        made.run(d.CTL.name, *each, timeout=SLOW)
