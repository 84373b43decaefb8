"""The whole API against its own document, on a server that really runs; and nothing is written without a token."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, CheckFunction, load_all_checks

from calipso.operations.registry import OPERATIONS, Operation
from calipso.web.openapi import openapi
from calipso.web.server import Server
from tests.support.system import estate

TOKEN = "t" * 40
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
CHECKED = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "ignored_auth", "unsupported_method",
)  # fmt: skip

THERE = {"id": "h1/netns:vm-a", "kind": "vnic", "host": "h1", "root": "h1", "start": "-1d", "end": "now", "at": "now"}

load_all_checks()
schema = schemathesis.openapi.from_dict(openapi())


def checks(*more: str) -> list[CheckFunction]:
    return CHECKS.get_by_names([*CHECKED, *more])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "config.yaml").write_text("web: {rate: 0}")
    urls: list[str] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with estate(folder) as system:
            system.sources = type(system.sources)()  # scans find nothing, at once
            async with Server(system, TOKEN, "127.0.0.1", 0) as running:
                urls.append(running.url)
                ready.set()
                await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    yield urls[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)
    loop.close()


@schema.parametrize()
@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@pytest.mark.parametrize("known", [False, True], ids=["anything", "what is there"])
def test_the_api_keeps_its_promises(case: schemathesis.Case, server: str, known: bool) -> None:
    if known and case.method == "GET":  # else nearly every request names an environment that is not there
        case.query = dict(case.query or {}) | {name: THERE[name] for name in case.query or {} if name in THERE}
        if any(each.name == "environment" for each in case.operation.query):
            case.query["environment"] = "estate"
    strict = () if known else ("negative_data_rejection",)  # what was put in may have made a wrong request right
    case.call_and_validate(base_url=server, headers=ADMIN, checks=checks(*strict))


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.method == "POST"], ids=lambda each: each.name
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic " + TOKEN}])
def test_nothing_is_written_without_a_token(server: str, operation: Operation, headers: dict[str, str]) -> None:
    """Who signs in has none yet: a wrong name or password writes as little."""
    before = httpx.get(f"{server}/api/v1/export?environment=estate", headers=ADMIN).json()["lines"][1:]
    tokens = httpx.get(f"{server}/api/v1/tokens", headers=ADMIN).json()
    stranger = {"name": "admin", "password": TOKEN, "new_password": "four lamps by the door"}
    said = {each: stranger[each] for each in operation.request.__struct_fields__} if operation.open else {}
    answer = httpx.post(f"{server}/api/v1/{operation.path}", json=said, headers=headers)
    assert answer.status_code == (403 if operation.open else 401)
    assert httpx.get(f"{server}/api/v1/export?environment=estate", headers=ADMIN).json()["lines"][1:] == before
    assert httpx.get(f"{server}/api/v1/tokens", headers=ADMIN).json() == tokens


def test_it_is_the_whole_api(server: str) -> None:
    served: dict[str, object] = httpx.get(f"{server}/api/v1/openapi.json", headers=ADMIN).json()
    assert set(served["paths"]) == {f"/api/v1/{each.path}" for each in OPERATIONS}  # type: ignore[arg-type]
