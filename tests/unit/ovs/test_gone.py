"""When an Open vSwitch that does not answer is taken for removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from calipso.errors import TransportError, Unreachable
from calipso.seams import Read, Reply, Request
from calipso.sources.ovs.collect import RUN, Switch, gone

SWITCH = Switch(f"unix:{RUN}openvswitch/db.sock", f"{RUN}openvswitch", "")


class Folders:
    """Lists the folders that can be read; of others it raises what it was given."""

    answers: frozenset[type[Request]] = frozenset({Read})

    def __init__(self, *readable: str, otherwise: type[TransportError] = Unreachable) -> None:
        self.readable, self.otherwise = readable, otherwise

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Read)
        if request.path not in self.readable:
            raise self.otherwise(f"{request.path}: not there")
        return Reply(b"")

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        raise AssertionError("nothing is listened to")

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("folders", "removed"),
    [
        (Folders(RUN), True),
        (Folders(RUN, f"{RUN}openvswitch/"), False),
        (Folders(), False),  # the host is away: nothing of it can be read
        (Folders(RUN, otherwise=TransportError), False),
    ],
    ids=["its folder is gone", "it is down", "the host is away", "its folder cannot be read"],
)
def test_only_a_folder_that_is_proven_gone_removes_a_switch(folders: Folders, removed: bool) -> None:
    assert asyncio.run(gone(folders, SWITCH, {})) is removed
    assert not asyncio.run(gone(folders, SWITCH, {"instances": [{}]})), "what is configured is never taken for removed"
