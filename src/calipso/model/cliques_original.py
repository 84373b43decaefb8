"""The clique types of the original, both generations, as data: used where an environment asks for `cliques: calipso`.

The first generation's chain of `switch_pnic` begins with a link type that its own constants do not have
(`switch_pnic-switch-pnic`); it is left out here, as it never matched anything.
"""

from __future__ import annotations

from calipso.model.cliques import CliqueType


def _type(
    origin: str,
    name: str,
    focal_kind: str,
    link_types: str,
    *,
    use_implicit_links: bool = False,
    **environment: str,
) -> CliqueType:
    return CliqueType(
        name=name,
        focal_kind=focal_kind,
        link_types=tuple(link_types.split()),
        environment=environment,
        use_implicit_links=use_implicit_links,
        origin=origin,
        description="of the original",
    )


FIRST_GENERATION: tuple[CliqueType, ...] = (
    _type(
        "calipso-A",
        "instance",
        "instance",
        "instance-vnic vnic-vconnector vconnector-vedge vedge-otep otep-vconnector vconnector-host_pnic "
        "host_pnic-network",
    ),
    _type(
        "calipso-A",
        "vservice",
        "vservice",
        "vservice-vnic vnic-vedge vedge-otep otep-vconnector vconnector-host_pnic host_pnic-network",
    ),
    _type(
        "calipso-A",
        "vservice_config_based",
        "vservice",
        "vservice-vnic vnic-vedge vedge-otep otep-vconnector vconnector-host_pnic host_pnic-network",
        distribution="Mirantis",
        distribution_version="6.0",
        mechanism_drivers="OVS",
        type_drivers="vxlan",
    ),
    _type(
        "calipso-A",
        "network",
        "network",
        "network-host_pnic host_pnic-vconnector vconnector-otep otep-vedge vedge-vconnector vedge-vnic "
        "vconnector-vnic vnic-instance vnic-vservice",
    ),
    _type(
        "calipso-A",
        "switch_pnic",
        "switch_pnic",
        "switch_pnic-host_pnic host_pnic-vconnector vconnector-otep otep-vedge vedge-vconnector vedge-vnic "
        "vconnector-vnic vnic-instance vnic-vservice",
    ),
    _type(
        "calipso-A",
        "instance",
        "instance",
        "instance-vnic vnic-vconnector vconnector-vedge vedge-otep otep-host_pnic host_pnic-network",
        environment_name="Apex-Euphrates",
    ),
    _type(
        "calipso-A",
        "vservice",
        "vservice",
        "vservice-vnic vnic-vedge vedge-otep otep-host_pnic host_pnic-network",
        environment_name="Apex-Euphrates",
    ),
    _type(
        "calipso-A",
        "network",
        "network",
        "network-host_pnic host_pnic-otep otep-vedge vedge-vconnector vedge-vnic vconnector-vnic "
        "vnic-instance vnic-vservice",
        environment_name="Apex-Euphrates",
    ),
    _type(
        "calipso-A",
        "instance",
        "instance",
        "instance-vnic vnic-vconnector vconnector-vedge vedge-host_pnic host_pnic-network",
        distribution="Mercury",
    ),
    _type(
        "calipso-A",
        "vservice",
        "vservice",
        "vservice-vnic vnic-vedge vedge-host_pnic host_pnic-network",
        distribution="Mercury",
    ),
    _type(
        "calipso-A",
        "network",
        "network",
        "network-host_pnic host_pnic-vedge vedge-vconnector vedge-vnic vconnector-vnic vnic-instance vnic-vservice",
        distribution="Mercury",
    ),
    _type(
        "calipso-A",
        "instance",
        "instance",
        "instance-network",
        environment_name="implicit-links-ex",
        use_implicit_links=True,
    ),
)

SECOND_GENERATION: tuple[CliqueType, ...] = (
    _type(
        "calipso-B",
        "mercury_osd_clique",
        "osd",
        "osd-host osd-partition partition-disk",
        distribution="Mercury",
    ),
    _type(
        "calipso-B",
        "instance",
        "instance",
        "instance-vnic vnic-vconnector vconnector-vedge vedge-otep otep-vconnector vconnector-host_pnic "
        "host_pnic-network",
    ),
    _type(
        "calipso-B",
        "vservice",
        "vservice",
        "vservice-vnic vnic-vedge vedge-otep otep-vconnector vconnector-host_pnic host_pnic-network",
    ),
    _type(
        "calipso-B",
        "vservice_config_based",
        "vservice",
        "vservice-vnic vnic-vedge vedge-otep otep-vconnector vconnector-host_pnic host_pnic-network",
        distribution="Mirantis",
        distribution_version="6.0",
        mechanism_drivers="OVS",
        type_drivers="vxlan",
    ),
    _type(
        "calipso-B",
        "network",
        "network",
        "network-host_pnic host_pnic-vconnector vconnector-otep otep-vedge vedge-vconnector vedge-vnic "
        "vconnector-vnic vnic-instance vnic-vservice",
    ),
    _type(
        "calipso-B",
        "switch clique for generic openstack with oteps",
        "switch",
        "switch-switch_pnic switch_pnic-switch_pnic switch_pnic-switch switch-switch_pnic "
        "switch_pnic-host_pnic host_pnic-vconnector vconnector-otep otep-vedge vedge-vconnector vedge-vnic "
        "vconnector-vnic vnic-instance vnic-vservice",
    ),
    _type(
        "calipso-B",
        "instance",
        "instance",
        "instance-vnic vnic-vconnector vconnector-vedge vedge-otep otep-host_pnic host_pnic-network",
        environment_name="Apex-Euphrates",
    ),
    _type(
        "calipso-B",
        "vservice",
        "vservice",
        "vservice-vnic vnic-vedge vedge-otep otep-host_pnic host_pnic-network",
        environment_name="Apex-Euphrates",
    ),
    _type(
        "calipso-B",
        "network",
        "network",
        "network-host_pnic host_pnic-otep otep-vedge vedge-vconnector vedge-vnic vconnector-vnic "
        "vnic-instance vnic-vservice",
        environment_name="Apex-Euphrates",
    ),
    _type(
        "calipso-B",
        "mercury_instance_vconnector_clique",
        "instance",
        "instance-vnic vnic-vconnector vconnector-vedge vedge-host_pnic host_pnic-network",
        distribution="Mercury",
    ),
    _type(
        "calipso-B",
        "mercury_vservice_vedge_clique",
        "vservice",
        "vservice-vnic vnic-vedge vedge-host_pnic host_pnic-network",
        distribution="Mercury",
    ),
    _type(
        "calipso-B",
        "mercury_instance_vedge_clique",
        "instance",
        "instance-vnic vnic-vedge vedge-host_pnic host_pnic-network",
        distribution="Mercury",
        distribution_version="27747",
    ),
    _type(
        "calipso-B",
        "mercury_network_clique",
        "network",
        "network-host_pnic host_pnic-vedge vedge-vconnector vedge-vnic vconnector-vnic vnic-instance vnic-vservice",
        distribution="Mercury",
    ),
    _type(
        "calipso-B",
        "mercury_switch_clique",
        "switch",
        "switch-switch_pnic switch_pnic-switch_pnic switch_pnic-switch switch-switch_pnic "
        "switch_pnic-host_pnic host_pnic-vedge vedge-vconnector vedge-vnic vconnector-vnic vnic-instance vnic-vservice",
        distribution="Mercury",
    ),
    _type(
        "calipso-B",
        "instance",
        "instance",
        "instance-vnic vnic-vconnector vconnector-vedge vedge-otep otep-host_pnic host_pnic-network",
        distribution="Kolla",
    ),
    _type(
        "calipso-B",
        "vservice",
        "vservice",
        "vservice-vnic vnic-vedge vedge-otep otep-host_pnic host_pnic-network",
        distribution="Kolla",
    ),
    _type(
        "calipso-B",
        "network",
        "network",
        "network-host_pnic host_pnic-otep otep-vedge vedge-vconnector vedge-vnic vconnector-vnic "
        "vnic-instance vnic-vservice",
        distribution="Kolla",
    ),
    _type(
        "calipso-B",
        "instance",
        "instance",
        "instance-network",
        environment_name="implicit-links-ex",
        use_implicit_links=True,
    ),
    _type(
        "calipso-B",
        "container-flannel",
        "container",
        "container-vedge container-vnic vnic-vconnector vconnector-vedge vedge-otep otep-host_pnic host_pnic-network",
        type="Kubernetes",
        distribution="Kubernetes",
        distribution_version="1.9",
        mechanism_drivers="Flannel",
        type_drivers="vxlan",
    ),
    _type(
        "calipso-B",
        "k8s-network-flannel",
        "network",
        "network-host_pnic host_pnic-otep otep-vedge vedge-container vedge-vconnector vconnector-vnic vnic-container",
        type="Kubernetes",
        distribution="Kubernetes",
        distribution_version="1.9",
        mechanism_drivers="Flannel",
        type_drivers="vxlan",
    ),
    _type(
        "calipso-B",
        "vservice-flannel",
        "vservice",
        "vservice-pod pod-container container-network",
        type="Kubernetes",
        distribution="Kubernetes",
        distribution_version="1.9",
        mechanism_drivers="Flannel",
        type_drivers="vxlan",
        use_implicit_links=True,
    ),
    _type(
        "calipso-B",
        "generic k8s clique for physical switch",
        "switch",
        "switch-switch_pnic switch_pnic-switch_pnic switch_pnic-switch switch-switch_pnic "
        "switch_pnic-host_pnic host_pnic-otep otep-vedge vedge-container vedge-vconnector "
        "vconnector-vnic vnic-container",
        type="Kubernetes",
        distribution="Kubernetes",
    ),
    _type(
        "calipso-B",
        "container-calico",
        "container",
        "container-vedge container-vnic vnic-vedge vedge-otep otep-vconnector vconnector-host_pnic host_pnic-network",
        type="Kubernetes",
        distribution="Kubernetes",
        mechanism_drivers="Calico",
        type_drivers="bgp",
    ),
    _type(
        "calipso-B",
        "k8s-network-calico",
        "network",
        "network-host_pnic host_pnic-vconnector vconnector-otep otep-vedge vedge-container vedge-vnic vnic-container",
        type="Kubernetes",
        distribution="Kubernetes",
        mechanism_drivers="Calico",
        type_drivers="bgp",
    ),
    _type(
        "calipso-B",
        "vservice-calico",
        "vservice",
        "vservice-pod pod-container container-network",
        type="Kubernetes",
        distribution="Kubernetes",
        mechanism_drivers="Calico",
        type_drivers="bgp",
        use_implicit_links=True,
    ),
)
