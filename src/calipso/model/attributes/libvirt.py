"""What libvirt tells: its domain, network and storage XML, and what OpenStack Nova notes in it."""

from __future__ import annotations

from calipso.model.attributes.declare import Attribute, Entry, Facet, Field, ListOf

_DOMAIN, _NIC, _NETWORK, _HOST = ("domain",), ("nic",), ("network",), ("host",)
_D, _N, _S = "formatdomain", "formatnetwork", "formatstorage"
_DISK = Entry(
    (
        *(Field(name, "text") for name in ("name", "bus", "kind", "source_type", "source")),
        *(Field(name, "text") for name in ("protocol", "pool", "format", "serial")),
        Field("read_only", "boolean"),
    )
)
_POOL = Entry(tuple(Field(name, "text") for name in ("name", "uuid", "type", "status", "path")))

_DOMAINS = (
    Attribute("host", "text", ("domain", "nic", "network"), "", "the host it is on"),
    Attribute("name", "text", _DOMAIN, "nova:name, name", "its name in OpenStack, else the domain's"),
    Attribute("domain_name", "text", _DOMAIN, f"{_D} name", "the domain's name"),
    Attribute("uuid", "text", ("domain", "network"), f"{_D} uuid", "its identity"),
    Attribute("status", "text", _DOMAIN, "virDomainState", "`running`, `paused`, `shut off` …"),
    Attribute("title", "text", _DOMAIN, f"{_D} title", "a short description"),
    Attribute("virtualization", "text", _DOMAIN, f"{_D} domain type", "`kvm`, `qemu` …"),
    Attribute("machine", "text", _DOMAIN, f"{_D} os/type machine", "the machine it is given"),
    Attribute("architecture", "text", _DOMAIN, f"{_D} os/type arch", "processor architecture"),
    Attribute("vcpus", "integer", _DOMAIN, f"{_D} vcpu", "processors it can have"),
    Attribute("memory", "integer", _DOMAIN, f"{_D} memory", "memory it can have", "bytes"),
    Attribute("disks", ListOf(_DISK), _DOMAIN, f"{_D} devices/disk", "disks in order of the XML"),
    Attribute("flavor", "text", _DOMAIN, "nova:flavor", "OpenStack: name of its flavor"),
    Attribute("project", "text", _DOMAIN, "nova:owner", "OpenStack: name of its project"),
    Attribute("project_id", "text", _DOMAIN, "nova:owner", "OpenStack: id of its project"),
    Attribute("image_id", "text", _DOMAIN, "nova:image", "OpenStack: id of its image"),
)
_IF = f"{_D} devices/interface"
_NICS = (
    Attribute("instance", "text", _NIC, "", "id of the guest"),
    Attribute("name", "text", _NIC, f"{_IF}/target, alias", "the host's device, else its alias or address"),
    Attribute("mac", "text", _NIC, f"{_IF}/mac", "its address"),
    Attribute("tap", "text", _NIC, f"{_IF}/target", "name of the host's end of its cable, while the guest is active"),
    Attribute("state", "text", _NIC, f"{_IF}/link", "`down` when its link is set down or the guest is not active"),
    Attribute("interface_type", "text", _NIC, f"{_IF} type", "`network`, `bridge`, `ethernet`, `direct`, `hostdev` …"),
    Attribute("model", "text", _NIC, f"{_IF}/model", "what the guest sees"),
    Attribute("driver", "text", _NIC, f"{_IF}/driver", "what serves it"),
    Attribute("alias", "text", _NIC, f"{_IF}/alias", "libvirt's name for it"),
    Attribute("mtu", "integer", _NIC, f"{_IF}/mtu", "largest packet", "bytes"),
    Attribute("filter", "text", _NIC, f"{_IF}/filterref", "its network filter"),
    Attribute("virtual_port", "text", ("nic", "network"), f"{_IF}/virtualport", "`openvswitch`, `802.1Qbh` …"),
    Attribute("port_id", "text", _NIC, f"{_IF}/virtualport, nova:ports", "the port of a VIM it was made for"),
    Attribute("vlans", ListOf("integer"), _NIC, f"{_IF}/vlan", "its VLANs"),
    Attribute("network_name", "text", _NIC, f"{_IF}/source network", "name of its libvirt network"),
    Attribute("port_group", "text", _NIC, f"{_IF}/source portgroup", "its group in that network"),
    Attribute("bridge_name", "text", ("nic", "network"), f"{_IF}/source bridge", "name of its bridge"),
    Attribute("lower_device", "text", ("nic", "network"), f"{_IF}/source dev", "device of the host it is put on"),
    Attribute("mode", "text", _NIC, f"{_IF}/source mode", "macvtap: `bridge`, `vepa`, `private`, `passthrough`; "
              "vhost-user: `client`, `server`"),
    Attribute("socket", "text", _NIC, f"{_IF}/source path", "vhost-user: path of its socket"),
    Attribute("vdpa_device", "text", _NIC, f"{_IF}/source dev", "vDPA: its character device"),
    Attribute("pci_address", "text", _NIC, f"{_IF}/source/address", "SR-IOV: PCI address of the function it is given"),
)  # fmt: skip
_NETWORKS = (
    Attribute("name", "text", _NETWORK, f"{_N} name", "name of the network"),
    Attribute("status", "text", _NETWORK, "virsh(1) net-list", "`active` or `inactive`"),
    Attribute("forward", "text", _NETWORK, f"{_N} forward", "`nat`, `route`, `bridge` …; `none`: it is isolated"),
    Attribute("mac", "text", _NETWORK, f"{_N} mac", "address of its bridge"),
    Attribute("mtu", "integer", _NETWORK, f"{_N} mtu", "largest packet", "bytes"),
    Attribute("domain", "text", _NETWORK, f"{_N} domain", "DNS domain"),
    Attribute("gateways", ListOf("text"), _NETWORK, f"{_N} ip", "addresses of its bridge"),
)

LIBVIRT_FACETS: tuple[Facet, ...] = (
    Facet("libvirt", "Domains in all states, their NICs and disks; virtual networks.", _DOMAINS + _NICS + _NETWORKS),
    Facet(
        "libvirt.pools",
        "Storage pools of a host.",
        (
            Attribute("host", "text", _HOST, "", "the host they are on"),
            Attribute("pools", ListOf(_POOL), _HOST, f"{_S} pool", "pools by name"),
        ),
    ),
)
