"""A host made of namespaces with a real LXD in it: a bridge, a container on it, a stopped one."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

from labs.plain.holders import Holder, end, hold
from labs.plain.running import LabError, command

NEEDS = ("lxd", "lxc", "dnsmasq", "busybox")
PATIENCE = 60.0
METADATA = "architecture: x86_64\ncreation_date: 1700000000\nproperties:\n  description: busybox\n"
INIT = "#!/bin/busybox sh\nwhile :; do /bin/busybox sleep 1000; done\n"
NO_SERVERS = ("ipv4.nat=false", "ipv6.address=none", "ipv4.dhcp=false", "dns.mode=none", "ipv4.firewall=false")


class LxdHost:
    """`folder`: for the daemon's files; the host sees them as /var/lib/lxd."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.holder: Holder = hold(mortal=True)

    @property
    def pid(self) -> int:
        return self.holder.first

    def run(self, *argv: str, check: bool = True) -> str:
        return command(["nsenter", "--target", str(self.pid), "--all", "--", *argv], check=check)

    def up(self) -> None:
        """Start the daemon and make what is in it. Raises `LabError`."""
        for name in ("lxd", "run"):
            (self.folder / name).mkdir()
        self.run("mkdir", "-p", "/var/lib/lxd")
        self.run("mount", "--bind", str(self.folder / "lxd"), "/var/lib/lxd")
        self.run("mount", "-t", "tmpfs", "tmpfs", "/run")
        self._devices()
        self.run("hostname", "l1")
        self.run("ip", "link", "set", "lo", "up")
        with (self.folder / "log").open("wb") as log:
            subprocess.Popen(
                ["nsenter", "--target", str(self.pid), "--all", "--", "lxd", "--group", "root"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "LXD_DIR": "/var/lib/lxd"},
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while "l1" not in self.run("lxc", "info", check=False):
            if time.monotonic() > deadline:
                raise LabError(f"LXD does not answer: {(self.folder / 'log').read_text()[-300:]}")
            time.sleep(0.2)
        self._fill()

    def _devices(self) -> None:
        """The daemon looks for bridges in /sys, which shows those of the namespace that it was mounted in."""
        self.run("mkdir", "/run/cgroup")
        self.run("mount", "--rbind", "/sys/fs/cgroup", "/run/cgroup")
        self.run("mount", "-t", "sysfs", "sysfs", "/sys")
        self.run("mount", "--rbind", "/run/cgroup", "/sys/fs/cgroup")

    def _fill(self) -> None:
        self.run("lxc", "storage", "create", "default", "dir")
        self.run("lxc", "network", "create", "lxdbr0", "ipv4.address=192.0.2.1/24", *NO_SERVERS)
        self.run("lxc", "profile", "device", "add", "default", "root", "disk", "path=/", "pool=default")
        self.run("lxc", "profile", "device", "add", "default", "eth0", "nic", "network=lxdbr0", "name=eth0")
        self.run("lxc", "image", "import", str(self._image()), "--alias", "busybox")
        self.run("lxc", "launch", "busybox", "web", "--config", "security.privileged=true")
        self.run("lxc", "init", "busybox", "spare")

    def _image(self) -> Path:
        tree = self.folder / "image"
        (tree / "rootfs/sbin").mkdir(parents=True)
        for name in ("bin", "proc", "sys", "dev", "etc"):
            (tree / "rootfs" / name).mkdir()
        shutil.copy("/bin/busybox", tree / "rootfs/bin/busybox")
        (tree / "rootfs/sbin/init").write_text(INIT)
        (tree / "rootfs/sbin/init").chmod(0o755)
        (tree / "metadata.yaml").write_text(METADATA)
        archive = self.folder / "image.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            for name in ("metadata.yaml", "rootfs"):
                tar.add(tree / name, name)
        return archive

    def down(self) -> None:
        """End all of it, and remove the control groups that LXC leaves."""
        self.run("lxc", "delete", "--force", "web", check=False)
        end([self.holder])
        for name in ("payload.web", "monitor.web", "pivot"):
            for folder in Path("/sys/fs/cgroup").glob(f"*/lxc.{name}"):
                with contextlib.suppress(OSError):
                    folder.rmdir()
