"""Connection tests over HTTP: Keystone, Kubernetes, APIC, Sensu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from calipso.errors import AuthFailed, TimedOut, Unreachable

Section = Mapping[str, Any]
REFUSED = (401, 403)


async def keystone(said: Section, limit: float) -> str:
    """A token of Keystone's v3, else of its v2.0. `https: true` in the section, or port 443, for TLS."""
    base = _base(said, "http", 5000)
    user = {
        "name": said["user"],
        "password": said.get("pwd") or "",
        "domain": {"name": said.get("domain") or "Default"},
    }
    project = said.get("project") or said.get("admin_project") or "admin"
    scope = {"project": {"name": project, "domain": user["domain"]}}
    body: dict[str, Any] = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    answer = await _sent(said, limit, "POST", f"{base}/v3/auth/tokens", body)
    if answer.status_code in (404, 405, 300):
        login = {"username": said["user"], "password": said.get("pwd") or ""}
        body = {"auth": {"passwordCredentials": login, "tenantName": project}}
        answer = await _sent(said, limit, "POST", f"{base}/v2.0/tokens", body)
        _checked(base, answer)
        return "Keystone v2.0"
    _checked(base, answer)
    return f"Keystone v3, project {project}"


async def kubernetes(said: Section, limit: float) -> str:
    """The nodes of a cluster, with the section's token."""
    base = _base(said, "https", 6443)
    headers = {"Authorization": f"Bearer {said.get('token') or ''}"}
    answer = await _sent(said, limit, "GET", f"{base}/api/v1/nodes?limit=1", headers=headers)
    _checked(base, answer)
    return "may read nodes"


async def aci(said: Section, limit: float) -> str:
    """Log in to an APIC (`POST /api/aaaLogin.json`)."""
    base = _base(said, "https", 443)
    body = {"aaaUser": {"attributes": {"name": said["user"], "pwd": said.get("pwd") or ""}}}
    _checked(base, await _sent(said, limit, "POST", f"{base}/api/aaaLogin.json", body))
    return "logged in"


async def sensu(said: Section, limit: float) -> str:
    """The Sensu API's own account of itself (`GET /info`)."""
    base = f"http://{_host(said.get('server_ip') or said.get('server_name'))}:{said.get('api_port') or 4567}"
    _checked(base, await _sent(said, limit, "GET", f"{base}/info"))
    return "Sensu answers"


def _host(name: Any) -> str:
    return f"[{name}]" if ":" in str(name) else str(name)


def _base(said: Section, scheme: str, port: int) -> str:
    number = int(said.get("port") or port)
    scheme = "https" if said.get("https") is True or number == 443 else "http" if said.get("https") is False else scheme
    return f"{scheme}://{_host(said['host'])}:{number}"


async def _sent(
    said: Section, limit: float, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """Raises `Unreachable`, `TimedOut`. Certificates are checked unless the section says `verify: false`."""
    try:
        async with httpx.AsyncClient(timeout=limit, verify=said.get("verify") is not False, trust_env=False) as client:
            return await client.request(method, url, json=body, headers=dict(headers or {}))
    except httpx.TimeoutException as error:
        raise TimedOut(f"{url.partition('?')[0]}: no answer within {limit:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        reason = str(error)
        hint = "`verify: false` in the section does without." if "CERTIFICATE" in reason else ""
        raise Unreachable(f"{url.partition('?')[0]}: {reason or type(error).__name__}", hint=hint) from error


def _checked(base: str, answer: httpx.Response) -> None:
    if answer.status_code in REFUSED:
        raise AuthFailed(f"{base}: HTTP {answer.status_code}: the server refused the login")
    if answer.status_code >= 300:
        raise Unreachable(f"{base}: HTTP {answer.status_code} {answer.reason_phrase}: not what was looked for there")
