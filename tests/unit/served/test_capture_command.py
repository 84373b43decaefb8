"""`calipso capture`: every option that the operation has can be given, and what there is completes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from calipso.cli import calling, capture_options, capturing
from calipso.cli.main import app
from calipso.operations.capturing import CaptureExtra, CreateCapture

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
    done = CliRunner().invoke(app, ["capture", "create", "G.V()", *words])
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


def test_a_file_is_a_target_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    made, said = created(monkeypatch, "--target", "local")
    assert made is not None and made.extra is not None, said
    assert (made.extra.target, made.extra.target_type) == ("", "local")
    for wrong in ("local:192.0.2.1", "erspan"):
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
