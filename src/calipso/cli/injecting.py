"""`calipso inject` and `calipso injections`: packets that are sent from an object."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Annotated

import typer

from calipso.cli import render
from calipso.cli.calling import NEGATIVE, call, fail
from calipso.cli.options import Environment, Out
from calipso.cli.render import Output, console
from calipso.errors import ConfigError
from calipso.operations.injecting import InjectionView
from calipso.runtime.home import LOCAL, Home

_LOOK = 0.2
"""Seconds between looks at an injection that is waited for."""
COLUMNS = ("id", "from", "to", "type", "state", "of", "sent", "errors", "tracking")


def register(app: typer.Typer) -> None:
    app.command("inject")(inject)
    app.command("injections")(listed)


def inject(
    source: Annotated[str, typer.Argument(help="A device, namespace or host: its id, or a query that finds one.")],
    target: Annotated[str, typer.Argument(help="An address, or an object like the source.")] = "",
    env: Environment = LOCAL,
    type: Annotated[str, typer.Option(help="icmp4, icmp6, tcp4, tcp6, udp4 or udp6.")] = "icmp4",
    count: Annotated[int, typer.Option(help="How many packets.", min=1)] = 1,
    interval: Annotated[float, typer.Option(help="Milliseconds between them; 0: as fast as allowed.", min=0)] = 1000.0,
    source_port: Annotated[int, typer.Option(help="0 for one that is chosen.")] = 0,
    target_port: Annotated[int, typer.Option(help="Of TCP and UDP.")] = 0,
    payload: Annotated[str, typer.Option(help="What the packets carry.")] = "",
    size: Annotated[int, typer.Option(help="Octets of payload, filled up with zeros.")] = 0,
    increment: Annotated[int, typer.Option(help="Octets that each packet has more than the last.")] = 0,
    icmp_id: Annotated[int, typer.Option(help="0 for one that is chosen.")] = 0,
    mode: Annotated[str, typer.Option(help="unique: one flow; random: each packet is one.")] = "unique",
    ttl: Annotated[int, typer.Option(help="Hops they may take.")] = 64,
    source_ip: Annotated[str, typer.Option(help="Instead of the device's.")] = "",
    source_mac: Annotated[str, typer.Option(help="Instead of the device's.")] = "",
    target_mac: Annotated[str, typer.Option(help="Instead of what routes and neighbours tell.")] = "",
    pcap: Annotated[Path | None, typer.Option(help="Send the frames of this file, as they are.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait until all are sent.")] = True,
    output: Out = Output.table,
) -> None:
    """Send packets from where an object is; captures show what becomes of them.

    Examples: `calipso inject h1/netns:vm-a h2/netns:vm-c --env plain --count 5 --interval 100`
    """
    begun: InjectionView = call(
        Home.default(), "inject_packet", source=source, target=target, environment=env,
        type=type if pcap is None else "pcap", count=count, interval=interval, source_port=source_port,
        target_port=target_port, mode=mode,
        packet={"payload": payload, "size": size, "increment": increment, "icmp_id": icmp_id, "ttl": ttl},
        source_ip=source_ip, source_mac=source_mac, target_mac=target_mac, pcap=_read(pcap),
    )  # fmt: skip
    while wait and begun.state == "running":
        time.sleep(_LOOK)
        begun = call(Home.default(), "get_injections", environment=env, id=begun.id).items[0]
    _tell(begun, output)


def listed(
    env: Environment = LOCAL,
    remove: Annotated[str, typer.Option(help="End this one, and take it from the list.")] = "",
    output: Out = Output.table,
) -> None:
    """Packets that are being sent, and were.

    Example: `calipso injections --env plain`
    """
    if remove:
        call(Home.default(), "remove_injection", environment=env, id=remove)
    found: list[InjectionView] = call(Home.default(), "get_injections", environment=env).items
    text = render.structured(found, output)
    if text is not None:
        print(text)
    else:
        render.rows([_row(each) for each in found], COLUMNS, output)


def _tell(begun: InjectionView, output: Output) -> None:
    """What became of it; the exit code says whether all went out."""
    text = render.structured(begun, output)
    if text is not None:
        print(text)
    else:
        render.rows([_row(begun)], COLUMNS, output)
    if begun.error:
        console(stderr=True).print(begun.error, style="yellow", soft_wrap=True)
    if begun.state == "failed" or begun.errors:
        raise typer.Exit(NEGATIVE)


def _row(view: InjectionView) -> tuple[str | int, ...]:
    more = f" and {len(view.tracking_ids) - 1} more" if len(view.tracking_ids) > 1 else ""
    return (view.id, view.device, view.target or view.target_ip, view.type, view.state, view.count, view.sent,
            view.errors, next(iter(view.tracking_ids), "") + more)  # fmt: skip


def _read(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return base64.b64encode(file.read_bytes()).decode()
    except OSError as error:
        fail(ConfigError(error.strerror or "cannot be read", where=str(file)))
