"""What is a secret in an environment's file, and the three forms one has: a reference, sealed, or in clear."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

MASK = "********"
"""What is shown in the place of a secret; sent back it means that the secret stays."""
SEALED = re.compile(r"sealed:v1:([0-9a-f]{8}):[A-Za-z0-9_=-]+")
"""A secret encrypted by the key of that id."""
REFERENCE = re.compile(rf"(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|{SEALED.pattern})")
"""What may stand where a secret is used."""
_FIELD = re.compile(r"(pwd|pass|password|passwd|passphrase|token|secret|community|auth_key|priv_key)$", re.IGNORECASE)
_QUOTED = re.compile(rf"([\"']?){SEALED.pattern}\1")


T = TypeVar("T", bound=msgspec.Struct)


class Opened(str):
    """A secret in clear on its way to a transport. It never shows in a representation."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)


def is_secret(field: str) -> bool:
    """Whether a field's value is a secret."""
    return _FIELD.search(field) is not None


def masked_text(text: str) -> str:
    """YAML or JSON text with a mask where a secret is sealed."""
    return _QUOTED.sub(f'"{MASK}"', text)


def masked(said: Any) -> Any:
    """The same structure with a mask where a secret is sealed."""
    if isinstance(said, Mapping):
        return {name: masked(value) for name, value in said.items()}
    if isinstance(said, list | tuple):
        return [masked(each) for each in said]
    return MASK if isinstance(said, str) and SEALED.fullmatch(said) else said


def masked_struct(said: T) -> T:
    """The same with a mask where a secret is sealed."""
    return msgspec.convert(masked(msgspec.to_builtins(said)), type(said))
