"""What an engine's documents say, as records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from calipso.model import ids
from calipso.model.record import Record
from calipso.sources.docker.parse import Container, Endpoint, Engine, Network, known
from calipso.sources.docker.places import Places

FACET = "docker"
BRIDGE_NAME = "com.docker.network.bridge.name"
GATEWAY_BRIDGE = "docker_gwbridge"
"""What containers of an overlay leave by: no container names it, only the network its members."""
PODMAN_NAMES = {"podman": "bridge"}
VXLAN_IDS = "com.docker.network.driver.overlay.vxlanid_list"


class Picture(msgspec.Struct):
    """What an engine said last. `kind`: docker or podman."""

    host: str
    kind: str
    places: Places
    engine: Engine = Engine()
    containers: dict[str, Container] = {}
    networks: dict[str, Network] = {}

    def records(self) -> list[Record]:
        """Every record, in order of id."""
        found = [*self._engine(), *self._containers(), *self._gateway_nics(), *self._networks()]
        return sorted(found, key=lambda record: (record.id, record.facet))

    def _record(self, id: str, type: str, **attributes: Any) -> Record:
        return Record(id, FACET, type, known({"host": self.host, **attributes}))

    def network_id(self, said: str) -> str:
        """The object of a network that an engine names.

        Podman makes a network's id of its name, so that hosts share it: the host is part of it there. Its containers
        name networks by name, and its default one is `podman` in one place and `bridge` in another.
        """
        if self.kind == "docker":
            return ids.by_uuid("network", said)
        if said not in self.networks:
            name = PODMAN_NAMES.get(said, said)
            said = next((id for id, each in self.networks.items() if each.name in (said, name)), said)
        return ids.by_uuid("network", f"{said}@{self.host}")

    def _engine(self) -> Iterator[Record]:
        if self.kind != "docker" or not self.engine.id:
            return
        swarm = self.engine.swarm
        yield self._record(
            ids.host(self.host),
            "host",
            name=self.host,
            engine_hostname=self.engine.name,
            engine_id=self.engine.id,
            engine_version=self.engine.server_version,
            storage_driver=self.engine.driver,
            cgroup_driver=self.engine.cgroup_driver,
            swarm_node_id=swarm.node_id,
            swarm_address=swarm.node_addr,
            swarm_state=swarm.local_node_state,
            swarm_manager=swarm.control_available or None,
        )

    def _containers(self) -> Iterator[Record]:
        for container in self.containers.values():
            netns = self.places.of(container, self.containers)
            yield self._container(container, netns)
            if netns is not None and netns != ids.host(self.host):
                yield from self._nics(container, netns)

    def _container(self, container: Container, netns: str | None) -> Record:
        settings, state = container.network_settings, container.state
        endpoints = sorted((settings.networks or {}).items())
        mode = container.host_config.network_mode
        partner = mode.partition(":")[2] if mode.startswith("container:") else ""
        return self._record(
            f"container:{container.id}",
            "container",
            owner=ids.host(self.host),
            name=container.name.removeprefix("/") or container.id[:12],
            container_id=container.id,
            engine=self.kind,
            netns=netns,
            shares_network_of=f"container:{partner}" if partner else None,
            network_mode=(partner and "container") or mode,
            network_ids=[
                self.network_id(each.network_id) for _, each in endpoints if each is not None and each.network_id
            ],
            endpoints=[known(_endpoint(self, name, each)) for name, each in endpoints if each is not None],
            ports=list(_ports(settings.ports or {})),
            hostname=container.config.hostname,
            image=container.config.image,
            image_id=container.image,
            labels=container.config.labels,
            pid=state.pid or None,
            sandbox_key=settings.sandbox_key,
            status=state.status,
            state="up" if state.status == "running" else "down",
            exit_code=state.exit_code if state.status == "exited" else None,
            created=container.created,
            started=state.started_at if state.pid else None,
        )

    def _nics(self, container: Container, netns: str) -> Iterator[Record]:
        """The container's end of each cable; it binds to the device with its MAC in that namespace."""
        for name, endpoint in sorted((container.network_settings.networks or {}).items()):
            if endpoint is None or not endpoint.mac_address:
                continue
            mac = ids.canonical_mac(endpoint.mac_address)
            yield self._record(
                ids.guest_nic(f"container:{container.id}", mac),
                "nic",
                owner=f"container:{container.id}",
                netns=netns,
                mac=mac,
                network_name=name,
                network_id=self.network_id(endpoint.network_id) if endpoint.network_id else None,
                endpoint_id=endpoint.endpoint_id,
                addresses=_addresses(endpoint),
                gateways=[each for each in (endpoint.gateway, endpoint.ipv6_gateway) if each],
            )

    def _gateway_nics(self) -> Iterator[Record]:
        """The second NIC of containers in an overlay."""
        for network in self.networks.values():
            if network.name != GATEWAY_BRIDGE:
                continue
            for id, member in sorted((network.containers or {}).items()):
                container = self.containers.get(id)
                netns = self.places.of(container, self.containers) if container is not None else None
                if netns is None or not member.mac_address:
                    continue
                mac = ids.canonical_mac(member.mac_address)
                yield self._record(
                    ids.guest_nic(f"container:{id}", mac),
                    "nic",
                    owner=f"container:{id}",
                    netns=netns,
                    mac=mac,
                    network_name=network.name,
                    network_id=self.network_id(network.id),
                    endpoint_id=member.endpoint_id,
                    addresses=[each for each in (member.ipv4_address, member.ipv6_address) if each],
                )

    def _networks(self) -> Iterator[Record]:
        tunnelled: set[str] = set()
        for network in self.networks.values():
            vnis = _vnis(network)
            yield self._network(network, vnis)
            for vni in vnis:
                yield self._segment(network, vni)
            if vnis:
                tunnelled.update(peer.ip for peer in network.peers or () if peer.ip)
        own = self.engine.swarm.node_addr
        if own and any(_vnis(each) for each in self.networks.values()):
            yield self._endpoint(own, sorted(tunnelled - {own}))

    def _network(self, network: Network, vnis: list[int]) -> Record:
        options = network.options or {}
        bridge = None
        if network.driver == "bridge" and self.kind == "docker":
            bridge = ids.device(ids.host(self.host), options.get(BRIDGE_NAME) or f"br-{network.id[:12]}")
        parent = options.get("parent")
        local = network.scope != "swarm"
        attributes = {
            "host": self.host if local else None,
            "name": network.name,
            "engine_network_id": network.id,
            "driver": network.driver,
            "network_scope": network.scope,
            "internal": network.internal,
            "attachable": network.attachable,
            "ingress": network.ingress,
            "enable_ipv6": network.enable_ipv6,
            "subnets": [
                known({"cidr": each.subnet, "gateway": each.gateway, "range": each.ip_range})
                for each in network.ipam.config or ()
            ],
            "bridge_device": bridge,
            "parent_device": ids.device(ids.host(self.host), parent) if parent and local else None,
            "vnis": vnis,
            "peers": sorted({peer.ip for peer in network.peers or () if peer.ip}),
            "options": dict(sorted(options.items())),
            "labels": network.labels,
        }
        return Record(self.network_id(network.id), FACET, "network", known(attributes))

    def _segment(self, network: Network, vni: int) -> Record:
        key = ids.segment_key("vxlan", None, vni)
        attributes = {
            "name": key,
            "key": key,
            "network_type": "vxlan",
            "segmentation_id": vni,
            "network_id": self.network_id(network.id),
        }
        return Record(f"segment:{key}", FACET, "segment", attributes)

    def _endpoint(self, address: str, peers: list[str]) -> Record:
        """The host's end of its overlays: the kernel's devices have no local address, the engine tells it."""
        return self._record(
            ids.tunnel_endpoint(self.host, "vxlan"),
            "otep",
            name=address,
            overlay_type="vxlan",
            underlay_netns=ids.host(self.host),
            ip=ids.canonical_ip(address),
            peer_ips=[ids.canonical_ip(each) for each in peers],
        )


def _addresses(endpoint: Endpoint) -> list[str]:
    out = []
    if endpoint.ip_address:
        out.append(f"{ids.canonical_ip(endpoint.ip_address)}/{endpoint.ip_prefix_len}")
    if endpoint.global_ipv6_address:
        out.append(f"{ids.canonical_ip(endpoint.global_ipv6_address)}/{endpoint.global_ipv6_prefix_len}")
    return out


def _endpoint(picture: Picture, name: str, endpoint: Endpoint) -> dict[str, Any]:
    return {
        "network": name,
        "network_id": picture.network_id(endpoint.network_id) if endpoint.network_id else None,
        "mac": ids.canonical_mac(endpoint.mac_address),
        "addresses": _addresses(endpoint),
    }


def _ports(ports: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Exposed ports, each published place an entry of its own."""
    for exposed, published in sorted(ports.items()):
        number, _, protocol = exposed.partition("/")
        base = {"port": int(number) if number.isdigit() else None, "protocol": protocol or "tcp"}
        places = sorted((each.host_ip, each.host_port) for each in published or ())
        for ip, port in places or [("", "")]:
            yield known({**base, "host_ip": ip, "host_port": int(port) if port.isdigit() else None})


def _vnis(network: Network) -> list[int]:
    said = (network.options or {}).get(VXLAN_IDS, "") if network.driver == "overlay" else ""
    return [int(each) for each in said.split(",") if each.strip().isdigit()]
