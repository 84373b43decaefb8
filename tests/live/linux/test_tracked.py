"""Translated connections as the kernel tells them: by netlink and by the text of conntrack(8), the same."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
from collections.abc import Iterator

import pytest

from calipso.errors import TransportError
from calipso.flows.translation import Translation, of_netlink, of_text
from calipso.runtime.tracked import COMMAND
from calipso.seams import Exec, Netlink
from calipso.transports.local import LocalTransport

pytestmark = pytest.mark.live
RULES = """
table ip follow {
    chain out {
        type nat hook output priority -100;
        ip daddr 127.0.0.9 dnat to 127.0.0.1
    }
}
"""


@pytest.fixture
def netns() -> Iterator[str]:
    """A namespace whose kernel turns 127.0.0.9 into 127.0.0.1, and in which both were pinged."""
    name = f"tracked{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        inside = ["ip", "netns", "exec", name]
        subprocess.run([*inside, "ip", "link", "set", "lo", "up"], check=True)
        subprocess.run([*inside, "nft", "-f", "-"], input=RULES.encode(), check=True)
        for address in ("127.0.0.9", "127.0.0.1"):
            subprocess.run([*inside, "ping", "-q", "-c", "1", address], check=True, stdout=subprocess.DEVNULL)
        yield f"/run/netns/{name}"
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def asked(netns: str, address: str) -> tuple[list[Translation], list[Translation]]:
    """What netlink and the command say."""

    async def work() -> tuple[list[Translation], list[Translation]]:
        transport = LocalTransport()
        try:
            reply = await transport.ask(Netlink((f"tracked:{address}",), netns))
            (length,) = struct.unpack_from("=I", reply.body)
            text = await transport.ask(Exec(COMMAND, netns=netns))
            return of_netlink(reply.body[4 : 4 + length], "n"), of_text(text.body.decode(), "n")
        finally:
            await transport.close()

    return asyncio.run(work())


def test_netlink_and_the_command_tell_the_same(netns: str) -> None:
    told, text = asked(netns, "127.0.0.9")
    assert told == text and len(told) == 1
    assert (told[0].before.b, told[0].after.b, told[0].before.protocol) == ("127.0.0.9", "127.0.0.1", 1)


def test_only_connections_with_the_address_are_kept(netns: str) -> None:
    assert asked(netns, "127.0.0.77")[0] == []


def test_what_is_no_address_is_refused(netns: str) -> None:
    with pytest.raises(TransportError, match="by an address"):
        asked(netns, "everything")
