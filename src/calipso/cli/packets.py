"""Verbs for packets and flows: what a capture file holds."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from calipso.captures.files import FileOptions, flows_of_file
from calipso.cli import render
from calipso.cli.calling import PARTIAL, fail
from calipso.cli.options import Out
from calipso.cli.render import Output, console
from calipso.errors import ConfigError, ParseError
from calipso.flows.offline import Reading
from calipso.flows.payload import LAYERS
from calipso.flows.table import Point
from calipso.model.flow import Flow
from calipso.model.moments import rfc3339

COLUMNS = ("start", "application", "layers", "a", "b", "a>b packets", "bytes", "b>a packets", "bytes ", "rtt", "end")


def register(app: typer.Typer) -> None:
    app.command(pcap.__name__)(pcap)


def pcap(
    files: Annotated[list[Path], typer.Argument(help="pcap or pcapng files.", exists=True, dir_okay=False)],
    l2: Annotated[bool, typer.Option("--l2", help="MAC addresses tell flows apart too.")] = False,
    defragment: Annotated[
        bool, typer.Option("--defragment", help="Fragments count to their first one's flow.")
    ] = False,
    tcp: Annotated[bool, typer.Option("--tcp", help="Follow TCP: what was skipped or sent again.")] = False,
    payload: Annotated[
        bool, typer.Option("--payload", help="Read first payloads: TLS, HTTP, DNS, DHCP, VRRP.")
    ] = False,
    output: Out = Output.table,
) -> None:
    """Show the flows of capture files, also those inside of tunnels, every packet and byte counted.

    Examples: `calipso pcap fault.pcapng` · `calipso pcap eth0.pcap -o json` · `calipso pcap tor.pcap --l2`
    """
    asked = FileOptions(
        l2_key=l2, defragment=defragment, tcp_metric=tcp, payload=payload, layers=LAYERS if payload else ()
    )  # fmt: skip
    flows: list[Flow] = []
    damaged = False
    with _uncollected():
        for file in files:
            found = _read(file, asked)
            flows += found.flows
            damaged |= bool(found.damage)
            _say(file, found)
        text = render.structured(flows, output)
        if text is not None:
            print(text)
        else:
            render.rows([row_of(flow) for flow in flows], COLUMNS, output)
    if damaged:
        raise typer.Exit(PARTIAL)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Flows have no cycles: looking for such again and again takes a fifth of the time that they do."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read(file: Path, asked: FileOptions) -> Reading:
    try:
        with _progress(file) as progress:
            return flows_of_file(file, Point(node=file.name), asked, progress=progress)
    except OSError as error:
        fail(ConfigError(f"cannot be read: {error.strerror}", where=str(file)))
    except ParseError as error:
        fail(ConfigError(error.message, where=str(file), hint="Files of pcap and pcapng are read."))


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A line on a terminal; elsewhere nothing, which takes no time to load."""
    if not sys.stderr.isatty():
        yield lambda packets: None
        return
    from rich.progress import Progress, TextColumn

    with Progress(TextColumn("{task.description}"), console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{file.name}: reading")
        yield lambda packets: bar.update(task, description=f"{file.name}: {packets:,} packets")


def _say(file: Path, found: Reading) -> None:
    said = f"{file}: {found.packets} packets, {found.octets} bytes, {len(found.flows)} flows"
    for count, what in ((found.unknown, "without a link header"), (found.lost, "beyond the largest flow table")):
        said += f"; {count} {what}" if count else ""
    console(stderr=True).print(said, style="dim", markup=False, soft_wrap=True)
    if found.damage:
        console(stderr=True).print(f"{file}: {found.damage}", style="yellow", markup=False, soft_wrap=True)
    sys.stderr.flush()


def row_of(flow: Flow) -> tuple[object, ...]:
    """The cells of `COLUMNS`."""
    a, b = _ends(flow)
    m = flow.metric
    rtt = f"{m.rtt / 1e6:.3f} ms" if m.rtt else ""
    layers = flow.layers_path + (f" in {flow.tunnel}" if flow.tunnel else "")
    named = f"{flow.application} {flow.asked_name}".rstrip()
    return (rfc3339(flow.start), named, layers, a, b, m.ab_packets, m.ab_bytes, m.ba_packets,
            m.ba_bytes, rtt, flow.finish)  # fmt: skip


def _ends(flow: Flow) -> tuple[str, str]:
    """Addresses, with ports where there are any."""
    if flow.network is None:
        return (flow.link.a, flow.link.b) if flow.link is not None else ("", "")
    a, b = flow.network.a, flow.network.b
    if flow.transport is None:
        return a, b
    form = "[{}]:{}" if flow.network.protocol == "IPV6" else "{}:{}"
    return form.format(a, flow.transport.a), form.format(b, flow.transport.b)
