"""A distribution's way into its containers, through a real engine: words, namespaces and exit codes come through."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.model.environment import Host, parse_environment
from calipso.seams import Exec
from calipso.transports.local import LocalTransport
from labs.docker.lab import IMAGE, Running

pytestmark = pytest.mark.live
TOOL = """#!/bin/busybox sh
[ "$1" = fail ] && exit 3
echo "$(hostname) $LC_ALL $# $*"
"""


@pytest.mark.parametrize(
    ("said", "container"),
    [
        ({"distribution": "Kolla", "distribution_version": "2024.1"}, "openvswitch_vswitchd"),
        ({"distribution": "Mercury", "distribution_version": "28000"}, "ovs_vswitch_28000"),
    ],
)
def test_a_tool_runs_in_the_container_of_its_daemon(
    lab: Running, tmp_path: Path, said: dict[str, str], container: str
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "env").symlink_to("/bin/busybox")
    (tools / "ovs-vsctl").write_text(TOOL)
    (tools / "ovs-vsctl").chmod(0o755)
    (tmp_path / "passwd").write_text("root:x:0:0::/root:/bin/sh\n")  # `docker exec --user root` looks it up
    environment = parse_environment({"name": "site", "type": "OpenStack", **said})
    words = ("run", "--detach", "--name", container, "--hostname", "inside", "--network", "none")
    lab.docker("d1", *words, "--volume", f"{tools}:/usr/local/bin:ro", IMAGE, "/bin/busybox", "sleep", "600")
    lab.docker("d1", "exec", container, "/bin/busybox", "mkdir", "-p", "/root")
    lab.docker("d1", "cp", f"{tmp_path}/passwd", f"{container}:/etc/passwd")
    transport = LocalTransport(lab.pid("d1"), wrap=environment.wrap_of(Host()))

    async def asked(*argv: str) -> tuple[int, str]:
        reply = await transport.ask(Exec(argv))
        return reply.exit_code, reply.body.decode()

    async def all_of_it() -> None:
        try:
            assert await asked("ovs-vsctl", "--columns", "a  b", "$HOME") == (0, "inside C 3 --columns a  b $HOME\n")
            assert await asked("uname", "-n") == (0, "d1\n")
            assert await asked("ovs-vsctl", "fail") == (3, "")
        finally:
            await transport.close()

    try:
        asyncio.run(all_of_it())
    finally:
        lab.docker("d1", "rm", "--force", container)
