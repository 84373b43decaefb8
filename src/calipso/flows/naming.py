"""Names of what a conversation consists of: layers, protocols, applications, and the ids by which flows are known."""

from __future__ import annotations

import hashlib
import ipaddress
import struct

from calipso.flows import record as r

_PROTOCOLS = {
    1: "ICMPv4", 2: "IGMP", 4: "IPv4", 6: "TCP", 17: "UDP", 41: "IPv6", 47: "GRE", 50: "IPSecESP", 51: "IPSecAH",
    58: "ICMPv6", 89: "OSPF", 112: "VRRP", 132: "SCTP", 136: "UDPLite",
}  # fmt: skip
_ETHERTYPES = {
    0x0806: "ARP", 0x0842: "WakeOnLAN", 0x8035: "RARP", 0x8809: "SlowProtocols", 0x8847: "MPLS", 0x8848: "MPLS",
    0x8863: "PPPoEDiscovery", 0x8864: "PPPoE", 0x888E: "EAPOL", 0x88CC: "LinkLayerDiscovery", 0x88F7: "PTP",
}  # fmt: skip
_CARRIED = {
    r.VXLAN: "VXLAN", r.GENEVE: "Geneve", r.MPLS: "MPLS", r.ERSPAN: "ERSPAN", r.MPLS_UDP: "MPLS", r.GTPU: "GTPv1U",
}  # fmt: skip
_TRANSPORTS = {6: "TCP", 17: "UDP", 132: "SCTP", 136: "UDPLITE"}
_PORTS = {
    7: "ECHO", 20: "FTP-DATA", 21: "FTP", 22: "SSH", 23: "TELNET", 25: "SMTP", 53: "DNS", 67: "DHCPv4", 68: "DHCPv4",
    69: "TFTP", 80: "HTTP", 88: "KERBEROS", 110: "POP3", 111: "RPCBIND", 123: "NTP", 143: "IMAP", 161: "SNMP",
    162: "SNMPTRAP", 179: "BGP", 389: "LDAP", 443: "HTTPS", 445: "SMB", 500: "ISAKMP", 514: "SYSLOG", 546: "DHCPv6",
    547: "DHCPv6", 636: "LDAPS", 853: "DNSOverTLS", 993: "IMAPS", 1194: "OPENVPN", 2049: "NFS", 2379: "ETCD",
    3260: "ISCSI", 3306: "MYSQL", 3389: "RDP", 3784: "BFD", 4500: "IPSEC-NAT", 5060: "SIP", 5353: "MDNS",
    5432: "POSTGRESQL", 5671: "AMQPS", 5672: "AMQP", 6379: "REDIS", 6443: "KUBERNETES", 6640: "OVSDB", 6653: "OPENFLOW",
    8080: "HTTP", 8443: "HTTPS", 9092: "KAFKA", 9200: "ELASTICSEARCH", 11211: "MEMCACHED",
    27017: "MONGODB", 51820: "WIREGUARD",
}  # fmt: skip
"""Well-known ports of services that clouds run (IANA's registry), for a first guess at an application."""


def layers_path(key: r.Key) -> str:
    """`Ethernet/Dot1Q/IPv4/UDP/VXLAN`: from the layer the conversation begins at to the last that is recognised."""
    parts = [] if key.raw else ["Ethernet"]
    parts += ["Dot1Q"] * (bool(key.vlan) + bool(key.inner_vlan))
    if key.family == r.LINK:
        parts.append(_ETHERTYPES.get(key.ethertype, "Payload" if key.ethertype < 0x600 else f"0x{key.ethertype:04x}"))
        return "/".join(parts)
    parts.append("IPv4" if key.family == r.IPV4 else "IPv6")
    if key.carries not in (r.IPIP, r.SIT):
        parts.append(_PROTOCOLS.get(key.protocol, f"IPProtocol{key.protocol}"))
    if key.carries in _CARRIED:
        parts.append(_CARRIED[key.carries])
    return "/".join(parts)


def application(key: r.Key) -> str:
    """By the lower of both ports, which is mostly the service's; else the last layer."""
    for port in sorted((key.port_a, key.port_b)) if key.protocol in _TRANSPORTS and not key.carries else ():
        if port in _PORTS:
            return _PORTS[port]
    return layers_path(key).rpartition("/")[2]


def application_said(key: r.Key, said: str) -> str:
    """By what its first octets say it is: a service that is told by its port goes over TLS as itself."""
    known = application(key)
    if said == "TLS" and known != transport(key):
        return "HTTPS" if known == "HTTP" else known
    return known if said == "DNS" and known == "MDNS" else said


def transport(key: r.Key) -> str:
    """`TCP`, `UDP`, `SCTP`, `UDPLITE`, or empty."""
    return _TRANSPORTS.get(key.protocol, "")


def transport_number(name: str) -> int:
    """Number of a protocol by its name, 0 for one without ports."""
    return next((number for number, known in _TRANSPORTS.items() if known == name), 0)


def address(packed: bytes, family: int) -> str:
    if family == r.IPV4:
        return ".".join(map(str, packed[:4]))
    if family == r.IPV6:
        return str(ipaddress.IPv6Address(packed))
    return mac(packed[:6])


def mac(packed: bytes) -> str:
    return packed.hex(":")


def tracking(key: r.Key, *, link: bool) -> str:
    """The same wherever the conversation is seen, in either direction; with `link` its MACs and VLANs count."""
    parts = [struct.pack("=BBHHH", key.family, key.protocol, key.port_a, key.port_b, key.icmp)]
    parts += [key.address_a, key.address_b]
    if link:
        parts.append(struct.pack("=6s6sHHH", key.mac_a, key.mac_b, key.vlan, key.inner_vlan, key.ethertype))
    return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()


def uuid(packed_key: bytes, first: int, node: str, parent: str, capture: str = "") -> str:
    """This conversation, begun at `first` (ns), at this point of a capture.

    Captures of one device get the kernel's one stamp of a packet: without the capture their flows would be one.
    """
    said = packed_key + struct.pack("=Q", first) + f"{node}\0{parent}\0{capture}".encode()
    return hashlib.blake2b(said, digest_size=8).hexdigest()
