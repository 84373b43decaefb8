"""Clique types: which link types to walk from a focal object, in order (MODEL §10)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class CliqueType(msgspec.Struct, frozen=True, kw_only=True):
    """A walk from objects of one kind. `environment`: what an environment must be for it, empty for any.

    Its names are those of `Environment`, and `environment_name` for one environment alone. `origin`: `ours`,
    `calipso-A` or `calipso-B` for the original's two generations.
    """

    name: str
    focal_kind: str
    link_types: tuple[str, ...]
    environment: Mapping[str, str] = {}
    use_implicit_links: bool = False
    origin: str = "ours"
    description: str = ""


_TAIL = (
    "vnic-vconnector", "vnic-vedge", "vnic-host_pnic", "vconnector-vedge", "vedge-otep", "vconnector-otep",
    "otep-vconnector", "otep-host_pnic", "vconnector-host_pnic", "vedge-host_pnic", "host_pnic-network",
)  # fmt: skip
INSTANCE = ("instance-vnic", *_TAIL)
NETWORK = (
    "network-host_pnic", "host_pnic-vconnector", "host_pnic-otep", "vconnector-otep", "otep-vconnector", "otep-vedge",
    "host_pnic-vedge", "vedge-vconnector", "vedge-vnic", "vconnector-vnic", "vnic-instance", "vnic-vservice",
    "vnic-container", "network-vservice", "vservice-vedge",
)  # fmt: skip

CLIQUE_TYPES: tuple[CliqueType, ...] = (
    CliqueType(name="instance", focal_kind="instance", link_types=INSTANCE,
               description="what an instance's traffic passes on its own host, down to the wire"),
    CliqueType(name="vservice", focal_kind="vservice", link_types=("vservice-vnic", "vservice-vedge", *_TAIL),
               description="the same for a router, DHCP server or other service"),
    CliqueType(name="container", focal_kind="container", link_types=("container-vnic", *_TAIL),
               description="the same for a container"),
    CliqueType(name="pod", focal_kind="pod", link_types=("pod-vnic", *_TAIL), description="the same for a pod"),
    CliqueType(name="network", focal_kind="network", link_types=NETWORK,
               description="every host, instance and service on a network"),
    CliqueType(name="reach", focal_kind="instance", link_types=(*INSTANCE, *NETWORK),
               description="an instance's own side, then everything on its networks, at both ends of the tunnels"),
    CliqueType(name="switch", focal_kind="switch", link_types=(
        "switch-switch_pnic", "switch_pnic-switch_pnic", "switch_pnic-switch", "switch-switch_pnic",
        "switch_pnic-host_pnic", *NETWORK), description="what hangs on a physical switch"),
)  # fmt: skip
