"""What the API document shows is what happens."""

from __future__ import annotations

import json

from calipso.operations.registry import OPERATIONS
from calipso.web.openapi import openapi
from tests.support.examples import FILE, taken


def test_the_examples_are_real_answers() -> None:
    assert json.loads(FILE.read_text()) == taken(), "run `make reference`"


def test_every_operation_shows_an_example_and_every_error() -> None:
    document = openapi()
    for each in OPERATIONS:
        said = document["paths"][f"/api/v1/{each.path}"][each.method.lower()]
        assert "example" in said["responses"]["200"]["content"]["application/json"], each.name
        assert {"400", "401", "403", "404", "405", "429"} <= set(said["responses"]) and said["description"]
