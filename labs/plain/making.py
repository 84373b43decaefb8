"""Makes the parts of the lab: the wire between the hosts, their switches, what is plugged into them."""

from __future__ import annotations

from pathlib import Path

from labs.plain import declaration as d
from labs.plain.running import UNDERLAY, Running, command, put

RUNDIR = "/run/openvswitch"
DATABASE = f"{RUNDIR}/conf.db"
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
SERVERS = (
    ("ovsdb-server", DATABASE, f"--remote=punix:{RUNDIR}/db.sock"),
    ("ovs-vswitchd", f"unix:{RUNDIR}/db.sock", "--disable-system"),
)
"""Without the kernel's datapath: the userspace one needs no module."""
BEGIN = "f=/proc/sys/net/ipv6/conf/default/accept_dad; [ ! -e $f ] || echo 0 > $f; ip link set lo up"
"""How a namespace begins. Without duplicate address detection (RFC 4862 §5.4) its addresses are there at once."""
OWN_FILES = ("machine-id", "hostname")
"""Files of /etc that a host has for itself."""


def host(made: Running, host: d.Host) -> None:
    """A host that is bare as yet: its own name, identity, /run and /sys."""

    def run(*argv: str) -> None:
        made.run(host.name, *argv)

    run("hostname", host.name)
    run("mount", "-t", "sysfs", "sysfs", "/sys")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for name, text in zip(OWN_FILES, (f"{host.number:032x}\n", f"{host.name}\n"), strict=True):
        if Path("/etc", name).exists():  # what is not there cannot be covered
            put(made.state / f"{host.name}.{name}", text)
            run("mount", "--bind", str(made.state / f"{host.name}.{name}"), f"/etc/{name}")
    run("mkdir", "-p", "/run/netns", RUNDIR)
    run("sh", "-c", BEGIN)


def underlay(made: Running) -> None:
    """The wire: a bridge that no host sees, and from it a cable to each host's eth0."""
    lines = ["link add br-underlay type bridge", "link set br-underlay up"]
    for host in made.lab.hosts:
        lines += [
            f"link add to-{host.name} type veth"
            f" peer name eth0 address {d.mac(host, 'eth0')} netns {made.hosts[host.name]}",
            f"link set to-{host.name} master br-underlay up",
        ]
    # in its network only: a host's pid counts in the machine's own process list
    command(["nsenter", "--target", str(made.holders[UNDERLAY].first), "--net", "ip", "-batch", "-"],
            stdin="\n".join(lines))  # fmt: skip


def switch(made: Running, host: d.Host) -> None:
    """A host's Open vSwitch, with tunnels to all others."""

    def run(*argv: str) -> None:
        made.run(host.name, *argv)

    run("ovsdb-tool", "create", DATABASE, SCHEMA)
    for server in SERVERS:
        files = (f"--pidfile={RUNDIR}/{server[0]}.pid", f"--log-file={RUNDIR}/{server[0]}.log")
        run(*server, *files, "--detach", "--no-chdir")
        if server[0] == "ovsdb-server":
            run("ovs-vsctl", "--no-wait", "init")
    run(*_vsctl(_switch(made.lab, host)))
    made.script(host.name, [
        f"addr add {host.address}/{d.PREFIX} dev br-vtep", "link set br-vtep up", "link set eth0 up",
    ])  # fmt: skip
    for network in made.lab.networks:
        if network.by_rule:
            _rules(made, host, network)


def guests(made: Running, host: d.Host) -> None:
    """A host's instances and services."""
    for vm in host.vms:
        _vm(made, host, vm)
    for service in host.services:
        _namespace(made, host, service.name)
        for port in service.ports:
            _service_port(made, host, service, port)
        if service.name.startswith(d.ROUTER):
            made.inside(host.name, service.name, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")


def _switch(lab: d.Lab, host: d.Host) -> list[str]:
    """The ovs-vsctl words that make a host's bridges, the patch between them, and the tunnels."""
    words: list[str] = []
    for bridge in d.BRIDGES:
        words += ["--", "add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=netdev"]
    words += ["--", "set", "bridge", "br-tun", "fail_mode=secure", "--", "add-port", "br-vtep", "eth0"]
    for bridge, port, peer in (("br-int", "patch-tun", "patch-int"), ("br-tun", "patch-int", "patch-tun")):
        words += ["--", "add-port", bridge, port, "--", "set", "interface", port, "type=patch", f"options:peer={peer}"]
    for other in lab.others(host):
        for network in lab.networks:
            if not network.by_rule:
                words += ["--", *access_tunnel(host, other, network)]
        words += ["--", *_rule_tunnel(host, other)]
        port = d.bare_tunnel(other)
        words += ["--", "add-port", "br-tun", port, "--", "set", "interface", port, "type=geneve",
                  f"options:key={d.BARE_KEY}", f"options:remote_ip={other.address}"]  # fmt: skip
    return words


def rejoin(made: Running, host: d.Host, other: d.Host) -> None:
    """Put the tunnel port back that rules use, and the rules: they hold a port by its number."""
    made.run(host.name, *_vsctl(_rule_tunnel(host, other)))
    for network in made.lab.networks:
        if network.by_rule:
            _rules(made, host, network)


def _rule_tunnel(host: d.Host, other: d.Host) -> list[str]:
    """The ovs-vsctl words that add the tunnel port whose key rules set, from one host to another."""
    port = d.rule_tunnel(other)
    return ["add-port", "br-tun", port, "--", "set", "interface", port, "type=vxlan", "options:key=flow",
            *_ends(host, other)]  # fmt: skip


def access_tunnel(host: d.Host, other: d.Host, network: d.Network) -> list[str]:
    """The ovs-vsctl words that add a network's access tunnel port from one host to another.

    Protected: what comes in by one tunnel leaves by no other, or three hosts would make a loop.
    """
    port = d.access_tunnel(network, other)
    return ["add-port", "br-int", port, f"tag={network.tag}", "--", "set", "port", port, "protected=true",
            "--", "set", "interface", port, "type=vxlan", f"options:key={network.vni}",
            *_ends(host, other)]  # fmt: skip


def plug(made: Running, host: d.Host, vm: d.Vm) -> None:
    """The cable between an instance and its host, also anew after it was pulled."""
    made.script(host.name, [
        f"link add {vm.near} address {d.mac(host, vm.near)} type veth peer name eth0 address {d.mac(host, vm.name)}"
        f" mtu {d.MTU} netns {vm.name}",
        *([f"link set {vm.near} master {vm.bridge}"] if vm.bridge else []),
        f"link set {vm.near} up",
    ])  # fmt: skip
    made.script(host.name, [
        f"addr add {vm.address}/{d.PREFIX} dev eth0", "link set eth0 up",
        f"route add default via {vm.network.gateway}",
    ], vm.name)  # fmt: skip
    # a userspace switch takes frames as they are: nobody would fill in a checksum that was left to the card
    made.inside(host.name, vm.name, "ethtool", "-K", "eth0", "tx", "off")
    if not vm.bridge:
        attach(made, host, vm)


def join(made: Running, host: d.Host, vm: d.Vm) -> None:
    """The cable between an instance's Linux bridge and br-int, also anew after it was pulled."""
    here, there = vm.bridge_cable
    made.script(host.name, [
        f"link add {here} address {d.mac(host, here)} type veth peer name {there} address {d.mac(host, there)}",
        f"link set {here} master {vm.bridge} up", f"link set {there} up",
    ])  # fmt: skip
    attach(made, host, vm)


def attach(made: Running, host: d.Host, vm: d.Vm) -> None:
    """An instance's port of br-int, anew in two steps: the switch holds on to a device that went as long as it can."""
    made.run(host.name, *_vsctl(["--if-exists", "del-port", vm.port]))
    made.run(host.name, *_vsctl(["add-port", "br-int", vm.port, f"tag={vm.network.tag}"]))


def _vsctl(words: list[str]) -> list[str]:
    return ["ovs-vsctl", "--timeout=20", *words]


def _ends(host: d.Host, other: d.Host) -> list[str]:
    return [f"options:local_ip={host.address}", f"options:remote_ip={other.address}"]


def _rules(made: Running, host: d.Host, network: d.Network) -> None:
    """OpenFlow 1.3 rules that turn a network's tag into its VNI and back; bit 12 of a VLAN id says it is there."""
    outputs = ",".join(f"output:{d.rule_tunnel(other)}" for other in made.lab.others(host))
    for rule in (
        f"priority=10,in_port=patch-int,dl_vlan={network.tag},"
        f"actions=strip_vlan,set_field:{network.vni}->tun_id,{outputs}",
        f"priority=10,tun_id={network.vni},"
        f"actions=push_vlan:0x8100,set_field:{network.tag | 0x1000}->vlan_vid,output:patch-int",
    ):
        made.run(host.name, "ovs-ofctl", "-O", "OpenFlow13", "add-flow", "br-tun", rule)


def _namespace(made: Running, host: d.Host, name: str) -> None:
    made.script(host.name, [f"netns add {name}"])
    made.inside(host.name, name, "sh", "-c", BEGIN)


def _vm(made: Running, host: d.Host, vm: d.Vm) -> None:
    _namespace(made, host, vm.name)
    if vm.bridge:
        address = d.mac(host, vm.bridge)
        made.script(host.name, [f"link add {vm.bridge} address {address} type bridge", f"link set {vm.bridge} up"])
        join(made, host, vm)
    plug(made, host, vm)


def _service_port(made: Running, host: d.Host, service: d.Service, port: d.ServicePort) -> None:
    address = d.mac(host, port.port)
    words = ["add-port", "br-int", port.port, f"tag={port.network.tag}", "--", "set", "interface", port.port,
             "type=internal", f'mac="{address}"']  # fmt: skip
    if port.told:
        words.append(f'external_ids:attached-mac="{address}"')
    made.run(host.name, *_vsctl(words))
    made.script(host.name, [f"link set {port.port} netns {service.name}"])
    rename = [f"link set {port.port} name {port.device}"] if port.device != port.port else []
    made.script(host.name, [
        *rename, f"link set {port.device} mtu {d.MTU}", f"addr add {port.address}/{d.PREFIX} dev {port.device}",
        f"link set {port.device} up",
    ], service.name)  # fmt: skip
