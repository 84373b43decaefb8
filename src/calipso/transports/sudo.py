"""Becoming root where sudo(8) asks for a password: it is handed over on standard input, before the command's own.

Asked once for each connection, and a refusal stands: every wrong try may count towards locking the account.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from calipso.errors import AuthFailed
from calipso.model.reaching import SUDO_ASKS, SUDO_NEVER
from calipso.transports.secrets import secret

Try = Callable[[tuple[str, ...], bytes], Awaitable[tuple[int, str]]]
"""Runs a command's words with an input on the host: exit code, standard error."""


class Sudo:
    """How the outermost sudo of a host's commands becomes root: by itself, or with the password referred to."""

    def __init__(self, reference: str, host: str) -> None:
        self._reference, self._host = reference, host
        self._asks: bool | None = None
        self._refused: AuthFailed | None = None

    async def ready(self, argv: tuple[str, ...], attempt: Try) -> None:
        """Find out, once, whether sudo asks. Raises `AuthFailed`, `ConfigError`."""
        if self._refused is not None:
            raise AuthFailed(self._refused.message, hint=self._refused.hint)
        if self._asks is not None or not self._reference or argv[:1] != ("sudo",) or "--" not in argv:
            return
        outer = argv[: argv.index("--") + 1]
        code, _ = await attempt((*outer, "true"), b"")
        if code == 0:
            self._asks = False
            return
        code, said = await attempt((*_asking(outer), "true"), self._line())
        if code:
            reason = said.strip().split("\n")[-1] or f"exit code {code}"
            self._refused = AuthFailed(
                f"{self._host}: sudo refused: {reason}",
                hint="`sudo_password` of the host's `ssh` is the password of the user who logs in.",
            )
            raise self._refused
        self._asks = True

    def words(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """The words of a command so that the outermost sudo reads its password."""
        return _asking(argv) if self._asks and argv[:1] == ("sudo",) else argv

    def stdin(self, argv: tuple[str, ...], stdin: bytes) -> bytes:
        """What the words are given to read. `-k` makes sure that sudo, not the command, takes the first line."""
        return self._line() + stdin if self._asks and argv[:1] == ("sudo",) else stdin

    def _line(self) -> bytes:
        return secret(self._reference, "ssh.sudo_password").encode() + b"\n"


def _asking(argv: tuple[str, ...]) -> tuple[str, ...]:
    at = argv.index(SUDO_NEVER) if SUDO_NEVER in argv else 1
    return (*argv[:at], *SUDO_ASKS, *argv[at + 1 :])
