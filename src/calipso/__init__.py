"""Calipso shows, follows, proves and shapes virtual networks.

import calipso
with calipso.connect() as here:
    here.sql("SELECT kind, count(*) AS n FROM objects GROUP BY 1").to_pandas()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calipso.sdk import connect as connect

__all__ = ["connect"]


def __getattr__(name: str) -> Any:
    """`connect` when it is first used: who imports a part alone does not wait for all."""
    if name == "connect":
        from calipso.sdk import connect

        return connect
    raise AttributeError(f"module 'calipso' has no attribute {name!r}")
