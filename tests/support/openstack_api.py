"""A cloud's APIs on a loopback port: Keystone's tokens and catalogue, version documents, and the made-up listings."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from calipso.seams import Http
from tests.support.openstack_said import SERVICES, MadeUpCloud

PREFIX = {"compute": "/compute/v2.1", "network": "/network", "image": "/image", "identity": "/identity/v3",
          "placement": "/placement", "load-balancer": "/load-balancer"}  # fmt: skip
BELOW = {"network": "/v2.0", "image": "/v2", "load-balancer": "/v2"}
VERSIONS = {"compute": "v2.1", "image": "v2.9", "identity": "v3.14"}


class Api:
    """`valid`: the tokens that are taken; `slow`: seconds before an answer; `regions`: of the catalogue.

    `ends_after`: questions until all tokens end, once. `refusing`: services that take no token at all.
    """

    def __init__(self) -> None:
        self.cloud = MadeUpCloud()
        self.numbers = itertools.count(1)
        self.valid: set[str] = set()
        self.logins = 0
        self.slow = 0.0
        self.ends_after = 0
        self.passing_on: set[str] = set()
        """Services that ask another one with the token, and tell of its refusal as an error of their own."""
        self.refusing: set[str] = set()
        self.regions = ["one"]
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def describe(self, folder: Path, **more: Any) -> Path:
        """A clouds.yaml (JSON is YAML) that leads here."""
        auth = {
            "auth_url": f"{self.url}/identity/v3", "username": "reader", "password": "right", "project_name": "admin",
            "user_domain_name": "Default", "project_domain_name": "Default", **more,
        }  # fmt: skip
        file = folder / "clouds.yaml"
        file.write_text(json.dumps({"clouds": {"lab": {"auth": auth, "identity_api_version": "3"}}}))
        return file

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if said["auth"]["identity"]["password"]["user"]["password"] != "right":
                    return self.answer(401, {"error": {"message": "not right", "code": 401, "title": "Unauthorized"}})
                token = f"token-{next(api.numbers)}"
                api.valid.add(token)
                api.logins += 1
                return self.answer(201, {"token": api.token()}, {"X-Subject-Token": token})

            def do_GET(self) -> None:
                time.sleep(api.slow)
                service = self.path.split("/")[1].partition("?")[0]
                below = self.path.removeprefix(PREFIX.get(service, "")).removeprefix(BELOW.get(service, ""))
                if below in ("", "/"):
                    return self.answer(200, api.versions(service))
                if api.ends_after and api.count() == 0:
                    api.valid.clear()
                if self.headers.get("X-Auth-Token") not in api.valid and service in api.passing_on:
                    said = "Networking client is experiencing an unauthorized exception."
                    return self.answer(400, {"badRequest": {"code": 400, "message": said}})
                if service in api.refusing or self.headers.get("X-Auth-Token") not in api.valid:
                    return self.answer(401, {"error": {"message": "token has ended", "code": 401}})
                headers = {name: value for name, value in self.headers.items() if name == "OpenStack-API-Version"}
                reply = api.cloud.page(Http(f"openstack:{service}", below, headers=headers))
                return self.answer(reply.exit_code, json.loads(reply.body) if reply.exit_code == 200 else {})

            def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
                text = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing is printed."""

        return Handler

    def count(self) -> int:
        """How many questions are left before tokens end."""
        self.ends_after -= 1
        return self.ends_after

    def token(self) -> dict[str, Any]:
        catalogue = [
            {"type": service, "name": service, "id": service, "endpoints": [
                {"id": f"{service}-{region}", "interface": "public", "region": region, "region_id": region,
                 "url": self.url + PREFIX[service]} for region in self.regions]}
            for service in SERVICES
        ]  # fmt: skip
        return {
            "methods": ["password"], "issued_at": "2026-01-01T00:00:00.000000Z",
            "expires_at": "2199-01-01T00:00:00.000000Z", "catalog": catalogue,
            "user": {"id": "u1", "name": "reader", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": "p0", "name": "admin", "domain": {"id": "default", "name": "Default"}},
        }  # fmt: skip

    def versions(self, service: str) -> Any:
        link = [{"rel": "self", "href": self.url + PREFIX[service] + BELOW.get(service, "") + "/"}]
        one = {"id": VERSIONS.get(service, "v2.0"), "status": "CURRENT", "links": link}
        if service == "compute":
            return {"version": {**one, "version": "2.96", "min_version": "2.1"}}
        return {"version": one} if service == "identity" else {"versions": [one]}


@contextlib.contextmanager
def served() -> Iterator[Api]:
    api = Api()
    thread = threading.Thread(target=api.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.server.shutdown()
        api.server.server_close()
        thread.join()
