"""Pages that are tables, on a real server and the lab: inventory, changes, query, messages, flows."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from labs.plain.running import Running
from tests.e2e.conftest import Opened, Served
from tests.e2e.test_web_ui import ready, violations

pytestmark = pytest.mark.e2e
Keep = Callable[[Page, str], None]
PLACES = {
    "inventory": "/inventory?env=plain&kind=vnic&focus=h1%2Fnetns%3Avm-b%2Fdev%3Aeth0",
    "query": "/query?env=plain&q=G.V().Has('Kind','vnic')&as=both",
    "query-sql": "/query?env=plain&lang=sql&q=select+host,count(*)+n+from+objects+group+by+host",
    "flows": "/flows?env=plain",
    "messages": "/messages?env=plain&all=1",
    "changes": "/changes?env=plain&span=0.25",
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


def test_changes_are_told_field_by_field_and_two_moments_are_compared(opened: Opened, lab: Running, keep: Keep) -> None:
    page = opened("/changes?env=plain&span=0.25")
    ready(page)
    page.wait_for_timeout(2500)
    before = page.evaluate("new Date(Date.now() - 1000).toISOString()")
    lab.run("h1", "ip", "link", "add", "e2e-x", "mtu", "1400", "type", "veth", "peer", "name", "e2e-y")
    lab.run("h1", "ip", "link", "set", "pb", "mtu", "1440")
    try:
        page.goto(page.url + f"&against={before}")
        table = page.get_by_role("treegrid", name="Changes")
        expect(table.get_by_role("row").filter(has_text="e2e-x").first).to_be_visible(timeout=15_000)
        line = table.get_by_role("row", name=re.compile("altered pb mtu 1500 1440"))
        line.click()
        panel = page.get_by_role("complementary", name="Details")
        expect(panel.get_by_role("heading", name="pb on h1")).to_be_visible()
        expect(panel.get_by_text("In the same 10 seconds")).to_be_visible()
        page.get_by_role("button", name="Compare A and B").click()
        expect(page.get_by_text("Comparing two moments.")).to_be_visible()
        expect(line).to_be_visible()
        for theme in ("light", "dark"):
            page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            keep(page, f"changes-compare-{theme}")
            assert violations(page) == []
        page.get_by_label("Filter").fill("mtu")
        expect(table.get_by_role("row").filter(has_text="e2e-y")).to_have_count(0)
        page.get_by_role("button", name="Second", exact=True).click()
        expect(line).to_be_visible()
        page.keyboard.press("Escape")
    finally:
        lab.run("h1", "ip", "link", "del", "e2e-x")
        lab.run("h1", "ip", "link", "set", "pb", "mtu", "1500")


def test_what_failed_is_told_in_its_place_and_asked_for_again(opened: Opened, keep: Keep) -> None:
    page = opened("/inventory?env=plain", refused="503")
    ready(page)
    busy = {"title": "Unavailable", "status": 503, "detail": "The store is busy.", "hint": "Ask again in a moment."}
    page.route("**/api/v1/diff**", lambda asked: asked.fulfill(status=503, json=busy))
    page.get_by_role("link", name="Changes", exact=True).click()
    trouble = page.get_by_role("alert").filter(has_text="The store is busy.")
    expect(trouble).to_be_visible(timeout=15_000)
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    keep(page, "states-trouble-light")
    page.unroute("**/api/v1/diff**")
    trouble.get_by_role("button", name="Try again").click()
    expect(page.locator(".changes-summary")).to_be_visible(timeout=15_000)
    expect(trouble).to_have_count(0)


def test_while_nothing_was_answered_nothing_is_claimed(opened: Opened, keep: Keep) -> None:
    page = opened("/inventory?env=plain")
    ready(page)
    page.route("**/api/**", lambda asked: None)
    page.reload()
    expect(page.get_by_role("status", name="Loading")).to_be_visible()
    keep(page, "states-loading-light")
    for claim in ("No history yet", "0 objects", "Nothing is known yet"):
        expect(page.get_by_text(claim)).to_have_count(0)
    page.unroute_all(behavior="ignoreErrors")
    page.reload()
    ready(page)
    expect(page.get_by_text("changes per")).to_be_visible(timeout=15_000)


def test_messages_are_filtered_and_marked_as_viewed(opened: Opened, served: Served) -> None:
    """A host that is not there makes a message; the environment is one of its own."""
    (served.home / "absent.yaml").write_text(
        "name: absent\ntype: Plain\nhosts:\n  gone:\n    ssh: {host: 127.0.0.1, port: 1, user: nobody}\n"
    )
    served.run("add", str(served.home / "absent.yaml"))
    try:
        served.run("scan", "--env", "absent", may_fail=True)
        page = opened("/messages?env=absent&open=yes")
        ready(page)
        table = page.get_by_role("grid", name="Messages")
        rows = table.get_by_role("row").filter(has_text="gone")
        expect(rows.first).to_be_visible(timeout=15_000)
        rows.first.click()
        one = page.get_by_role("region", name="Message", exact=True)
        one.get_by_role("button", name="Mark as viewed").click()
        expect(one.get_by_role("button", name="Mark as new")).to_be_visible()
        page.get_by_label("Viewed").select_option("no")
        expect(page).to_have_url(re.compile("viewed=no"))
        page.get_by_label("Filter").fill("no message says this")
        expect(page.get_by_text("No message fits.")).to_be_visible()
    finally:
        served.run("env", "remove", "absent")


def test_a_stretch_drawn_on_the_bars_is_what_is_compared(opened: Opened) -> None:
    page = opened("/changes?env=plain&span=0.25")
    ready(page)
    page.wait_for_timeout(1000)
    box = page.locator(".changes-bars").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"at=.*against=|against=.*at="))
    expect(page.get_by_text("Comparing two moments.")).to_be_visible()
    page.keyboard.press("l")
    expect(page.get_by_text("Comparing two moments.")).to_have_count(0)


def test_a_wrong_query_is_marked_mended_and_the_answer_before_stays(opened: Opened, keep: Keep) -> None:
    page = opened("/query?env=plain", refused="400")
    ready(page)
    field = page.get_by_role("textbox", name="Query")
    field.fill("G.V()\n  .Has('Kind', 'vnic')")
    field.press("Control+Enter")
    expect(page.get_by_text("8 objects")).to_be_visible()
    field.fill("G.V()\n  .Hass('Kind', 'otep')")
    field.press("Control+Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Line 2, column 4")
    expect(alert).to_contain_text("Nothing was run")
    expect(page.locator(".wrong-word")).to_have_text("Hass")
    expect(page.get_by_text(re.compile("from the query before"))).to_be_visible()
    for theme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        keep(page, f"query-error-{theme}")
        assert violations(page) == []
    page.get_by_role("button", name="Put Has for Hass").click()
    expect(page.get_by_text("4 objects")).to_be_visible()
    expect(alert).to_have_count(0)
    page.get_by_role("button", name="JSON").click()
    expect(page.get_by_role("region", name="JSON")).to_contain_text("otep")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.keyboard.type("Tunnel ends")
    page.keyboard.press("Enter")
    page.reload()
    page.get_by_role("button", name="Tunnel ends", exact=True).click()
    expect(page.get_by_text("4 objects")).to_be_visible()


def test_what_may_come_next_is_proposed(opened: Opened) -> None:
    page = opened("/query?env=plain")
    ready(page)
    field = page.get_by_role("textbox", name="Query")
    field.fill("")
    field.press_sequentially("G.V().Ha")
    expect(page.get_by_role("option").filter(has_text="HasNot")).to_be_visible()
    field.press("Enter")
    expect(field).to_have_value("G.V().Has(")
    field.press_sequentially("'Kind', 'vn")
    expect(page.get_by_role("option").filter(has_text="vnic")).to_be_visible()
    field.press("Tab")
    field.press_sequentially(")")
    field.press("Control+Enter")
    expect(page.get_by_text("8 objects")).to_be_visible()
    page.get_by_role("button", name="SQL").click()
    field.fill("")
    field.press_sequentially("SELECT name FROM obj")
    field.press("Tab")
    expect(field).to_have_value("SELECT name FROM objects")


def test_a_capture_is_begun_its_flows_are_seen_and_it_is_ended(opened: Opened, lab: Running, keep: Keep) -> None:
    page = opened("/flows?env=plain")
    ready(page)
    page.get_by_role("button", name="Capture here").click()
    form = page.get_by_role("dialog", name="New capture")
    form.get_by_label("On every object that this finds").fill("G.V().Has('Kind', 'vnic')")
    form.get_by_label("Name", exact=True).fill("vnics")
    form.get_by_role("button", name="Start capture").click()
    expect(form).to_have_count(0)
    expect(page.get_by_text(re.compile("vnics, .* at 8 points"))).to_be_visible(timeout=20_000)
    page.get_by_role("heading", name="Flows").hover()  # off the table, in which rows would keep their places
    expect(page.get_by_text("worst first, then rate")).to_be_visible()
    lab.inside("h1", "vm-b", "ping", "-c", "10", "-i", "0.2", "10.20.0.12")
    table = page.get_by_role("grid", name="Flows")
    row = table.get_by_role("row").filter(has_text="10.20.0.12").filter(has_text="icmp").first
    expect(row).to_be_visible(timeout=30_000)
    table.hover()
    expect(page.get_by_text("rows keep their places while you look")).to_be_visible()
    field = page.get_by_label("Add a filter")
    field.fill("10.20.0.12")
    field.press("Enter")
    expect(page.get_by_text("G.Flows().Has('Network', '10.20.0.12')")).to_be_visible()
    expect(row).to_be_visible(timeout=15_000)
    row.click()
    panel = page.get_by_role("complementary", name="Details")
    expect(panel.get_by_text("Seen at")).to_be_visible()
    expect(panel.get_by_role("listitem")).not_to_have_count(1)
    for theme in ("light", "dark", "contrast"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        keep(page, f"flows-{theme}")
        assert violations(page) == []
    page.get_by_role("button", name="End capture vnics").click()
    expect(page.get_by_text("Nothing is watched now: these flows were captured before.")).to_be_visible()


def test_an_alert_is_made_goes_off_and_is_removed(opened: Opened, keep: Keep) -> None:
    page = opened("/alerts?env=plain")
    ready(page)
    page.get_by_role("button", name="New alert").click()
    form = page.get_by_role("form", name="New alert")
    form.get_by_label("Goes off when this has a new answer").fill("G.V().Has('Kind', 'vnic')")
    form.get_by_label("Name", exact=True).fill("vnics there")
    form.get_by_label("When it is asked").fill("every:1s")
    form.get_by_role("button", name="Save alert").click()
    expect(form).to_have_count(0)
    row = page.get_by_role("grid", name="Alerts").get_by_role("row").filter(has_text="vnics there")
    expect(row).to_be_visible()
    expect(page.get_by_role("grid", name="Went off").get_by_text("vnics there").first).to_be_visible(timeout=20_000)
    row.click()
    for theme in ("light", "dark", "contrast"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        keep(page, f"alerts-{theme}")
        assert violations(page) == []
    page.get_by_role("button", name="Remove vnics there").click()
    expect(page.get_by_text("There are no alerts.")).to_be_visible()
