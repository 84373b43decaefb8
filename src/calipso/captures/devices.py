"""What the engines that take packets of a device share: which they take, and how they get into its namespace."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from calipso.errors import AuthFailed, Unreachable
from calipso.native.entered import entered
from calipso.native.place import Place
from calipso.seams import CapturePoint

IDLE, SWEEP = 120, 30
"""Seconds without a frame until a conversation is let go, when it has been read; between looks for such."""
TYPES = frozenset({
    "device", "internal", "veth", "tun", "bridge", "dummy", "gre", "bond", "team", "ifb", "macvlan", "macvtap", "vlan",
    "vxlan", "gretap", "ip6gretap", "geneve", "ipip", "ipvlan", "ip6tnl", "ip6gre", "sit", "loopback", "openvswitch",
})  # fmt: skip


@contextlib.contextmanager
def within(point: CapturePoint, needs: str, doing: str = "capturing") -> Iterator[None]:
    """In the namespace of the point. Raises `Unreachable`, `AuthFailed`, which says what `doing` it needs."""
    place = Place(point.pid or None)
    try:
        namespace = place.open_namespace(point.netns)
    except OSError as error:
        raise Unreachable(f"{point.netns or point.host or 'the host'}: {error.strerror}") from error
    try:
        with entered(namespace):
            yield
    except PermissionError as error:
        raise AuthFailed(
            f"{point.device}: {doing} is not permitted", hint=f"It needs {needs}, and CAP_SYS_ADMIN for other "
            "namespaces.",
        ) from error  # fmt: skip
    except OSError as error:
        raise Unreachable(f"{point.device}: {error.strerror}") from error
    finally:
        os.close(namespace)
