"""The operation and `calipso flows --hops`: by which ids a chain is found, how it is shown, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from calipso.cli import hops
from calipso.cli.main import app
from calipso.errors import NotFound, QueryError
from calipso.flows.places import Places
from calipso.flows.stitch import stitch
from calipso.flows.translation import Conversation, Translation
from calipso.model.flowpath import FlowPath
from calipso.runtime.translations import translations
from calipso.seams import Exec, Reply, Request
from tests.support.examples import PINGED
from tests.support.system import ESTATE, ask, estate, run
from tests.support.walked import ROUTER, WAY, A, B, graph, ping
from tests.unit.flows.test_translation import TEXT as CONNTRACK

NODES = ["h1/dev:eth0", "h2/dev:eth0"]


def test_a_chain_is_found_by_tracking_id_and_by_a_flows_uuid(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            system.captures(ESTATE).flows.add(PINGED)
            for id in (PINGED[0].tracking_id, PINGED[1].uuid):
                found: FlowPath = await ask(system, "get_flow_path", id=id)
                assert [hop.node for hop in found.hops] == NODES and found.order == "time"
                assert found.tracking_ids == [PINGED[0].l3_tracking_id]
            with pytest.raises(NotFound, match="no flow 'nobody'"):
                await ask(system, "get_flow_path", id="nobody")
            with pytest.raises(NotFound):
                await ask(system, "get_flow_path", id=PINGED[0].uuid, until="2001-01-01T00:00:00Z")
            with pytest.raises(QueryError, match="earlier"):
                await ask(system, "get_flow_path", id="x", since="-1m", until="-5m")

    run(work())


def test_kernels_that_cannot_be_asked_are_named(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            system.captures(ESTATE).flows.add(PINGED)
            found: FlowPath = await ask(system, "get_flow_path", id=PINGED[0].uuid)
            for host in ("h1", "h2"):
                assert (
                    f"connection tracking of {host} could not be read: {host} is not reached from here" in found.notes
                )

    run(work())


class Commands:
    """A way to a host that has only commands, as one over SSH."""

    answers: frozenset[type[Request]] = frozenset({Exec})

    def __init__(self, reply: Reply) -> None:
        self.reply = reply

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Exec) and request.argv[0] == "conntrack"
        return self.reply

    async def close(self) -> None: ...


def test_where_there_are_only_commands_conntrack_is_asked(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            site = system.site(ESTATE)

            async def told(reply: Reply, address: str) -> tuple[list[Translation], list[str]]:
                return await translations(
                    site, lambda host: Commands(reply), system.connected, ["h1", "h9"], address, "h1"
                )  # type: ignore[arg-type,return-value]

            said = Reply(CONNTRACK.encode())
            found, failed = await told(said, "10.1.0.2")
            assert [(each.netns, each.after.port_a) for each in found] == [("h1", 61000)]
            assert failed == ["connection tracking of h9 could not be read: it is not there now"]
            assert (await told(said, "10.9.9.9"))[0] == []
            failed = (await told(Reply(b"", 127, b"not found"), "10.1.0.2"))[1]
            assert failed[0] == "connection tracking of h1 could not be read: conntrack: not found"

    run(work())


def test_the_table_has_an_arrow_for_each_hop_and_names_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    flows, tunnels = ping(translated=True)
    nat = Translation("h1/netns:router", Conversation(1, A, B, 9, 9), Conversation(1, ROUTER, B, 9, 9))
    chain = stitch(flows, tunnels, Places(graph()), translations=[nat])
    monkeypatch.setattr(hops, "call", lambda *words, **named: chain)
    done = CliRunner().invoke(app, ["flows", "--hops", "t1"], env={"COLUMNS": "250"})
    assert done.exit_code == 0, done.output
    rows = [line for line in done.stdout.splitlines() if "/dev:" in line]
    assert len(rows) == len(WAY) and [WAY[n] in row for n, row in enumerate(rows)] == [True] * len(WAY)
    assert sum("→" in row for row in rows) == len(WAY) - 1
    assert "NAT in h1/netns:router" in rows[4] and "not captured: h1/dev:br10" in rows[2]
    assert "VXLAN 20" in rows[7] and "the way is not in the graph" in rows[8]
    told = CliRunner().invoke(app, ["flows", "--hops", "t1", "-o", "json"])
    assert told.exit_code == 0 and '"translated"' in told.stdout
