"""`calipso capture` and `calipso flows`: what goes over the wires of an environment."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from calipso.cli import capture_options as o
from calipso.cli import render
from calipso.cli.calling import NEGATIVE, call
from calipso.cli.hops import show
from calipso.cli.options import Environment, Out
from calipso.cli.packets import COLUMNS, row_of
from calipso.cli.render import Output, console
from calipso.errors import ConfigError
from calipso.operations.capturing import MOST, MOST_EXPORTED, CaptureList, CaptureView, FlowFile, FlowList, PacketFile
from calipso.runtime.home import LOCAL, Home

HELP = """Captures: begin, list, end. A capture is of every object that a query finds, for as long as it finds it.

Examples: `calipso capture create "G.V().Has('Name', 'eth0')"` · `calipso capture list`
"""
_FOLLOW = 1.0
"""Seconds between looks at flows that are followed."""


def register(app: typer.Typer) -> None:
    captures = typer.Typer(help=HELP, no_args_is_help=True)
    captures.command("create")(create)
    captures.command("list")(listed)
    captures.command("remove")(remove)
    app.add_typer(captures, name="capture")
    app.command("flows")(flows)


def create(
    query: Annotated[str, typer.Argument(help="What finds the objects, asked again as they change.")] = "",
    asked: Annotated[str, typer.Option("--query", "--gremlin", help="The same, as an option.")] = "",
    env: Environment = LOCAL, id: o.Id = "", name: o.Name = "", description: o.Description = "",
    engine: o.Engine = "", bpf: o.Bpf = "", packets: o.Packets = 0, header: o.Header = 256, l2: o.L2 = False,
    defragment: o.Defragment = False, tcp: o.Tcp = False, payload: o.Payload = False, layer: o.Layer = None,
    target: o.Target = "", sampling: o.Sampling = 1, port: o.Port = 0, ttl: o.Ttl = 0.0,
    most_packets: o.MostPackets = 0, most_rate: o.MostRate = 0, most_cpu: o.MostCpu = 0.0,
    output: Out = Output.table,
) -> None:  # fmt: skip
    """Begin a capture; a running server is at work on it within a second.

    Examples: `calipso capture create "G.V().Has('Name', 'vm-a').Out()" --env plain --ttl 600`
    · `calipso capture create "G.V().Has('Type', 'veth')" --most-packets 1000000 --most-cpu 0.2`
    · `calipso capture create "G.V().Has('Name', 'eth0')" --bpf "tcp port 443" --target local --ttl 60`
    """
    if bool(query) == bool(asked):
        raise typer.BadParameter("say it once, as in `calipso capture create \"G.V('eth0')\"`", param_hint="query")
    made: CaptureView = call(
        Home.default(), "create_capture", query=query or asked, environment=env, id=id, name=name,
        description=description, engine=engine, bpf=bpf, raw_packets=packets, header=header, l2_key=l2,
        sampling=sampling, port=port, ttl=ttl, packets=most_packets, cpu=most_cpu,
        extra={"defragment": defragment, "tcp_metric": tcp, "first_payload": payload, "layers": layer or [],
               "packets_per_second": most_rate, **o.target_of(target)},
    )  # fmt: skip
    text = render.structured(made, output)
    print(text if text is not None else made.id)
    if text is None:
        said = f"`calipso capture list` tells where it works, `calipso flows --capture {made.id}` what it sees"
        console(stderr=True).print(said, style="dim", soft_wrap=True)


def listed(env: Environment = LOCAL, output: Out = Output.table) -> None:
    """The captures, where each is at work, and what became of the packets there.

    Example: `calipso capture list --env plain`
    """
    found = call(Home.default(), "get_captures", environment=env)
    text = render.structured(found, output)
    if text is not None:
        print(text)
        return
    rows: list[tuple[Any, ...]] = []
    for capture in found.captures:
        if not capture.points:
            rows.append((capture.id, capture.query, "–", capture.error or "nothing found", "", "", "", "", ""))
        for point in capture.points:
            state = point.state + (f": {point.reason}" if point.reason else "")
            counts = point.counts
            rows.append((capture.id, capture.query, point.node, state, point.engine, point.flows, counts.received,
                         counts.dropped, counts.lost))  # fmt: skip
    columns = ("id", "query", "object", "state", "engine", "flows", "packets", "dropped", "lost")
    render.rows(rows, columns, output)
    for note in _notes(found):
        console(stderr=True).print(note, style="yellow", soft_wrap=True, markup=False)


def _notes(found: CaptureList) -> list[str]:
    """What is amiss or over and has no place in the table."""
    said = [each.error for each in found.captures if each.points and each.error]
    said += [
        f"{capture.id} at {point.node}: {count} packets {what}"
        for capture in found.captures
        for point in capture.points
        for count, what in (
            (point.counts.unknown, "without a link header"),
            (point.counts.unkept, "not kept or sent on"),
        )
        if count
    ]
    said += [f"{each.id} ended at {each.at}: {each.reason}" for each in found.ended]
    if not found.running:
        said.append("no server runs: nothing is captured")
    return list(dict.fromkeys(said))


def remove(id: o.Capture, env: Environment = LOCAL, output: Out = Output.table) -> None:
    """End a capture; the flows that it saw stay.

    Example: `calipso capture remove uplinks`
    """
    left = call(Home.default(), "remove_capture", id=id, environment=env)
    text = render.structured(left, output)
    print(text if text is not None else f"{id} has ended")


def flows(
    env: Environment = LOCAL,
    since: Annotated[str, typer.Option(help="Flows that went on after: -5m, or a moment.")] = "",
    until: Annotated[str, typer.Option(help="And before.")] = "",
    address: Annotated[str, typer.Option(help="An IP address of either end.")] = "",
    mac: Annotated[str, typer.Option(help="A MAC address of either end.")] = "",
    application: Annotated[str, typer.Option(help="DNS, HTTPS, ICMPv4, ARP …")] = "",
    protocol: Annotated[str, typer.Option(help="TCP, UDP or SCTP.")] = "",
    node: Annotated[str, typer.Option(help="Captured at this object.")] = "",
    capture: Annotated[str, typer.Option(help="By this capture.")] = "",
    tracking: Annotated[str, typer.Option(help="One flow, at every point it was seen.")] = "",
    hops: Annotated[str, typer.Option(help="One flow's way, hop by hop: its tracking id or uuid.")] = "",
    limit: Annotated[int, typer.Option(help="The latest so many.", min=1, max=10_000)] = 50,
    export: Annotated[str, typer.Option(help="Write them to this Parquet file, up to a million.")] = "",
    pcap: Annotated[str, typer.Option(help="Write the packets kept of them to this file.")] = "",
    bpf: Annotated[str, typer.Option(help="Of the packets only those that pass this filter.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with those that change.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Each flow as JSON on a line of its own.")] = False,
    output: Out = Output.table,
) -> None:
    """Flows that were captured, the latest first.

    Examples: `calipso flows --env plain --since -5m` · `calipso flows --jsonl --follow > flows.jsonl`
    · `calipso flows --since -1h --export last-hour.parquet`
    """
    if hops:
        show(hops, env, since, until, output)
        return
    asked = {"environment": env, "since": since, "until": until, "address": address, "mac": mac, "node": node,
             "application": application, "protocol": protocol, "capture": capture, "tracking_id": tracking,
             "limit": limit}  # fmt: skip
    if export:
        _export(export, asked | {"limit": MOST_EXPORTED})
        return
    if pcap:
        _packets(pcap, asked | {"limit": MOST, "bpf": bpf})
        return
    _list(asked, output, jsonl=jsonl, follow=follow)


def _list(asked: dict[str, Any], output: Output, *, jsonl: bool, follow: bool) -> None:
    found: FlowList = call(Home.default(), "get_flows", **asked)
    _show(found, output, jsonl=jsonl)
    if found.truncated:
        console(stderr=True).print(f"there are more than {asked['limit']}: --limit shows more", style="dim")
    if found.lost:
        said = f"{found.lost} packets could not be counted by captures that run: see `calipso capture list`"
        console(stderr=True).print(said, style="yellow", soft_wrap=True)
    if follow:
        _follow(found, asked, output, jsonl=jsonl)
    if not found.flows:
        raise typer.Exit(NEGATIVE)


def _packets(file: str, asked: dict[str, Any]) -> None:
    found: PacketFile = call(Home.default(), "get_packets", **asked)
    _write(file, found.pcap)
    print(f"{found.packets} packets of {found.flows} flows written to {file}")
    for reason in found.missing:
        console(stderr=True).print(reason, style="yellow", soft_wrap=True, markup=False)
    if not found.packets:
        console(stderr=True).print("packets are kept by `calipso capture create --packets`", style="dim")
        raise typer.Exit(NEGATIVE)


def _write(file: str, octets: bytes) -> None:
    try:
        Path(file).write_bytes(octets)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=file) from error


def _export(file: str, asked: dict[str, Any]) -> None:
    found: FlowFile = call(Home.default(), "export_flows", **asked)
    _write(file, found.parquet)
    print(f"{found.flows} flows written to {file}")
    if not found.flows:
        raise typer.Exit(NEGATIVE)


def _show(found: FlowList, output: Output, *, jsonl: bool) -> None:
    if jsonl:
        for flow in found.flows:
            print(msgspec.json.encode(flow).decode(), flush=True)
        return
    text = render.structured(found, output)
    if text is not None:
        print(text)
    else:
        render.rows([(*row_of(flow), flow.node) for flow in found.flows], (*COLUMNS, "at"), output)


def _follow(found: FlowList, asked: dict[str, Any], output: Output, *, jsonl: bool) -> None:
    """Until it is interrupted."""
    told = {flow.uuid: flow.metric for flow in found.flows}
    while True:
        time.sleep(_FOLLOW)
        now: FlowList = call(Home.default(), "get_flows", **asked)
        new = [flow for flow in now.flows if told.get(flow.uuid) != flow.metric]
        told |= {flow.uuid: flow.metric for flow in new}
        if new:
            _show(FlowList(new[::-1], False, now.lost), output, jsonl=jsonl)
