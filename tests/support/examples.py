"""The requests that the API document shows, and the answers they really have. Run as a program it records them."""

from __future__ import annotations

import asyncio
import base64
import re
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from calipso.model.flow import Flow, FlowIcmp, FlowMetric, FlowNetwork
from calipso.model.record import Record, Scope, Seen
from calipso.operations.registry import BY_NAME, OPERATIONS, perform
from calipso.runtime.system import System
from tests.support.injecting import Swallowing
from tests.support.packets import ethernet, ipv4, pcap, udp
from tests.support.system import ESTATE, estate

FILE = Path(__file__).parents[2] / "src/calipso/web/examples.json"
PCAP = base64.b64encode(pcap([(1.0, ethernet(ipv4(udp(b"", 4000, 53), 17), 0x0800))])).decode()
ENV = {"environment": ESTATE}
RECORD = {
    "id": "h9/dev:eth0", "facet": "netlink", "type": "device", "source": "linux", "reporter": "h9", "part": "",
    "attributes": {"name": "eth0", "host": "h9", "mtu": 1500},
}  # fmt: skip
HEADER = {
    "format": "calipso-records",
    "version": 1,
    "environment": ESTATE,
    "at": "2026-01-31T14:05:00.000Z",
    "records": 1,
}
LINES = [msgspec.json.encode(each).decode() for each in (HEADER, RECORD)]
DECLARED = "name: prod\nhosts: {cmp1: {agent: true}}\n"
REQUESTS: dict[str, dict[str, Any]] = {
    "get_objects": {**ENV, "kind": "vnic", "limit": 2, "fields": ["state", "attributes.mac"]},
    "count_objects": ENV,
    "get_links": {**ENV, "id": "h1/netns:vm-a", "limit": 3},
    "get_tree": {**ENV, "depth": 1},
    "get_clique": {**ENV, "id": "h1/netns:vm-a", "type": "reach", "peer": "h1/netns:vm-b"},
    "get_history": {**ENV, "id": "h1/netns:vm-a"},
    "get_diff": {**ENV, "start": "now", "end": "now"},
    "get_map": ENV,
    "get_density": {**ENV, "bins": 3},
    "search": {**ENV, "text": "vm-a", "limit": 2},
    "get_model": ENV,
    "query": {**ENV, "query": "G.V().Has('Type', 'netns').Values('Name')"},
    "sql": {**ENV, "sql": "SELECT host, count(*) AS devices FROM objects WHERE type = 'veth' GROUP BY host"},
    "get_sources": ENV,
    "get_supported_environments": {"distribution": "Kolla", "version": "2024.1", "mechanism_driver": "OVN"},
    "export": ENV,
    "get_original": {**ENV, "collection": "inventory", "where": ["type=vnic"], "page_size": 2},
    "count_original": {"type": "environment", **ENV},
    "add_clique_type": {
        "name": "nics",
        "focal_point_type": "instance",
        "link_types": ["instance-vnic"],
        "distribution": "Kolla",
    },
    "add_clique_constraint": {"focal_point_type": "switch", "constraints": ["network"]},
    "remove_added": {"id": "5c1174c644041e768fc873cb"},
    "put_environment": {"text": DECLARED},
    "open_demo": {},
    "remove_environment": {"environment": "prod"},
    "try_environment": {"text": DECLARED},
    "test_connections": {**ENV, "targets": ["CLI"]},
    "get_schedule": ENV,
    "scan": {**ENV, "inventory": "before the upgrade"},
    "start_scan": {**ENV, "only": "cliques", "draft": True},
    "get_scans": {**ENV, "status": ["completed", "draft"]},
    "cancel_scan": {**ENV, "id": "2"},
    "show_scan": {**ENV, "id": "1"},
    "put_scan_schedule": {
        **ENV,
        "recurrence": "cron",
        "cron": "30 2 * * 1-5",
        "zone": "Europe/Berlin",
        "inventory": "nightly",
    },
    "enable_scan_schedule": {**ENV, "id": "1", "enabled": False},
    "get_scan_schedules": ENV,
    "remove_scan_schedule": {**ENV, "id": "1"},
    "get_messages": {**ENV, "at_least": "warn", "open": "yes"},
    "view_messages": {**ENV, "ids": ["1"]},
    "delete_messages": {**ENV, "ids": ["1"]},
    "rotate_secrets": {},
    "import": {**ENV, "lines": LINES},
    "create_capture": {
        **ENV,
        "id": "uplinks",
        "query": "G.V().Has('Name', 'eth0')",
        "ttl": 3600,
        "extra": {"defragment": True, "first_payload": True},
    },
    "get_captures": ENV,
    "remove_capture": {**ENV, "id": "uplinks"},
    "inject_packet": {**ENV, "id": "probe", "source": "h1/dev:eth0", "target": "192.0.2.2", "packet": {"icmp_id": 7}},
    "get_injections": ENV,
    "remove_injection": {**ENV, "id": "probe"},
    "get_flows": {**ENV, "since": "-5m", "address": "10.0.0.1"},
    "get_flow_path": {**ENV, "id": "0123456789abcdef", "nat": False},
    "get_user_topology": ENV,
    "put_user_node": {**ENV, "id": "TOR1", "metadata": {"Name": "tor1", "Type": "switch", "Rack": "r7"}},
    "put_user_edge": {
        **ENV,
        "id": "cable-1",
        "parent": "TOR1",
        "child": "h1/dev:eth0",
        "metadata": {"RelationType": "layer2"},
    },
    "put_node_rule": {
        **ENV,
        "id": "rule-1",
        "query": "G.V().Has('Type', 'netns')",
        "metadata": {"Team": "blue"},
    },
    "put_edge_rule": {
        **ENV,
        "id": "rule-2",
        "source": "G.V().Has('Rack', 'r7')",
        "target": "G.V().Has('Name', 'eth0')",
        "metadata": {"RelationType": "layer2"},
    },
    "remove_user_topology": {**ENV, "what": "edges", "id": "cable-1"},
    "import_user_topology": {**ENV, "text": "TOR1[Name=tor1] -> [Colour=red] PORT1[MTU=9000]"},
    "export_user_topology": ENV,
    "get_alerts": ENV,
    "put_alert": {**ENV, "id": "cables", "name": "cables", "expression": "G.V().Has('Type', 'veth', 'State', 'DOWN')"},
    "remove_alert": {**ENV, "id": "cables"},
    "get_firings": ENV,
    "get_workflows": {**ENV, "id": "check_mtu"},
    "put_workflow": {
        **ENV,
        "id": "names",
        "name": "names",
        "parameters": [{"name": "type"}],
        "source": "def run(api, type):\n    return [each['name'] for each in api.query('G.V()')]\n",
    },
    "call_workflow": {**ENV, "id": "names", "parameters": {"type": "host"}},
    "remove_workflow": {**ENV, "id": "names"},
    "import_packets": {**ENV, "pcap": PCAP},
    "get_packets": {**ENV, "since": "-5m", "bpf": "tcp port 80"},
    "export_flows": {**ENV, "since": "-1h", "application": "DNS"},
    "create_token": {"name": "grafana", "scopes": ["read"], "expires": "30d"},
    "revoke_token": {"name": "grafana"},
    "create_user": {"name": "alice", "role": "operator"},
    "change_password": {"name": "alice", "password": "made-for-alice", "new_password": "four lamps by the door"},
    "log_in": {"name": "alice", "password": "four lamps by the door"},
    "change_role": {"name": "alice", "role": "admin"},
    "reset_password": {"name": "alice"},
    "remove_user": {"name": "alice"},
    "get_audit": {"limit": 3},
}
"""Operation → its request; those that are not named take none."""
PINGED = [
    Flow(
        uuid=f"{n:016x}", tracking_id="0123456789abcdef", l3_tracking_id="0123456789abcdef",
        layers_path="Ethernet/IPv4/ICMPv4", application="ICMPv4", start=1_769_868_300_000_000 + n,
        last=1_769_868_304_000_000 + n, node=node, capture="uplinks", host=node.split("/")[0],
        network=FlowNetwork("IPV4", "10.0.0.1", "10.0.0.2"), icmp=FlowIcmp(8, 0, 77),
        metric=FlowMetric(5, 490, 5, 490, 1_769_868_300_000_000 + n, 1_769_868_304_000_000 + n, 900_000 // n),
    )
    for n, node in ((1, "h1/dev:eth0"), (3, "h2/dev:eth0"))
]  # fmt: skip
"""A ping that was captured on two hosts."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
LONGEST = 3
"""Items of a list that are shown."""


async def answers(system: System) -> dict[str, dict[str, Any]]:
    """Operation → request and answer, one after another in the order of the table."""
    found: dict[str, dict[str, Any]] = {}
    made: Any = None
    orphan = Record("h7/dev:eth0", "netlink", "device", {"name": "eth0", "host": "h7"})
    for operation in OPERATIONS:
        if operation.name == "scan":  # something for its validators to find
            await system.site(ESTATE).put([Seen(Scope("test", "h7"), (orphan,))])
        said = REQUESTS.get(operation.name, {})
        request, who = msgspec.convert(said, operation.request), "admin"
        if operation.name == "change_password":
            request = msgspec.structs.replace(request, password=made.password)
        if operation.name == "log_out":
            who = made.about.name
        made = await perform(system, operation, request, who)
        found[operation.name] = {"request": said, "response": steady(msgspec.json.decode(msgspec.json.encode(made)))}
    assert set(REQUESTS) <= set(BY_NAME)
    return found


def steady(answer: Any, name: str = "") -> Any:
    """What is told of time and chance made the same each time; long lists cut, rows of a table are not."""
    if isinstance(answer, dict):
        return {key: steady(value, key) for key, value in answer.items()}
    if isinstance(answer, list):
        return [steady(value) if not isinstance(value, list) else value for value in answer[:LONGEST]]
    if isinstance(answer, str):
        if name == "token":
            return "cal_" + "x" * 43
        if name == "password":
            return "made-for-alice"
        answer = re.sub(r"(?<=\.session-)[0-9a-f]{10}", "0123456789", answer)
        if name == "id" and re.fullmatch(r"0[0-9a-f]{23}", answer):
            return "0" * 24
        if name == "key" and re.fullmatch(r"[0-9a-f]{8}", answer):
            return "c0ffee00"
        if name == "parquet":
            return "UEFSMQ=="  # PAR1, as such a file begins
        return "eyJ…" if name == "next" and answer else MOMENT.sub("2026-01-31T14:05:00.000Z", answer)
    return 7 if name == "revision" else 0.1 if name == "seconds" else answer


def taken() -> dict[str, dict[str, Any]]:
    async def work() -> dict[str, dict[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            async with estate(Path(folder)) as system:
                system.captures(ESTATE).running = True
                system.captures(ESTATE).flows.add(PINGED)
                system.injector = Swallowing()
                system.sources = type(system.sources)()  # a scan finds nothing: what this machine is does not matter
                return await answers(system)

    return asyncio.run(work())


if __name__ == "__main__":
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(taken()), indent=1) + b"\n")
