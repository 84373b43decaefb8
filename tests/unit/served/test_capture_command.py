"""`calipso capture`: every option that the operation has can be given, and what there is completes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from calipso.cli import calling, capture_options, capturing
from calipso.cli.main import app
from calipso.operations.capturing import (
    CaptureEnded,
    CaptureExtra,
    CaptureList,
    CaptureView,
    CreateCapture,
    PointView,
)
from calipso.seams import CaptureCounts

GIVEN = {
    "--id": "walk", "--name": "n", "--description": "why", "--engine": "afpacket", "--bpf": "udp", "--packets": 5,
    "--header": 128, "--sampling": 10, "--port": 9995, "--ttl": 60, "--most-packets": 7, "--most-rate": 8,
    "--most-cpu": 0.5, "--layer": "DNS", "--target": "netflow:[2001:db8::1]:2055", "--env": "plain",
}  # fmt: skip
FLAGS = ("--l2", "--defragment", "--tcp", "--payload")


def created(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[CreateCapture | None, str]:
    asked: list[dict[str, Any]] = []

    def take(home: object, operation: str, /, **values: Any) -> Any:
        asked.append(values)
        return SimpleNamespace(id="walk")

    monkeypatch.setattr(capturing, "call", take)
    query = () if {"--query", "--gremlin"} & set(words) else ("G.V()",)
    done = CliRunner().invoke(app, ["capture", "create", *query, *words])
    return (msgspec.convert(asked[0], CreateCapture) if asked else None), str(done.output) + str(done.exception)


def test_every_option_of_the_operation_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [word for name, value in GIVEN.items() for word in (name, str(value))]
    made, said = created(monkeypatch, *words, *FLAGS)
    assert made is not None, said
    plain = CreateCapture(query="")
    assert [field for field in CreateCapture.__struct_fields__ if getattr(made, field) == getattr(plain, field)] == []
    extra = made.extra
    assert extra is not None
    unset = [
        field for field in CaptureExtra.__struct_fields__ if getattr(extra, field) == getattr(CaptureExtra(), field)
    ]
    assert unset == ["target_type"] and (extra.target, extra.target_type) == ("[2001:db8::1]:2055", "netflow")


def test_its_query_is_a_word_or_an_option_and_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in ("--query", "--gremlin"):
        made, said = created(monkeypatch, option, "G.V('h1')")
        assert made is not None and made.query == "G.V('h1')", said
        made, said = created(monkeypatch, "G.V()", option, "G.V('h1')")
        assert made is None and "say it once" in said
    made, said = created(monkeypatch, "--query", "")
    assert made is None and "say it once" in said


def test_a_file_is_a_target_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    made, said = created(monkeypatch, "--target", "local")
    assert made is not None and made.extra is not None, said
    assert (made.extra.target, made.extra.target_type) == ("", "local")
    for wrong in ("local:192.0.2.1", "erspan", "elsewhere:192.0.2.1"):
        assert created(monkeypatch, "--target", wrong)[0] is None


def test_engines_layers_targets_and_captures_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    assert capture_options.complete_engine("afp") == ["afpacket"] and "ebpf" in capture_options.complete_engine("")
    assert capture_options.complete_layer("d") == ["DNS", "DHCPv4"]
    assert capture_options.complete_target("") == ["netflow:", "erspan:", "local"]
    context: Any = SimpleNamespace(params={"env": "plain"})
    monkeypatch.setattr(calling, "server_of", lambda home: None)
    assert capture_options.complete_capture(context, "") == []
    there = SimpleNamespace(captures=[SimpleNamespace(id="walk"), SimpleNamespace(id="other")])
    monkeypatch.setattr(calling, "server_of", lambda home: "there")
    monkeypatch.setattr(calling, "call", lambda home, operation, environment: there)
    assert capture_options.complete_capture(context, "w") == ["walk"]


def test_the_list_tells_what_is_amiss_and_what_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = CaptureCounts(received=9, unkept=4)
    view = CaptureView(
        id="walk", query="G.V()", name="", description="", engine="", bpf="", header=256, raw_packets=0, l2_key=False,
        ttl=0, created="", points=[PointView(each, "active", "ebpf", counts, 1) for each in ("h1/dev:a", "h1/dev:b")],
        error="flows are not kept, 9 wait, 0 lost: no space left to write",
    )  # fmt: skip
    ended = CaptureEnded("short", "G.V()", "", "2026-01-01T00:00:00Z", "its 4 s are over")
    monkeypatch.setattr(capturing, "call", lambda *said, **values: CaptureList([view], running=True, ended=[ended]))
    said = CliRunner().invoke(app, ["capture", "list"]).output
    assert said.count("flows are not kept, 9 wait") == 1
    assert "walk at h1/dev:b: 4 packets not kept or sent on" in said
    assert "short ended at 2026-01-01T00:00:00Z: its 4 s are over" in said
