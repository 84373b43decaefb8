"""Connections to the cloud as its administrator."""

from __future__ import annotations

from typing import Any

import openstack
from labs.openstack import declaration as d


def connect(project: str = "admin") -> openstack.connection.Connection:
    """With a tenant's project as scope."""
    auth = {
        "auth_url": d.KEYSTONE.url, "username": "admin", "password": d.PASSWORD, "project_name": project,
        "user_domain_name": "Default", "project_domain_name": "Default",
    }  # fmt: skip
    return openstack.connect(auth=auth, region_name=d.REGION, load_envvars=False, load_yaml_config=False)


def modes(cloud: Any) -> set[str]:
    """How the cloud's router agents realise routers: `legacy`, `dvr`, `dvr_snat`; empty where there are none."""
    return {str(each.configuration["agent_mode"]) for each in cloud.network.agents(binary="neutron-l3-agent")}
