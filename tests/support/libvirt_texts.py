"""What `virsh` prints of a domain, a network and a pool that have everything the source reads."""

from __future__ import annotations

UUID = "11111111-2222-4333-8444-555555555555"
PORT = "2b3d0d1d-272b-4c7c-9aab-075143ea1efd"
DOMAIN = f"""<domain type='kvm' id='1'>
  <name>instance-1</name><uuid>{UUID}</uuid><title>a guest</title>
  <metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
    <nova:name>web</nova:name><nova:flavor name="nano"/><nova:image uuid="f2bb1b1d-9b4d-49ac-b31a-f4b154ed3846"/>
    <nova:owner><nova:project uuid="202ec4d2536847cda92ded9719933c8a">red</nova:project></nova:owner>
    <nova:ports><nova:port uuid="{PORT}"/></nova:ports>
  </nova:instance></metadata>
  <memory unit='KiB'>49152</memory><vcpu>2</vcpu><os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os>
  <devices>
    <disk type='network' device='disk'><driver type='raw'/><source protocol='rbd' name='vms/one'/>
      <target dev='vda' bus='virtio'/><serial>S1</serial><readonly/></disk>
    <disk type='volume' device='cdrom'><source pool='default' volume='iso'/><target dev='sda' bus='sata'/></disk>
    <interface type='bridge'><mac address='FA:16:3E:00:00:01'/><source bridge='br-int'/><target dev='tap2b3d0d1d-27'/>
      <virtualport type='openvswitch'/><model type='virtio'/><driver name='vhost'/><mtu size='1450'/>
      <filterref filter='clean-traffic'/><vlan><tag id='7'/></vlan><alias name='net0'/></interface>
    <interface type='network'><mac address='fa:16:3e:00:00:02'/><source network='default' portgroup='slow'
      bridge='virbr0'/><target dev='vnet1'/><link state='down'/></interface>
    <interface type='ethernet'><mac address='fa:16:3e:00:00:03'/><target dev='vnet2'/></interface>
    <interface type='direct'><mac address='fa:16:3e:00:00:04'/><source dev='eth1' mode='vepa'/>
      <target dev='macvtap0'/></interface>
    <interface type='hostdev'><mac address='fa:16:3e:00:00:05'/><source>
      <address type='pci' domain='0x0000' bus='0x3b' slot='0x02' function='0x1'/></source></interface>
    <interface type='vhostuser'><mac address='fa:16:3e:00:00:06'/><source type='unix' path='/run/vhu1' mode='server'/>
      </interface>
    <interface type='vdpa'><mac address='fa:16:3e:00:00:07'/><source dev='/dev/vhost-vdpa-0'/></interface>
    <interface type='user'><mac address='fa:16:3e:00:00:07'/></interface>
  </devices>
</domain>
"""
NETWORK = f"""<network>
  <name>default</name><uuid>{UUID}</uuid><forward mode='nat' dev='eth0'/><bridge name='virbr0' stp='on'/>
  <mac address='52:54:00:00:00:09'/><mtu size='1400'/><domain name='lab'/><virtualport type='openvswitch'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'/>
</network>
"""
POOL = f"<pool type='dir'><name>images</name><uuid>{UUID}</uuid><target><path>/srv/images</path></target></pool>"
STATS = """Domain: 'instance-1'
  state.state=1
  net.count=1
  net.0.name=tap2b3d0d1d-27
  net.0.rx.bytes=486
  net.0.rx.pkts=5
  net.0.tx.drop=0
"""
