"""Nobody takes a running server down by asking: hostile questions end, others are answered, memory is bounded."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from calipso.runtime.home import Home
from tests.live.served.test_server import server
from tests.support.generated import fill
from tests.support.hostile import QUERIES, STATEMENTS

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
ENV = "generated"
OBJECTS, CHANGES = 4_000, 200
SECONDS = 1.5
"""What each question may take."""
ENDS = 90.0
"""Seconds within which it has an answer on a slow and busy machine, by which it is an end at all."""
MEMORY = 1_800 << 20
"""Bytes that the server may have at any time."""
AT_ONCE = 24


class Served:
    """The server as its clients see it."""

    def __init__(self, home: Path, process: subprocess.Popen[bytes]) -> None:
        said = json.loads((home / "server.json").read_text())
        self.url, self.pid, self.process = said["url"], said["pid"], process
        self.token = (home / "token").read_text().strip()
        self.headers = {"Authorization": f"Bearer {self.token}"}
        made = httpx.post(
            f"{self.url}/api/v1/tokens/create", json={"name": "other"}, headers=self.headers, timeout=ENDS
        )
        self.other = {"Authorization": f"Bearer {made.json()['token']}"}

    def get(self, path: str, headers: dict[str, str] | None = None, **values: Any) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", params=values, headers=headers or self.headers, timeout=ENDS)

    def query(self, text: str, **more: Any) -> httpx.Response:
        return self.get("/api/v1/query", query=text, environment=ENV, timeout=SECONDS, limit=1_000_000, **more)

    def sql(self, text: str) -> httpx.Response:
        return self.get("/api/v1/sql", sql=text, environment=ENV, timeout=SECONDS, limit=1_000_000)

    def original(self, text: str) -> httpx.Response:
        return httpx.post(
            f"{self.url}/skydive/{ENV}/api/topology", json={"GremlinQuery": text}, headers=self.headers, timeout=ENDS
        )

    @property
    def peak(self) -> int:
        """The most memory that it had."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

    @contextmanager
    def others_answered(self) -> Iterator[None]:
        """Somebody else asks small things all the while, and is answered."""
        failed, stop, asked = list[str](), threading.Event(), 0

        def small() -> None:
            nonlocal asked
            while not stop.wait(0.05):
                for path, values in (
                    ("/api/v1/query", {"query": "G.V().Limit(1).Count()"}), ("/api/v1/sql", {"sql": "SELECT 1"}),
                    ("/api/v1/links", {"limit": 1}), ("/healthz", {}),
                ):  # fmt: skip
                    try:
                        found = self.get(path, self.other, **({**values, "environment": ENV} if values else {}))
                        failed.extend([] if found.is_success else [f"{path}: {found.text}"])
                    except httpx.HTTPError as error:
                        failed.append(f"{path}: {error!r}")
                asked += 1

        thread = threading.Thread(target=small)
        thread.start()
        try:
            yield
        finally:
            deadline = time.monotonic() + ENDS
            while not asked and time.monotonic() < deadline:
                time.sleep(0.05)
            stop.set()
            thread.join(2 * ENDS)
        assert asked, "nobody else was answered"
        assert not failed, failed[:3]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("hostile")
    fill(Home(home), ENV, OBJECTS, CHANGES, time.time_ns() // 1000)
    (home / "environments" / "local.yaml").write_text("name: local\nrecorded: true\n")
    with server(home) as process:
        found = Served(home, process)
        deadline = time.monotonic() + ENDS
        while not found.get("/readyz").is_success:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert found.query("G.V().Count()").json()["items"][0] > OBJECTS // 2
        yield found
        assert process.poll() is None, "the server lives"


def right(answer: httpx.Response, within: float = ENDS) -> None:
    """A result, or a problem document that says what is the matter; within the time."""
    assert answer.elapsed.total_seconds() < within
    if answer.is_success:
        answer.json()
        return
    assert answer.status_code in (400, 413, 503), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    said = answer.json()
    assert {"type", "status", "title", "detail"} <= said.keys() and said["status"] == answer.status_code
    assert said["title"] in ("QueryError", "Busy", "BadRequest", "RequestEntityTooLarge"), said


def test_hostile_queries_end(served: Served) -> None:
    with served.others_answered():
        for text in QUERIES:
            if len(text) < 50_000:  # more is no line of a request
                right(served.query(text))
    assert served.peak < MEMORY


def test_hostile_statements_end(served: Served) -> None:
    with served.others_answered():
        for text in STATEMENTS:
            right(served.sql(text))
    assert served.peak < MEMORY


def test_hostile_queries_of_the_original_end(served: Served) -> None:
    with served.others_answered():  # a few: it gives each 30 s
        for text in (*QUERIES[1:6], *QUERIES[7:10], *QUERIES[-3:], "G.V().both().both().SubGraph()", "G"):
            right(served.original(text))
    assert served.peak < MEMORY


def test_many_at_once_share_and_leave_room(served: Served) -> None:
    queries = [lambda text=text: served.query(text) for text in QUERIES if len(text) < 10_000]
    statements = [lambda text=text: served.sql(text) for text in STATEMENTS]
    asked = [each for pair in zip(queries, statements, strict=False) for each in pair]
    with served.others_answered(), ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda ask: ask(), asked))
    for answer in answers:
        right(answer)
    assert served.peak < MEMORY


def test_hostile_subscriptions_end(served: Served) -> None:
    live = served.url.replace("http", "ws") + f"/api/v1/live?environment={ENV}&query="
    with served.others_answered():
        for text in QUERIES[:20]:
            if "At(" not in text:
                asked = live + str(httpx.QueryParams({"q": text}))[2:]
                with connect(asked, additional_headers=served.headers, max_size=None, open_timeout=ENDS) as socket:
                    first = json.loads(socket.recv(ENDS))
                    assert "snapshot" in first or first["error"], text
        original = served.url.replace("http", "ws") + f"/skydive/{ENV}/ws/subscriber"
        with connect(original, additional_headers=served.headers, max_size=None, open_timeout=ENDS) as socket:
            for n, text in enumerate(QUERIES[1:4]):
                request = {"Namespace": "Graph", "Type": "SyncRequest", "UUID": str(n), "Obj": {"GremlinFilter": text}}
                socket.send(json.dumps(request))
                answer = json.loads(socket.recv(ENDS))
                assert (answer["Type"], answer["UUID"]) == ("SyncReply", str(n))
    assert served.peak < MEMORY


def test_a_server_that_is_told_to_end_does_not_wait_for_those_who_ask(tmp_path: Path) -> None:
    fill(Home(tmp_path), ENV, 1_000, 1, time.time_ns() // 1000)
    with server(tmp_path) as process, ThreadPoolExecutor(8) as pool:
        found = Served(tmp_path, process)
        values = {"query": "g.V().repeat(both().dedup()).until(has('name', 'nothing'))", "environment": ENV}
        asked = [pool.submit(found.get, "/api/v1/query", None, **values, timeout=119) for _ in range(8)]
        deadline = time.monotonic() + ENDS
        while not found.get("/healthz").is_success or time.monotonic() < deadline - ENDS + 1:
            assert time.monotonic() < deadline
        process.terminate()
        assert process.wait(ENDS) == 0, "long before the 119 s"
        for each in asked:
            assert each.exception(ENDS) is not None or each.result().status_code in (400, 500, 503), each.result().text
