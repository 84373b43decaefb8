"""Docker, and Podman where it answers as Docker does: containers, networks, swarm overlays; live by its events."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.docker.collect import collect
from calipso.sources.docker.watch import watch

MANIFEST = Manifest(
    name="docker",
    title="Docker and Podman",
    facets=("docker",),
    types=("host", "container", "nic", "network", "segment", "otep"),
    watches=True,
    interval=60.0,
    options={
        "engines": "list of {name, endpoint}; without it the sockets of Docker and Podman where they are",
        "interval": "seconds between full looks beside the engine's events (60)",
    },
)


class DockerSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = DockerSource()
