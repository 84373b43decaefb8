"""The lab as an environment of Calipso, and as a cloud of OpenStack's clients."""

from __future__ import annotations

import yaml

from labs.openstack import declaration as d
from labs.openstack.running import Running

FILE, CLOUDS = "openstack.yaml", "clouds.yaml"
NAME = "openstack"


def environment(running: Running) -> str:
    """The environment's YAML: hosts by the files that tell the pids of their first processes."""
    said = {
        "name": NAME,
        "type": "OpenStack",
        "mechanism_drivers": [running.mechanism.upper()],
        "type_drivers": [d.tenant_type(running.mechanism), "vlan", "flat"],
        "hosts": {host.name: {"pid_file": str(running.state / f"{host.name}.pid")} for host in d.HOSTS},
        "sources": {"linux": {}, "ovs": {}, "libvirt": {}},
    }
    return str(yaml.safe_dump(said, sort_keys=False))


def clouds() -> str:
    """The API's clouds.yaml; its addresses are the lab's own, so whoever uses them has to be in it."""
    auth = {
        "auth_url": d.KEYSTONE.url, "username": "admin", "password": d.PASSWORD, "project_name": "admin",
        "user_domain_name": "Default", "project_domain_name": "Default",
    }  # fmt: skip
    return str(yaml.safe_dump({"clouds": {NAME: {"auth": auth, "region_name": d.REGION}}}, sort_keys=False))
