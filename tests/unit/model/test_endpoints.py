"""Addresses with ports as users write them."""

from __future__ import annotations

import pytest

from calipso.model.endpoint import endpoint


@pytest.mark.parametrize(("text", "meant"), [
    ("192.0.2.1", ("192.0.2.1", 0)), ("192.0.2.1:2055", ("192.0.2.1", 2055)), ("2001:db8::1", ("2001:db8::1", 0)),
    ("[2001:DB8::1]:2055", ("2001:db8::1", 2055)), ("[2001:db8::1]", ("2001:db8::1", 0)), ("::1", ("::1", 0)),
])  # fmt: skip
def test_both_families_with_and_without_a_port(text: str, meant: tuple[str, int]) -> None:
    assert endpoint(text) == meant


@pytest.mark.parametrize("text", [
    "", "nowhere.example", "192.0.2.1:70000", "192.0.2.1:-1", "192.0.2.1:x", "[192.0.2.1]:1", "[2001:db8::1",
    "[::1]2055", "[::1]:", "fe80::1%eth0", "1.2.3.4.5",
])  # fmt: skip
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        endpoint(text)
