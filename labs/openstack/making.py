"""Makes what the cloud runs on: the wires, the hosts on them, their switches."""

from __future__ import annotations

from labs.openstack import configuration
from labs.openstack import declaration as d
from labs.openstack.running import OUTSIDE, Running
from labs.plain.running import command

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
RUNDIR, LOGDIR = "/run/openvswitch", "/var/log/openvswitch"
DATABASE = "/etc/openvswitch/lab.db"
SWITCH = f"""
mkdir -p /etc/openvswitch
ovsdb-tool create {DATABASE} {SCHEMA}
ovsdb-server {DATABASE} --remote=punix:{RUNDIR}/db.sock --remote=db:Open_vSwitch,Open_vSwitch,manager_options \
  --pidfile --detach --log-file={LOGDIR}/ovsdb-server.log
ovs-vsctl --no-wait init -- set Open_vSwitch . external_ids:system-id=$1 external_ids:hostname=$1 \
  other_config:n-handler-threads=1 other_config:n-revalidator-threads=1 -- set-manager ptcp:{d.OVSDB_PORT}
ovs-vswitchd --pidfile --detach --log-file={LOGDIR}/ovs-vswitchd.log --disable-system
ovs-vsctl --timeout=20 add-br br-vtep -- set bridge br-vtep datapath_type=netdev fail_mode=standalone \
  -- add-port br-vtep eth1 -- add-br {d.PROVIDER_BRIDGE} -- set bridge {d.PROVIDER_BRIDGE} datapath_type=netdev \
  -- add-port {d.PROVIDER_BRIDGE} eth2
ip addr add $2 dev br-vtep
ip link set br-vtep up
ip link set {d.PROVIDER_BRIDGE} up
"""
"""Userspace tunnels want their address on a bridge that has the NIC."""


def wires(made: Running) -> None:
    """Bridges that no host sees, and from each a cable to every host's NIC."""
    made.run(OUTSIDE, "mount", "-t", "sysfs", "sysfs", "/sys")
    lines = ["link set lo up"]
    for wire in d.WIRES:
        lines += [f"link add {wire} type bridge", f"link set {wire} up"]
    lines += [f"addr add {d.OUTSIDE}/{d.PREFIX} dev mgmt", f"addr add {d.PROVIDER_GATEWAY}/{d.PREFIX} dev ext"]
    for host in d.HOSTS:
        for number, wire in enumerate(d.WIRES):
            far = f"link add {host.name}-{wire} type veth peer name eth{number} netns {made.holders[host.name].first}"
            lines += [far, f"link set {host.name}-{wire} master {wire} up"]
    # in its network only: a host's pid counts in the machine's own process list
    command(["nsenter", "--target", str(made.holders[OUTSIDE].first), "--net", "ip", "-batch", "-"],
            stdin="\n".join(lines))  # fmt: skip
    # a userspace switch takes frames as they are: nobody would fill in a checksum that was left to the card
    for device in ("ext", *(f"{host.name}-{wire}" for host in d.HOSTS for wire in d.WIRES)):
        made.run(OUTSIDE, "ethtool", "-K", device, "tx", "off")


def host(made: Running, host: d.Host) -> None:
    """A host that is on its wires, with its configuration and its switch."""
    configuration.prepare(made, host)
    for number in range(len(d.WIRES)):
        made.script(host.name, f"ethtool -K eth{number} tx off; ip link set eth{number} up")
    made.run(host.name, "ip", "addr", "add", f"{host.address}/{d.PREFIX}", "dev", "eth0")
    made.run(host.name, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0")
    tunnel = f"{host.tunnel_address}/{d.PREFIX}"
    if made.mechanism == "calico":  # its hosts route, without a switch
        made.run(host.name, "ip", "addr", "add", tunnel, "dev", "eth1")
    else:
        made.run(host.name, "sh", "-euc", SWITCH, "sh", host.name, tunnel)


def keys(made: Running) -> None:
    """A key for who logs in, and one that all hosts show."""
    folder = made.state / "ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in ("id_ed25519", "host_ed25519"):
        if not (folder / name).exists():
            command(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(folder / name)])
