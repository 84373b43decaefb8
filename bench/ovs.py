"""Open vSwitch with many ports: what one changed port costs, beside reading all of them again.

    python bench/ovs.py [PORTS]

One JSON line a figure. Table updates are made as a server sends them (RFC 7047); no server takes part.
"""

from __future__ import annotations

import json
import sys
import time

from calipso.sources.ovs.parse import Tables
from calipso.sources.ovs.records import Instance


def show(figure: str, value: float, unit: str, **more: float) -> None:
    print(json.dumps({"figure": figure, "value": round(value, 3), "unit": unit, **more}), flush=True)


def interface(n: int, mtu: int = 1500) -> dict[str, object]:
    return {
        "name": f"tap{n:08x}", "type": "", "ofport": n + 1, "ifindex": n + 10, "mtu": mtu, "admin_state": "up",
        "link_state": "up", "mac_in_use": f"fe:16:3e:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}",
        "external_ids": ["map", [["iface-id", f"port-{n}"], ["vm-uuid", f"vm-{n}"], ["iface-status", "active"],
                                 ["attached-mac", f"fa:16:3e:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}"]]],
        "statistics": ["map", [["rx_bytes", n], ["tx_bytes", n]]],
    }  # fmt: skip


def snapshot(ports: int) -> dict[str, object]:
    uuid = "00000000-0000-0000-{:04d}-{:012d}".format
    rows: dict[str, dict[str, object]] = {"Open_vSwitch": {}, "Bridge": {}, "Port": {}, "Interface": {}}
    for n in range(ports):
        rows["Interface"][uuid(1, n)] = {"new": interface(n)}
        port = {"name": f"tap{n:08x}", "interfaces": ["uuid", uuid(1, n)], "tag": n % 4000}
        rows["Port"][uuid(2, n)] = {"new": port}
    bridge = {"name": "br-int", "ports": ["set", [["uuid", uuid(2, n)] for n in range(ports)]]}
    rows["Bridge"][uuid(3, 0)] = {"new": bridge}
    rows["Open_vSwitch"][uuid(4, 0)] = {"new": {"bridges": ["uuid", uuid(3, 0)]}}
    return rows


def main(ports: int) -> None:
    tables = Tables()
    whole = json.dumps(snapshot(ports)).encode()
    began = time.process_time()
    tables.update(whole)
    instance = Instance(tables, "bench")
    records = instance.records()
    first = time.process_time() - began
    show(f"{len(records)} records of {ports} ports, the first time", first * 1e3, "ms")
    uuid = next(iter(tables.table("Interface")))
    change = json.dumps({"Interface": {uuid: {"new": interface(0, 9000)}}}).encode()
    began = time.process_time()
    tables.update(change)
    again = instance.records()
    took = time.process_time() - began
    assert sum(a is not b for a, b in zip(records, again, strict=True)) <= 5
    show("one port changed", took * 1e3, "ms", first_time=round(first * 1e3, 1), ratio=round(first / took, 1))
    counters = json.dumps({"Interface": {uuid: {"new": {"statistics": ["map", [["rx_bytes", 1]]]}}}}).encode()
    began = time.process_time()
    assert not tables.update(counters)
    show("counters changed", (time.process_time() - began) * 1e3, "ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
