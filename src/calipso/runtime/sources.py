"""Sources found by entry point: the product's own register the same way as anybody's."""

from __future__ import annotations

from importlib.metadata import entry_points

from calipso.errors import ConfigError
from calipso.seams import Source

GROUP = "calipso.sources"


def installed_sources() -> dict[str, Source]:
    """Source name → source. Raises `ConfigError` for one that cannot be loaded."""
    found: dict[str, Source] = {}
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = point.load()
        except (ImportError, AttributeError) as error:
            raise ConfigError(f"source {point.name} cannot be loaded: {error}", where=point.value) from error
    return dict(sorted(found.items()))
