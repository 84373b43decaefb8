"""What alerts have done: addresses that are posted to, scripts; bounded, and told when they fail."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar, Request, Response, post

from calipso.errors import QueryError
from calipso.operations.alerts import Firing, check_action
from calipso.runtime import acting
from tests.support.scripts import script


def firing_of(action: str) -> Firing:
    return Firing(id="f", alert="a", name="n", environment="e", at=10**15, action=action, total=1, results=[7])


def test_a_post_is_tried_again_and_not_for_ever(tmp_path: Path) -> None:
    answers = [500, 503, 200]
    bodies: list[Any] = []

    @post("/hook")
    async def hook(request: Request[Any, Any, Any]) -> Response[bytes]:
        bodies.append(await request.json())
        return Response(b"", status_code=answers[len(bodies) - 1] if len(bodies) <= len(answers) else 500)

    async def work() -> None:
        import uvicorn

        server = uvicorn.Server(uvicorn.Config(Litestar([hook]), port=0, log_level="error"))
        serving = asyncio.create_task(server.serve())
        for _ in range(1000):
            if server.started:
                break
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        firing = Firing(
            id="f", alert="a", name="n", environment="e", at=10**15, action=f"http://127.0.0.1:{port}/hook", total=1,
            results=[7],
        )  # fmt: skip
        assert await acting.act(firing, tmp_path, pauses=(0.01, 0.01, 0.01)) == "done"
        assert len(bodies) == 3
        assert (bodies[0]["UUID"], bodies[0]["ReasonData"], bodies[0]["Total"]) == ("a", [7], 1)
        assert await acting.act(firing, tmp_path, pauses=(0.01, 0.01)) == "failed: HTTP 500"
        assert len(bodies) == 6
        server.should_exit = True
        await serving

    asyncio.run(work())


def test_scripts_are_only_those_of_the_folder(tmp_path: Path) -> None:
    async def work() -> None:
        scripts = tmp_path / "scripts"
        scripts.mkdir(mode=0o700)
        said = tmp_path / "said"
        for name, text in (("good", f"#!/bin/sh\ncat > {said}\n"), ("bad", "#!/bin/sh\necho no >&2\nexit 3\n")):
            (scripts / name).write_text(text)
            (scripts / name).chmod(0o700)
        (scripts / "open").write_text("#!/bin/sh\n")
        (scripts / "open").chmod(0o777)
        (scripts / "link").symlink_to("/bin/true")

        async def ran(action: str) -> str:
            firing = Firing(id="f", alert="a", name="n", environment="e", at=1, action=action, total=1, results=[7])
            return await acting.act(firing, scripts)

        assert await ran("script:good") == "done"
        assert '"ReasonData":[7]' in said.read_text()
        assert await ran("script:bad") == "failed: exit 3: no"
        for name in ("open", "link", "nowhere"):
            assert (await ran(f"file:///elsewhere/{name}")).startswith("failed: ")

    asyncio.run(work())


def test_what_a_script_leaves_behind_keeps_nobody_waiting(tmp_path: Path) -> None:
    script(tmp_path / "page", "sleep 300 & echo $! > " + str(tmp_path / "left"))
    assert asyncio.run(acting.act(firing_of("script:page"), tmp_path)) == "done"
    os.kill(int((tmp_path / "left").read_text()), signal.SIGKILL)


def test_a_script_that_takes_too_long_ends_with_all_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(acting, "SCRIPT_PATIENCE", 3.0)
    script(tmp_path / "page", f"sleep 300 & echo $! > {tmp_path / 'left'}; wait")
    assert asyncio.run(acting.act(firing_of("script:page"), tmp_path)) == "failed: page took longer than 3 s"
    left = Path(f"/proc/{(tmp_path / 'left').read_text().strip()}/stat")
    for _ in range(600):
        if not left.exists() or left.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    raise AssertionError("it is there yet")


@pytest.mark.parametrize("address", ["http://xn--a/", "http://127.0.0.1:1/?q=\ud800", "http://\udc80/"])
def test_an_address_that_makes_no_sense_fails_and_is_told(address: str, tmp_path: Path) -> None:
    assert asyncio.run(acting.act(firing_of(address), tmp_path, pauses=())).startswith("failed: ")


@pytest.mark.parametrize("address", ["http:///x", "http://[::1", "http://x:abc/", "http://x:99999/", "http://\udc80/"])
def test_an_address_that_is_none_is_refused_when_it_is_said(address: str) -> None:
    with pytest.raises(QueryError, match="no action"):
        check_action(address)
