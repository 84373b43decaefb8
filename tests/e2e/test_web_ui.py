"""The web UI as an operator uses it: on a real server, a real lab, in a real browser."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from calipso.web.pages import BUILT
from labs.plain import declaration, making
from labs.plain.running import Running
from tests.e2e.conftest import ROOT, Opened, Served, serving

pytestmark = pytest.mark.e2e
Keep = Callable[[Page, str], None]
AXE = ROOT / "ui/node_modules/axe-core/axe.min.js"
PATIENCE = 60_000
"""Milliseconds within which what is to come has come, on a busy machine too."""
LARGEST = 200_000
"""Bytes of everything a page loads, compressed (DESIGN §9)."""
VM_B, VM_D = "h1%2Fnetns%3Avm-b", "h2%2Fnetns%3Avm-d"
PLACES = {
    "map": "/map?env=plain",
    "map-selection": f"/map?env=plain&focus={VM_B}",
    "map-host": "/map?env=plain&open=h1&focus=h1",
    "map-tree": "/map?env=plain&twin=1",
    "tree": "/tree?env=plain",
    "tree-clique": f"/tree?env=plain&focus={VM_B}&peer={VM_D}",
}


def ready(page: Page) -> None:
    expect(page.get_by_test_id("connection")).to_have_text(re.compile("Live|Frozen"), timeout=15_000)


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
@pytest.mark.parametrize("name", list(PLACES))
def test_each_page_is_accessible_in_each_theme(opened: Opened, keep: Keep, name: str, theme: str) -> None:
    page = opened(PLACES[name], theme)
    ready(page)
    page.wait_for_timeout(700)
    keep(page, f"{name}-{theme}")
    assert violations(page) == []


def violations(page: Page) -> list[str]:
    """What axe-core finds, with the first element of each; evaluated, since the page's policy forbids added scripts."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run()).violations.map(v => [v.id, v.nodes[0].html])")
    return [f"{rule}: {element}" for rule, element in found]


def test_the_printed_address_signs_in_and_leaves_no_token_in_it(opened: Opened, served: Served) -> None:
    page = opened(f"/map?env=plain#token={served.token}", signed_in=False)
    ready(page)
    assert served.token not in page.url
    assert served.token not in (served.home.parent / "server.log").read_text()


def test_a_wrong_token_is_told_and_not_kept(opened: Opened, served: Served) -> None:
    page = opened("/map", signed_in=False)
    page.get_by_label("Token").fill(served.token)
    page.get_by_role("button", name="Sign in").click()
    ready(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Calipso")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('calipso.token')") is None


def test_a_vm_is_found_by_its_address_and_its_clique_leads_to_the_wire(opened: Opened, keep: Keep) -> None:
    page = opened("/map?env=plain")
    ready(page)
    page.keyboard.press("/")
    page.keyboard.type("10.20.0.11")
    option = page.get_by_role("option").filter(has_text="eth0").first
    expect(option).to_be_visible()
    expect(page.get_by_text("address", exact=True)).to_be_visible()
    keep(page, "map-search-light")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("focus=h1%2Fnetns%3Avm-b%2Fdev%3Aeth0"))
    page.get_by_role("tab", name=re.compile("Links")).click()
    page.get_by_role("button", name="vm-b").first.click()
    page.get_by_role("button", name="Open clique").click()
    lanes = page.get_by_role("group", name="Lane diagram")
    for name in ("vm-b, Instance", "br-b, Connector", "ovs, Switching process", "192.0.2.1, Tunnel endpoint"):
        expect(lanes.get_by_role("button", name=re.compile(re.escape(name)))).to_be_visible()
    page.get_by_label("Other end").select_option(label="vm-d on h2")
    expect(lanes.get_by_role("button", name=re.compile("vm-d, Instance"))).to_be_visible()
    lanes.get_by_role("button", name=re.compile("eth0, Physical NIC")).first.click()
    expect(page.get_by_role("complementary", name="Details").get_by_role("heading", name="eth0")).to_be_visible()


def test_a_cut_is_shown_as_it_happens_and_the_past_as_it_was(opened: Opened, lab: Running, keep: Keep) -> None:
    page = opened(PLACES["tree-clique"])
    ready(page)
    verdict = page.locator(".verdict")
    expect(verdict).to_contain_text("is down")
    page.wait_for_timeout(2500)  # so that a whole second lies before the fault
    before = page.evaluate("new Date(Date.now() - 1500).toISOString()")
    lab.run("h1", "ip", "link", "set", "pb", "nomaster")
    try:
        expect(verdict).to_contain_text("is broken", timeout=15_000)
        expect(page.get_by_role("group", name="Lane diagram")).to_contain_text("missing")
        keep(page, "tree-clique-gap-light")
        page.goto(page.url + f"&at={before}")
        expect(page.get_by_text("You are looking at")).to_be_visible()
        expect(page.locator(".verdict")).to_contain_text("is down")
        keep(page, "tree-clique-past-light")
        page.keyboard.press("l")
        expect(page.locator(".verdict")).to_contain_text("is broken")
    finally:
        lab.run("h1", "ip", "link", "set", "pb", "master", "br-b")
    expect(page.locator(".verdict")).not_to_contain_text("is broken", timeout=15_000)


def test_a_tunnel_that_is_gone_is_a_gap_until_it_is_back(opened: Opened, lab: Running, keep: Keep) -> None:
    page = opened(PLACES["tree-clique"])
    ready(page)
    verdict, steps = page.locator(".verdict"), page.get_by_role("region", name="Steps")
    tunnel = steps.get_by_role("row").filter(has_text="otep-otep")
    expect(tunnel).to_contain_text("pass", timeout=PATIENCE)
    page.wait_for_timeout(2500)  # so that a whole second lies before the fault
    here, there = lab.lab.host("h1"), lab.lab.host("h2")
    lab.run("h1", "ovs-vsctl", "del-port", "br-tun", declaration.rule_tunnel(there))
    try:
        expect(verdict).to_contain_text("is broken", timeout=PATIENCE)
        expect(tunnel).to_contain_text("fails")
        expect(tunnel).to_contain_text("vx-h2 of h1 is gone, since")
        expect(page.get_by_role("group", name="Lane diagram")).to_contain_text("vx-h2 of h1 is gone")
        assert not violations(page)
        keep(page, "tree-clique-tunnel-light")
        verdict.get_by_role("button", name=re.compile("Go to")).click()
        expect(page.get_by_text("You are looking at")).to_be_visible()
        expect(tunnel).to_contain_text("pass", timeout=PATIENCE)
        page.keyboard.press("l")
        expect(tunnel).to_contain_text("fails", timeout=PATIENCE)
    finally:
        making.rejoin(lab, here, there)
    expect(tunnel).to_contain_text("pass", timeout=PATIENCE)
    expect(verdict).not_to_contain_text("is broken", timeout=PATIENCE)


def test_the_map_tells_what_is_different_since_one_last_looked(opened: Opened, lab: Running, keep: Keep) -> None:
    page = opened("/map?env=plain")
    ready(page)
    panel = page.get_by_role("complementary", name="Details")
    expect(panel).not_to_contain_text("Since you last looked")
    before = page.evaluate("new Date().toISOString()")
    page.wait_for_timeout(1500)
    lab.run("h1", "ip", "link", "add", "sl0", "type", "veth", "peer", "name", "sl1")
    try:
        expect(panel).to_contain_text("sl0 on h1", timeout=PATIENCE)
        page.evaluate(f"sessionStorage.setItem('calipso.looked.plain', '{before}')")
        page.reload()
        expect(panel).to_contain_text("Since you last looked", timeout=PATIENCE)
        expect(panel.get_by_role("button", name="sl0 on h1")).to_be_visible()
        assert not violations(page)
        keep(page, "map-estate-since-light")
        panel.get_by_role("button", name=re.compile("All .* changes")).click()
        expect(page).to_have_url(re.compile("/changes"))
        expect(page.locator("main")).to_contain_text("sl0", timeout=PATIENCE)
    finally:
        lab.run("h1", "ip", "link", "del", "sl0")


def test_without_a_connection_the_time_bar_does_not_claim_to_be_live(
    browser: Browser, built: None, tmp_path: Path
) -> None:
    page = browser.new_page()
    (tmp_path / "home").mkdir()
    server = serving(tmp_path / "home")
    try:
        there = next(server)
        page.goto(f"{there.url}/map?env=local#token={there.token}")
        standing = page.get_by_test_id("standing")
        expect(standing).to_contain_text("Live", timeout=PATIENCE)
    finally:
        server.close()  # type: ignore[attr-defined]
    expect(standing).to_contain_text("Not live for", timeout=PATIENCE)
    expect(page.get_by_text("No connection for")).to_be_visible()
    page.close()


def test_what_could_not_be_asked_is_asked_when_the_server_is_back(
    browser: Browser, built: None, tmp_path: Path
) -> None:
    page = browser.new_page()
    (tmp_path / "home").mkdir()
    server = serving(tmp_path / "home")
    there = next(server)
    page.goto(f"{there.url}/map?env=local#token={there.token}")
    ready(page)
    server.close()  # type: ignore[attr-defined]
    page.get_by_role("link", name="Scans", exact=True).click()
    expect(page.get_by_text("The server does not answer.")).to_be_visible(timeout=PATIENCE)
    (tmp_path / "home/server.json").unlink(missing_ok=True)
    again = serving(tmp_path / "home", "--port", there.url.rpartition(":")[2])
    try:
        next(again)
        expect(page.get_by_test_id("connection")).to_have_text("Live", timeout=PATIENCE)
        expect(page.get_by_text("The server does not answer.")).to_have_count(0, timeout=PATIENCE)
    finally:
        again.close()  # type: ignore[attr-defined]
    page.close()


def test_a_token_that_ends_meanwhile_is_told_and_one_comes_back_to_the_place(opened: Opened, served: Served) -> None:
    made = json.loads(served.run("token", "create", "guest", "--scope", "read", "-o", "json"))
    page = opened("/changes?env=plain", signed_in=False, refused="401")
    page.get_by_label("Token").fill(made["token"])
    page.get_by_role("button", name="Sign in").click()
    ready(page)
    page.get_by_role("link", name="Scans", exact=True).click()
    ready(page)
    served.run("token", "revoke", "guest")  # nothing is pressed: what is followed live ends
    expect(page.get_by_text("You were signed out: the session or token has expired or was ended")).to_be_visible(
        timeout=PATIENCE
    )
    page.get_by_label("Token").fill(served.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Scans", exact=True)).to_be_visible(timeout=PATIENCE)


def test_the_map_can_be_used_by_keyboard_and_every_view_is_a_link(opened: Opened, keep: Keep) -> None:
    page = opened("/map?env=plain")
    ready(page)
    page.wait_for_timeout(500)
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("focus="))
    page.keyboard.press("Enter")
    page.wait_for_timeout(600)
    keep(page, "map-keyboard-light")
    page.get_by_role("checkbox", name="Roles").check()
    page.get_by_role("button", name="Network", exact=True).click()
    address = page.url
    again = opened(address.partition("://")[2].partition("/")[1] + address.partition("://")[2].partition("/")[2])
    ready(again)
    expect(again.get_by_role("checkbox", name="Roles")).to_be_checked()
    expect(again.get_by_role("button", name="Network", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("v")
    expect(page.get_by_role("tree", name="Map")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("back to live")


def test_who_sees_the_search_can_type_into_it(browser: Browser, served: Served) -> None:
    """The stroke comes in the moment in which the frame is put into the document: before anything else can run."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    context.add_init_script(f"sessionStorage.setItem('calipso.token', '{served.token}')")
    context.add_init_script("""
        new MutationObserver((_, watch) => {
          const field = document.querySelector('[role=combobox][aria-label=Search]');
          if (!field) return;
          watch.disconnect();
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true, cancelable: true }));
          window.reached = document.activeElement === field;
        }).observe(document, { childList: true, subtree: true });
    """)
    page = context.new_page()
    page.goto(served.url + PLACES["map"])
    ready(page)
    assert page.evaluate("window.reached") is True
    context.close()


def test_dragging_the_time_bar_freezes_the_page_and_l_brings_it_back(opened: Opened, keep: Keep) -> None:
    page = opened("/map?env=plain&span=0.25")
    ready(page)
    bar = page.get_by_role("slider", name="Moment shown")
    box = bar.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 24, box["y"] + 30)
    expect(page).to_have_url(re.compile("at="))
    expect(page.get_by_test_id("connection")).to_have_text("Frozen")
    keep(page, "map-past-light")
    page.keyboard.press("l")
    expect(page.get_by_test_id("connection")).to_have_text("Live")


def test_a_query_highlights_and_a_wrong_one_says_what_is_wrong(opened: Opened) -> None:
    page = opened("/map?env=plain")
    ready(page)
    field = page.get_by_label("Highlight what a query finds")
    field.fill("G.V().Has('Type', 'netns')")
    field.press("Enter")
    expect(page.get_by_text("6 found")).to_be_visible()


@pytest.mark.parametrize("how", ["SVG", "PNG", "JSON"])
def test_the_picture_can_be_taken_along(opened: Opened, how: str, tmp_path: Path) -> None:
    page = opened("/map?env=plain")
    ready(page)
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as taken:
        page.get_by_role("menuitem", name=how).click()
    file = tmp_path / taken.value.suggested_filename
    taken.value.save_as(file)
    body = file.read_bytes()
    if how == "SVG":
        assert b"<svg" in body and b">h1<" in body and b"var(--surface" not in body
    elif how == "PNG":
        assert body.startswith(b"\x89PNG")
    else:
        said = json.loads(body)
        assert {"h1", "h2"} <= {each["id"] for each in said["objects"]} and said["links"]


def test_at_any_width_nothing_is_out_of_reach(opened: Opened, keep: Keep) -> None:
    for width in (1280, 1024, 700):
        page = opened("/map?env=plain", width=width)
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        keep(page, f"map-{width}-light")


@pytest.mark.parametrize("width", [1024, 700])
def test_in_a_narrow_window_the_pages_are_reached_and_nothing_covers_them(
    opened: Opened, keep: Keep, width: int
) -> None:
    page = opened("/map?env=plain", width=width)
    ready(page)
    page.get_by_role("button", name="As tree").click()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Query").click()
    page.get_by_role("textbox", name="Query").fill("G.V().Has('Kind', 'vnic')")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("8 objects")).to_be_visible(timeout=PATIENCE)
    page.goto(page.url.partition("/query")[0] + PLACES["tree-clique"])
    lanes = page.get_by_role("group", name="Lane diagram")
    lanes.get_by_role("button", name=re.compile("vm-b, Instance")).click(timeout=PATIENCE)
    panel = page.get_by_role("complementary", name="Details")
    expect(panel).to_be_visible()
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    expect(lanes).to_be_visible()
    keep(page, f"tree-clique-{width}-light")
    assert violations(page) == []


def test_what_is_built_stays_small_and_holds_nothing_inline(built: None) -> None:
    index = (BUILT / "index.html").read_text()
    assert "<style" not in index and "<script>" not in index and "://" not in index
    files = [each for each in BUILT.rglob("*") if each.is_file()]
    assert sum(len(gzip.compress(each.read_bytes())) for each in files) <= LARGEST
