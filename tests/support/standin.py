"""Stand-ins for the tools that lead into containers: each tells what it enters and goes on with the words it was given.

They read their arguments as the real ones do (docker-exec(1), podman-exec(1), crictl(8), lxc-attach(1), snap(8),
sudo(8)), so that words in the wrong order are caught; the command in the end tells its own words.
"""

from __future__ import annotations

from pathlib import Path

ENGINE = """
[ "$1" = exec ] || exit 64; shift
while [ $# -gt 0 ]; do case $1 in --user|--workdir|-u|-w) shift 2;; -*) exit 64;; *) break;; esac; done
echo "enter $(basename "$0") $1"; shift; exec "$@"
"""
CRICTL = """
if [ "$1" = ps ]; then
  while [ $# -gt 0 ]; do [ "$1" = --name ] && name=$2; shift; done
  name=${name#^}; echo "id-of-${name%$}"; exit 0
fi
[ "$1" = exec ] || exit 64; shift
[ -n "$1" ] || exit 65
echo "enter crictl ${1#id-of-}"; shift; exec "$@"
"""
LXC_ATTACH = """
[ "$1" = -n ] && [ "$3" = -- ] || exit 64
echo "enter lxc-attach $2"; shift 3; exec "$@"
"""
LXC = """
[ "$1" = exec ] && [ "$3" = -- ] || exit 64
echo "enter lxc $2"; shift 3; exec "$@"
"""
SNAP = """
[ "$1" = run ] && [ "$2" = --shell ] || exit 64
echo "enter snap $3"; shift 3; exec /bin/bash "$@"
"""
SUDO = """
[ "$1" = -n ] && [ "$2" = -- ] || exit 64
echo become root; shift 2; exec "$@"
"""
TIMEOUT = """
[ "$1 $2" = "-s KILL" ] || exit 64; shift 3; exec "$@"
"""
ENV = """
for word do shift; case $word in *=*) echo "set $word";; *) set -- "$@" "$word";; esac; done
echo "run $*"
"""
TOOLS = {
    "docker": ENGINE, "podman": ENGINE, "crictl": CRICTL, "lxc-attach": LXC_ATTACH, "lxc": LXC, "snap": SNAP,
    "sudo": SUDO, "timeout": TIMEOUT, "env": ENV,
}  # fmt: skip


def install(folder: Path) -> str:
    """Write them; gives the PATH that finds them first."""
    for name, body in TOOLS.items():
        file = folder / name
        file.write_text(f"#!/bin/sh{body}")
        file.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"
