"""The graph that the lab's declaration promises, as hosts see it."""

from __future__ import annotations

from calipso.model import ids
from labs.plain.expectation import Expected
from labs.tor import declaration as d


def expected(lab: d.Lab) -> Expected:
    """Hosts with their NIC, the switch and its ports: those that a cable is in by LLDP too, the others by SNMP only."""
    out = Expected()
    said = {"name": d.TOR, "chassis_id": lab.chassis, "chassis_id_subtype": "mac", "capabilities": ["Bridge"]}
    out.objects[lab.switch], out.attributes[lab.switch] = ("switch", "switch"), said
    for port in lab.ports:
        up = port in dict(lab.cables).values()
        told = {"switch": lab.switch, "port_id": port, "port_id_subtype": "ifname", "mac": lab.port_mac(port)}
        told["state"] = "up" if up else "down"
        there = out.add(ids.switch_port(lab.switch, port), "switch_pnic", "switchport", said=told)
        out.link("switch-switch_pnic", lab.switch, there)
    for host, port in lab.cables:
        out.add(host, "host", "host", said={"host": host})
        out.device(host, "lo", "device", "loopback")
        nic = out.device(host, d.NIC, "host_pnic", "veth", mac=lab.host_mac(host))
        there = ids.switch_port(lab.switch, port)
        out.link("host_pnic-switch_pnic", nic, there)
        out.pair("layer2.lldp", nic, there)
    return out
