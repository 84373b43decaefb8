"""Secrets are given by reference and read when they are needed."""

from __future__ import annotations

import os
from pathlib import Path

from calipso.errors import ConfigError
from calipso.model.secrecy import Opened


def secret(reference: str, where: str) -> str:
    """What `env:NAME` or `file:PATH` refers to, without a file's last line end; or what was sealed and is opened.

    Raises `ConfigError`.
    """
    if isinstance(reference, Opened):
        return str.__str__(reference)
    scheme, _, rest = reference.partition(":")
    if scheme == "env":
        value = os.environ.get(rest)
        if value is None:
            raise ConfigError(f"the environment variable {rest} is not set", where=where)
        return value
    if scheme == "file":
        try:
            return Path(rest).expanduser().read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot be read: {error}", where=where) from error
    raise ConfigError("a secret is given by reference, env:NAME or file:PATH", where=where)
