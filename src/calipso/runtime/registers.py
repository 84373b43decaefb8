"""A file of named things that other processes may change beside us: read again when it changed, written at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from calipso.errors import StoreError
from calipso.runtime.home_documents import write_private

T = TypeVar("T")


class Register(Generic[T]):
    """A list of structs in one JSON file, readable by its owner only. Raises `StoreError`."""

    def __init__(self, file: Path, kept: type[list[T]], name: Callable[[T], str]) -> None:
        """kept: the list's type, by which the file is checked when it is read. name: what a struct is found by."""
        self.file = file
        self._decoder = msgspec.json.Decoder(kept)
        self._name = name
        self._kept: dict[str, T] = {}
        self._stamp = (-1, -1)

    def read(self) -> Mapping[str, T]:
        """By name, in order of it."""
        try:
            stat = self.file.stat()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StoreError(f"{self.file}: cannot be read: {error.strerror}") from error
        if (stat.st_mtime_ns, stat.st_ino) != self._stamp:
            try:
                said = self._decoder.decode(self.file.read_bytes())
            except (OSError, msgspec.DecodeError) as error:
                raise StoreError(f"{self.file}: cannot be read: {error}") from error
            self._kept = {self._name(each): each for each in sorted(said, key=self._name)}
            self._stamp = (stat.st_mtime_ns, stat.st_ino)
        return self._kept

    def write(self, kept: Iterable[T]) -> None:
        """Keep these in the place of all others."""
        try:
            write_private(self.file, msgspec.json.encode(sorted(kept, key=self._name)))
        except OSError as error:
            raise StoreError(f"{self.file}: cannot be written: {error.strerror}") from error
