"""What Docker's and Podman's engines tell: the Docker Engine API's ContainerInspect, Network and SystemInfo."""

from __future__ import annotations

from calipso.model.attributes.declare import Attribute, Entry, Facet, Field, ListOf, MapOf

_C, _N, _NET, _H, _O, _S = ("container",), ("nic",), ("network",), ("host",), ("otep",), ("segment",)
_TEXTS = ListOf("text")
_PAIRS = MapOf("text")
_API_C, _API_N, _API_I = "ContainerInspect", "Network", "SystemInfo"

_PORT = Entry(
    (Field("port", "integer"), Field("protocol", "text"), Field("host_ip", "text"), Field("host_port", "integer"))
)
_ENDPOINT = Entry(
    (Field("network", "text"), Field("network_id", "text"), Field("mac", "text"), Field("addresses", _TEXTS))
)
_SUBNET = Entry((Field("cidr", "text"), Field("gateway", "text"), Field("range", "text")))

_CONTAINERS = (
    Attribute("owner", "text", (*_C, *_N), "", "id of what holds it: host or container"),
    Attribute("container_id", "text", _C, f"{_API_C} Id", "the engine's id, 64 hexadecimal digits"),
    Attribute("engine", "text", _C, "", "`docker` or `podman`"),
    Attribute("netns", "text", (*_C, *_N), "SandboxKey", "id of the namespace it is in, the host's own too"),
    Attribute("shares_network_of", "text", _C, "NetworkMode", "id of the container whose namespace it shares"),
    Attribute("network_mode", "text", _C, "HostConfig.NetworkMode", "network at its start, or `container`"),
    Attribute("network_ids", _TEXTS, _C, "NetworkSettings.Networks", "ids of the networks it is in"),
    Attribute("endpoints", ListOf(_ENDPOINT), _C, "NetworkSettings.Networks", "its place in each network"),
    Attribute("ports", ListOf(_PORT), _C, "NetworkSettings.Ports", "exposed ports and where they are published"),
    Attribute("hostname", "text", _C, "Config.Hostname", "its host name"),
    Attribute("image", "text", _C, "Config.Image", "image as it was asked for"),
    Attribute("image_id", "text", _C, f"{_API_C} Image", "the image's digest"),
    Attribute("labels", _PAIRS, (*_C, *_NET), "Labels", "labels that users and tools gave"),
    Attribute("pid", "integer", _C, "State.Pid", "its first process, as the host counts"),
    Attribute("sandbox_key", "text", _C, "NetworkSettings.SandboxKey", "path of its namespace, as reported"),
    Attribute("status", "text", _C, "State.Status", "`created`, `running`, `paused`, `exited` …"),
    Attribute("state", "text", _C, "", "`up` while it runs, else `down`"),
    Attribute("exit_code", "integer", _C, "State.ExitCode", "how it ended"),
    Attribute("created", "text", _C, f"{_API_C} Created", "when it was made, RFC 3339"),
    Attribute("started", "text", _C, "State.StartedAt", "when it was started, RFC 3339"),
)
_NICS = (
    Attribute("mac", "text", _N, "EndpointSettings MacAddress", "its MAC"),
    Attribute("network_name", "text", _N, "NetworkSettings.Networks", "network it is in"),
    Attribute("network_id", "text", (*_N, *_S), "EndpointSettings NetworkID", "id of its network"),
    Attribute("endpoint_id", "text", _N, "EndpointSettings EndpointID", "the engine's id of the endpoint"),
    Attribute("addresses", _TEXTS, _N, "EndpointSettings IPAddress", "addresses the engine gave it"),
    Attribute("gateways", _TEXTS, _N, "EndpointSettings Gateway", "where its default routes lead"),
)
_NETWORKS = (
    Attribute("engine_network_id", "text", _NET, f"{_API_N} Id", "the engine's id"),
    Attribute("driver", "text", _NET, f"{_API_N} Driver", "`bridge`, `macvlan`, `ipvlan`, `overlay`, `host`, `null` …"),
    Attribute("network_scope", "text", _NET, f"{_API_N} Scope", "`local` to an engine or `swarm`"),
    Attribute("internal", "boolean", _NET, f"{_API_N} Internal", "leads nowhere outside"),
    Attribute("attachable", "boolean", _NET, f"{_API_N} Attachable", "open to containers that are no services"),
    Attribute("ingress", "boolean", _NET, f"{_API_N} Ingress", "the swarm's routing mesh"),
    Attribute("enable_ipv6", "boolean", _NET, f"{_API_N} EnableIPv6", "has IPv6"),
    Attribute("subnets", ListOf(_SUBNET), _NET, f"{_API_N} IPAM.Config", "its addresses"),
    Attribute("bridge_device", "text", _NET, "com.docker.network.bridge.name", "id of the Linux bridge that is it"),
    Attribute("parent_device", "text", _NET, "option parent", "id of the device that macvlan or ipvlan devices are on"),
    Attribute("vnis", ListOf("integer"), _NET, "vxlanid_list", "VXLAN numbers of an overlay"),
    Attribute("peers", _TEXTS, _NET, f"{_API_N} Peers", "addresses of the nodes that take part"),
    Attribute("options", _PAIRS, _NET, f"{_API_N} Options", "the driver's options"),
)
_ENGINES = (
    Attribute("engine_hostname", "text", _H, f"{_API_I} Name", "the host's name as the engine says"),
    Attribute("engine_id", "text", _H, f"{_API_I} ID", "the engine's identity"),
    Attribute("engine_version", "text", _H, f"{_API_I} ServerVersion", "its version"),
    Attribute("storage_driver", "text", _H, f"{_API_I} Driver", "how it keeps images"),
    Attribute("cgroup_driver", "text", _H, f"{_API_I} CgroupDriver", "how it makes control groups"),
    Attribute("swarm_node_id", "text", _H, f"{_API_I} Swarm.NodeID", "the host in its swarm"),
    Attribute("swarm_address", "text", _H, f"{_API_I} Swarm.NodeAddr", "address it has for its swarm"),
    Attribute("swarm_state", "text", _H, f"{_API_I} Swarm.LocalNodeState", "`active`, `inactive`, `pending` …"),
    Attribute("swarm_manager", "boolean", _H, f"{_API_I} Swarm.ControlAvailable", "it can manage the swarm"),
)
_OVERLAYS = (
    Attribute("overlay_type", "text", _O, "", "`vxlan`"),
    Attribute("underlay_netns", "text", _O, "", "id of the namespace that holds its address"),
    Attribute("ip", "text", _O, f"{_API_I} Swarm.NodeAddr", "its address"),
    Attribute("peer_ips", _TEXTS, _O, f"{_API_N} Peers", "addresses of the other ends"),
    Attribute("key", "text", _S, "", "network type, physical network and number, `-` where there is none"),
    Attribute("network_type", "text", _S, "", "`vxlan`"),
    Attribute("segmentation_id", "integer", _S, "vxlanid_list", "VXLAN number"),
)

DOCKER = Facet(
    "docker",
    "What an engine of containers tells: containers, their places in networks, networks, swarm overlays.",
    (
        Attribute("host", "text", (*_C, *_N, *_NET, *_H, *_O), "", "the host it is on"),
        Attribute("name", "text", (*_C, *_NET, *_H, *_O, *_S), "", "what it is called"),
        *_CONTAINERS,
        *_NICS,
        *_NETWORKS,
        *_ENGINES,
        *_OVERLAYS,
    ),
)

_CGROUP = "cgroups(7)"
CONTAINERS = Facet(
    "cri",
    "What the control groups of processes tell of containers, whatever engine runs them.",
    (
        Attribute("host", "text", _C, "", "the host it is on"),
        Attribute("owner", "text", _C, "", "id of its host"),
        Attribute("name", "text", _C, "", "beginning of its id"),
        Attribute("container_id", "text", _C, _CGROUP, "the engine's id, 64 hexadecimal digits"),
        Attribute("engine", "text", _C, _CGROUP, "`docker`, `podman`, `containerd` or `cri-o`, where the group tells"),
        Attribute("netns", "text", _C, "", "id of the namespace its processes are in"),
        Attribute("pid", "integer", _C, "", "its process with the lowest number, as the host counts"),
        Attribute("pod", "text", _C, _CGROUP, "id of its pod under Kubernetes"),
        Attribute("state", "text", _C, "", "`up`: it has processes"),
    ),
)
