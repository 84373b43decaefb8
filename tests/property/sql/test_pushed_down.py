"""Conditions that are handed down to keys and to the log answer what a reading of all rows answers."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from calipso.model.record import Gone, Record, Scope, Seen
from calipso.runtime.system import System
from tests.support.estate import CODEC, disturbed, two_hosts
from tests.support.system import ask, estate

COLUMNS = {
    "objects": ("id", "kind", "type", "host", "name", "mac", "state", "mtu"), "links": ("source", "target", "type"),
    "changes": ("id", "ts", "at"),
}  # fmt: skip
OTHERS = ["NULL", "''", "1500", "'1500'", "'up'", "x'00'", "-1", "9e99", "'h1'", "'nothing'"]


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_same_answer(tmp_path: Path, seed: int) -> None:
    asyncio.run(_compare(tmp_path, random.Random(seed)))


async def _compare(folder: Path, chance: random.Random) -> None:
    async with estate(folder) as system:
        for change in chance.sample(two_hosts(), 6):
            type, _, attributes = CODEC.decode(disturbed(change, chance).body or b"")
            scope = Scope("test", change.id.partition("/")[0])
            record = Record(change.id, change.facet.partition("@")[0], type, attributes)
            gone = Gone(scope, ((record.id, ""),))
            await system.site("estate").put([Seen(scope, (record,)) if chance.random() < 0.7 else gone])
        for view, columns in COLUMNS.items():
            for _ in range(12):
                await _same(system, view, columns, chance)


async def _same(system: System, view: str, columns: tuple[str, ...], chance: random.Random) -> None:
    conditions, plain = [], []
    for column in chance.sample(columns, chance.choice([1, 1, 2])):
        drawn = await ask(system, "sql", sql=f"SELECT quote({column}) FROM {view} ORDER BY 1")
        value = chance.choice([*[chance.choice(drawn.rows)[0]] * 2, chance.choice(OTHERS)])
        op = chance.choice(["=", "=", "<", "<=", ">", ">=", "IN", "IS"])
        asked = f"({value}, {chance.choice(OTHERS)})" if op == "IN" else value
        conditions.append(f"{column} {op} {asked}")
        plain.append(f"+{column} {op} {asked}")
    ask_ = "SELECT * FROM {} WHERE {}"
    affinity = {"mtu": "INTEGER", "ts": "INTEGER"}
    for each in columns:  # a unary plus takes the column's affinity away with the index: give it back
        plain = [p.replace(f"+{each} ", f"CAST(+{each} AS {affinity.get(each, 'TEXT')}) ") for p in plain]
    quick = await ask(system, "sql", sql=ask_.format(view, " AND ".join(conditions)))
    slow = await ask(system, "sql", sql=ask_.format(view, " AND ".join(plain)))
    assert sorted(map(repr, quick.rows)) == sorted(map(repr, slow.rows)), conditions
