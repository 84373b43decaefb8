"""Pages that are tables, on a real server and the lab: inventory, changes, query, messages, flows."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Opened
from tests.e2e.test_web_ui import ready, violations

pytestmark = pytest.mark.e2e
Keep = Callable[[Page, str], None]
PLACES = {
    "inventory": "/inventory?env=plain&kind=vnic&focus=h1%2Fnetns%3Avm-b%2Fdev%3Aeth0",
}


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
@pytest.mark.parametrize("name", list(PLACES))
def test_each_table_is_accessible_in_each_theme(opened: Opened, keep: Keep, name: str, theme: str) -> None:
    page = opened(PLACES[name], theme)
    ready(page)
    page.wait_for_timeout(900)
    keep(page, f"{name}-{theme}")
    assert violations(page) == []


def test_objects_are_filtered_ordered_and_taken_along_and_the_view_is_a_link(opened: Opened, tmp_path: Path) -> None:
    page = opened("/inventory?env=plain&kind=device")
    ready(page)
    table = page.get_by_role("grid", name="Devices")
    table.get_by_role("button", name="mtu").click()
    page.get_by_label("Filter").fill("host:h1 vxlan")
    expect(page.get_by_role("status").filter(has_text=" of ")).to_be_visible()
    expect(page).to_have_url(re.compile(r"filter=host.*sort=mtu"))
    with page.expect_download() as taken:
        page.get_by_role("button", name="CSV").click()
    file = tmp_path / taken.value.suggested_filename
    taken.value.save_as(file)
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert rows and all(row["Host"] == "h1" and row["id"].startswith("h1/") for row in rows)
    page.reload()
    expect(page.get_by_label("Filter")).to_have_value("host:h1 vxlan")
    expect(table.get_by_role("columnheader", name="mtu")).to_have_attribute("aria-sort", "ascending")


def test_a_table_is_walked_by_keyboard(opened: Opened) -> None:
    page = opened("/map?env=plain")
    ready(page)
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page).to_have_url(re.compile("/inventory"))
    page.get_by_role("button", name=re.compile("Virtual NICs")).click()
    page.get_by_role("grid", name="Virtual NICs").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("focus=h"))
    expect(page.get_by_role("complementary", name="Details")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary", name="Details")).to_have_count(0)
