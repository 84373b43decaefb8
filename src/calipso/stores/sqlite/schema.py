"""Tables of the store file and how older files become current ones (CORE §6).

`object` id of every ordinal · `facet_name`, `link_type` numbers of names · `dictionary` compression dictionaries ·
`epoch` snapshots and where their logs begin; `few` is NULL until the snapshot is complete · `snap` chunks of 256
objects · `log_<n>`, `link_<n>` changes of an epoch; facet 0 is the head, a NULL body an end · `seen` key hash →
objects that ever had the key · `place` places of the index that a tick changed, since the last snapshot · `hosts`
canonical host names from a revision on · `run` looks at scopes that are worth telling of · `scope`, `document`, `meta`.
"""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

from calipso.errors import StoreTooNew

APPLICATION_ID = 0x43414C50
"""`CALP`: in the file's header, so that `file` and we know whose it is."""
VERSION = 3
HEAD = 0
"""Number that stands for the head among the facets."""

RUN = (
    "CREATE TABLE run (source TEXT, reporter TEXT, part TEXT, ended INTEGER, state BLOB NOT NULL,"
    " PRIMARY KEY (source, reporter, part, ended)) WITHOUT ROWID",
    "CREATE INDEX run_ended ON run (ended)",
)
PLACE = "CREATE TABLE place (rev INTEGER PRIMARY KEY, ops BLOB NOT NULL)"
TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID",
    "CREATE TABLE object (ord INTEGER PRIMARY KEY, id TEXT NOT NULL)",
    "CREATE TABLE facet_name (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE link_type (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE dictionary (id INTEGER PRIMARY KEY, nth INTEGER NOT NULL, bytes BLOB NOT NULL)",
    "CREATE TABLE epoch (n INTEGER PRIMARY KEY, ts INTEGER NOT NULL, rev INTEGER NOT NULL, few BLOB)",
    "CREATE TABLE snap (chunk INTEGER NOT NULL, epoch INTEGER NOT NULL, heads BLOB NOT NULL, facets BLOB NOT NULL,"
    " keys BLOB NOT NULL, PRIMARY KEY (chunk, epoch))",
    "CREATE TABLE seen (hash INTEGER NOT NULL, ord INTEGER NOT NULL, PRIMARY KEY (hash, ord)) WITHOUT ROWID",
    "CREATE TABLE hosts (rev INTEGER PRIMARY KEY, ts INTEGER NOT NULL, names BLOB NOT NULL)",
    "CREATE TABLE scope (source TEXT, reporter TEXT, part TEXT, state BLOB NOT NULL,"
    " PRIMARY KEY (source, reporter, part)) WITHOUT ROWID",
    *RUN,
    PLACE,
    "CREATE TABLE document (collection TEXT, key TEXT, json BLOB NOT NULL, PRIMARY KEY (collection, key))"
    " WITHOUT ROWID",
    "CREATE VIRTUAL TABLE text USING fts5 (body, tokenize = 'trigram')",
)

MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: RUN,
    2: (PLACE, "INSERT INTO meta VALUES ('places since', 4611686018427387904)"),  # `places.NOT_YET`
}
"""Version → statements that make it the next version. Never changed once released."""


def epoch_tables(n: int) -> tuple[str, str]:
    """The log of an epoch: no index but the primary key while it is open (an index costs 7× the rate)."""
    return (
        f"CREATE TABLE log_{n:d} (rev INTEGER PRIMARY KEY, ts INTEGER NOT NULL, ord INTEGER NOT NULL,"
        " facet INTEGER NOT NULL, body BLOB)",
        f"CREATE TABLE link_{n:d} (rev INTEGER PRIMARY KEY, ts INTEGER NOT NULL, type INTEGER NOT NULL,"
        " a INTEGER NOT NULL, b INTEGER NOT NULL, op INTEGER NOT NULL)",
    )


def epoch_indexes(n: int) -> tuple[str, str, str]:
    """The indexes by object that a closed epoch gets."""
    return (
        f"CREATE INDEX IF NOT EXISTS log_{n:d}_ord ON log_{n:d} (ord)",
        f"CREATE INDEX IF NOT EXISTS link_{n:d}_a ON link_{n:d} (a)",
        f"CREATE INDEX IF NOT EXISTS link_{n:d}_b ON link_{n:d} (b)",
    )


def create(path: Path) -> None:
    """Make an empty store at `path`, complete or not at all: it is renamed into place. Raises `sqlite3.Error`."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        for statement in (*TABLES, *epoch_tables(0)):
            connection.execute(statement)
        connection.execute("INSERT INTO epoch VALUES (0, 0, 0, ?)", (b"",))
        connection.execute("INSERT INTO meta VALUES ('hash key', ?)", (secrets.token_bytes(16),))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        connection.execute(f"PRAGMA user_version = {VERSION:d}")
        connection.execute("COMMIT")
    finally:
        connection.close()
    draft.rename(path)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring an older file to the current version, in one transaction. Raises `StoreTooNew`, `sqlite3.Error`."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise too_new(path, found)
    if found == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for version in range(found, VERSION):
            for statement in MIGRATIONS[version]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION:d}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def too_new(path: Path, found: int) -> StoreTooNew:
    return StoreTooNew(
        f"{path}: written by a newer version (format {found}, this version reads up to {VERSION})",
        hint="The file was left as it is. Run the newer version, or give this one a home of its own.",
    )
