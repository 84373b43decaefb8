"""What the lab is. Both the lab and the graph expected of it come from here, and from nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace

from calipso.model import ids

TOR, PANEL = "tor", "panel"
"""The switch, and the patch panel: namespaces between the hosts and the switch, which nobody sees."""
NIC = "eth0"
INTERVAL, HOLD = 2, 4
"""Seconds between LLDP frames, and how many intervals a neighbour is believed (802.1AB msgTxInterval, msgTxHold)."""
SNMP_PORT, COMMUNITY = 1161, "lab-tor"
USER, AUTH_KEY, PRIV_KEY = "calipso", "lab-tor-auth", "lab-tor-priv"


@dataclass(frozen=True)
class Lab:
    """hosts: host → port of the switch that its cable is in. ports: all ports of the switch, in order."""

    ports: tuple[str, ...] = ("swp1", "swp2", "swp3")
    cables: tuple[tuple[str, str], ...] = (("h1", "swp1"), ("h2", "swp2"))

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(host for host, _ in self.cables)

    @property
    def chassis(self) -> str:
        """The switch's chassis id: the address of its first port."""
        return self.port_mac(self.ports[0])

    @property
    def switch(self) -> str:
        return ids.switch(self.chassis)

    def port_mac(self, port: str) -> str:
        return f"02:00:00:00:01:{self.ports.index(port) + 1:02x}"

    def host_mac(self, host: str) -> str:
        return f"02:00:00:00:02:{self.hosts.index(host) + 1:02x}"

    def port_of(self, host: str) -> str:
        return dict(self.cables)[host]

    def moved(self, host: str, port: str) -> Lab:
        """The lab with a host's cable in another, free port."""
        assert port in self.ports and port not in dict(self.cables).values()
        return replace(self, cables=tuple((each, port if each == host else old) for each, old in self.cables))
