"""The server's own settings: `config.yaml` in the folder. Every field has a default that is safe."""

from __future__ import annotations

from typing import Annotated

import msgspec

from calipso.errors import ConfigError
from calipso.runtime.exporting import Collector
from calipso.runtime.home import LOCAL, Home, read_yaml
from calipso.runtime.injecting import Allowances
from calipso.runtime.messages import Retention
from calipso.runtime.scanning import Limits

Positive = Annotated[float, msgspec.Meta(ge=0)]


class Web(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """cors_origins: origins whose pages may ask; none by default. rate: requests a second and token, 0 for no limit.

    burst: how many may come at once. body: largest body of a request in bytes; import_body: that of an import.
    skydive_environment: what Skydive's clients see when they name no environment.
    """

    cors_origins: tuple[str, ...] = ()
    rate: Positive = 500.0
    burst: Annotated[int, msgspec.Meta(ge=1)] = 1000
    body: Annotated[int, msgspec.Meta(ge=1024)] = 1 << 20
    import_body: Annotated[int, msgspec.Meta(ge=1024)] = 1 << 30
    skydive_environment: str = LOCAL


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """web: of the HTTP interface. scans: how much at a time, and how many are kept. messages: how many, how long.

    ipfix: the collector that flows are sent to. injections: what each role may send.
    """

    web: Web = Web()
    scans: Limits = Limits()
    messages: Retention = Retention()
    ipfix: Collector = Collector()
    injections: Allowances = Allowances()


def settings(home: Home) -> Settings:
    """Those of a folder, the defaults without a file. Raises `ConfigError` naming file and field."""
    if not home.config.exists():
        return Settings()
    try:
        return msgspec.convert(read_yaml(home.config) or {}, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error), where=str(home.config)) from error
