"""What the daemon answers: LXD's REST API 1.0 (`Instance`, `InstanceState`, `Network`), which Incus kept."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from calipso.errors import ParseError

Document = TypeVar("Document")


class State(msgspec.Struct, frozen=True):
    """`pid`: first process of an instance that runs, in the daemon's pid namespace; 0 or -1 else."""

    pid: int = 0


class Instance(msgspec.Struct, frozen=True):
    """`expanded_*`: with what its profiles say. `type`: `container` or `virtual-machine`."""

    name: str
    type: str = "container"
    status: str = ""
    project: str = "default"
    architecture: str = ""
    created_at: str = ""
    profiles: tuple[str, ...] = ()
    expanded_config: dict[str, str] = {}
    expanded_devices: dict[str, dict[str, str]] = {}
    state: State | None = None


class Network(msgspec.Struct, frozen=True):
    """`managed`: made by the daemon; others are just interfaces of the host."""

    name: str
    type: str = ""
    managed: bool = False
    config: dict[str, str] = {}


class Answer(msgspec.Struct, Generic[Document], frozen=True):
    """Every answer's frame."""

    metadata: Document


def parse_instances(body: bytes) -> list[Instance]:
    """`/1.0/instances?recursion=2`. Raises `ParseError`."""
    return _parse(body, Answer[list[Instance]], "instances").metadata


def parse_networks(body: bytes) -> list[Network]:
    """`/1.0/networks?recursion=1`. Raises `ParseError`."""
    return _parse(body, Answer[list[Network]], "networks").metadata


def _parse(body: bytes, form: type[Document], what: str) -> Document:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(f"lxd {what}", str(error), excerpt=body[:120].decode(errors="replace")) from None
