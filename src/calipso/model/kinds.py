"""Kinds: the roles objects play, in the vocabulary of operators. `graph/kinds.py` decides who plays which."""

from __future__ import annotations

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """layer: place in a lane diagram, workload at 0, the wire at the highest; -1: not in one."""

    name: str
    label: str
    plural: str
    doc: str
    layer: int = -1


KINDS: tuple[Kind, ...] = (
    Kind("environment", "Environment", "Environments", "everything one configuration speaks of"),
    Kind("region", "Region", "Regions", "a part of a cloud with an API of its own"),
    Kind("availability_zone", "Availability zone", "Availability zones", "hosts that fail together"),
    Kind("aggregate", "Aggregate", "Aggregates", "hosts grouped by an operator"),
    Kind("project", "Project", "Projects", "who owns cloud resources"),
    Kind("namespace", "Namespace", "Namespaces", "a namespace of Kubernetes"),
    Kind("host", "Host", "Hosts", "a machine, or what an environment declares as one"),
    Kind("netns", "Network namespace", "Network namespaces", "a network namespace without a role"),
    Kind("instance", "Instance", "Instances", "a virtual machine, or a namespace that stands for one", 0),
    Kind("container", "Container", "Containers", "a container", 0),
    Kind("pod", "Pod", "Pods", "a pod", 0),
    Kind("vservice", "Service", "Services", "a router, DHCP server, load balancer or other network service", 0),
    Kind("vnic", "Virtual NIC", "Virtual NICs", "the network interface of a workload or service", 1),
    Kind("port", "Port", "Ports", "what a cloud intends to plug"),
    Kind("vconnector", "Connector", "Connectors", "a Linux bridge", 2),
    Kind("vedge", "Switching process", "Switching processes", "the virtual switch of a host", 3),
    Kind("ovs_bridge", "OVS bridge", "OVS bridges", "a bridge of Open vSwitch"),
    Kind("ovs_port", "OVS port", "OVS ports", "a port of an Open vSwitch bridge"),
    Kind("openflow_rule", "OpenFlow rule", "OpenFlow rules", "a rule of a bridge"),
    Kind("openflow_group", "OpenFlow group", "OpenFlow groups", "a group of a bridge"),
    Kind("otep", "Tunnel endpoint", "Tunnel endpoints", "a host's end of overlay tunnels", 4),
    Kind("host_pnic", "Physical NIC", "Physical NICs", "a NIC that leads out of its host", 5),
    Kind("bond", "Bond", "Bonds", "several NICs as one"),
    Kind("switch_pnic", "Switch port", "Switch ports", "a port of a physical switch", 6),
    Kind("switch", "Switch", "Switches", "a physical switch", 7),
    Kind("network", "Network", "Networks", "a network, named by a cloud, an engine or only by its segment", 8),
    Kind("segment", "Segment", "Segments", "a network's form on the wire"),
    Kind("subnet", "Subnet", "Subnets", "addresses of a network"),
    Kind("router", "Router", "Routers", "a router as ordered"),
    Kind("floating_ip", "Floating IP", "Floating IPs", "an address translated to a port"),
    Kind("trunk", "Trunk", "Trunks", "a port with subports"),
    Kind("security_group", "Security group", "Security groups", "rules on ports"),
    Kind("policy", "Policy", "Policies", "rules by selector"),
    Kind("network_agent", "Network agent", "Network agents", "what programs a host's switching process"),
    Kind("monitoring_agent", "Monitoring agent", "Monitoring agents", "an agent of a monitoring system"),
    Kind("disk", "Disk", "Disks", "a disk"),
    Kind("partition", "Partition", "Partitions", "a partition of a disk"),
    Kind("osd", "OSD", "OSDs", "a Ceph OSD"),
    Kind("device", "Device", "Devices", "a kernel or switch interface without a role"),
)

BY_NAME: dict[str, Kind] = {kind.name: kind for kind in KINDS}
