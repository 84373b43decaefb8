"""People who sign in with a password, as they are kept; what operations need of those who keep them."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

Role = Literal["viewer", "operator", "admin"]
SHORTEST, LONGEST = 12, 256
"""Characters of a password: length is what counts, not what they are (NIST SP 800-63B §3.1.1.2)."""


class User(msgspec.Struct, frozen=True):
    """Times in µs since the epoch. once: until when the password is good, to choose another; 0: it is one's own.

    seen: when the user last signed in, 0 for never.
    """

    name: str
    role: Role
    created: int
    once: int = 0
    seen: int = 0


class Users(Protocol):
    """The users there are."""

    def all(self) -> list[User]:
        """By name."""
        ...

    async def add(self, user: User, password: str) -> None:
        """Raises `Conflict`."""
        ...

    def change(self, name: str, *, role: Role | None = None, seen: int = 0) -> User:
        """Keep another role, or when the user signed in. Raises `NotFound`."""
        ...

    async def set_password(self, name: str, password: str, once: int = 0) -> User:
        """Keep another password. Raises `NotFound`."""
        ...

    def remove(self, name: str) -> None:
        """Raises `NotFound`."""
        ...

    async def proven(self, name: str, password: str) -> User | None:
        """Whose name and password these are; None for nobody's. Raises `Forbidden` after too many wrong ones."""
        ...
