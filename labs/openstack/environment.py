"""The lab as an environment of Calipso, and as a cloud of OpenStack's clients."""

from __future__ import annotations

import yaml

from labs.openstack import declaration as d
from labs.openstack.running import OUTSIDE, Running

FILE, CLOUDS, SECRET = "openstack.yaml", "clouds.yaml", "bus-password"
NAME = "openstack"
NAMES = {"ovs": "OVS", "ovn": "OVN", "calico": "Calico"}
"""Mechanism driver → what environments call it."""
SOURCES = {"ovs": ("ovs", "libvirt"), "ovn": ("ovs", "libvirt", "ovn"), "calico": ("calico", "libvirt")}
"""Mechanism driver → sources besides the APIs and the hosts."""
API = "api"
"""The host of the environment that stands for the cloud's APIs."""


def environment(running: Running) -> str:
    """The environment's YAML: hosts by files that tell the pids of their first processes, APIs and bus from outside."""
    apis = {
        "openstack": {"cloud": NAME, "clouds": str(running.state / CLOUDS)},
        "pid_file": str(running.state / f"{OUTSIDE}.pid"),
    }
    hosts = {host.name: {"pid_file": str(running.state / f"{host.name}.pid")} for host in d.HOSTS}
    said = {
        "name": NAME,
        "type": "OpenStack",
        "distribution": "Upstream",
        "distribution_version": "2026.2",
        "mechanism_drivers": [NAMES[running.mechanism]],
        "type_drivers": [running.overlay] if running.mechanism == "calico" else [running.overlay, "vlan", "flat"],
        "amqp": {"host": d.CTL.address, "user": d.LISTENER, "password": f"file:{running.state / SECRET}"},
        "hosts": {API: apis, **hosts},
        "sources": {name: {} for name in ("openstack", "linux", *SOURCES[running.mechanism])},
    }
    return str(yaml.safe_dump(said, sort_keys=False))


def clouds() -> str:
    """The API's clouds.yaml; its addresses are the lab's own, so they are asked from the outside of its hosts."""
    auth = {
        "auth_url": d.KEYSTONE.url, "username": "admin", "password": d.PASSWORD, "project_name": "admin",
        "user_domain_name": "Default", "project_domain_name": "Default",
    }  # fmt: skip
    return str(yaml.safe_dump({"clouds": {NAME: {"auth": auth, "region_name": d.REGION}}}, sort_keys=False))
