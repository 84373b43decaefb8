"""The cloud's programs: OpenStack from PyPI in a virtual environment of its own; everything else is Debian's."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from labs.openstack.running import HERE, SLOW
from labs.plain.running import LabError, command, path

RELEASE = (
    "keystone==30.0.0", "neutron==29.0.0", "nova==34.0.0", "openstack-placement==16.0.0", "glance==33.0.0",
    "neutron-fwaas==25.0.0", "neutron-vpnaas==29.0.0", "octavia==19.0.0",
)  # fmt: skip
"""OpenStack 2026.2."""
BESIDE = ("pyuwsgi", "PyMySQL", "python-openstackclient", "libvirt-python")
CONSTRAINTS = HERE / "constraints.txt"
DONE = "installed"
CALICO = ("networking-calico==3.12.0", "etcd3gw==2.7.0")
"""Calico's mechanism driver, and how it speaks to etcd; all else that they need is of the release."""
DONE_CALICO = "installed-calico"
COMMANDS = (
    "ip", "unshare", "nsenter", "setpriv", "mount", "ethtool", "sysctl", "curl", "mariadbd", "mariadb-install-db",
    "rabbitmq-server", "dnsmasq", "iptables", "ipset", "conntrack", "haproxy", "keepalived", "radvd", "libvirtd",
    "virsh", "qemu-system-x86_64", "qemu-img", "sshd", "ssh-keygen",
)  # fmt: skip
OVS = ("ovsdb-server", "ovs-vswitchd", "ovs-vsctl")
COMMANDS_OF = {
    "ovs": OVS, "ovn": (*OVS, "ovn-northd", "ovn-controller"), "calico": ("etcd", "bird", "birdc", "iptables-restore"),
}  # fmt: skip


def ready(mechanism: str) -> None:
    """Raises `LabError` that says what this machine lacks."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it makes namespaces and starts servers in them")
    missing = [name for name in (*COMMANDS, *COMMANDS_OF[mechanism]) if shutil.which(name, path=path()) is None]
    if missing:
        raise LabError(f"missing: {', '.join(missing)}; on Debian: tools/test-setup openstack")


def install(cache: Path) -> None:
    """Fill the virtual environment, once; minutes. Raises `LabError`."""
    venv = cache / "venv"
    if not _has(venv / DONE, _wanted()):
        _release(cache, venv)
    if not _has(venv / DONE_CALICO, "\n".join(CALICO)):
        # without what they ask for: it is there, and their bounds are older than it
        command([str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", *CALICO], timeout=SLOW)
        (venv / DONE_CALICO).write_text("\n".join(CALICO))


def _has(done: Path, wanted: str) -> bool:
    return done.exists() and done.read_text() == wanted


def _release(cache: Path, venv: Path) -> None:
    print("lab: downloading OpenStack: some minutes, once", file=sys.stderr, flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    command([sys.executable, "-m", "venv", "--clear", str(venv)], timeout=SLOW)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--constraint", str(CONSTRAINTS)]
    command([*pip, "setuptools", "wheel"], timeout=SLOW)
    command([*pip, *RELEASE, *BESIDE], timeout=3 * SLOW)
    command([str(venv / "bin" / "python"), "-m", "compileall", "-q", str(venv / "lib")], check=False, timeout=SLOW)
    (venv / DONE).write_text(_wanted())


def _wanted() -> str:
    return "\n".join((sys.version, *RELEASE, *BESIDE, CONSTRAINTS.read_text()))
