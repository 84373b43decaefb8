"""Secrets at rest: sealed by a key that is not beside what it opens unless nobody says otherwise.

The key is what `CALIPSO_KEY` refers to (`env:NAME`, `file:PATH`), else the file `secret.key` of the folder, made when
the first secret is sealed. A sealed secret names its key, so that a wrong one is told from a damaged one.
Sealed with Fernet (AES-128-CBC and HMAC-SHA-256; github.com/fernet/spec).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from calipso.errors import ConfigError
from calipso.model.secrecy import MASK, REFERENCE, SEALED, Opened
from calipso.runtime.home_documents import write_private
from calipso.runtime.secrets_text import exchanged, secrets_in
from calipso.transports.secrets import secret

KEY, OLD_KEY = "CALIPSO_KEY", "CALIPSO_OLD_KEY"
PLACEHOLDER = "sealed:v1:00000000:-"
"""Stands for a secret where only the shape of a file is looked at; nothing opens it."""
T = TypeVar("T")


class Secrets:
    """The keys of one folder. used: whether the folder holds sealed secrets: then no other key is made beside them."""

    def __init__(
        self, file: Path, variables: Mapping[str, str] | None = None, used: Callable[[], bool] = lambda: False
    ) -> None:
        self.file = file
        self.staged = file.with_name(f"{file.name}.next")
        self.variables = os.environ if variables is None else variables
        self.used = used

    def seal(self, value: str) -> str:
        """Raises `ConfigError` when there is no key."""
        key = self._sealing()
        return f"sealed:v1:{key_id(key)}:{Fernet(key).encrypt(value.encode('utf-8', 'surrogatepass')).decode()}"

    def open(self, sealed: str, where: str = "") -> str:
        """Raises `ConfigError` that says which key is missing, or that the secret is damaged."""
        found = SEALED.fullmatch(sealed)
        if found is None:
            raise ConfigError("is no sealed secret", where=where)
        keys = self._keys()
        key = keys.get(found[1])
        if key is None:
            there = f"there is {', '.join(keys)}" if keys else "there is none"
            raise ConfigError(
                f"is sealed with the key {found[1]}, and {there}", where=where,
                hint=f"bring back {self.file.name} or set {KEY} to it (env:NAME or file:PATH); or enter the secret "
                "anew with `calipso env edit`",
            )  # fmt: skip
        try:
            return Fernet(key).decrypt(sealed.rpartition(":")[2].encode()).decode("utf-8", "surrogatepass")
        except InvalidToken as error:
            raise ConfigError(
                "is damaged: its key is right, it is not", where=where, hint="enter it anew with `calipso env edit`"
            ) from error

    def opened(self, said: T) -> T:
        """A structure with its sealed secrets opened, for a transport. Raises `ConfigError` naming the field."""
        result: T = self._opened(said, "")
        return result

    def _opened(self, said: Any, where: str) -> Any:
        if isinstance(said, str):
            return Opened(self.open(said, where)) if SEALED.fullmatch(said) else said
        if isinstance(said, msgspec.Struct):
            found = {name: self._opened(getattr(said, name), f"{where}.{name}".lstrip(".")) for name in
                     said.__struct_fields__}  # fmt: skip
            changed = {name: value for name, value in found.items() if value is not getattr(said, name)}
            return msgspec.structs.replace(said, **changed) if changed else said
        if isinstance(said, Mapping):
            kept = {name: self._opened(value, f"{where}.{name}") for name, value in said.items()}
            return kept if any(kept[name] is not said[name] for name in said) else said
        if isinstance(said, tuple):
            each = tuple(self._opened(one, where) for one in said)
            return each if any(new is not old for new, old in zip(each, said, strict=True)) else said
        return said

    def sealed(self, text: str, before: str = "", where: str = "environment") -> str:
        """An environment's text with what is in clear sealed, and masks exchanged for the secrets of `before`.

        Raises `ConfigError` for a mask where there was no secret.
        """
        said, leaves = secrets_in(text)
        kept = {leaf.path: leaf.value for leaf in secrets_in(before)[1]} if before else {}
        fresh = {}
        for leaf in leaves:
            if leaf.value == MASK:
                if leaf.path not in kept:
                    raise ConfigError(
                        "is a mask, and no secret is kept for it", where=".".join((where, *leaf.path)),
                        hint="write the secret itself, or env:NAME, or file:PATH",
                    )  # fmt: skip
                fresh[leaf.path] = kept[leaf.path]
            elif not REFERENCE.fullmatch(leaf.value):
                fresh[leaf.path] = self.seal(leaf.value)
        return exchanged(said, leaves, fresh) if fresh else text

    def rotated(self, texts: Mapping[Path, str]) -> dict[Path, str]:
        """File → text, with every secret sealed by a new key, which is kept beside the old one until `settle`.

        Where `CALIPSO_KEY` gives the key, the new one is that, and `CALIPSO_OLD_KEY` gives the old one. Raises
        `ConfigError` when one cannot be opened; then nothing has changed.
        """
        clear: dict[Path, dict[tuple[str, ...], str]] = {}
        for file, text in texts.items():
            for leaf in secrets_in(text)[1]:
                if SEALED.fullmatch(leaf.value):
                    opened = self.open(leaf.value, ".".join((file.name, *leaf.path)))
                    clear.setdefault(file, {})[leaf.path] = opened
        if not self.variables.get(KEY) and not self.staged.exists():
            self._write(self.staged, Fernet.generate_key())
        return {
            file: exchanged(*secrets_in(texts[file]), {path: self.seal(value) for path, value in values.items()})
            for file, values in clear.items()
        }

    def settle(self) -> str:
        """End a rotation: only the new key is kept. Gives its id."""
        with contextlib.suppress(FileNotFoundError):
            self.staged.replace(self.file)
        return key_id(self._sealing())

    def _sealing(self) -> bytes:
        """The key new secrets are sealed with. Raises `ConfigError`."""
        if self.variables.get(KEY):
            return self._given(KEY)
        for file in (self.staged, self.file):
            if file.exists():
                return self._read(file)
        if self.used():
            raise ConfigError(
                "the key of the secrets that are kept is missing",
                where=str(self.file),
                hint=f"bring it back, or set {KEY} to it (env:NAME or file:PATH); no other is made beside them",
            )
        return self._write(self.file, Fernet.generate_key())

    def _keys(self) -> dict[str, bytes]:
        keys = [self._given(name) for name in (KEY, OLD_KEY) if self.variables.get(name)]
        keys += [self._read(file) for file in (self.staged, self.file) if file.exists()]
        return {key_id(key): key for key in keys}

    def _given(self, name: str) -> bytes:
        reference = self.variables[name]
        if not reference.startswith(("env:", "file:")):
            raise ConfigError("is env:NAME or file:PATH, never the key itself", where=name)
        return _checked(secret(reference, name).encode(), name)

    def _read(self, file: Path) -> bytes:
        try:
            return _checked(file.read_bytes().strip(), str(file))
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", where=str(file)) from error

    def _write(self, file: Path, key: bytes) -> bytes:
        try:
            write_private(file, key + b"\n")
        except OSError as error:
            raise ConfigError(f"cannot be written: {error.strerror}", where=str(file)) from error
        return key


def shape_of(text: str) -> str:
    """An environment's text with placeholders where secrets are in clear or masked: what it says besides them."""
    said, leaves = secrets_in(text)
    fresh = {leaf.path: PLACEHOLDER for leaf in leaves if not REFERENCE.fullmatch(leaf.value)}
    return exchanged(said, leaves, fresh) if fresh else text


def key_id(key: bytes) -> str:
    return hashlib.blake2b(key, digest_size=4).hexdigest()


def _checked(key: bytes, where: str) -> bytes:
    try:
        Fernet(key)
    except ValueError as error:
        hint = "make one: python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
        raise ConfigError("is no key: 32 bytes in URL-safe base64", where=where, hint=hint) from error
    return key
