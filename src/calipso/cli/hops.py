"""`calipso flows --hops`: one conversation, hop by hop."""

from __future__ import annotations

from calipso.cli import render
from calipso.cli.calling import call
from calipso.cli.render import Output, console
from calipso.model.flowpath import FlowPath, Hop, Stage
from calipso.runtime.home import Home

COLUMNS = ("", "at", "layer", "from", "to", "→ packets", "← packets", "lost → ←", "delay", "round trip", "on the way")


def show(id: str, env: str, since: str, until: str, output: Output) -> None:
    """The chain of a conversation, an arrow for each hop after the first."""
    found: FlowPath = call(Home.default(), "get_flow_path", id=id, environment=env, since=since, until=until)
    text = render.structured(found, output)
    if text is not None:
        print(text)
        return
    stages: list[Stage | None] = [None, *found.stages]
    rows = [_row(hop, stage) for hop, stage in zip(found.hops, stages, strict=False)]
    render.rows(rows + [("?", *_row(hop, None)[1:]) for hop in found.unplaced], COLUMNS, output)
    if found.order == "time":
        console(stderr=True).print("in the order of time: the graph does not tell the whole way", style="yellow")
    for note in found.notes:
        console(stderr=True).print(note, style="yellow", markup=False, soft_wrap=True)


def _row(hop: Hop, stage: Stage | None) -> tuple[object, ...]:
    cells = (hop.node, hop.layer, _end(hop.network_a or hop.link_a, hop.port_a),
             _end(hop.network_b or hop.link_b, hop.port_b), hop.ab_packets, hop.ba_packets)  # fmt: skip
    if stage is None:
        return ("", *cells, "", "", "", "")
    lost = "?" if stage.loss_unknown else f"{stage.lost_ab} {stage.lost_ba}"
    delay = f"{stage.delay / 1e3:.3f} ms" if stage.delay is not None else "?"
    around = f"{stage.round_trip / 1e6:.3f} ms" if stage.round_trip is not None else ""
    return ("→", *cells, lost, delay, around, _passed(stage))


def _passed(stage: Stage) -> str:
    """What is between two hops, in words."""
    said = [f"NAT in {stage.translated}"] if stage.translated else ["routed"] if stage.routed else []
    if stage.not_captured:
        said.append("not captured: " + ", ".join(stage.not_captured))
    if stage.between is None:
        said.append("the way is not in the graph")
    return "; ".join(said)


def _end(address: str, port: int) -> str:
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
