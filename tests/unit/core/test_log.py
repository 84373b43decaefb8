"""What is logged: one line an event, and nothing that is secret."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import structlog

from calipso.runtime.log import configure


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    before, out = structlog.get_config(), io.StringIO()
    configure("info", out)
    try:
        yield out
    finally:
        structlog.configure(**before)


def test_values_that_are_named_secret_are_masked(written: io.StringIO) -> None:
    structlog.get_logger().info("connected", host="h1", db_password="hunter2", token="t-o-p")
    assert "host=h1" in written.getvalue() and "***" in written.getvalue()
    assert "hunter2" not in written.getvalue() and "t-o-p" not in written.getvalue()


def test_a_traceback_tells_no_values(written: io.StringIO) -> None:
    def crash(header: str) -> None:
        raise ValueError(f"{len(header)} characters")

    said = "Bearer " + "hunter2"[::-1]  # lines of the source are told, so it must not stand there
    try:
        crash(said)
    except ValueError:
        structlog.get_logger().error("a request crashed", exc_info=True)
    assert "in crash" in written.getvalue() and "14 characters" in written.getvalue()
    assert said not in written.getvalue() and "2retnuh" not in written.getvalue()
