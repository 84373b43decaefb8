"""The tables of Open vSwitch's database (ovs-vswitchd.conf.db(5)) as last seen."""

from __future__ import annotations

from typing import Any

from calipso.ovsdb import Row, mapping
from calipso.ovsdb import Tables as _Tables


class Tables(_Tables):
    """Counters stand apart in `statistics` (interface UUID → name → value): they change always and mean no change."""

    def __init__(self) -> None:
        super().__init__()
        self.statistics: dict[str, dict[str, Any]] = {}

    def kept(self, table: str, uuid: str, row: Row | None) -> Row | None:
        if row is None:
            self.statistics.pop(uuid, None)
        elif table == "Interface" and "statistics" in row:
            self.statistics[uuid] = mapping(row.pop("statistics"))
        return row
