"""Supported environments: which distribution, version, mechanism and type driver go together, and what proves it.

Supported is what a lab or a recording proves; what else is known by name has its commands, and nobody saw it answer.
Declared as the original's collection `supported_environments` is, with all that both generations list, and more.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from calipso.errors import ConfigError
from calipso.model.distributions import DISTRIBUTIONS, distribution

Feature = Literal["scanning", "listening", "monitoring"]
Evidence = Literal["lab", "recording", "declared only"]
FEATURES: tuple[Feature, ...] = ("scanning", "listening", "monitoring")

MECHANISM_DRIVERS: Mapping[str, tuple[str, ...]] = {
    "OVS": ("openvswitch", "ovs-agent"),
    "OVN": ("ovn", "kube-ovn"),
    "LXB": ("linuxbridge", "linux bridge"),
    "VPP": ("vpp", "networking-vpp"),
    "SRIOV": ("sriovnicswitch", "sr-iov"),
    "Macvtap": ("macvtap",),
    "L2pop": ("l2population",),
    "ACI": ("apic_aim", "cisco_apic_ml2"),
    "Arista": ("arista",),
    "Nexus": ("cisco_nexus",),
    "Calico": ("calico",),
    "Flannel": ("flannel",),
    "Cilium": ("cilium",),
    "Antrea": ("antrea",),
    "Bridge": ("bridge",),
    "Overlay": ("overlay",),
    "Macvlan": ("macvlan",),
    "Ipvlan": ("ipvlan",),
}
"""Mechanism driver → how Neutron, Kubernetes or Docker spell it."""
TYPE_DRIVERS = ("local", "flat", "vlan", "vxlan", "gre", "geneve", "bgp", "ipip")


class Variance(msgspec.Struct, frozen=True):
    """One combination. features: what it allows."""

    type: str
    distribution: str
    version: str
    mechanism_driver: str
    type_driver: str
    features: tuple[Feature, ...] = FEATURES

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        return self.type, self.distribution, self.version, self.mechanism_driver, self.type_driver

    @property
    def recording(self) -> str:
        """The recording under `tests/replay` in which a real cloud has these drivers, or empty."""
        return RECORDINGS.get((self.type, self.mechanism_driver, self.type_driver), "")

    @property
    def lab(self) -> str:
        """The folder of the lab that is exactly this, or empty."""
        return LABS.get(self.key, "")

    @property
    def evidence(self) -> Evidence:
        """lab: tests run on the real thing. recording: its drivers are replayed as a real cloud told them, under this
        distribution. declared only: nothing real was seen."""
        return "lab" if self.lab else "recording" if self.recording else "declared only"


RECORDINGS: Mapping[tuple[str, str, str], str] = {
    **{("OpenStack", "OVS", each): "openstack/ml2-ovs" for each in ("flat", "vlan", "vxlan")},
    ("OpenStack", "OVS", "gre"): "openstack/ml2-ovs-gre",
    **{("OpenStack", "OVN", each): "openstack/ml2-ovn" for each in ("flat", "vlan", "geneve")},
    **{("OpenStack", "LXB", each): "openstack/ml2-linuxbridge" for each in ("flat", "vlan", "vxlan")},
    ("OpenStack", "Calico", "local"): "openstack/ml2-calico",
}
"""Type, mechanism driver and type driver → recording. All were taken on Upstream: 2026.2, Linux bridge on 2024.1."""
LABS: Mapping[tuple[str, str, str, str, str], str] = {
    **{("OpenStack", "Upstream", "2026.2", "OVS", each): "labs/openstack" for each in ("flat", "vlan", "vxlan", "gre")},
    **{("OpenStack", "Upstream", "2026.2", "OVN", each): "labs/openstack" for each in ("flat", "vlan", "geneve")},
    ("OpenStack", "Upstream", "2026.2", "Calico", "local"): "labs/openstack",
    ("Docker", "Docker", "20.10", "Bridge", "local"): "labs/docker",
    ("Docker", "Docker", "20.10", "Macvlan", "flat"): "labs/docker",
    ("Docker", "Swarm", "20.10", "Overlay", "vxlan"): "labs/docker",
    ("Plain", "Debian", "12", "OVS", "vlan"): "labs/plain",
    ("Plain", "Debian", "12", "OVS", "vxlan"): "labs/plain",
    ("Plain", "Debian", "12", "OVS", "geneve"): "labs/plain",
}


def _rows() -> Iterator[Variance]:
    """The table below, one variance at a time, each once."""
    found: dict[tuple[str, str, str, str, str], Variance] = {}
    for kind, name, versions, mechanisms, types, *features in TABLE:
        for version in versions.split():
            for mechanism in mechanisms.split():
                for each in types.split():
                    variance = Variance(kind, name, version, mechanism, each, *features)
                    found.setdefault(variance.key, variance)
    yield from found.values()


_Row = tuple[str, str, str, str, str] | tuple[str, str, str, str, str, tuple[Feature, ...]]
_K8S = "1.9 1.10 1.14 1.17"
TABLE: tuple[_Row, ...] = (
    ("OpenStack", "Mirantis", "6.0 7.0 8.0 9.0 9.1 10.0", "OVS", "vlan vxlan"),
    ("OpenStack", "Fuel", "Danube Euphrates Fraser", "OVS", "vlan vxlan"),
    ("OpenStack", "RDO", "Liberty Mitaka", "OVS VPP", "vlan vxlan"),
    ("OpenStack", "RDO", "Newton Ocata", "OVS LXB", "vlan vxlan"),
    ("OpenStack", "TripleO", "Queens Train", "OVS", "flat vlan vxlan"),
    ("OpenStack", "TripleO", "Train Wallaby", "OVN", "flat vlan geneve"),
    ("OpenStack", "RHOSP", "10 13", "OVS", "flat vlan vxlan"),
    ("OpenStack", "RHOSP", "16.2 17.1 18.0", "OVN", "flat vlan geneve"),
    ("OpenStack", "RHOSP", "13 16.2 17.1", "SRIOV", "vlan"),
    ("OpenStack", "Apex", "Euphrates", "OVS", "vxlan"),
    ("OpenStack", "Devstack", "Mitaka", "VPP", "vlan vxlan"),
    ("OpenStack", "Devstack", "2024.1 2025.1", "OVS", "flat vlan vxlan gre"),
    ("OpenStack", "Devstack", "2024.1 2025.1", "OVN", "flat vlan geneve"),
    ("OpenStack", "Packstack", "7.0.0-0.10.dev1682", "OVS LXB", "vlan vxlan"),
    ("OpenStack", "Packstack", "Train", "OVN", "geneve"),
    ("OpenStack", "Upstream", "2026.2", "OVS", "flat vlan vxlan gre"),
    ("OpenStack", "Upstream", "2026.2", "OVN", "flat vlan geneve"),
    ("OpenStack", "Upstream", "2024.1", "LXB", "flat vlan vxlan"),
    ("OpenStack", "Upstream", "2026.2", "Macvtap SRIOV", "flat vlan"),
    ("OpenStack", "Upstream", "2026.2", "Calico", "local"),
    ("OpenStack", "Stratoscale", "2.1.6", "OVS", "vlan", ("scanning", "monitoring")),
    ("OpenStack", "Kolla", "queens rocky stein train", "OVS VPP LXB", "vlan vxlan gre"),
    ("OpenStack", "Kolla", "yoga 2023.1 2024.1 2025.1", "OVS", "flat vlan vxlan"),
    ("OpenStack", "Kolla", "yoga 2023.1 2024.1 2025.1", "OVN", "flat vlan geneve"),
    ("OpenStack", "Kolla-Podman", "2024.1 2025.1", "OVS", "flat vlan vxlan"),
    ("OpenStack", "Kolla-Podman", "2024.1 2025.1", "OVN", "flat vlan geneve"),
    ("OpenStack", "OpenStack-Ansible", "Rocky Train Yoga", "LXB", "flat vlan vxlan"),
    ("OpenStack", "OpenStack-Ansible", "2023.1 2024.1", "OVN", "flat vlan geneve"),
    ("OpenStack", "Charmed", "Queens Ussuri", "OVS", "flat vlan vxlan gre"),
    ("OpenStack", "Charmed", "Ussuri Yoga 2024.1", "OVN", "flat vlan geneve"),
    ("OpenStack", "MicroStack", "Ussuri", "OVN", "flat geneve"),
    ("OpenStack", "Sunbeam", "2023.2 2024.1", "OVN", "flat vlan geneve"),
    ("OpenStack", "OpenStack-Helm", "Train Victoria 2023.1 2024.1", "OVS", "flat vlan vxlan"),
    ("OpenStack", "OpenStack-Helm", "Train Victoria", "LXB", "vlan vxlan"),
    ("OpenStack", "Mercury", "10239 10307", "OVS", "vlan", ("scanning", "listening")),
    ("OpenStack", "Mercury", "10918", "OVS", "vlan"),
    ("OpenStack", "Mercury", "11190 13840 15310 16074 18079 18606 19312 26929 27747", "OVS VPP", "vlan vxlan"),
    ("OpenStack", "Ubuntu", "Queens Ussuri Yoga 2024.1", "OVS", "flat vlan vxlan gre"),
    ("OpenStack", "Ubuntu", "Ussuri Yoga 2024.1", "OVN", "flat vlan geneve"),
    ("OpenStack", "Ubuntu", "Queens Ussuri Yoga", "LXB", "flat vlan vxlan"),
    ("OpenStack", "Debian", "Victoria Zed", "OVS", "flat vlan vxlan"),
    ("OpenStack", "Debian", "Zed 2025.1", "OVN", "flat vlan geneve"),
    ("OpenStack", "SUSE", "7 8 9", "OVS LXB", "vlan vxlan"),
    ("OpenStack", "Ubuntu", "Yoga", "Calico", "local"),
    ("Kubernetes", "Kubernetes", _K8S, "Flannel VPP Calico", "vxlan vlan bgp ipip", ()),
    ("Kubernetes", "Kubernetes", "1.28 1.30 1.32", "Flannel", "vxlan", ()),
    ("Kubernetes", "Kubernetes", "1.28 1.30 1.32", "Calico", "bgp ipip vxlan", ()),
    ("Kubernetes", "Rancher", "1.28 1.30", "Calico Flannel", "vxlan", ()),
    ("Kubernetes", "K3s", "1.28 1.30", "Flannel", "vxlan", ()),
    ("Kubernetes", "OpenShift", "4.14 4.16", "OVN", "geneve", ()),
    ("Docker", "Docker", "20.10 26.1", "Bridge", "local", ("scanning", "listening")),
    ("Docker", "Docker", "20.10 26.1", "Macvlan", "flat", ("scanning", "listening")),
    ("Docker", "Swarm", "20.10 26.1", "Overlay", "vxlan", ("scanning", "listening")),
    ("Plain", "Debian", "12", "OVS", "vlan vxlan geneve", ("scanning", "listening")),
    ("Plain", "Ubuntu", "24.04", "OVS", "vlan vxlan geneve", ("scanning", "listening")),
)
"""Type, distribution, versions, mechanism drivers, type drivers, features (all three unless named; none: no source)."""
VARIANCES: tuple[Variance, ...] = tuple(_rows())
"""All that are known."""
SUPPORTED: tuple[Variance, ...] = tuple(each for each in VARIANCES if each.evidence != "declared only")
"""Those that tests on a lab or on recordings stand behind."""


class Remark(msgspec.Struct, frozen=True):
    """Something about an environment's options. level: `error` for what cannot be, `warning` for what is not listed."""

    level: Literal["error", "warning"]
    field: str
    message: str
    near: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" + (f"; near: {', '.join(self.near)}" if self.near else "")


def driver(name: str) -> str:
    """The mechanism driver of a name or of how Neutron spells it; the name itself when it is not known."""
    wanted = name.lower()
    return next((key for key, also in MECHANISM_DRIVERS.items() if wanted == key.lower() or wanted in also), name)


def remarks(
    type: str, name: str, version: str, mechanism_drivers: Iterable[str], type_drivers: Iterable[str]
) -> tuple[Remark, ...]:
    """What is to be said of an environment with these options; nothing for one that is listed, or says nothing."""
    mechanisms, types = [driver(each) for each in mechanism_drivers], list(type_drivers)
    spellings = [spelling for each, also in MECHANISM_DRIVERS.items() for spelling in (each, *also)]
    found = [
        *_unknown("mechanism_drivers", [each for each in mechanisms if each not in MECHANISM_DRIVERS], spellings),
        *_unknown("type_drivers", [each for each in types if each not in TYPE_DRIVERS], TYPE_DRIVERS),
    ]
    if name:
        found += _of_distribution(type, name, version, mechanisms, types)
    return tuple(found)


def check_values(
    type: str, name: str, version: str, mechanisms: Iterable[str], types: Iterable[str], where: str
) -> None:
    """Raises `ConfigError` for the first value that cannot be."""
    for each in remarks(type, name, version, mechanisms, types):
        if each.level == "error":
            near = ", ".join(each.near)
            hint = f"did you mean {near}?" if near else ""
            raise ConfigError(f"{each.message}; {hint}".rstrip("; "), where=f"{where}.{each.field}", hint=hint)


def _unknown(field: str, names: Iterable[str], known: Iterable[str]) -> Iterator[Remark]:
    """A name much like a known one is a slip; one like none may be a driver that is not known here."""
    lower = {each.lower(): each for each in known}
    for name in names:
        near = tuple(lower[each] for each in difflib.get_close_matches(name.lower(), list(lower), 2, 0.7))
        yield Remark("error" if near else "warning", field, f"{name!r} is no driver that is known", near)


def _of_distribution(type: str, name: str, version: str, mechanisms: list[str], types: list[str]) -> Iterator[Remark]:
    known = distribution(name)
    if known is None:
        names = [each.name for each in DISTRIBUTIONS]
        near = tuple(difflib.get_close_matches(name, names, 2, 0.5))
        yield Remark("warning", "distribution", f"{name!r} is not known: commands run as they are", near)
        return
    if type not in known.types:
        said = f"{known.name} makes environments of type {' or '.join(known.types)}, not {type}"
        yield Remark("error", "type", said, known.types)
        return
    listed = [each for each in VARIANCES if (each.type, each.distribution) == (type, known.name)]
    versions = sorted({each.version for each in listed})
    if version and version not in versions:
        near = tuple(difflib.get_close_matches(version, versions, 3, 0.3)) or tuple(versions[-3:])
        yield Remark("warning", "distribution_version", f"{known.name} {version} is not among those supported", near)
        return
    if not version and known.era(version).names_version:
        said = f"the containers of {known.name} are named by their version: without it commands run on the host"
        yield Remark("warning", "distribution_version", said, tuple(versions[-3:]))
    listed = [each for each in listed if not version or each.version == version]
    of = f"{known.name} {version}".strip()
    for mechanism in mechanisms:
        pairs = {each.type_driver for each in listed if each.mechanism_driver == mechanism}
        if mechanism in MECHANISM_DRIVERS and not pairs:
            near = tuple(sorted({each.mechanism_driver for each in listed}))
            yield Remark("warning", "mechanism_drivers", f"{mechanism} is not among those supported on {of}", near)
        elif pairs and types and not pairs & set(types):
            said = f"{', '.join(types)} with {mechanism} is not among those supported on {of}"
            yield Remark("warning", "type_drivers", said, tuple(sorted(pairs)))
        elif pairs and not any(_fits(each, mechanism, types) for each in listed if each in SUPPORTED):
            yield Remark(
                "warning", "mechanism_drivers", f"{mechanism} on {of} is known by name only: nobody saw it answer"
            )


def _fits(variance: Variance, mechanism: str, types: list[str]) -> bool:
    return variance.mechanism_driver == mechanism and (not types or variance.type_driver in types)
