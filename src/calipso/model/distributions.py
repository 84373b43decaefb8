"""Distributions: how a command reaches its process on each, the names of their containers and where they keep things.

Network namespaces and interfaces are the kernel's: they are read on the host whatever container made them, so only the
tools that talk to a daemon (Open vSwitch, libvirt, VPP, OVN) are led into its container. Each entry names where its
facts come from.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from calipso.model.reaching import ALL

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "switch": ("ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovs-dpctl", "ovsdb-client"),
    "libvirt": ("virsh",),
    "vpp": ("vppctl",),
    "ovn": ("ovn-appctl",),
}
"""What runs in a container → the tools that talk to it. Containers of other names are told as facts only."""


class Era(msgspec.Struct, frozen=True, kw_only=True):
    """Versions that are reached alike.

    versions: their names; least: for distributions that count builds, the first build instead. enter: what leads into
    a container, with `{container}` and `{version}`; empty when the tools are on the host. containers: what runs in it →
    its name.
    """

    versions: tuple[str, ...] = ()
    least: int = 0
    enter: str = ""
    containers: Mapping[str, str] = {}

    @property
    def names_version(self) -> bool:
        return "{version}" in self.enter

    def wrap(self, version: str) -> dict[str, str]:
        """Command → what stands before it; nothing where names need the version and it is not said."""
        if not self.enter or (self.names_version and not version):
            return {}
        return {
            command: self.enter.format(container=container, version=version)
            for role, container in self.containers.items()
            for command in COMMANDS.get(role, ())
        }


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution of OpenStack, Kubernetes or Docker.

    types: of environments it makes. sudo: whether one logs in as somebody who is not root. eras: oldest first. paths:
    what → where it is kept on a host. source: where the facts come from. also: other names it goes by.
    """

    name: str
    types: tuple[str, ...] = ("OpenStack",)
    sudo: bool = True
    eras: tuple[Era, ...] = (Era(),)
    paths: Mapping[str, str] = {}
    source: str
    note: str = ""
    also: tuple[str, ...] = ()

    def era(self, version: str) -> Era:
        """The era of a version; of one that is not known the newest."""
        for era in self.eras:
            if version in era.versions:
                return era
        counted = [era for era in self.eras if version.isdigit() and 0 < era.least <= int(version)]
        if counted:
            return counted[-1]
        return self.eras[0] if version.isdigit() and any(era.least for era in self.eras) else self.eras[-1]

    def wrap(self, version: str, user: str | None = None) -> dict[str, str]:
        """Command → what stands before it, for somebody who logs in; None for nobody: then no sudo.

        An empty user is taken from the SSH configuration; sudo does no harm to root where it is installed.
        """
        outer = {ALL: "sudo"} if self.sudo and user is not None and user != "root" else {}
        return {**outer, **self.era(version).wrap(version)}


_KOLLA = {
    "switch": "openvswitch_vswitchd", "switch database": "openvswitch_db", "libvirt": "nova_libvirt",
    "vpp": "neutron_vpp", "ovn": "ovn_controller", "router": "neutron_l3_agent", "dhcp": "neutron_dhcp_agent",
}  # fmt: skip
_TRIPLEO = {"libvirt": "nova_libvirt", "ovn": "ovn_controller", "router": "neutron_l3_agent", "dhcp": "neutron_dhcp"}
_MODULAR = {**_TRIPLEO, "libvirt": "nova_virtqemud"}
_MERCURY = {
    "switch": "ovs_vswitch", "libvirt": "novalibvirt", "vpp": "neutron_vpp", "router": "neutron_l3_agent",
    "dhcp": "neutron_dhcp_agent",
}  # fmt: skip
_HELM = {"switch": "openvswitch-vswitchd", "switch database": "openvswitch-db", "libvirt": "libvirt"}
_PACKAGES = {"switch database": "/var/run/openvswitch/db.sock", "neutron": "/etc/neutron", "nova": "/etc/nova"}
_KUBERNETES_PATHS = {"CNI": "/etc/cni/net.d", "kubelet": "/var/lib/kubelet"}
_ENGINE_PATHS = {"socket": "/var/run/docker.sock", "namespaces": "/var/run/docker/netns"}
_ANY = ("OpenStack", "Kubernetes", "Docker", "Plain")
_VPP_POD = (Era(enter="crictl exec name={container}", containers={"vpp": "vpp"}),)

DISTRIBUTIONS: tuple[Distribution, ...] = (
    Distribution(
        name="Mirantis", paths=_PACKAGES,
        source="Fuel 6.0 to 9.1 user guides: packages on the nodes, root logs in from the Fuel master",
        note="The host of the section CLI is the Fuel master: nodes are reached through it.",
    ),
    Distribution(
        name="Fuel", paths=_PACKAGES, source="OPNFV Fuel installation guides: packages on the nodes",
        note="OPNFV's installer; from Euphrates on it is driven by Salt from the node cfg01.",
    ),
    Distribution(
        name="RDO", paths=_PACKAGES, source="RDO package lists: services are systemd units of the host",
    ),
    Distribution(
        name="TripleO",
        eras=(
            Era(versions=("Newton", "Ocata")),
            Era(versions=("Pike", "Queens", "Rocky"), enter="docker exec {container}", containers=_TRIPLEO),
            Era(versions=("Stein", "Train", "Ussuri", "Victoria"), enter="podman exec {container}",
                containers=_TRIPLEO),
            Era(versions=("Wallaby", "Zed"), enter="podman exec {container}", containers=_MODULAR),
        ),
        paths={**_PACKAGES, "configuration": "/var/lib/config-data/puppet-generated"},
        source="tripleo-heat-templates, deployment/nova and deployment/ovn: container names; Open vSwitch on the host",
        note="One logs in as heat-admin, from Wallaby on as tripleo-admin, through the undercloud.",
    ),
    Distribution(
        name="RHOSP",
        eras=(
            Era(versions=("10", "11")),
            Era(versions=("12", "13", "14"), enter="docker exec {container}", containers=_TRIPLEO),
            Era(versions=("15", "16.1", "16.2"), enter="podman exec {container}", containers=_TRIPLEO),
            Era(versions=("17.0", "17.1"), enter="podman exec {container}", containers=_MODULAR),
            Era(versions=("18.0",)),
        ),
        paths={**_PACKAGES, "configuration": "/var/lib/config-data/puppet-generated"},
        source="Red Hat OpenStack Platform 15, Transitioning to Containerized Services; TripleO of the same releases",
        note="In 18.0 Open vSwitch and libvirt are units of the data plane's hosts.",
    ),
    Distribution(
        name="Apex", paths=_PACKAGES, source="OPNFV Apex Euphrates: TripleO of Ocata, packages on the nodes",
        note="One logs in as heat-admin through the undercloud.",
    ),
    Distribution(
        name="Devstack", paths={**_PACKAGES, "configuration": "/etc/neutron/plugins/ml2"},
        source="devstack, stack.sh: everything on the host, run as the user stack",
    ),
    Distribution(name="Packstack", paths=_PACKAGES, source="Packstack's Puppet modules: packages of RDO"),
    Distribution(
        name="Upstream", paths=_PACKAGES,
        source="installation guides of Nova and Neutron: releases from PyPI, the system's Open vSwitch and libvirt",
    ),
    Distribution(
        name="Stratoscale", paths=_PACKAGES, source="supported environments of the original: no bus of events",
    ),
    Distribution(
        name="Kolla",
        eras=(Era(enter="docker exec {container}", containers=_KOLLA),),
        paths={"configuration": "/etc/kolla", "logs": "/var/log/kolla", "switch database": "/run/openvswitch/db.sock"},
        source="kolla-ansible, roles/openvswitch, nova-cell, neutron and ovn-controller: container names, /run shared",
    ),
    Distribution(
        name="Kolla-Podman",
        eras=(Era(enter="podman exec {container}", containers=_KOLLA),),
        paths={"configuration": "/etc/kolla", "logs": "/var/log/kolla", "switch database": "/run/openvswitch/db.sock"},
        source="kolla-ansible, kolla_container_engine: podman (from 2023.2 on); names as with Docker",
    ),
    Distribution(
        name="OpenStack-Ansible", also=("OSA",), paths={**_PACKAGES, "containers": "/var/lib/lxc"},
        source="openstack-ansible, inventory: computes on the host, services in LXC containers on the controllers",
        note="Containers are named HOST_neutron_agents_container-…: where a daemon runs in one, say "
        "`wrap: {ovs-vsctl: lxc-attach -n NAME}` of that host. Their namespaces are found from the host.",
    ),
    Distribution(
        name="Charmed", also=("Canonical", "Juju"), paths=_PACKAGES,
        source="charms nova-compute, neutron-openvswitch, ovn-chassis: packages on the machine; APIs in LXD containers",
        note="Machines in LXD are named juju-…-lxd-N: where a daemon runs in one, say "
        "`wrap: {ovs-vsctl: lxc exec NAME}` of that host.",
    ),
    Distribution(
        name="MicroStack",
        eras=(Era(enter="snap run --shell {container}",
                  containers={"switch": "microstack.ovs-vsctl", "libvirt": "microstack.virsh"}),),
        paths={"switch database": "/var/snap/microstack/common/run/openvswitch/db.sock"},
        source="snap microstack: its tools are apps of the snap",
    ),
    Distribution(
        name="Sunbeam",
        eras=(Era(enter="snap run --shell {container}",
                  containers={"switch": "openstack-hypervisor.ovs-vsctl", "libvirt": "openstack-hypervisor.virsh"}),),
        paths={"switch database": "/var/snap/openstack-hypervisor/common/run/openvswitch/db.sock"},
        source="snap openstack-hypervisor: its tools are apps of the snap",
        note="Nodes of the role network have the snap microovn instead: say `wrap` of those hosts.",
    ),
    Distribution(
        name="OpenStack-Helm", also=("OSH",),
        eras=(Era(enter="crictl exec name={container}", containers=_HELM),),
        paths={"switch database": "/run/openvswitch/db.sock"},
        source="openstack-helm-infra, charts openvswitch and libvirt: daemon sets, /run/openvswitch of the host",
    ),
    Distribution(
        name="Mercury", sudo=False, also=("CVIM",),
        eras=(
            Era(enter="docker exec --user root {container}_{version}", containers=_MERCURY),
            Era(least=27747, enter="docker exec --user root --workdir /root {container}_{version}",
                containers=_MERCURY),
        ),
        source="what the original runs: containers carry the build's number; from build 27747 on RHEL 8",
        note="One logs in as root.",
    ),
    Distribution(name="Ubuntu", types=_ANY, paths=_PACKAGES, source="Ubuntu Cloud Archive: packages"),
    Distribution(name="Debian", types=_ANY, paths=_PACKAGES, source="Debian OpenStack team: packages"),
    Distribution(name="SUSE", paths=_PACKAGES, source="SUSE OpenStack Cloud 7 to 9: packages of the host"),
    Distribution(
        name="Kubernetes", types=("Kubernetes",), eras=_VPP_POD, paths=_KUBERNETES_PATHS,
        source="kubeadm; calico-vpp-dataplane: VPP runs in the container vpp of a daemon set",
    ),
    Distribution(
        name="Rancher", types=("Kubernetes",), eras=_VPP_POD, also=("RKE2",), paths=_KUBERNETES_PATHS,
        source="RKE2: containerd of its own, below /var/lib/rancher/rke2",
    ),
    Distribution(
        name="K3s", types=("Kubernetes",), eras=_VPP_POD,
        paths={"CNI": "/var/lib/rancher/k3s/agent/etc/cni/net.d"}, source="k3s: Flannel built in, one binary",
    ),
    Distribution(
        name="OpenShift", types=("Kubernetes",), paths=_KUBERNETES_PATHS,
        source="OpenShift 4: Open vSwitch is a unit of the node (ovs-vswitchd.service), one logs in as core",
    ),
    Distribution(
        name="Docker", types=("Docker",), paths=_ENGINE_PATHS,
        source="Docker Engine's documentation: networks of the drivers bridge, overlay and macvlan",
    ),
    Distribution(
        name="Swarm", types=("Docker",), paths=_ENGINE_PATHS,
        source="Docker Engine's documentation, swarm mode: overlay networks of VXLAN",
    ),
)  # fmt: skip
"""Everything that is known, by name."""

BY_NAME: Mapping[str, Distribution] = {name: each for each in DISTRIBUTIONS for name in (each.name, *each.also)}


def distribution(name: str) -> Distribution | None:
    """By its name or another that it goes by, whatever the case of its letters."""
    return BY_NAME.get(name) or next((each for key, each in BY_NAME.items() if key.lower() == name.lower()), None)
