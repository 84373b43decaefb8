"""The APIs of an OpenStack cloud through keystoneauth1: log-in, catalogue, tokens that end, discovery of versions.

How to log in is read from `clouds.yaml` as OpenStack's own client reads it, with all its plugins; or Keystone's
address, a user and a password are given.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from calipso.errors import AuthFailed, ConfigError, TimedOut, TransportError, Unreachable
from calipso.model.environment import OpenStackAccess
from calipso.native.entered import entered
from calipso.native.place import Place
from calipso.seams import Http, Reply, Request
from calipso.transports.secrets import secret

SCHEME = "openstack:"
AT_ONCE = 8
"""Requests at a time: a cloud's API workers are shared with everybody."""
CONNECT_RETRIES = 1
FRESH = 30.0
"""Seconds in which a token that was made because another was refused is not made anew again."""
MAJOR = {"identity": 3, "compute": 2, "image": 2, "load-balancer": 2}
NETWORK, NETWORK_VERSION = "network", "v2.0"
"""Neutron's document of versions is not reachable in every cloud; there is one version only."""


class OpenStackTransport:
    """Answers `Http` whose endpoint is `openstack:SERVICE` with a path below the service's versioned endpoint.

    `openstack:` alone tells what the session is bound to: `{"region": …, "services": [types in its catalogue]}`.
    A token that ended is renewed, once for all who ask meanwhile; a service that refuses the new one too is
    `AuthFailed`, and nobody logs in again for a while. `pid`: the APIs are asked from the network namespace of that
    process. Raises `ConfigError` when the cloud is not described or its password's reference leads nowhere.
    """

    answers: frozenset[type[Request]] = frozenset({Http})

    def __init__(self, access: OpenStackAccess, pid: int | None = None) -> None:
        self._access = access
        self._from = Place(pid)
        self._cloud = _described(access)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="openstack")
        self._clients: dict[str, Any] = {}
        self._renewing = threading.Lock()
        self._renewed = ("", 0.0)
        """The token made last because one was refused, and when."""

    async def ask(self, request: Request) -> Reply:
        """The status as exit code. Raises `Unreachable`, `AuthFailed`, `TimedOut`."""
        if not isinstance(request, Http) or not request.endpoint.startswith(SCHEME):
            raise TransportError("a cloud is asked by its APIs only: openstack:SERVICE")
        service = request.endpoint.removeprefix(SCHEME)
        work = self._about if not service else lambda: self._asked(service, request)
        try:
            async with asyncio.timeout(request.timeout):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._there, work)
        except TimeoutError:
            raise TimedOut(f"{self._place}: no answer within {request.timeout:g} s") from None

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        """Nothing of these APIs is a stream."""
        raise TransportError("the APIs of a cloud are no stream: ask for it")

    async def close(self) -> None:
        """Gives up what is still on its way."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _there(self, work: Callable[[], Reply]) -> Reply:
        """Do the work where the APIs are asked from."""
        if self._from.pid is None:
            return _told(self._place, work)
        try:
            namespace = self._from.open_namespace("")
        except OSError as error:
            raise Unreachable(f"{self._place}: no network of process {self._from.pid}: {error.strerror}") from error
        try:
            with entered(namespace):
                return _told(self._place, work)
        except PermissionError as error:
            raise Unreachable(f"{self._place}: the network of process {self._from.pid} may not be entered") from error
        finally:
            os.close(namespace)

    @property
    def _place(self) -> str:
        return f"cloud {self._access.place}"

    def _asked(self, service: str, request: Http) -> Reply:
        client = self._clients.get(service)
        if client is None:
            client = self._clients[service] = _client(self._cloud, service)
        for _ in range(2):
            answer = client.request(
                request.path, request.method, data=request.body or None, raise_exc=False, timeout=request.timeout,
                headers={"Accept": "application/json", **request.headers}, connect_retries=CONNECT_RETRIES,
                allow_reauth=False,
            )  # fmt: skip
            if not _refused(answer) or not self._renew(str(answer.request.headers.get("X-Auth-Token", ""))):
                break
        if answer.status_code == 401:
            raise AuthFailed(f"{self._place}: {service} does not take the token", hint="Is it the right project?")
        return Reply(bytes(answer.content), int(answer.status_code))

    def _renew(self, refused: str) -> bool:
        """Whether there is another token than the one that was refused.

        keystoneauth's own second try is not taken: of those who ask at once, it lets only one ask again.
        """
        session = self._cloud.get_session()
        with self._renewing:
            if session.get_token() != refused:
                return True
            token, at = self._renewed
            if (token == refused and time.monotonic() - at < FRESH) or not session.invalidate():
                return False
            self._renewed = (str(session.get_token()), time.monotonic())
            return True

    def _about(self) -> Reply:
        session = self._cloud.get_session()
        catalogue = session.auth.get_access(session).service_catalog.normalize_catalog()
        region = self._cloud.get_region_name("") or ""
        offered = [
            (each["type"], endpoint.get("region_id") or "") for each in catalogue for endpoint in each["endpoints"]
        ]
        if not region:
            regions = {name for _, name in offered if name}
            if len(regions) > 1:
                raise TransportError(
                    f"{self._place}: has regions {', '.join(sorted(regions))}", hint="Name one: openstack.region."
                )
            region = next(iter(regions), "")
        types = {kind for kind, name in offered if name in (region, "")}
        return Reply(msgspec.json.encode({"region": region, "services": sorted(types)}))


def _refused(answer: Any) -> bool:
    """Whether the token was not taken: by the service, or by Neutron when Nova asked it with that token (a 400)."""
    return answer.status_code == 401 or (
        answer.status_code == 400 and b"unauthorized exception" in answer.content[:1000]
    )


def _described(access: OpenStackAccess) -> Any:
    """The cloud as clouds.yaml describes it. Raises `ConfigError`."""
    from keystoneauth1.exceptions import ClientException
    from openstack.config import OpenStackConfig
    from openstack.exceptions import SDKException

    options: dict[str, Any] = {"region_name": access.region, "interface": access.interface}
    if access.auth_url:
        return _given(access, options)
    try:
        config = OpenStackConfig(config_files=[access.clouds] if access.clouds else None, load_envvars=False)
        return config.get_one(access.cloud, **{name: value for name, value in options.items() if value})
    except (SDKException, ClientException, OSError, ValueError) as error:
        raise ConfigError(str(error), where="openstack.cloud", hint="Is the cloud in clouds.yaml?") from error


def _given(access: OpenStackAccess, options: dict[str, Any]) -> Any:
    """The cloud as its address and an account describe it. Raises `ConfigError`."""
    from openstack.config import OpenStackConfig

    auth = {
        "auth_url": access.auth_url, "username": access.user, "project_name": access.project,
        "password": secret(access.password, "openstack.password") if access.password else "",
        "user_domain_name": access.domain, "project_domain_name": access.domain,
    }  # fmt: skip
    config = OpenStackConfig(load_yaml_config=False, load_envvars=False)
    named = {name: value for name, value in options.items() if value}
    return config.get_one(auth_type="password", auth=auth, verify=access.verify, **named)


def _client(cloud: Any, service: str) -> Any:
    """What asks one service, as the cloud's description wants it: interface, region, endpoint of its own."""
    from keystoneauth1.adapter import Adapter

    major = MAJOR.get(service)
    client = Adapter(
        cloud.get_session(),
        service_type=cloud.get_service_type(service),
        service_name=cloud.get_service_name(service),
        interface=cloud.get_interface(service),
        region_name=cloud.get_region_name(service) or None,
        endpoint_override=cloud.get_endpoint(service),
        min_version=f"{major}.0" if major else None,
        max_version=f"{major}.latest" if major else None,
    )
    if service == NETWORK and client.endpoint_override is None:
        root = client.get_endpoint() or ""
        if root and not root.rstrip("/").endswith(NETWORK_VERSION):
            client.endpoint_override = f"{root.rstrip('/')}/{NETWORK_VERSION}"
    return client


def _told(place: str, work: Callable[[], Reply]) -> Reply:
    """What the work says, its errors as ours."""
    from keystoneauth1 import exceptions as said
    from openstack.exceptions import SDKException

    try:
        return work()
    except said.Unauthorized as error:
        raise AuthFailed(
            f"{place}: not let in: {error.message}", hint="See its entry in clouds.yaml, or its user and password."
        ) from error
    except said.ConnectTimeout as error:
        raise TimedOut(f"{place}: {error}") from error
    except (said.ConnectionError, said.DiscoveryFailure, said.EndpointNotFound) as error:
        raise Unreachable(f"{place}: {error}") from error
    except said.HttpError as error:
        raise Unreachable(f"{place}: {error.http_status} {error.message}") from error
    except (said.ClientException, SDKException) as error:
        raise TransportError(f"{place}: {error}") from error
