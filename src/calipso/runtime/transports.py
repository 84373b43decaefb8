"""Which transport leads to a host."""

from __future__ import annotations

from calipso.model.environment import Host
from calipso.seams import Transport
from calipso.transports.amqp import AmqpTransport
from calipso.transports.both import BothTransport
from calipso.transports.local import LocalTransport
from calipso.transports.openstack import OpenStackTransport
from calipso.transports.snmp import SnmpTransport
from calipso.transports.sql import SqlTransport
from calipso.transports.ssh import SshTransport


def transport_to(host: Host) -> Transport:
    """How a host is reached."""
    if host.snmp is not None:
        return SnmpTransport(host.snmp, host.pid or None)
    if host.openstack is not None:
        apis = OpenStackTransport(host.openstack, host.pid or None)
        return apis if host.amqp is None else BothTransport(apis, AmqpTransport(host.amqp, host.pid or None))
    if host.mysql is not None:
        return SqlTransport(host.mysql, host.pid or None, SshTransport(host.ssh) if host.ssh is not None else None)
    if host.ssh is not None:
        return SshTransport(host.ssh, host.wrap)
    return LocalTransport(host.pid or None, wrap=host.wrap)
