"""Writes this folder's transcripts: `python -m tests.replay.vpp.write`.

VPP cannot be had from Debian or PyPI. What its shell prints here is made after its source and after outputs that were
published for 17.07 and 22.10: two hypervisors with a guest each on vhost-user sockets, joined by VXLAN.
"""

from __future__ import annotations

from pathlib import Path

from calipso.errors import Unreachable
from calipso.seams import Exec, Read, Reply
from calipso.transports.transcript import encode_line, header

HERE = Path(__file__).parent

OLD = {
    "show version": "vpp v17.07-release built by root on builder at Wed Jul 19 02:15:10 UTC 2017\n",
    "show interface": """\
              Name               Idx       State          Counter          Count
TenGigabitEthernet4/0/0           1         up       rx packets               1523870
                                                     rx bytes               219437280
                                                     tx packets                 90311
                                                     tx bytes                11920000
                                                     drops                        412
                                                     ip4                      1500021
TenGigabitEthernet4/0/0.101       5         up       rx packets                    17
VirtualEthernet0/0/0              3         up       tx packets                    28
                                                     tx bytes                    2300
VirtualEthernet0/0/1              4        down
local0                            0        down
vxlan_tunnel0                     2         up       rx packets                     9
""",
    "show hardware-interfaces": """\
              Name                Idx   Link  Hardware
TenGigabitEthernet4/0/0            1     up   TenGigabitEthernet4/0/0
  Ethernet address 90:e2:ba:48:7a:80
  Intel 82599
    carrier up full duplex speed 10000 mtu 9216
    rx queues 1, rx desc 1024, tx queues 2, tx desc 1024
    cpu socket 0

    tx frames ok                                       90311
    rx frames ok                                     1523870
VirtualEthernet0/0/0               3     up   VirtualEthernet0/0/0
  Ethernet address 02:fe:6a:21:0f:3c
VirtualEthernet0/0/1               4    down  VirtualEthernet0/0/1
  Ethernet address 02:fe:6a:21:0f:3d
local0                             0    down  local0
  local
vxlan_tunnel0                      2     up   vxlan_tunnel0
  VXLAN
""",
    "show interface address": """\
TenGigabitEthernet4/0/0 (up):
  192.0.2.11/24
TenGigabitEthernet4/0/0.101 (up):
  l2 bridge bd_id 7 shg 0
VirtualEthernet0/0/0 (up):
  l2 bridge bd_id 10 shg 0
VirtualEthernet0/0/1 (dn):
  l2 bridge bd_id 7 shg 0
local0 (dn):
vxlan_tunnel0 (up):
  l2 bridge bd_id 10 shg 1
""",
    "show bridge-domain": """\
  ID   Index   Learning   U-Forwrd   UU-Flood   Flooding   ARP-Term     BVI-Intf
  0      0        off        off        off        off        off        local0
  7      2        on         on         on         on         off          N/A
  10     1        on         on         on         on         off          N/A
""",
    "show vxlan tunnel": "[0] src 192.0.2.11 dst 192.0.2.12 vni 10010 sw_if_index 2 encap_fib_index 0 "
    "fib_entry_index 12 decap_next l2\n",
    "show vhost-user": """\
Virtio vhost-user interfaces
Global:
  coalesce frames 32 time 1e-3
  number of rx virtqueues in interrupt mode: 0
Interface: VirtualEthernet0/0/0 (ifindex 3)
virtio_net_hdr_sz 12
 features mask (0xffffffffffffffff):
 features (0x50408000):
   VIRTIO_NET_F_MRG_RXBUF (15)
  protocol features (0x3)
   VHOST_USER_PROTOCOL_F_MQ (0)

 socket filename /run/vpp/3f1d0a52-7d2b-4f43-9a4e-9a5e0c0f1101 type client errno "Success"

 rx placement:
   thread 1 on vring 1, polling
 Memory regions (total 2)
Interface: VirtualEthernet0/0/1 (ifindex 4)
virtio_net_hdr_sz 0
 socket filename /run/vpp/3f1d0a52-7d2b-4f43-9a4e-9a5e0c0f1102 type client errno "No such file or directory"

""",
    "show tap": "",
    "show bond details": "show bond: unknown input `bond details'\n",
}

NEW = {
    "show version": "vpp v22.10.0-135~gb08fbe84e built by root on builder at 2022-11-02T09:11:34\n",
    "show interface": """\
              Name               Idx    State  MTU (L3/IP4/IP6/MPLS)     Counter          Count
BondEthernet0                     3      up          9000/0/0/0     rx packets                 81022
                                                                    rx bytes                12011900
TenGigabitEthernet4/0/0           1      up          9000/0/0/0     rx packets                 40511
TenGigabitEthernet4/0/1           2      up          9000/0/0/0     rx packets                 40511
VirtualEthernet0/0/0              6      up          9000/0/0/0
host-veth1                        8      up          9000/0/0/0
local0                            0     down          0/0/0/0
loop0                             5      up          9000/0/0/0
tap0                              7      up          9000/0/0/0     rx packets                     3
vxlan_tunnel0                     4      up           0/0/0/0
""",
    "show hardware-interfaces": """\
              Name                Idx   Link  Hardware
BondEthernet0                      3     up   BondEthernet0
  Link speed: unknown
  RX Queues:
    queue thread         mode
    0     main (0)       polling
  Ethernet address 90:e2:ba:48:7b:90
0: format_dpdk_device:590: rte_eth_dev_rss_hash_conf_get returned -95
TenGigabitEthernet4/0/0            1     up   TenGigabitEthernet4/0/0
  Link speed: 10 Gbps
  RX Queues:
    queue thread         mode
    0     vpp_wk_0 (1)   polling
  Ethernet address 90:e2:ba:48:7b:90
  Intel 82599
    carrier up full duplex max-frame-size 9022
    flags: admin-up maybe-multiseg rx-ip4-cksum
    Devargs:
    pci: device 8086:10fb subsystem 8086:0003 address 0000:04:00.00 numa 0
    max rx packet len: 15872
TenGigabitEthernet4/0/1            2     up   TenGigabitEthernet4/0/1
  Link speed: 10 Gbps
  Ethernet address 90:e2:ba:48:7b:90
  Intel 82599
    carrier up full duplex max-frame-size 9022
    pci: device 8086:10fb subsystem 8086:0003 address 0000:04:00.01 numa 0
VirtualEthernet0/0/0               6     up   VirtualEthernet0/0/0
  Link speed: unknown
  Ethernet address 02:fe:55:70:11:0a
  Virtio vhost-user
host-veth1                         8     up   host-veth1
  Link speed: unknown
  Ethernet address 02:fe:0f:88:18:e0
  Linux PACKET socket interface
local0                             0    down  local0
  Link speed: unknown
  local
loop0                              5     up   loop0
  Link speed: unknown
  Ethernet address de:ad:00:00:00:00
  Loopback
tap0                               7     up   tap0
  Link speed: unknown
  Ethernet address 02:fe:e7:ab:31:77
  VIRTIO interface
vxlan_tunnel0                      4     up   vxlan_tunnel0
  Link speed: unknown
  VXLAN
""",
    "show interface address": """\
BondEthernet0 (up):
  L3 192.0.2.12/24
  L3 2001:DB8::12/64
TenGigabitEthernet4/0/0 (up):
TenGigabitEthernet4/0/1 (up):
VirtualEthernet0/0/0 (up):
  L2 bridge bd-id 10 idx 1 shg 0
host-veth1 (up):
  L2 xconnect tap0
local0 (dn):
loop0 (up):
  L2 bridge bd-id 10 idx 1 shg 0 bvi
  L3 198.51.100.1/24 ip4 table-id 7 fib-idx 1
tap0 (up):
  L2 xconnect host-veth1
vxlan_tunnel0 (up):
  L2 bridge bd-id 10 idx 1 shg 1
""",
    "show bridge-domain": """\
  BD-ID   Index   BSN  Age(min)  Learning  U-Forwrd   UU-Flood  Flooding  ARP-Term  arp-ufwd Learn-co Learn-li  BVI-Intf
    10      1      0     off        on        on       flood       on       off       off        2    16777216    loop0
""",
    "show vxlan tunnel": "[0] instance 0 src 192.0.2.12 dst 192.0.2.11 src_port 4789 dst_port 4789 vni 10010 fib-idx 0 "
    "sw-if-idx 4 encap-dpo-idx 21 \n",
    "show vhost-user": """\
Virtio vhost-user interfaces
Global:
  coalesce frames 32 time 1e-3
  Number of rx virtqueues in interrupt mode: 0
  Number of GSO interfaces: 0
Interface: VirtualEthernet0/0/0 (ifindex 6)
  Number of qids 2
virtio_net_hdr_sz 12
 features mask (0xfffffffbdfff7fff):
 socket filename /var/run/vpp/sockets/3f1d0a52-7d2b-4f43-9a4e-9a5e0c0f2201 type server errno "Success"
""",
    "show tap": """\
Interface: tap0 (ifindex 7)
  name "vpp-host"
  host-ns "(nil)"
  host-mac-addr: 02:fe:e7:ab:31:78
  vhost-fds 36
  tap-fds 35
""",
    "show bond details": """\
BondEthernet0
  mode: lacp
  load balance: l34
  number of active members: 2
    TenGigabitEthernet4/0/0
    TenGigabitEthernet4/0/1
  number of members: 2
    TenGigabitEthernet4/0/0
    TenGigabitEthernet4/0/1
  device instance: 0
  interface id: 0
  sw_if_index: 3
  hw_if_index: 3
""",
}


def main() -> None:
    for host, answers in (("v1707", OLD), ("v2210", NEW)):
        lines = [header(), encode_line(Read("/run/vpp/"), Reply(b"cli.sock\n"))]
        for words, text in answers.items():
            lines.append(encode_line(Exec(("vppctl", *words.split())), Reply(text.encode())))
        (HERE / f"vpp@{host}.jsonl").write_text("\n".join(lines) + "\n")
    gone = [header(), encode_line(Read("/run/vpp/"), Unreachable("/run/vpp/: no such directory"))]
    gone.append(encode_line(Exec(("vppctl", "-h")), Reply(b"", 127)))
    (HERE / "vpp@without.jsonl").write_text("\n".join(gone) + "\n")


if __name__ == "__main__":
    main()
