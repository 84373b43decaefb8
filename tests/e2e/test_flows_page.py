"""Flows in the browser: a budget, packets that are sent, the way they took, the packets that were kept."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from calipso.flows.pcap import read
from labs.plain.running import Running
from tests.e2e.conftest import Opened, Served
from tests.e2e.test_web_ui import ready, violations

pytestmark = pytest.mark.e2e
Keep = Callable[[Page, str], None]
LONG = 60_000
"""Milliseconds: what takes turns of the server, on a busy machine."""
POINTS = "G.V().Has('TID', Within('h1/dev:vha', 'h1/dev:eth0', 'h2/dev:eth0', 'h2/dev:pc', 'h2/dev:vhc'))"
"""From vm-a to vm-c."""
VM_A, VM_C = "h1%2Fnetns:vm-a", "h2%2Fnetns:vm-c"
SENT = 4


@pytest.fixture
def ended(served: Served) -> Iterator[None]:
    """Every capture is ended after the test."""
    yield
    told = json.loads(served.run("capture", "list", "--env", "plain", "-o", "json"))
    for each in told["captures"]:
        served.run("capture", "remove", each["id"], "--env", "plain")


def begun(page: Page, name: str, query: str = POINTS, **budget: str) -> None:
    """Begin a capture in the dialog. budget: label → what is written there."""
    form = page.get_by_role("dialog")
    form.get_by_label("On every object that this finds").fill(query)
    form.get_by_label("Name", exact=True).fill(name)
    for label, value in budget.items():
        form.get_by_label(label.replace("_", " "), exact=True).fill(value)
    form.get_by_role("button", name="Start capture").click()
    expect(form).to_have_count(0, timeout=LONG)


def sent(page: Page) -> Locator:
    """Send echo requests from vm-a to vm-c in the dialog; the line that tells how it went."""
    form = page.get_by_role("dialog", name="Send packets")
    form.get_by_label("To", exact=True).fill("h2/netns:vm-c")
    form.get_by_label("How many").fill(str(SENT))
    form.get_by_role("button", name="Send", exact=True).click()
    line = page.get_by_role("region", name="Packets sent").get_by_role("listitem").first
    expect(line).to_contain_text(f"done, {SENT} of {SENT} sent", timeout=LONG)
    return line


def test_packets_are_sent_and_their_way_is_followed(opened: Opened, ended: None, keep: Keep, tmp_path: Path) -> None:
    page = opened(f"/map?env=plain&focus={VM_A}")
    ready(page)
    page.get_by_role("button", name="Capture here").click()
    expect(page.get_by_role("dialog", name="Capture at vm-a")).to_be_visible(timeout=LONG)
    keep(page, "capture-light")
    assert violations(page) == []
    begun(page, "way", Packets_kept_of_each_flow="10")
    expect(page.get_by_text(re.compile("^way, .* at 5 points"))).to_be_visible(timeout=LONG)
    page.get_by_role("main").get_by_role("button", name="Send packets").click()
    assert violations(page) == []
    sent(page).get_by_role("button", name="Its flows").click()
    expect(page).to_have_url(re.compile("filter=flow"))
    row = page.get_by_role("grid", name="Flows").get_by_role("row").filter(has_text="vha")
    row.click(timeout=LONG)
    panel = page.get_by_role("complementary", name="Details")
    expect(panel.locator(".hops > li")).to_have_count(5, timeout=LONG)
    expect(panel.locator(".hops > li").first).to_contain_text(f"{SENT}, {SENT}", timeout=LONG)
    expect(panel.locator(".hops")).to_contain_text("none lost")
    keep(page, "flows-path-light")
    page.get_by_role("tab", name="Packets").click()
    with page.expect_download(timeout=LONG) as taken:
        panel.get_by_role("button", name="Download pcap").click()
    taken.value.save_as(tmp_path / "flow.pcap")
    assert len(list(read(io.BytesIO((tmp_path / "flow.pcap").read_bytes())))) == 2 * SENT
    page.get_by_role("tab", name="Path").click()
    page.get_by_role("button", name="Path on map").click()
    shown_on_map_and_in_lanes(page, keep)


def shown_on_map_and_in_lanes(page: Page, keep: Keep) -> None:
    """The address names the way, so that it is there on the map, in the lanes, and again after a reload."""
    expect(page).to_have_url(re.compile("/map.*path="))
    bar = page.locator(".way-bar")
    expect(bar).to_contain_text("vm-a 10.10.0.11 to vm-c 10.10.0.12", timeout=LONG)
    expect(bar).to_contain_text("Seen at 5 points")
    keep(page, "map-way-light")
    assert violations(page) == []
    page.goto(page.url.replace("/map?", f"/tree?focus={VM_A}&peer={VM_C}&"))
    expect(page.locator("svg.lanes .lk.way").first).to_be_attached(timeout=LONG)
    expect(page.get_by_role("region", name="Steps")).to_contain_text("on the path")
    keep(page, "tree-way-light")
    assert violations(page) == []
    page.get_by_role("button", name="Show no path").click()
    expect(page.locator("svg.lanes .lk.way")).to_have_count(0)


def test_a_capture_ends_when_its_budget_is_used_up(opened: Opened, ended: None, lab: Running, keep: Keep) -> None:
    page = opened("/flows?env=plain&do=capture", "dark")
    ready(page)
    begun(page, "few", "G.V('h1/dev:vha')", Packets="3")
    expect(page.get_by_text(re.compile("^few, .* at 1 point"))).to_be_visible(timeout=LONG)
    lab.inside("h1", "vm-a", "ping", "-q", "-c", "5", "-i", "0.2", "10.10.0.12")
    expect(page.get_by_text(re.compile("few ended: .* packets were seen, 3 are its budget"))).to_be_visible(
        timeout=LONG
    )
    expect(page.get_by_role("button", name="End capture few")).to_have_count(0)
    keep(page, "flows-budget-dark")
    assert violations(page) == []


def test_a_wrong_filter_is_told_in_the_dialog_and_a_filter_is_a_query(opened: Opened) -> None:
    page = opened("/flows?env=plain&do=capture", refused="422")
    ready(page)
    form = page.get_by_role("dialog")
    form.get_by_label("Only packets that fit").fill("tcp prt 80")
    form.get_by_role("button", name="Start capture").click()
    expect(form.get_by_role("alert")).to_be_visible(timeout=LONG)
    form.get_by_role("button", name="Cancel").click()
    expect(page).not_to_have_url(re.compile("do="))
    field = page.get_by_label("Add a filter")
    field.fill("10.10.0.12 icmp")
    field.press("Enter")
    query = "G.Flows().Has('Network', '10.10.0.12').Has('Application', 'ICMPv4')"
    expect(page.get_by_text(query)).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Open the query in the console").click()
    expect(page).to_have_url(re.compile("/query.*q=G.Flows"))


@pytest.mark.parametrize("what, text", [("MTU", "MTU 1450"), ("Counters", re.compile(r"pkt/s|packets"))])
def test_what_stands_at_links_is_chosen_for_map_and_lanes_alike(
    opened: Opened, what: str, text: str | re.Pattern[str], keep: Keep
) -> None:
    page = opened(f"/tree?env=plain&focus={VM_A}&peer={VM_C}&links=none")
    ready(page)
    page.get_by_role("button", name=what, exact=True).click()
    expect(page.locator("svg.lanes")).to_contain_text(text, timeout=LONG)
    expect(page.get_by_role("region", name="Steps")).to_contain_text(text)
    page.get_by_role("button", name="Show on map").click()
    chosen = page.get_by_role("group", name="Text at links").get_by_role("button", name=what)
    expect(chosen).to_have_attribute("aria-pressed", "true")
    keep(page, f"map-links-{what.lower()}-light")
    assert violations(page) == []
