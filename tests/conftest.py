"""Live tests need root: the reason is told where they are skipped."""

from __future__ import annotations

import os
import shutil

import pytest

COMMANDS = ("ip", "nsenter", "ovs-vsctl", "nft", "iptables-save", "conntrack", "ethtool")
PATHS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in COMMANDS if shutil.which(name, path=PATHS) is None]
    if os.geteuid() != 0:
        reason = "needs root: it makes network namespaces and starts servers in them"
    elif missing:
        reason = f"needs {', '.join(missing)}: `make test` installs them"
    else:
        return
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(pytest.mark.skip(reason=reason))
