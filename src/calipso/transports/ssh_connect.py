"""Connections by SSH (RFC 4253, 4252): how one is made, and what went wrong when it could not be."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import asyncssh

from calipso.errors import AuthFailed, TimedOut, TransportError, Unreachable
from calipso.model.reaching import Ssh
from calipso.transports.secrets import secret

_CONFIG = "~/.ssh/config"
_KNOWN_HOSTS = "~/.ssh/known_hosts"
_ALIVE, _MISSED = 15, 3
_CLOSING = 2.0


class _Client(asyncssh.SSHClient):
    """Remembers the host key that is not known: the error then tells it."""

    def __init__(self) -> None:
        self.met: tuple[str, str, int, asyncssh.SSHKey] | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.met = (host, addr, port, key)
        return False


async def connect(said: Ssh) -> asyncssh.SSHClientConnection:
    """Log in, through the gateways if there are any. Raises `Unreachable`, `AuthFailed`, `TimedOut`, `ConfigError`."""
    tunnel: asyncssh.SSHClientConnection | None = None
    try:
        for hop in said.jump:
            user, _, place = hop.rpartition("@")
            host, port = _split(place)
            tunnel = await _login(said, host, port, user, tunnel, f"gateway {host}")
        return await _login(said, said.host, said.port, said.user, tunnel, said.host)
    except BaseException:
        if tunnel is not None:
            tunnel.abort()
        raise


def _split(place: str) -> tuple[str, int]:
    """`host`, `host:port`, `[v6]:port`; a bare IPv6 address has no port."""
    host, colon, port = place.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.startswith("[")):
        return host.strip("[]"), int(port)
    return place.strip("[]"), 0


async def _login(
    said: Ssh, host: str, port: int, user: str, tunnel: asyncssh.SSHClientConnection | None, name: str
) -> asyncssh.SSHClientConnection:
    client = _Client()
    arguments = _arguments(said, port, user)
    if tunnel is not None:
        arguments["tunnel"] = tunnel
    try:
        async with asyncio.timeout(said.connect_timeout):
            return await asyncssh.connect(host, client_factory=lambda: client, **arguments)
    except TimeoutError as error:
        raise TimedOut(
            f"{name}: no SSH session within {said.connect_timeout:g} s",
            hint="Is the host up, and is a firewall silent? `connect_timeout` gives it longer.",
        ) from error
    except asyncssh.HostKeyNotVerifiable as error:
        raise _host_key(said, name, client, error) from error
    except asyncssh.KeyExchangeFailed as error:
        raise AuthFailed(
            f"{name}: no algorithm in common: {error.reason}",
            hint="A host key of another kind than the known one looks like this too: compare it with the host's.",
        ) from error
    except asyncssh.PermissionDenied as error:
        raise AuthFailed(
            f"{name}: the server refused the login: {error.reason}",
            hint=f"Try `ssh {host}`; `user`, `keys`, `agent` and `password` tell who to be.",
        ) from error
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise AuthFailed(f"{name}: a private key cannot be used: {error}", hint="Give its `passphrase`.") from error
    except asyncssh.ConfigParseError as error:
        raise TransportError(f"{name}: the SSH configuration cannot be read: {error}") from error
    except asyncssh.ChannelOpenError as error:
        raise Unreachable(f"{name}: the gateway does not get there: {error.reason}") from error
    except (asyncssh.Error, OSError, ValueError) as error:
        reason = getattr(error, "reason", "") or getattr(error, "strerror", "") or str(error)
        raise Unreachable(f"{name}: {reason}") from error


def _arguments(said: Ssh, port: int, user: str) -> dict[str, Any]:
    config = Path(said.config or _CONFIG).expanduser()
    arguments: dict[str, Any] = {
        "config": [] if said.config == "none" or not (said.config or config.exists()) else [str(config)],
        "connect_timeout": said.connect_timeout,
        "login_timeout": said.connect_timeout,
        "keepalive_interval": _ALIVE,
        "keepalive_count_max": _MISSED,
        "request_pty": False,
        "agent_forwarding": False,
    }
    if port:
        arguments["port"] = port
    if user:
        arguments["username"] = user
    if said.known_hosts:
        arguments["known_hosts"] = str(Path(said.known_hosts).expanduser())
    if said.keys:
        arguments["client_keys"] = [str(Path(key).expanduser()) for key in said.keys]
    if not said.agent:
        arguments["agent_path"] = None
    if said.password:
        arguments["password"] = secret(said.password, "ssh.password")
    if said.passphrase:
        arguments["passphrase"] = secret(said.passphrase, "ssh.passphrase")
    return arguments


def _host_key(said: Ssh, name: str, client: _Client, error: asyncssh.HostKeyNotVerifiable) -> AuthFailed:
    if client.met is None:
        return AuthFailed(f"{name}: host key: {error.reason}", hint="It was revoked or its certificate does not hold.")
    host, addr, port, key = client.met
    shown = f"{key.get_algorithm()} {key.get_fingerprint()}"
    where = said.known_hosts or _KNOWN_HOSTS
    if _knows(said, host, addr, port):
        target = f"[{host}]:{port}" if port != 22 else host
        return AuthFailed(
            f"{name}: its host key has changed: now {shown}",
            hint=f"Somebody may be in between. If the host was set up anew: ssh-keygen -R '{target}' -f {where}, "
            "then take the new key in.",
        )
    return AuthFailed(
        f"{name}: its host key is not known: {shown}",
        hint=f"Compare it with the host's own, then add it to {where}: `ssh {host}` once, or ssh-keyscan.",
    )


def _knows(said: Ssh, host: str, addr: str, port: int) -> bool:
    """Whether another key of the host is known. A file named in the SSH configuration counts as the default one."""
    files = [said.known_hosts or _KNOWN_HOSTS]
    if not said.known_hosts:
        named = asyncssh.SSHClientConnectionOptions(**_arguments(said, 0, ""), host=said.host).known_hosts
        files = (
            [named] if isinstance(named, str) else [str(each) for each in named] if isinstance(named, list) else files
        )
    for file in files:
        with contextlib.suppress(OSError, ValueError):
            known = asyncssh.read_known_hosts(str(Path(file).expanduser()))
            if known.match(host, addr, port if port != 22 else None)[0]:
                return True
    return False


async def end(connection: asyncssh.SSHClientConnection) -> None:
    """Close a connection; one that does not answer any more is cut."""
    connection.close()
    try:
        async with asyncio.timeout(_CLOSING):
            await connection.wait_closed()
    except TimeoutError:
        connection.abort()
