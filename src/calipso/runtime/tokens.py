"""The admin's token: made at the first start, kept readable by its owner only."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from calipso.errors import ConfigError

BYTES = 32


def admin_token(file: Path) -> str:
    """The token in `file`, made there if there is none. Raises `ConfigError` when it cannot be read or written."""
    with contextlib.suppress(FileExistsError):
        return _make(file)
    try:
        token = file.read_text().strip()
    except OSError as error:
        raise ConfigError(f"cannot read the token: {error.strerror}", where=str(file)) from error
    if len(token) < BYTES:
        raise ConfigError("holds no token", where=str(file), hint="remove the file to have a new one made")
    return token


def _make(file: Path) -> str:
    token = secrets.token_urlsafe(BYTES)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise
    except OSError as error:
        raise ConfigError(f"cannot write the token: {error.strerror}", where=str(file)) from error
    with os.fdopen(descriptor, "w") as out:
        out.write(token + "\n")
    return token


def matches(given: str, token: str) -> bool:
    """Whether a token is right, in a time that does not tell how much of it is."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())
