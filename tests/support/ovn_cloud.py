"""A real OVN of one chassis: both databases, ovn-northd, ovn-controller and Open vSwitch, in their own namespace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

OVS_SCHEMA, OVN_SCHEMAS = "/usr/share/openvswitch/vswitch.ovsschema", "/usr/share/ovn"
PATHS = ":/usr/sbin:/sbin"
CHASSIS = "5a0c8d0e-6d55-4d0c-9d5a-0d1c5f1b7a01"
"""Its name; it says that its host is called `h1`."""


class Cloud:
    """Servers with their files in one folder. `stop` ends one by its own pid, `close` all of them."""

    def __init__(self, folder: Path, netns: str) -> None:
        self.folder, self.netns = folder, netns
        folder.mkdir()
        for part in ("nb", "sb"):
            self.run("ovsdb-tool", "create", str(folder / f"{part}.db"), f"{OVN_SCHEMAS}/ovn-{part}.ovsschema")
            self.start_database(part)
        self.start("ovn-northd", f"--ovnnb-db={self.socket('nb')}", f"--ovnsb-db={self.socket('sb')}")

    def start_switch(self) -> None:
        """Open vSwitch with a userspace datapath, and the controller that makes it a chassis."""
        conf, database = str(self.folder / "conf.db"), f"unix:{self.folder}/db.sock"
        self.run("ovsdb-tool", "create", conf, OVS_SCHEMA)
        self.start("ovsdb-server", conf, f"--remote=p{database}")
        self.vsctl("--no-wait", "init")
        self.start("ovs-vswitchd", database, "--disable-system")
        notes = {
            "system-id": CHASSIS,
            "hostname": "h1",
            "ovn-remote": self.socket("sb"),
            "ovn-encap-type": "geneve",
            "ovn-encap-ip": "192.0.2.1",
            "ovn-bridge-datapath-type": "netdev",
            "ovn-bridge-mappings": "physnet1:br-ex",
        }
        self.vsctl("add-br", "br-ex", "--", "set", "bridge", "br-ex", "datapath_type=netdev")
        self.vsctl("set", "open", ".", *(f"external_ids:{name}={value}" for name, value in notes.items()))
        self.start("ovn-controller", database)

    def socket(self, part: str) -> str:
        return f"unix:{self.folder}/ovn{part}_db.sock"

    def start_database(self, part: str) -> None:
        unixctl = f"--unixctl={self.folder}/{part}.ctl"
        self.start(
            "ovsdb-server", str(self.folder / f"{part}.db"), f"--remote=p{self.socket(part)}", unixctl, name=part
        )

    def start(self, command: str, *argv: str, name: str = "") -> None:
        name = name or command
        files = (f"--pidfile={self.folder}/{name}.pid", f"--log-file={self.folder}/{name}.log")
        self.inside(command, *argv, "--detach", "--no-chdir", *files)

    def run(self, *argv: str) -> str:
        places = dict.fromkeys(("OVS_RUNDIR", "OVN_RUNDIR", "OVS_DBDIR", "OVN_DBDIR"), str(self.folder))
        environment = {**os.environ, **places, "PATH": os.environ["PATH"] + PATHS}
        done = subprocess.run(argv, check=True, capture_output=True, env=environment, timeout=30, text=True)
        return done.stdout

    def inside(self, *argv: str) -> str:
        return self.run("ip", "netns", "exec", self.netns, *argv)

    def vsctl(self, *argv: str) -> None:
        self.inside("ovs-vsctl", "--timeout=10", f"--db=unix:{self.folder}/db.sock", *argv)

    def nbctl(self, *argv: str) -> str:
        return self.run("ovn-nbctl", "--timeout=10", f"--db={self.socket('nb')}", *argv).strip()

    def sbctl(self, *argv: str) -> str:
        return self.run("ovn-sbctl", "--timeout=10", f"--db={self.socket('sb')}", *argv).strip()

    def stop(self, *names: str) -> None:
        """End servers, at once and whatever they do."""
        pids = []
        for name in names:
            with contextlib.suppress(OSError, ValueError):
                pids.append(int((self.folder / f"{name}.pid").read_text()))
                os.kill(pids[-1], signal.SIGKILL)
        while any(_runs(pid) for pid in pids):
            time.sleep(0.01)

    def close(self) -> None:
        self.stop("ovn-controller", "ovn-northd", "ovs-vswitchd", "ovsdb-server", "nb", "sb")

    def populate(self) -> None:
        """Two switches, a router with a gateway, NAT, a balancer, DHCP, ACLs, a wire to a physical network, a trunk."""
        nb = self.nbctl
        for name in ("sw0", "sw1", "public"):
            nb("ls-add", name)
        nb("lr-add", "lr0")
        for number, name in ((0, "sw0"), (1, "sw1")):
            nb("lrp-add", "lr0", f"lr0-{name}", f"00:00:00:00:ff:0{number}", f"10.{number}.0.1/24")
            _join(self, name, f"lr0-{name}")
        nb("lrp-add", "lr0", "lr0-public", "00:00:00:00:ff:09", "172.24.4.1/24")
        _join(self, "public", "lr0-public")
        nb("lrp-set-gateway-chassis", "lr0-public", CHASSIS, "20")
        nb("lsp-add", "public", "wire", "", "101")
        nb("lsp-set-type", "wire", "localnet", "--", "lsp-set-addresses", "wire", "unknown")
        nb("lsp-set-options", "wire", "network_name=physnet1")
        for switch, port, mac, ip in (
            ("sw0", "vm1", "50:54:00:00:00:01", "10.0.0.11"),
            ("sw0", "vm2", "50:54:00:00:00:02", "10.0.0.12"),
            ("sw1", "vm3", "50:54:00:00:00:03", "10.1.0.13"),
        ):
            nb("lsp-add", switch, port, "--", "lsp-set-addresses", port, f"{mac} {ip}")
            nb("lsp-set-port-security", port, f"{mac} {ip}")
        nb(
            "lsp-add",
            "sw1",
            "vm1-child",
            "vm1",
            "30",
            "--",
            "lsp-set-addresses",
            "vm1-child",
            "50:54:00:00:01:01 10.1.0.14",
        )
        nb("lr-nat-add", "lr0", "snat", "172.24.4.1", "10.0.0.0/24")
        nb("lr-nat-add", "lr0", "dnat_and_snat", "172.24.4.111", "10.0.0.11", "vm1", "50:54:00:00:0f:11")
        nb("lr-route-add", "lr0", "0.0.0.0/0", "172.24.4.254", "lr0-public")
        nb("lr-policy-add", "lr0", "10", "ip4.src == 10.9.0.0/16", "drop")
        nb("lb-add", "web", "172.24.4.120:80", "10.0.0.11:8080,10.0.0.12:8080", "tcp")
        nb("lr-lb-add", "lr0", "web", "--", "ls-lb-add", "sw0", "web")
        nb("pg-add", "guests", "vm1", "vm2", "--", "acl-add", "guests", "to-lport", "1001", "ip4", "allow-related")
        nb("acl-add", "sw1", "from-lport", "1000", "ip6", "drop")
        options = nb("create", "DHCP_Options", "cidr=10.0.0.0/24", "options:router=10.0.0.1",
                     "options:server_id=10.0.0.1", "options:server_mac=00:00:00:00:ff:0d", "options:lease_time=3600",
                     'options:dns_server="{192.0.2.53, 192.0.2.54}"')  # fmt: skip
        nb("lsp-set-dhcpv4-options", "vm1", options)


def _join(cloud: Cloud, switch: str, router_port: str) -> None:
    port = f"{switch}-lr0"
    cloud.nbctl("lsp-add", switch, port, "--", "lsp-set-type", port, "router", "--",
                "lsp-set-addresses", port, "router", "--",
                "lsp-set-options", port, f"router-port={router_port}")  # fmt: skip


def _runs(pid: int) -> bool:
    """Whether a process is there and not only waits to be taken note of."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    return False
