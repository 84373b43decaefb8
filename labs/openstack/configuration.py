"""Writes each host's files from the templates below `etc`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template

from labs.openstack import declaration as d
from labs.openstack.running import HERE, LOGS, RUN, Running

TEMPLATES = HERE / "etc"
OF_NODES = ("bird", "calico")
"""Folders of templates that are only for hosts on which Calico has an agent."""
NEIGHBOUR = """
protocol bgp Mesh_$name {
  description "Connection to BGP peer";
  local $own as $number;
  neighbor $far as $number;
  direct;
  ipv4 { import all; export filter workloads; next hop self; };
}"""
"""Of bird.conf, for another host: all are of one autonomous system and on one wire."""
SHARED = ("neutron", "nova", "glance")
"""Projects whose packages bring files for /etc."""
DATABASES = ("keystone", "placement", "glance", "nova_api", "nova", "nova_cell0", "neutron", "octavia")
FOLDERS = (
    "/var/lib/nova/instances", "/var/lib/neutron", "/var/lib/glance/images", "/var/lib/keystone", "/var/log/neutron",
    "/var/log/nova", "/var/log/openvswitch", LOGS,
)  # fmt: skip
USUAL = {"core_plugin": "ml2", "type_drivers": "flat,vlan,vxlan,gre,geneve,local", "extensions": "port_security,qos"}
PLUGINS = {
    "ovs": {
        **USUAL, "mechanism_drivers": "openvswitch,l2population",
        "service_plugins": "router,trunk,qos,port_forwarding,segments,firewall_v2,vpnaas",
    },
    "ovn": {**USUAL, "mechanism_drivers": "ovn", "service_plugins": "ovn-router,trunk,qos,segments"},
    "calico": {
        "core_plugin": "labs.openstack.cloud.calico_driver.Plugin", "type_drivers": "local,flat",
        "extensions": "port_security", "mechanism_drivers": "calico", "service_plugins": "",
    },
}  # fmt: skip
"""Mechanism driver → what Neutron loads. Calico's own plug-in is ML2, with the driver as this Neutron can load it."""
MOUNTS = f"""
mount -t sysfs sysfs /sys
for d in etc var; do mount -t overlay overlay -o lowerdir=/$d,upperdir=$1/$d,workdir=$1/$d.work /$d; done
mount -t tmpfs -o mode=755,size=256m tmpfs /run
mkdir -p {RUN}/tmp /run/lock /run/netns /run/sshd /run/openvswitch /run/mysqld /run/neutron
chmod 1777 {RUN}/tmp /run/lock
ip link set lo up
hostname $2
"""
"""A private, writable view of /etc and /var, and an own /run: sockets, pid files, names of namespaces."""
ACCOUNTS = r"""
grep -q '^libvirt-qemu:' /etc/group || echo 'libvirt-qemu:x:64055:' >> /etc/group
grep -q '^libvirt-qemu:' /etc/passwd ||
  echo 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin' >> /etc/passwd
grep -q '^libvirt:' /etc/group || echo 'libvirt:x:64056:' >> /etc/group
"""
"""Which libvirt's driver insists on even where qemu.conf names other ones."""


def prepare(made: Running, host: d.Host) -> None:
    """A host's own view of the file system, with its configuration. Raises `LabError`."""
    folder = made.state / host.name
    for name in ("etc", "etc.work", "var", "var.work"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    made.run(host.name, "sh", "-euc", MOUNTS, "sh", str(folder), host.name)
    made.run(host.name, "mkdir", "-p", *FOLDERS)
    if host.computes:  # elsewhere it would promise a libvirt that is not there
        made.run(host.name, "mkdir", "-p", "/run/libvirt")
    made.script(host.name, ACCOUNTS)
    for project in SHARED:
        made.run(host.name, "cp", "-rn", f"{made.venv}/etc/{project}", "/etc")
    said = words(made, host)
    for name, text in files(said):
        made.run(host.name, "mkdir", "-p", str(Path(name).parent))
        made.run(host.name, "tee", name, stdin=text)


def files(said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(path in the host, text) of every template. Raises `KeyError` for a word that nothing says."""
    for template in sorted(TEMPLATES.rglob("*")):
        name = template.relative_to(TEMPLATES)
        if template.is_file() and (said["peers"] or name.parts[0] not in OF_NODES):
            yield f"/etc/{name}", Template(template.read_text()).substitute(said)


def words(made: Running, host: d.Host) -> dict[str, str]:
    """What the templates' words stand for on a host."""
    return {
        "host": host.name, "address": host.address, "tunnel_address": host.tunnel_address, "number": str(host.number),
        "firewall": host.firewall, "machine_id": hashlib.md5(host.name.encode(), usedforsecurity=False).hexdigest(),
        "known_hosts": "\n".join(f"{each.address} {each.name}" for each in d.HOSTS),
        "control": d.CTL.address, "password": d.PASSWORD, "state": str(made.state), "path": made.path,
        "rabbit": f"rabbit://openstack:{d.PASSWORD}@{d.CTL.address}:5672/",
        "keystone": d.KEYSTONE.url.removesuffix(d.KEYSTONE.path), "glance": d.GLANCE.url,
        "physnet": d.PHYSNET, "provider_bridge": d.PROVIDER_BRIDGE, "ovsdb": str(d.OVSDB_PORT),
        "northbound": str(d.NORTHBOUND_PORT), "southbound": str(d.SOUTHBOUND_PORT),
        "tenant_type": made.overlay, **_plugins(made), "etcd": str(d.ETCD_PORT),
        "peers": _peers(host) if made.mechanism == "calico" and host.computes else "",
        "agent_mode": _agent_mode(made.routers, host), "ha_hosts": str(d.HA_HOSTS),
        **{name: str(made.routers == name).lower() for name in ("dvr", "ha")},
        "notifications": "[oslo_messaging_notifications]\ndriver = messagingv2\ntopics = notifications",
        "pool": "max_pool_size = 5\nmax_overflow = 20",
        **{f"db_{name}": _database(name) for name in DATABASES},
        **{f"auth_{api.name}": _auth(api.name) for api in d.REGISTERED},
    }  # fmt: skip


def _plugins(made: Running) -> dict[str, str]:
    said = PLUGINS[made.mechanism]
    kept = [each for each in said["service_plugins"].split(",") if each != "segments" or not made.unlisted]
    return {**said, "service_plugins": ",".join(kept)}


def _peers(host: d.Host) -> str:
    """The other hosts on which instances are, as bird.conf says it."""
    return "\n".join(
        Template(NEIGHBOUR).substitute(
            name=other.tunnel_address.replace(".", "_"), own=host.tunnel_address, far=other.tunnel_address,
            number=d.AS_NUMBER,
        )
        for other in d.COMPUTES if other != host
    )  # fmt: skip


def _agent_mode(routers: str, host: d.Host) -> str:
    """Of a router agent: of distributed routers, only the control host translates for who has no floating IP."""
    if routers != "dvr":
        return "legacy"
    return "dvr_snat" if host.controls else "dvr"


def user_of(database: str) -> str:
    """Whose a database is."""
    return database.partition("_")[0]


def _database(name: str) -> str:
    return f"mysql+pymysql://{user_of(name)}:{d.PASSWORD}@{d.CTL.address}/{name}"


def _auth(user: str) -> str:
    said = {
        "auth_type": "password", "auth_url": d.KEYSTONE.url, "username": user, "password": d.PASSWORD,
        "project_name": "service", "user_domain_name": "Default", "project_domain_name": "Default",
        "region_name": d.REGION,
    }  # fmt: skip
    return "\n".join(f"{key} = {value}" for key, value in said.items())
