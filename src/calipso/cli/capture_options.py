"""What a capture can be told on the command line, and what completes it."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from calipso.errors import CalipsoError, ConfigError

LAYERS = ("DNS", "DHCPv4", "VRRP")
TARGETS = ("netflow:", "erspan:", "local")


def complete_engine(incomplete: str) -> list[str]:
    from calipso.runtime.engines import ENGINES

    return [engine.name for engine in ENGINES if engine.name.startswith(incomplete)]


def complete_layer(incomplete: str) -> list[str]:
    return [layer for layer in LAYERS if layer.lower().startswith(incomplete.lower())]


def complete_target(incomplete: str) -> list[str]:
    return [kind for kind in TARGETS if kind.startswith(incomplete)]


def complete_capture(context: typer.Context, incomplete: str) -> list[str]:
    """Of the environment that was named before."""
    from calipso.cli.calling import call, server_of
    from calipso.runtime.home import LOCAL, Home

    home = Home.default()
    if server_of(home) is None:
        return []
    with suppress(CalipsoError, OSError, typer.Exit):
        found = call(home, "get_captures", environment=context.params.get("env") or LOCAL)
        return [each.id for each in found.captures if each.id.startswith(incomplete)]
    return []


def target_of(said: str) -> dict[str, str]:
    """`netflow:ADDRESS`, `erspan:ADDRESS` or `local` as the operation has it. Raises `ConfigError`."""
    kind, _, target = said.partition(":")
    if said and (kind not in {each.rstrip(":") for each in TARGETS} or (kind == "local") == bool(target)):
        raise ConfigError(
            f"{said!r} is no target", where="--target",
            hint="as in netflow:192.0.2.1:2055, erspan:192.0.2.1, or local for a pcap file where it is captured",
        )  # fmt: skip
    return {"target": target, "target_type": kind} if said else {}


Id = Annotated[str, typer.Option(help="What it is to be known by.")]
Name = Annotated[str, typer.Option(help="What people call it.")]
Description = Annotated[str, typer.Option(help="What it is for.")]
Engine = Annotated[
    str, typer.Option(help="How to capture; the best there is without it.", autocompletion=complete_engine)
]
Bpf = Annotated[str, typer.Option(help="Only packets that pass this filter.")]
Packets = Annotated[int, typer.Option(help="Whole packets kept of each flow.", min=0)]
Header = Annotated[int, typer.Option(help="Bytes of a packet that are looked at.", min=64, max=4096)]
L2 = Annotated[bool, typer.Option("--l2", help="MAC addresses tell flows apart too.")]
Defragment = Annotated[bool, typer.Option("--defragment", help="Fragments are of their first one's flow.")]
Tcp = Annotated[bool, typer.Option("--tcp", help="Follow TCP: what was skipped or sent again.")]
Payload = Annotated[bool, typer.Option("--payload", help="Read first payloads: TLS, HTTP, DNS.")]
Layer = Annotated[
    list[str] | None, typer.Option(help="Tell it in full: DNS, DHCPv4, VRRP.", autocompletion=complete_layer)
]
Target = Annotated[
    str,
    typer.Option(
        help="Send flows on: netflow:192.0.2.1:2055; packets: erspan:192.0.2.1; or into a file there: local.",
        autocompletion=complete_target,
    ),
]
Sampling = Annotated[int, typer.Option(help="One of how many packets, where a switch samples.", min=1)]
Port = Annotated[int, typer.Option(help="UDP port of a receiver; its own without it.", min=0, max=65535)]
Ttl = Annotated[float, typer.Option(help="Seconds until it ends by itself; 0 for never.", min=0)]
MostPackets = Annotated[int, typer.Option(help="It ends after so many packets; 0 for any number.", min=0)]
MostRate = Annotated[int, typer.Option(help="A point ends at more packets a second; 0 for any.", min=0)]
MostCpu = Annotated[
    float, typer.Option(help="It ends at more than this share of a CPU, 1.0 for one; 0 for any.", min=0)
]
Capture = Annotated[str, typer.Argument(help="The capture.", autocompletion=complete_capture)]
