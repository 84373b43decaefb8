"""How a host is reached and where its commands live, as an environment's file declares it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from calipso.errors import ConfigError
from calipso.model.secrecy import REFERENCE

ALL = "*"
SUDO_NEVER = "-n"
SUDO_ASKS = ("-k", "-S", "-p", "")
"""sudo(8): never ask, or read a password from standard input without a prompt, whatever was said a moment ago."""
_TOOLS = ("docker", "podman", "kubectl", "crictl", "lxc")
_PLAIN = ("sudo", "doas", "nsenter", "ip", "lxc-attach", "snap")
_INNER = (*_TOOLS, "nsenter", "ip", "lxc-attach", "snap")
_ENDS_OPTIONS = ("kubectl", "lxc", "lxc-attach", "nsenter")
"""Tools after which `--` keeps the options of the command out of theirs."""
_BY_NAME = 'exec crictl exec "$(crictl ps -q --state Running --name "$0" | head -n 1)" "$@"'
_IN_SNAP = 'for w do shift; case $w in PATH=*) ;; *) set -- "$@" "$w";; esac; done; exec "$@"'
"""A snap's commands are found by the PATH it sets itself, so the one set for the host is left out."""


class Ssh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A host reached by SSH. What is empty is taken from the SSH configuration, then from its defaults.

    host: name or alias to connect to, the host's own name when empty. keys: private key files. agent: whether keys of
    the SSH agent are offered. password, passphrase, sudo_password (for hosts whose sudo asks): `env:NAME` or
    `file:PATH`, never the secret itself. jump: gateways in order, `[user@]host[:port]`. config: `~/.ssh/config` when
    empty, `none` for no file. known_hosts: file of known host keys. commands: how many run at once (sshd allows 10 by
    default). connect_timeout: seconds. largest_mib: the most that a command may print.
    """

    host: str = ""
    port: int = 0
    user: str = ""
    keys: tuple[str, ...] = ()
    agent: bool = True
    password: str = ""
    passphrase: str = ""
    jump: tuple[str, ...] = ()
    config: str = ""
    known_hosts: str = ""
    sudo_password: str = ""
    commands: int = 8
    connect_timeout: float = 10.0
    largest_mib: int = 32


class CloudHosts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the hosts of a cloud are reached that its APIs or databases tell of and that are not declared.

    ssh: as of a host; each is connected to by the name that the cloud has for it, which the last gateway of `jump`
    resolves. wrap: as of a host. leave: patterns of names that are not looked at, `ironic*`.
    """

    ssh: Ssh = Ssh()
    wrap: Mapping[str, str] = {}
    leave: tuple[str, ...] = ()


def check_ssh(said: Ssh, where: str) -> None:
    """Raises `ConfigError` that names the field."""
    for field in ("password", "passphrase", "sudo_password"):
        value = getattr(said, field)
        if value and not REFERENCE.fullmatch(value):
            raise ConfigError(
                "a secret is given by reference, env:NAME or file:PATH", where=f"{where}.{field}",
                hint="Put the secret into a file that only you can read, or into an environment variable.",
            )  # fmt: skip
    for field, least, most in (("port", 0, 65535), ("commands", 1, 1000), ("largest_mib", 1, 4096)):
        if not least <= getattr(said, field) <= most:
            raise ConfigError(f"is not between {least} and {most}", where=f"{where}.{field}")
    if said.connect_timeout <= 0:
        raise ConfigError("is not more than 0 seconds", where=f"{where}.connect_timeout")
    for number, hop in enumerate(said.jump):
        if not re.fullmatch(r"([^@\s-][^@\s]*@)?[^@\s-][^@\s]*", hop):
            raise ConfigError(f"{hop!r} is not [user@]host[:port]", where=f"{where}.jump[{number}]")


def wrapper(said: str, where: str) -> tuple[str, ...]:
    """The words of a declared wrapper, ready to stand before a command; empty for none. Raises `ConfigError`.

    `crictl exec name=NAME` enters the running container of that name, `snap run --shell SNAP.APP` the snap's own view.
    """
    try:
        words = shlex.split(said)
    except ValueError as error:
        raise ConfigError(f"is no command: {error}", where=where) from error
    if not words:
        return ()
    tool = words[0].rpartition("/")[2]
    if tool not in (*_TOOLS, *_PLAIN):
        raise ConfigError(
            f"{tool!r} is none of {', '.join((*_PLAIN, *_TOOLS))}", where=where,
            hint="A wrapper is what stands before a command so that it runs where its process lives.",
        )  # fmt: skip
    if tool == "sudo":
        return _sudo(words, where)
    _check_form(tool, words, where)
    if tool == "snap":
        return (*words, "-c", _IN_SNAP, "sh")
    if tool == "crictl" and words[-1].startswith("name="):
        return ("sh", "-c", _BY_NAME, f"^{words[-1][5:]}$")
    return (*words, "--") if tool in _ENDS_OPTIONS and "--" not in words else tuple(words)


def _check_form(tool: str, words: list[str], where: str) -> None:
    """Raises `ConfigError` unless the words enter something and nothing else."""
    if tool in _TOOLS and (len(words) < 3 or "exec" not in words[1:-1]):
        raise ConfigError(f"{tool} needs `exec` and what to enter, as in `{tool} exec NAME`", where=where)
    if tool == "crictl" and words[-1].startswith("name=") and not re.fullmatch(r"name=[A-Za-z0-9_.-]+", words[-1]):
        raise ConfigError("a container's name is letters, digits, `_`, `.` and `-`", where=where)
    if tool == "ip" and (words[1:3] != ["netns", "exec"] or len(words) != 4):
        raise ConfigError("ip wraps as `ip netns exec NAME`", where=where)
    if tool == "lxc-attach" and "-n" not in words[1:-1] and not any(each.startswith("--name=") for each in words):
        raise ConfigError("lxc-attach needs what to enter, as in `lxc-attach -n NAME`", where=where)
    if tool == "snap" and (words[1:3] != ["run", "--shell"] or len(words) != 4):
        raise ConfigError("snap wraps as `snap run --shell SNAP.APP`", where=where)


def _sudo(words: list[str], where: str) -> tuple[str, ...]:
    """Never asks, only `sudo_password` answers. A wrapper inside of it (`sudo docker exec NAME`) is checked too."""
    at = next((at for at, word in enumerate(words[1:], 1) if word.rpartition("/")[2] in _INNER), 0)
    outer, inner = (words[:at], words[at:]) if at else (words, [])
    if SUDO_NEVER not in outer:
        outer = [outer[0], SUDO_NEVER, *outer[1:]]
    if outer[-1] != "--":
        outer.append("--")
    return (*outer, *(wrapper(shlex.join(inner), where) if inner else ()))


def check_wrap(said: Mapping[str, Any], where: str) -> None:
    """Raises `ConfigError` that names the command."""
    for command, words in said.items():
        if command != ALL and (not command or "/" in command or any(blank in command for blank in " \t\n")):
            raise ConfigError("is neither a command's bare name nor `*` for all", where=f"{where}.{command}")
        wrapper(words, f"{where}.{command}")
