"""The flow store against a kill and against a full disk, for real."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from calipso.errors import StoreError
from calipso.model.flow import Flow, FlowMetric
from calipso.seams import FlowFilter
from calipso.stores.duckdb import DuckFlowStore

pytestmark = pytest.mark.live

T = 1_700_000_000_000_000
WRITER = """
import sys
from pathlib import Path
from calipso.model.flow import Flow, FlowMetric
from calipso.stores.duckdb import DuckFlowStore
store = DuckFlowStore(Path(sys.argv[1]), gather=2000)
for batch in range(int(sys.argv[2]), 10_000_000):
    store.add([Flow(uuid=f"{batch}-{n}", tracking_id="t", l3_tracking_id="", layers_path="", application="",
                    start=1_700_000_000_000_000, last=1_700_000_000_000_000 + batch, metric=FlowMetric(batch))
               for n in range(100)])
    sys.stdout.write(f"{batch}\\n")
    sys.stdout.flush()
"""


def test_a_kill_loses_at_most_the_batch_that_was_not_acknowledged(tmp_path: Path) -> None:
    path, dice, next_batch = tmp_path / "local.flows.duckdb", random.Random(7), 0
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(next_batch)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(dice.uniform(0.0, 0.6))
        writer.send_signal(signal.SIGKILL)
        told = [int(line) for line in writer.stdout.read().splitlines() if line]
        writer.wait()
        acknowledged = told[-1] if told else next_batch
        store = DuckFlowStore(path)
        found = [int(flow.uuid.partition("-")[0]) for flow in store.find(FlowFilter(limit=10_000_000))]
        store.close()
        kept = {batch: len(list(group)) for batch, group in itertools.groupby(sorted(found))}
        assert set(kept.values()) == {100}, "a batch is there as a whole or not at all"
        assert list(kept) == list(range(len(kept)))
        assert acknowledged <= max(kept) <= acknowledged + 1
        next_batch = max(kept) + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    where = tmp_path / "small"
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", f"calipso-{os.getpid()}", str(where)], check=True)
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def test_a_full_disk_is_told_and_what_was_kept_stays(small_disk: Path) -> None:
    store = DuckFlowStore(small_disk / "local.flows.duckdb", gather=3000)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(3 << 20))
    kept, dice = 0, random.Random(1)

    def batch(number: int) -> list[Flow]:
        return [Flow(uuid=f"{dice.getrandbits(64):016x}", tracking_id=f"{dice.getrandbits(256):064x}",
                     l3_tracking_id="", layers_path="", application="", start=T, last=T + number,
                     metric=FlowMetric(number))
                for _ in range(500)]  # fmt: skip

    with pytest.raises(StoreError, match="no space left to write") as told:
        for number in range(2000):
            store.add(batch(number))
            kept += 500
    assert told.value.hint and "Free space" in told.value.hint
    ballast.unlink()
    assert len(store.find(FlowFilter(limit=10_000_000))) == kept
    store.add(batch(9999))
    assert len(store.find(FlowFilter(limit=10_000_000))) == kept + 500
    store.close()
    again = DuckFlowStore(small_disk / "local.flows.duckdb")
    assert len(again.find(FlowFilter(limit=10_000_000))) == kept + 500
    again.close()
