"""Makes the recordings of this folder anew: `python tests/replay/linux/record.py`, as root.

Each host is a process with namespaces of its own; what would tell of the machine beneath is covered or replaced.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from calipso.seams import SourceConfig
from calipso.sources.linux import SOURCE
from calipso.transports.local import LocalTransport
from calipso.transports.record import RecordTransport

HERE = Path(__file__).parent
COVER = {
    "/etc/machine-id": "{digit}" * 32 + "\n",
    "/etc/hosts": "127.0.0.1 localhost\n198.51.100.{number} {name}.example.net {name}\n",
    "/proc/cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro auth_token=very-secret\n",
    "/proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Some CPU\nflags\t\t: fpu hypervisor\n",
    "/proc/meminfo": "MemTotal:        4096 kB\n",
}
SCRIPTS = {
    "node1": """
        ip link set lo up
        ip addr add 198.51.100.1/24 dev eth0; ip link set eth0 address 02:00:00:00:01:01 up
        ip -6 addr add 2001:db8::1/64 dev eth0 nodad
        ip link add br0 address 02:00:00:00:01:02 type bridge; ip link set br0 up
        ip netns add vm-a
        ip link add tap-a address 02:00:00:00:01:03 type veth peer name eth0 address 02:00:00:00:0a:01 netns vm-a
        ip link set tap-a master br0 up
        ip -n vm-a addr add 10.0.0.2/24 dev eth0; ip -n vm-a link set eth0 up; ip -n vm-a link set lo up
        ip -n vm-a route add default via 10.0.0.1
        ip -n vm-a route add blackhole 192.0.2.0/24
        ip -n vm-a rule add from 10.0.0.0/24 fwmark 7 table 100 priority 500
        ip link add vxlan10 address 02:00:00:00:01:04 type vxlan id 10 local 198.51.100.1 dev eth0 dstport 4789
        ip link set vxlan10 master br0 up
        bridge fdb add 02:00:00:00:0b:01 dev vxlan10 dst 198.51.100.2
        ip tuntap add tap0 mode tap; ip link set tap0 address 02:00:00:00:01:05 alias "a tap"
        ip link add mv0 link eth0 address 02:00:00:00:01:06 type macvlan mode bridge
        ip neigh add 198.51.100.2 lladdr 02:00:00:00:02:01 dev eth0 nud permanent
        ip route add 203.0.113.0/24 via 198.51.100.254 metric 50
        nft add table inet guard; nft add chain inet guard in '{ type filter hook input priority 0; }'
        nft add rule inet guard in tcp dport 22 counter accept
    """,
    "node2": """
        ip link set lo up
        mkdir -p /run/netns; touch /run/netns/broken
        ip link set eth0 address 02:00:00:00:02:01 up
        ip addr add 198.51.100.2/24 dev eth0
        ip link add eth1 address 02:00:00:00:02:03 type veth peer name far address 02:00:00:00:02:04
        ip link set eth1 up; ip link set far up; ip addr add 203.0.113.2/24 dev eth1
        ip route add 192.0.2.0/25 nexthop via 198.51.100.254 weight 2 nexthop via 203.0.113.254
        ip -6 route add unreachable 2001:db8:dead::/48
        ip netns add qrouter-1
        ip link add qr address 02:00:00:00:02:05 type veth peer name int address 02:00:00:00:02:06
        ip link set qr netns qrouter-1; ip -n qrouter-1 link set qr name qr-port1
        ip -n qrouter-1 addr add 10.1.0.1/24 dev qr-port1
        ip netns exec qrouter-1 iptables -t nat -A POSTROUTING -s 10.1.0.0/24 -j MASQUERADE
        ip link add v100 type vxlan id 100 group 239.1.1.1 dev eth0 dstport 8472
        unshare -n sleep 30 &
    """,
}


def start(name: str, outside: int, folder: str) -> int:
    """A process with network, mount, pid and uts namespaces of its own; its pid as this machine counts."""
    covers = []
    for number, (path, text) in enumerate(COVER.items()):
        file = Path(folder, f"{name}-{number}")
        file.write_text(text.format(digit=name[-1], number=name[-1], name=name))
        covers.append(f"mount --bind {file} {path}")
    prepared = "\n".join(("read go", f"hostname {name}", "mount -t tmpfs none /run", *covers))
    shell = f"{prepared}\n{SCRIPTS[name]}\necho ready; sleep 30"
    argv = ["unshare", "-n", "-m", "-p", "-u", "--fork", "--kill-child", "--mount-proc", "sh", "-c", shell]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not children.read_text():
        time.sleep(0.05)
    child = int(children.read_text())
    cable = f"ip link add up{name[-1]} netns {outside} type veth peer name eth0 netns {child}"
    subprocess.run(cable.split(), check=True)
    print("go", file=process.stdin, flush=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return child


async def record(name: str, pid: int) -> None:
    output = io.StringIO()
    transport = RecordTransport(LocalTransport(pid), output)
    async for _ in SOURCE.collect(transport, SourceConfig(host=name)):
        pass
    await transport.close()
    (HERE / f"{name}.jsonl").write_text("".join(f"{_plain(line)}\n" for line in output.getvalue().splitlines()))


def _plain(line: str) -> str:
    """Without the name of this machine's kernel build, which drivers report as their version."""
    _, dash, build = os.uname().release.partition("-")
    found = json.loads(line)
    if "base64" in found:
        build_bytes = (dash + build).encode()
        body = base64.b64decode(found["base64"]).replace(build_bytes, bytes(len(build_bytes)))
        found["base64"] = base64.b64encode(body).decode()
    return json.dumps(found, separators=(",", ":")).replace(dash + build, "")


def main() -> None:
    outside = subprocess.Popen(["unshare", "-n", "sleep", "60"])
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name in sys.argv[1:] or sorted(SCRIPTS):
                asyncio.run(record(name, start(name, outside.pid, folder)))
    finally:
        outside.terminate()


if __name__ == "__main__":
    main()
