"""What all tests share: where system commands are, patience on a busy machine, and why live tests are skipped."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

os.environ["PATH"] = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))

# A deadline per example measures the machine's load, not the code; an example found in CI is found again from its blob.
settings.register_profile(
    "calipso", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)  # fmt: skip
settings.load_profile("calipso")

COMMANDS = (
    "ip", "nsenter", "unshare", "ovs-vswitchd", "ovsdb-server", "ovs-vsctl", "nft", "iptables-save", "conntrack",
    "ethtool",
)  # fmt: skip


def why_not_live(uid: int, missing: list[str]) -> str | None:
    """Why live tests cannot run here, or None when they can."""
    if uid != 0:
        return "needs root: it makes network namespaces and starts servers in them"
    if missing:
        return f"needs {', '.join(missing)}: `make test` as root installs them"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = why_not_live(os.geteuid(), [name for name in COMMANDS if shutil.which(name) is None])
    if reason is None:
        return
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(pytest.mark.skip(reason=reason))
