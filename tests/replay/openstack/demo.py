"""How the demo was made from the recordings beside this file: a cloud of three hosts, and a day of its life.

`python -m tests.replay.openstack.demo` writes `src/calipso/runtime/demo.jsonl`. Kernel, Open vSwitch and libvirt of a
real OpenStack (ML2/OVS) say what they said; what Keystone, Nova and Neutron say goes through source `openstack` again.
The day is told on top of that: what comes, changes and goes are these records; times are seconds before its end.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from calipso.model import ids
from calipso.model.record import Gone, Observation, Record, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.runtime.demo import FILE, FORMAT, VERSION, Header, Moment
from calipso.runtime.recording import replay

HERE = Path(__file__).parent
CLOUD = "ml2-ovs"
API = "openstack"
UNUSED = frozenset({"ovs-netdev", "br-int", "br-tun"})
"""Devices of the kernel that were down: the datapath is not in the kernel."""
TUNNEL = "vxlan-0a4d0115"
"""Of cmp2, to cmp1."""
BLUE_2, RED_2 = "f2c2e10a-a336-4ef5-b6fd-b94432350368", "fd477d95-8eb8-46cd-93af-2ec972a9f3ba"
STOPPED = "c61e95eb-b720-4299-bffe-64b67d097bc6"
"""A server without a domain when the hosts were recorded."""
BLUE_2_PORTS = ("3ccf12e9-70", "3f9cf385-ec")
RED_2_PORT = "fcb0da28-da"
FLOATING = "5c60789b-ec2b-41a7-b00b-66bea496f706"
AGENT = "agent:e32ca15d-f33d-4a23-9db0-70ab8ca7309e"
"""Neutron's Open vSwitch agent on cmp2."""
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]")
HOURS, MINUTES = 3600.0, 60.0
FAULT = -(23 * MINUTES + 3)
"""When the tunnel port vanishes."""
BATCHES = (
    (-25.3, 48), (-23.4, 71), (-20.2, 35), (-18.1, 55), (-15.4, 64), (-13.0, 40), (-11.2, 52), (-8.6, 47), (-5.6, 61),
    (-4.3, 38), (-3.4, 44), (-2.2, 57),
)  # fmt: skip
"""When servers come (hours) that stay for so many minutes."""

Said = dict[Scope, dict[tuple[str, str], Record]]
"""What each scope says of each (id, facet)."""


def cloud() -> Said:
    """The whole cloud at the end of the day, before anything went wrong."""
    said: Said = {}
    for line in (HERE / f"{CLOUD}.jsonl").read_text().splitlines()[1:]:
        each = json.loads(line)
        if each["source"] in ("nova", "neutron"):
            continue
        attributes = _up(each["attributes"])
        record = Record(each["id"], each["facet"], each["type"], attributes)
        said.setdefault(Scope(each["source"], each["reporter"]), {})[record.id, record.facet] = record
    for observation in asyncio.run(replay(HERE / f"api/openstack@{CLOUD}.jsonl")):
        if isinstance(observation, Seen):
            scope = Scope(API, API, observation.scope.part)
            for record in observation.records:
                said.setdefault(scope, {})[record.id, record.facet] = _timeless(record)
    for records in said.values():
        for place in [place for place, record in records.items() if "fake-red" in record.id + str(record.attributes)]:
            del records[place]
    servers = said[Scope(API, API, "servers")]
    stopped = servers[ids.instance(STOPPED), "nova"]
    off = {"status": "SHUTOFF", "vm_state": "stopped", "power_state": "shutdown"}
    servers[stopped.id, "nova"] = msgspec.structs.replace(stopped, attributes={**stopped.attributes, **off})
    hosts = said[Scope(API, API, "hosts")]
    id = ids.aggregate("RegionOne", 1)
    hosts[id, "nova"] = Record(id, "nova", "aggregate", {
        "name": "rack-1", "number": 1, "availability_zone": "nova", "hosts": ["cmp1", "cmp2"],
        "metadata": {"availability_zone": "nova", "rack": "1"},
    })  # fmt: skip
    return said


def _timeless(record: Record) -> Record:
    """Without moments of the recording: the day is another one each time it is told."""
    kept = {name: value for name, value in record.attributes.items() if not TIME.match(str(value))}
    return msgspec.structs.replace(record, attributes=kept)


def _up(attributes: dict[str, Any]) -> dict[str, Any]:
    """The kernel calls taps and loopback UNKNOWN when they work: the rule of source `linux`."""
    if attributes.get("state") == "down" and attributes["name"] not in UNUSED:
        return {**attributes, "state": "up"}
    return attributes


class Day:
    """The story as it is told: what is said when, and what holds."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self.moments: list[Moment] = []

    def at(self, seconds: float, *observations: Observation) -> None:
        self.moments.append(Moment(seconds, list(observations)))

    def find(self, wanted: Callable[[Record], bool], *sources: str) -> dict[Scope, list[Record]]:
        """Records by scope, of some sources or of all."""
        found = {
            scope: [record for record in records.values() if wanted(record)]
            for scope, records in self.said.items()
            if not sources or scope.source in sources
        }
        return {scope: records for scope, records in found.items() if records}

    def come(self, seconds: float, records: dict[Scope, list[Record]]) -> None:
        self.at(seconds, *(Seen(scope, tuple(each)) for scope, each in records.items()))

    def go(self, seconds: float, records: dict[Scope, list[Record]]) -> None:
        self.at(seconds, *(Gone(scope, tuple((one.id, one.facet) for one in each)) for scope, each in records.items()))

    def change(self, seconds: float, id: str, facet: str, source: str, **attributes: Any) -> None:
        """Some attributes of a record become others; None takes one away."""
        for scope, records in self.said.items():
            known = records.get((id, facet))
            if known is not None and scope.source == source:
                new = {**known.attributes, **attributes}
                new = {name: value for name, value in new.items() if value is not None}
                self.at(seconds, Seen(scope, (msgspec.structs.replace(known, attributes=new),)))

    def looked(self, seconds: float, scopes: Iterable[Scope]) -> None:
        """Looks that found everything as it was."""
        self.at(seconds, *(RunEnded(scope, "completed") for scope in scopes))

    def failed(self, seconds: float, scope: Scope, message: str) -> None:
        self.at(seconds, RunEnded(scope, "failed", (RunError(f"{scope.source}@{scope.reporter}", message),)))


def _of(*words: str) -> Callable[[Record], bool]:
    """Records whose id or attributes hold one of some texts."""
    return lambda record: any(word in record.id or word in json.dumps(record.attributes) for word in words)


def told() -> list[Moment]:
    """The day, in order of time."""
    day = Day(cloud())
    blue_2 = day.find(_whole(_of(BLUE_2, *BLUE_2_PORTS)))
    floating = day.find(lambda record: FLOATING in record.id)
    begin(day, {(one.id, one.facet) for found in (blue_2, floating) for each in found.values() for one in each})
    born(day, blue_2)
    small_things(day, floating)
    batches(day)
    reboot(day)
    fault(day)
    return sorted(day.moments, key=lambda moment: moment.at)


def _whole(wanted: Callable[[Record], bool]) -> Callable[[Record], bool]:
    """Only what would not be there without: no bridge, network or group that only names it."""
    things = ("instance:", "port:", "cmp2/dev:", "cmp2/ovs/port:", "cmp2/ovs/interface:")
    return lambda record: record.id.startswith(things) and wanted(record)


def begin(day: Day, later: set[tuple[str, str]]) -> None:
    """The cloud is seen for the first time, source by source."""
    for i, (scope, records) in enumerate(sorted(day.said.items())):
        there = tuple(record for place, record in sorted(records.items()) if place not in later)
        day.at(-26 * HOURS + i, RunBegan(scope), Seen(scope, there), RunEnded(scope, "completed"))


def born(day: Day, records: dict[Scope, list[Record]]) -> None:
    """A server is made: asked for, its ports, its domain and taps, plugged in."""
    when = -21 * HOURS - 12 * MINUTES
    for seconds, sources in ((0.0, (API,)), (6.0, ("libvirt",)), (7.0, ("linux",)), (9.0, ("ovs",))):
        day.come(when + seconds, {scope: each for scope, each in records.items() if scope.source in sources})


def small_things(day: Day, floating: dict[Scope, list[Record]]) -> None:
    """What happens in a cloud: an address is given, an MTU mistaken and mended, a login refused for a while."""
    day.come(-16 * HOURS, floating)
    libvirt = Scope("libvirt", "cmp1")
    refused = "Failed to connect socket to '/var/run/libvirt/libvirt-sock-ro': Connection refused"
    for minutes in (0, 4, 8):
        day.failed(-9 * HOURS - 30 * MINUTES + minutes * MINUTES, libvirt, refused)
    day.looked(-9 * HOURS - 18 * MINUTES, [libvirt])
    day.change(-7 * HOURS, "cmp1/dev:eth1", "netlink", "linux", mtu=1450)
    day.change(-6 * HOURS - 40 * MINUTES, "cmp1/dev:eth1", "netlink", "linux")
    day.change(-3 * HOURS, "network:63aadad0-8f9e-4e80-8b8a-abab76a185b8", "neutron", API, port_security_enabled=False)
    day.change(-2.5 * HOURS, "network:63aadad0-8f9e-4e80-8b8a-abab76a185b8", "neutron", API, port_security_enabled=True)


def batches(day: Day) -> None:
    """Servers for an hour or so, all like one that was recorded: they come and go the whole day."""
    alike = day.find(_whole(_of(RED_2, RED_2_PORT)))
    for number, (hours, minutes) in enumerate(BATCHES, 1):
        batch = {scope: [_like(record, number) for record in records] for scope, records in alike.items()}
        came, went = hours * HOURS, hours * HOURS + minutes * MINUTES
        for step, source in enumerate((API, "libvirt", "linux", "ovs")):
            part = {scope: records for scope, records in batch.items() if scope.source == source}
            day.come(came + 3 * step, part)
            day.go(went - 3 * step, part)


def _like(record: Record, number: int) -> Record:
    """A record of the server that is copied, of the copy with a number."""
    text = json.dumps([record.id, record.attributes])
    for old, new in (
        (RED_2, f"{number:08d}{RED_2[8:]}"), (RED_2_PORT[:8], f"{number:08d}"), ("fa:16:3e:d1:be:9c", _mac(number)),
        ("fe:16:3e:d1:be:9c", _mac(number, "fe")), ("red-2", f"batch-{number}"),
        ("10.1.0.33", f"10.1.0.{100 + number}"), ("instance-00000006", f"instance-{0x100 + number:08x}"),
    ):  # fmt: skip
        text = text.replace(old, new)
    id, attributes = json.loads(text)
    for name in ("ifindex", "ofport"):
        if name in attributes:
            attributes[name] += 100 + number
    if "uuid" in attributes and record.facet == "ovs":
        attributes["uuid"] = f"{number:08d}{attributes['uuid'][8:]}"
    return Record(id, record.facet, record.type, attributes)


def _mac(number: int, first: str = "fa") -> str:
    return f"{first}:16:3e:00:00:{number:02x}"


def reboot(day: Day) -> None:
    """A server is rebooted hard: its tap goes and comes back the same."""
    when = -5 * HOURS
    instance = ids.instance(RED_2)
    day.change(when, instance, "nova", API, status="HARD_REBOOT", power_state="shutdown")
    plugged = day.find(_whole(_of(RED_2_PORT)), "linux", "ovs")
    day.go(when + 2, plugged)
    day.come(when + 14, plugged)
    day.change(when + 17, instance, "nova", API)


def fault(day: Day) -> None:
    """The agent of cmp2 is restarted with another configuration, and the tunnel to cmp1 goes. Nobody notices."""
    ovs = Scope("ovs", "cmp2")
    day.change(FAULT - 6, AGENT, "neutron", API, alive=False)
    agents = day.said[Scope(API, API, "agents")]
    restarted = {**agents[AGENT, "neutron"].attributes["configurations"], "l2_population": False}
    day.go(FAULT, day.find(lambda record: record.id.startswith("cmp2/") and record.id.endswith(f":{TUNNEL}"), "ovs"))
    kept = ["cmp2/ovs/interface:vxlan-0a4d010b"]
    day.change(FAULT, ids.tunnel_endpoint("cmp2", "vxlan", "10.77.1.22"), "ovs", "ovs", tunnels=kept)
    day.change(FAULT - 2, AGENT, "neutron", API, configurations=restarted)
    day.looked(-25 * MINUTES, sorted(day.said))
    day.failed(-12 * MINUTES, Scope("linux", "ctl"), "No answer from 10.77.0.11 port 22 in 5 s")
    day.looked(-2 * MINUTES, [scope for scope in sorted(day.said) if scope.key != "linux@ctl"])
    day.looked(-1 * MINUTES, [ovs])


def write() -> None:
    """The file the product ships."""
    moments = told()
    header = Header(FORMAT, VERSION, len(moments))
    lines = [msgspec.json.encode(each, order="sorted") for each in (header, *moments)]
    FILE.write_bytes(b"\n".join(lines) + b"\n")


if __name__ == "__main__":
    write()
