"""Two hosts whose guests Calico routes to, and what Neutron, libvirt and the kernel say of them, as records."""

from __future__ import annotations

from calipso.graph.value import FacetChange
from calipso.model import ids
from tests.support.estate import Estate

NETWORK, SEGMENT = "network:6e000000-0000-4000-8000-000000000001", "segment:6e000000-0000-4000-8000-000000000002"
PORT = "6e000000-0000-4000-8000-00000000010{}"


def two_routed_hosts() -> list[FacetChange]:
    """Every record: on each host a guest `vm-N` with the tap `tapN` at `HOST/calico`, which leads out by `eth1`."""
    estate = Estate()
    estate.record(NETWORK, "neutron", "network", name="net-red", network_type="local")
    estate.record(SEGMENT, "neutron", "segment", name="local", network_id=NETWORK, network_type="local")
    for n in (1, 2):
        _host(estate, f"h{n}", n)
        _guest(estate, f"h{n}", n)
    return estate.changes


def _host(estate: Estate, host: str, n: int) -> None:
    calico = ids.switching_process(host, "calico")
    estate.record(host, "linux", "host", name=host, host=host, namespaces_complete=True)
    estate.device(host, "", "eth1", 2, "veth", mac=f"02:00:00:00:01:0{n}", ips=[f"192.0.2.{n}"])
    estate.device(host, "", f"tap{n}", 3, "tun", mac=f"fe:00:00:00:02:0{n}")
    estate.record(
        calico, "calico", "calico", name="Calico", host=host, netns=host, vedge=calico, state="up", carries=["routed"]
    )
    for name, said in ((f"tap{n}", {"routed_by": calico}), ("eth1", {"vedge": calico})):
        estate.record(ids.device(host, name), "calico", "device", name=name, host=host, netns=host, **said)
    estate.record(
        f"agent:felix-{host}", "neutron", "agent", name="calico-felix", host=host,
        agent_type="Calico per-host agent (felix)",
    )  # fmt: skip


def _guest(estate: Estate, host: str, n: int) -> None:
    instance, mac = ids.instance(f"vm-{n}"), f"fa:16:3e:00:00:0{n}"
    nic = ids.guest_nic(instance, mac)
    estate.record(instance, "libvirt", "domain", name=f"vm-{n}", host=host)
    estate.record(nic, "libvirt", "nic", name=mac, host=host, netns=host, mac=mac, instance=instance, tap=f"tap{n}")
    estate.record(
        ids.by_uuid("port", PORT.format(n)), "neutron", "port", name=mac, port_id=PORT.format(n), mac=mac, host=host,
        device_id=f"vm-{n}", device_owner="compute:nova", network_id=NETWORK, vif_type="tap", medium="routed",
    )  # fmt: skip
    estate.record(nic, "neutron", "nic", host=host, mac=mac, instance=instance, port_id=PORT.format(n))
