"""Where a host's commands live: what stands before a command so that it runs there. Pure functions of words."""

from __future__ import annotations

import math
from collections.abc import Mapping

from calipso.model.reaching import ALL, wrapper

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
}
"""Innermost of all: sudo and containers do not hand the environment on."""


class Wrapping:
    """Declared wrappers of a host, by command, `*` for all.

    A command's own wrapper runs inside of the one for all, so `*: sudo` and `ovs-vsctl: docker exec ovs` together give
    `sudo -n -- docker exec ovs ovs-vsctl`. An empty own wrapper means none at all. Raises `ConfigError`.
    """

    def __init__(self, declared: Mapping[str, str] = {}) -> None:
        self._declared = {command: wrapper(words, f"wrap.{command}") for command, words in declared.items()}

    def __bool__(self) -> bool:
        return any(self._declared.values())

    def argv(self, argv: tuple[str, ...], enter: tuple[str, ...] = (), limit: float = 0) -> tuple[str, ...]:
        """A command as the host runs it, `enter` being words that lead into a namespace of the host.

        `limit`: seconds after which the host itself ends it, by timeout(1), inside of sudo as only root may end what
        is root's, outside of containers as they may lack it. 0: never.
        """
        own = self._declared.get(command_name(argv))
        outer = () if own == () else self._declared.get(ALL, ())
        at = outer.index("--") + 1 if outer and outer[0].rpartition("/")[2] == "sudo" else 0
        timed = ("timeout", "-s", "KILL", str(math.ceil(limit))) if limit else ()
        assignments = (f"{key}={value}" for key, value in ENVIRONMENT.items())
        return (*outer[:at], *timed, *outer[at:], *enter, *(own or ()), "env", *assignments, *argv)


def command_name(argv: tuple[str, ...]) -> str:
    """The bare name of the command, past `env NAME=VALUE …`."""
    words = list(argv)
    if words and words[0] == "env":
        words = [word for word in words[1:] if "=" not in word] or words
    return words[0].rpartition("/")[2] if words else ""
