"""Who may do what: named tokens with scopes and an end, kept as digests; and the journal of what was done."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from calipso.errors import Conflict, NotFound, StoreError
from calipso.model.moments import rfc3339
from calipso.operations.context import SESSION, Deed, Scope, Token
from calipso.runtime.at import now
from calipso.runtime.registers import Register
from calipso.runtime.tokens import BYTES

PREFIX = "cal_"
"""What our tokens begin with, so that scanners for leaked secrets can tell them."""
ADMIN = Token("admin", ("admin",), 0)
"""Who shows the token of the admin's file."""


class _Kept(msgspec.Struct, frozen=True):
    token: Token
    digest: str


class Tokens:
    """Named tokens in one file. A token has 256 random bits, so that a plain SHA-256 of it gives nothing away.

    The file is read again when it changed: a token that was revoked beside a running server ends at once.
    Raises `StoreError` when the file cannot be read or written.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._register = Register(file, list[_Kept], lambda each: each.token.name)

    def all(self) -> list[Token]:
        """By name."""
        return [each.token for each in self._register.read().values()]

    def create(self, name: str, scopes: Sequence[Scope], expires: int) -> str:
        """A new token's secret, which is shown this once. Nothing is kept of sessions that have ended.

        Raises `Conflict` when the name is taken.
        """
        kept = self._register.read()
        if name in kept or name == ADMIN.name:
            raise Conflict(f"there is a token {name!r}", hint="revoke it first, or choose another name")
        secret = PREFIX + secrets.token_urlsafe(BYTES)
        token = Token(name, tuple(sorted(set(scopes))), now(), expires)
        good = [each for each in kept.values() if SESSION not in each.token.name or each.token.expires > token.created]
        self._register.write([*good, _Kept(token, _digest(secret))])
        return secret

    def revoke(self, name: str) -> None:
        """End a token, and those that were got with it. Raises `NotFound`."""
        kept = self._register.read()
        if name not in kept:
            raise NotFound(f"no token {name!r}", hint=f"there are: {', '.join(sorted(kept)) or 'none'}")
        self._keep(lambda token: token.name != name and not token.name.startswith(name + SESSION))

    def end_sessions(self, name: str) -> None:
        """End what was got with a token's or a user's name."""
        self._keep(lambda token: not token.name.startswith(name + SESSION))

    def whose(self, secret: str) -> Token | None:
        """Whose token it is; None when nobody's, or when it has expired."""
        digest = _digest(secret)
        for each in self._register.read().values():
            if secrets.compare_digest(each.digest, digest):
                return each.token if not each.token.expires or each.token.expires > now() else None
        return None

    def holds(self, token: Token) -> bool:
        """Whether it is still good, as it was when it was shown."""
        kept = self._register.read().get(token.name)
        return kept is not None and kept.token == token and (not token.expires or token.expires > now())

    def _keep(self, good: Callable[[Token], bool]) -> None:
        kept = self._register.read().values()
        left = [each for each in kept if good(each.token)]
        if len(left) < len(kept):
            self._register.write(left)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Journal:
    """What was done, a line of JSON a deed, only ever appended to. Raises `StoreError` when it cannot be kept."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()

    def note(self, who: str, what: str, outcome: str, about: dict[str, str | int | bool]) -> None:
        """Append a deed; it is on disk when this returns."""
        line = msgspec.json.encode(Deed(rfc3339(now()), who, what, outcome, about)) + b"\n"
        try:
            with self._lock:
                descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
                with os.fdopen(descriptor, "wb") as out:
                    out.write(line)
        except OSError as error:
            raise StoreError(f"{self.file}: cannot be written: {error.strerror}") from error

    def deeds(self) -> list[Deed]:
        """Oldest first. A line that was cut off by a crash is left out."""
        found = []
        try:
            lines = self.file.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        for line in lines:
            with contextlib.suppress(msgspec.DecodeError):
                found.append(msgspec.json.decode(line, type=Deed))
        return found
