"""Skydive's interface: who may, what is shown, what is refused. The published client is tried in tests/live/skydive."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from calipso.model.flow import Flow, FlowMetric, FlowNetwork, FlowTransport
from calipso.runtime.at import now
from calipso.runtime.system import System
from calipso.seams import FlowFilter
from calipso.web.server import Server
from tests.support import packets as p
from tests.support.system import ask, estate

TOKEN = "t" * 40
AT = "/skydive/estate"
Use = Callable[[System, httpx.AsyncClient], Awaitable[None]]


def served(folder: Path, use: Use) -> None:
    async def work() -> None:
        async with (
            estate(folder) as system,
            Server(system, TOKEN, "127.0.0.1", 0) as server,
            httpx.AsyncClient(base_url=server.url) as client,
        ):
            await use(system, client)

    asyncio.run(work())


def question(gremlin: str) -> dict[str, str]:
    return {"GremlinQuery": gremlin}


def test_every_way_to_say_who_one_is(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        basic = base64.b64encode(f"admin:{TOKEN}".encode()).decode()
        ways = [
            {"X-Auth-Token": TOKEN}, {"Authorization": f"Basic {basic}"}, {"Authorization": f"Bearer {TOKEN}"},
            {"Cookie": f"authtoken={TOKEN}"}, {"Cookie": f"a=b;authtoken={TOKEN}"},
            {"Cookie": f"authtoken={TOKEN}", "Origin": str(client.base_url).rstrip("/")},
        ]  # fmt: skip
        for headers in ways:
            assert (await client.get(f"{AT}/api/status", headers=headers)).status_code == 200, headers
        for headers in (
            {}, {"X-Auth-Token": "wrong"}, {"Authorization": "Basic ???"}, {"Cookie": "authtoken=wrong"},
            {"Cookie": f"authtoken={TOKEN}", "Origin": "https://elsewhere.example"},
        ):  # fmt: skip
            assert (await client.get(f"{AT}/api/status", headers=headers)).status_code == 401, headers
        for headers in ways[:2] + ways[3:]:  # our own interface takes bearer tokens alone
            assert (await client.get("/api/v1/counts", headers=headers)).status_code == 401

    served(tmp_path, use)


def test_login_gives_a_cookie_that_pages_cannot_use(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        refused = await client.post("/login", data={"username": "admin", "password": "wrong"})
        assert refused.status_code == 401
        assert "set-cookie" not in refused.headers
        good = await client.post("/login", data={"username": "admin", "password": TOKEN})
        cookie = good.headers["set-cookie"]
        assert cookie.startswith(f"authtoken={TOKEN};")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {each.strip() for each in cookie.split(";")}

    served(tmp_path, use)


def test_flows_and_workflows_are_asked_like_the_rest(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        client.headers["X-Auth-Token"] = TOKEN
        start = now() - 5_000_000
        system.captures("estate").flows.add([
            Flow(
                uuid="u", tracking_id="t", l3_tracking_id="t3", layers_path="Ethernet/IPv4/TCP", application="HTTPS",
                start=start, last=start + 4000, node="h1/dev:eth0", capture="c", host="h1",
                network=FlowNetwork("IPV4", "10.0.0.1", "10.0.0.2"), transport=FlowTransport("TCP", 40_000, 443),
                metric=FlowMetric(3, 300, 2, 200, start, start + 4000),
            )
        ])  # fmt: skip

        async def asked(gremlin: str) -> Any:
            return (await client.post(f"{AT}/api/topology", json=question(gremlin))).json()

        (flow,) = await asked("G.Flows().Has('Network.A', '10.0.0.1')")
        assert flow["UUID"] == "u" and flow["LayersPath"] == "Ethernet/IPv4/TCP" and flow["NodeTID"] == "h1/dev:eth0"
        assert flow["Network"] == {"Protocol": "IPV4", "A": "10.0.0.1", "B": "10.0.0.2", "ID": 0}
        assert flow["Transport"] == {"Protocol": "TCP", "A": 40_000, "B": 443} and "ICMP" not in flow
        assert (flow["Metric"]["ABBytes"], flow["Start"], flow["FinishType"]) == (300, start // 1000, "NOT_FINISHED")
        assert (await asked("G.Flows().Count()"), await asked("G.Flows().Sum('Metric.BAPackets')")) == (1, 2)
        assert [each["ID"] for each in await asked("G.Flows().Hops()")] == ["h1/dev:eth0"]
        (found,) = await asked("G.Workflow('CheckMTU', 'h1/netns:vm-a/dev:eth0', 'h1/dev:vha')")
        assert found["same"] is True

    served(tmp_path, use)


def test_a_reader_may_ask_and_not_write(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        client.headers["X-Auth-Token"] = system.tokens.create("reader", ("read",), 0)
        asked = await client.post(f"{AT}/api/topology", json=question("G.V().Has('Type', 'host').Values('Name')"))
        assert sorted(asked.json()) == ["h1", "h2"]
        for method, path in (
            ("POST", "node"), ("POST", "alert"), ("DELETE", "node/h1"), ("PATCH", "edge/x"),
            ("POST", "workflow/check_mtu/call"),
        ):  # fmt: skip
            assert (await client.request(method, f"{AT}/api/{path}", json={})).status_code == 403, path
        denied = [deed for deed in system.journal.deeds() if deed.outcome == "Forbidden"]
        assert {deed.who for deed in denied} == {"reader"}

    served(tmp_path, use)


def test_what_is_asked_and_how_it_is_shown(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        client.headers["X-Auth-Token"] = TOKEN

        async def asked(gremlin: str, **headers: str) -> httpx.Response:
            return await client.post(f"{AT}/api/topology", json=question(gremlin), headers=headers)

        count = (await asked("G.V().Count()")).json()
        whole = (await client.get(f"{AT}/api/topology")).json()
        assert isinstance(count, int)
        assert len(whole["Nodes"]) == count
        assert (await asked("G")).json() == [whole]
        (node,) = (await asked("G.V('h1/dev:eth0')")).json()
        assert {"ID", "Host", "Origin", "CreatedAt", "UpdatedAt", "Revision", "Metadata"} == set(node)
        assert (node["ID"], node["Host"], node["Metadata"]["MAC"]) == ("h1/dev:eth0", "h1", "02:00:00:00:00:01")
        assert (await asked("G.V('h1').Values('MTU')")).json() == []
        assert (await asked("G.V()", Accept="text/vnd.graphviz")).text.startswith("digraph")
        wrong = await asked("G.V().Outt()")
        assert (wrong.status_code, wrong.json()["position"]) == (400, 6)
        for body in (b"", b"{}", b"[]", b'{"GremlinQuery": 7}', b"\xff"):
            assert (await client.post(f"{AT}/api/topology", content=body)).status_code == 400
        assert (await client.get("/skydive/nowhere/api/topology")).status_code == 404
        assert (await client.get("/api/topology")).json()["Nodes"] == []  # this machine, where nothing was looked at

    served(tmp_path, use)


def test_resources_in_json_and_yaml(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        client.headers["X-Auth-Token"] = TOKEN
        text = (
            "Name: greet\nParameters: [{Name: who, Type: string}]\nSource: |\n  def run(api, who):\n      return who\n"
        )
        yaml = {"Content-Type": "application/yaml"}
        made = await client.post(f"{AT}/api/workflow", content=text, headers=yaml)
        assert made.status_code == 201
        id = made.json()["UUID"]
        called = await client.post(f"{AT}/api/workflow/{id}/call", json={"Params": ["you"]})
        assert (called.status_code, called.json()) == (200, "you")
        assert (await client.post(f"{AT}/api/workflow/{id}/call", json={"Params": [1, 2]})).status_code == 400
        assert {"check_mtu", id} <= set((await client.get(f"{AT}/api/workflow")).json())
        assert (await client.get(f"{AT}/api/workflow/{id}")).json()["Name"] == "greet"
        assert (await client.delete(f"{AT}/api/workflow/{id}")).status_code == 200
        assert (await client.get(f"{AT}/api/workflow/{id}")).status_code == 404

    served(tmp_path, use)


@pytest.mark.parametrize(
    "patch", [{}, [1], [{"op": "no"}], [{"op": "remove", "path": "/x"}], [{"op": "replace", "path": "/ID", "value": 1}]]
)
def test_a_patch_that_does_not_fit_changes_nothing(tmp_path: Path, patch: object) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        client.headers["X-Auth-Token"] = TOKEN
        node = {"ID": "a", "Metadata": {"Name": "a", "Type": "switch"}}
        assert (await client.post(f"{AT}/api/node", json=node)).status_code == 201
        assert (await client.post(f"{AT}/api/node", json=node)).status_code == 409
        assert (await client.patch(f"{AT}/api/node/a", json=patch)).status_code == 400
        assert (await client.get(f"{AT}/api/node/a")).json()["Metadata"]["Name"] == "a"
        assert (await client.delete(f"{AT}/api/node/h1/dev:eth0")).status_code == 404  # found, not declared

    served(tmp_path, use)


def test_a_patch_changes_what_was_declared_and_nothing_else(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        client.headers["X-Auth-Token"] = TOKEN
        patch = [{"op": "add", "path": "/Metadata/Rack", "value": "r7"}]
        link = next(each for each in (await client.get(f"{AT}/api/edge")).json())
        for what, id in (("node", "h1"), ("edge", link)):
            refused = await client.patch(f"{AT}/api/{what}/{id}", json=patch)
            assert refused.status_code == 403, refused.text
            assert "was found, not declared" in refused.json()["detail"]
        await client.post(f"{AT}/api/node", json={"ID": "a", "Metadata": {"Name": "a", "Type": "rack"}})
        made = await client.patch(f"{AT}/api/node/a", json=patch)
        assert made.json()["Metadata"] == {"Name": "a", "Type": "rack", "Rack": "r7"}
        declared = await ask(system, "get_user_topology")
        assert [each.metadata for each in declared.nodes] == [{"Name": "a", "Type": "rack", "Rack": "r7"}]
        await client.post(
            f"{AT}/api/edge", json={"ID": "e", "Parent": "a", "Child": "h1", "Metadata": {"RelationType": "x"}}
        )
        made = await client.patch(f"{AT}/api/edge/e", json=patch)
        assert made.json()["Metadata"] == {"RelationType": "x", "Rack": "r7"}

    served(tmp_path, use)


def test_captures_take_what_skydives_do_and_tell_it_again(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        client.headers["X-Auth-Token"] = TOKEN
        system.captures("estate").running = True
        made = {"GremlinQuery": "G.V().Has('Type', 'none')"}

        async def put(**said: Any) -> httpx.Response:
            return await client.post(f"{AT}/api/capture", json=made | said)

        local = (await put(TargetType="local", Target="passed over")).json()
        assert (local["TargetType"], local["Target"]) == ("local", "")
        mirrored = (await put(TargetType="erspanv1", Target="2001:db8::1")).json()
        assert (mirrored["TargetType"], mirrored["Target"]) == ("erspanv1", "2001:db8::1")
        assert (await put()).json()["TargetType"] == ""
        assert (await put(TargetType="netflowv5", Target="nowhere")).status_code == 400
        sampled = (await put(Port=9995, SamplingRate=100)).json()
        (spec,) = (each.spec for each in system.captures("estate").states() if each.spec.id == sampled["UUID"])
        assert (spec.options.port, spec.options.sampling) == (9995, 100)
        assert (await put(Type="pcap")).json()["Type"] == "afpacket"

    served(tmp_path, use)


def test_the_flows_of_a_capture_file_are_kept(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        client.headers["X-Auth-Token"] = TOKEN
        frames = [p.ethernet(p.ipv4(p.udp(b"x", 4000, 53), 17), 0x0800)] * 3
        said = await client.post(f"{AT}/api/pcap", content=p.pcap(enumerate(frames)))
        assert (said.status_code, said.json()) == (200, {"packets": 3, "flows": 1, "damage": ""})
        (flow,) = system.captures("estate").flows.find(FlowFilter(captures=("import",)))
        assert (flow.metric.ab_packets, flow.application) == (3, "DNS")
        cut = await client.post(f"{AT}/api/pcap", content=p.pcap(enumerate(frames))[:-1])
        assert cut.json()["packets"] == 2 and "ends inside of a packet" in cut.json()["damage"]
        for body in (b"", b"no file at all"):
            assert (await client.post(f"{AT}/api/pcap", content=body)).status_code == 400

    served(tmp_path, use)
