"""Users in one file, their passwords as salted scrypt keys; and a brake on whoever tries passwords."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from calipso.errors import Conflict, Forbidden, NotFound
from calipso.operations.user_documents import Role, User
from calipso.runtime.at import now
from calipso.runtime.registers import Register

COST, BLOCK, LANES = 15, 8, 3
"""Of scrypt (RFC 7914): 2^15 times 1 KiB three times over, 32 MiB and some tenths of a second for a try."""
SALT = 16
FREE = 5
"""Wrong passwords for a name before there is a wait."""
LONGEST_WAIT = 300.0
"""Seconds. Whoever knows the password waits too: otherwise the wait would not hold back who tries."""
NAMES = 10_000
"""Names that wrong passwords are counted for; beyond that the oldest is forgotten."""


class _Kept(msgspec.Struct, frozen=True):
    """salt, key: hexadecimal. cost: the power of two that the key was made with."""

    user: User
    salt: str
    key: str
    cost: int = COST


class Brake:
    """Seconds to wait before a name's next password: none at first, then twice as long after each wrong one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: dict[str, tuple[int, float]] = {}

    def wait(self, name: str) -> float:
        count, at = self._wrong.get(name, (0, 0.0))
        if count < FREE:
            return 0.0
        return max(0.0, at + min(LONGEST_WAIT, 2.0 ** min(count - FREE, 16)) - self._clock())

    def wrong(self, name: str) -> None:
        count = self._wrong.pop(name, (0, 0.0))[0]
        while len(self._wrong) >= NAMES:
            del self._wrong[next(iter(self._wrong))]
        self._wrong[name] = count + 1, self._clock()

    def right(self, name: str) -> None:
        self._wrong.pop(name, None)


class Users:
    """Implements `operations.user_documents.Users`. Raises `StoreError` when the file cannot be read or written."""

    def __init__(self, file: Path, brake: Brake | None = None) -> None:
        self._register = Register(file, list[_Kept], lambda each: each.user.name)
        self._brake = brake or Brake()
        self._one = asyncio.Lock()

    def all(self) -> list[User]:
        """By name."""
        return [each.user for each in self._register.read().values()]

    async def add(self, user: User, password: str) -> None:
        """Raises `Conflict`."""
        made = await self._made(user, password)
        kept = self._register.read()
        if user.name in kept:
            raise Conflict(f"there is a user {user.name!r}", hint="choose another name")
        self._register.write([*kept.values(), made])

    def change(self, name: str, *, role: Role | None = None, seen: int = 0) -> User:
        """Raises `NotFound`."""
        kept = self._of(name)
        user = msgspec.structs.replace(kept.user, role=role or kept.user.role, seen=seen or kept.user.seen)
        return self._put(msgspec.structs.replace(kept, user=user))

    async def set_password(self, name: str, password: str, once: int = 0) -> User:
        """Raises `NotFound`."""
        made = await self._made(self._of(name).user, password)
        user = msgspec.structs.replace(self._of(name).user, once=once)  # another role may have come meanwhile
        return self._put(msgspec.structs.replace(made, user=user))

    def remove(self, name: str) -> None:
        """Raises `NotFound`."""
        self._of(name)
        self._register.write(each for each in self._register.read().values() if each.user.name != name)

    async def proven(self, name: str, password: str) -> User | None:
        """As long for a name that there is not; one at a time, so that tries do not take the machine.

        Raises `Forbidden` with the seconds to wait.
        """
        async with self._one:
            wait = self._brake.wait(name)
            if wait:
                raise Forbidden(
                    "too many wrong passwords for this name", hint=f"the next one is looked at in {wait:.0f} s"
                )
            kept = self._register.read().get(name)
            salt, cost = (kept.salt, kept.cost) if kept is not None else ("00" * SALT, COST)
            found = await asyncio.to_thread(_key, password, bytes.fromhex(salt), cost)
            kept = self._register.read().get(name)  # the password may have been changed meanwhile
            if kept is None or not hmac.compare_digest(found, bytes.fromhex(kept.key)) or _late(kept.user):
                self._brake.wrong(name)
                return None
            self._brake.right(name)
            return kept.user

    def _of(self, name: str) -> _Kept:
        found = self._register.read().get(name)
        if found is None:
            known = ", ".join(each.name for each in self.all()) or "none"
            raise NotFound(f"no user {name!r}", hint=f"there are: {known}")
        return found

    def _put(self, kept: _Kept) -> User:
        self._register.write({**self._register.read(), kept.user.name: kept}.values())
        return kept.user

    async def _made(self, user: User, password: str) -> _Kept:
        salt = secrets.token_bytes(SALT)
        key = await asyncio.to_thread(_key, password, salt, COST)
        return _Kept(user, salt.hex(), key.hex())


def _late(user: User) -> bool:
    """Whether a password that was made for somebody was not used in time."""
    return 0 < user.once <= now()


def _key(password: str, salt: bytes, cost: int) -> bytes:
    said = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(said, salt=salt, n=1 << cost, r=BLOCK, p=LANES, maxmem=1 << (cost + 11))
