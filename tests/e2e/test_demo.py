"""The demo from the first run on: a recorded cloud, its history, its fault, its overviews."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import SIZE, Served, ask, serving, told
from tests.e2e.test_web_ui import ready, violations

pytestmark = pytest.mark.e2e
Keep = Callable[[Page, str], None]
PATIENCE = 30_000
"""Milliseconds."""
RED_1 = "instance%3A4e1ed217-4c44-4861-bfb7-c0003f5e5b06"
RED_2 = "instance%3Afd477d95-8eb8-46cd-93af-2ec972a9f3ba"


Opening = Callable[[str], Page]


@pytest.fixture(scope="module")
def demo(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the demo."""
    home = tmp_path_factory.mktemp("demo") / "home"
    home.mkdir()
    ask(home, "demo")
    yield from serving(home)


@pytest.fixture
def recorded(browser: Browser, demo: Served) -> Iterator[Opening]:
    """Opens a place of the demo."""
    context = browser.new_context(viewport=SIZE)
    context.add_init_script(f"sessionStorage.setItem('calipso.token', '{demo.token}')")

    def at(path: str) -> Page:
        page = context.new_page()
        page.goto(demo.url + path)
        return page

    yield at
    context.close()


@pytest.fixture
def nothing(built: None, tmp_path: Path) -> Iterator[Served]:
    """A server that watches nothing."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "local.yaml").write_text("name: local\nhosts: {away: {agent: true}}\n")
    ask(home, "add", str(tmp_path / "local.yaml"))
    yield from serving(home)


@pytest.fixture
def begun(browser: Browser, nothing: Served) -> Iterator[Page]:
    """Its first page, in a browser that must not load from elsewhere and says nothing in its console."""
    wrong: list[str] = []
    context = browser.new_context(viewport=SIZE)
    page = context.new_page()
    page.on("console", lambda said: wrong.append(said.text) if told(said, "") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{nothing.url}/#token={nothing.token}")
    expect(page.get_by_role("heading", name="Nothing is being watched yet")).to_be_visible(timeout=PATIENCE)
    yield page
    context.close()
    assert not wrong, "\n".join(wrong)


def test_the_demo_is_opened_by_a_key_and_its_fault_is_found(begun: Page, keep: Keep) -> None:
    page = begun
    page.keyboard.press("3")
    expect(page).to_have_url(re.compile("env=demo"), timeout=PATIENCE)
    ready(page)
    expect(page.get_by_role("complementary", name="Details")).to_contain_text("demo, 3 hosts", timeout=PATIENCE)
    keep(page, "demo-map-light")
    assert violations(page) == []
    origin = page.url.partition("/map")[0]
    page.goto(f"{origin}/changes?env=demo")
    ready(page)
    page.get_by_role("treegrid", name="Changes").get_by_role("row").filter(has_text="vxlan-0a4d0115").first.click()
    panel = page.get_by_role("complementary", name="Details")
    panel.get_by_role("tab", name="Facts").click(timeout=PATIENCE)
    expect(panel).to_contain_text("It is not there now. This is how it was at", timeout=PATIENCE)
    expect(panel).to_contain_text("10.77.1.21", timeout=PATIENCE)
    page.goto(f"{origin}/messages?env=demo")
    expect(page.locator("#main")).to_contain_text("No answer from 10.77.0.11", timeout=PATIENCE)
    page.goto(f"{origin}/tree?env=demo&focus={RED_1}&peer={RED_2}")
    lanes = page.get_by_role("group", name="Lane diagram")
    for name in ("red-1, Instance", "red-2, Instance", "10.77.1.22, Tunnel endpoint", "net-red, Network"):
        expect(lanes.get_by_role("button", name=re.compile(re.escape(name)))).to_be_visible(timeout=PATIENCE)
    expect(lanes).to_contain_text("vxlan-0a4d0115 of cmp2 is gone", timeout=PATIENCE)
    keep(page, "demo-clique-light")


def test_the_demo_can_be_opened_by_the_button_and_is_removed_without_a_trace(begun: Page, nothing: Served) -> None:
    begun.get_by_role("button", name="Open the demo").click()
    expect(begun).to_have_url(re.compile("env=demo"), timeout=PATIENCE)
    begun.goto("about:blank")  # or it asks for what is gone, and the browser notes the answer
    nothing.run("env", "remove", "demo")
    assert not list(nothing.home.rglob("*demo*"))


@pytest.mark.parametrize(
    ("focus", "words"),
    [
        ("", ("demo", "Regions", "Availability zones", "Aggregates", "Projects", "Hosts", "No answer from 10.77.0.11")),
        ("region%3ARegionOne", ("RegionOne", "Availability zones", "Aggregates", "Hosts", "No answer from 10.77.0.11")),
        ("region%3ARegionOne%2Faz%3Anova", ("nova", "Aggregates", "Hosts", "Instances", "No message is open")),
        ("region%3ARegionOne%2Faggregate%3A1", ("rack-1", "Hosts", "Instances", "No message is open")),
        ("project%3A202ec4d2536847cda92ded9719933c8a", ("red", "Instances", "Router", "No message is open")),
        ("cmp2", ("cmp2", "Instances", "Tunnel endpoint", "No message is open")),
        ("ctl", ("ctl", "Services", "No answer from 10.77.0.11")),
    ],
)
def test_each_place_of_the_demo_has_its_overview(recorded: Opening, focus: str, words: tuple[str, ...]) -> None:
    page = recorded(f"/dashboard?env=demo&focus={focus}")
    ready(page)
    for word in words:
        expect(page.locator("#main")).to_contain_text(word, timeout=PATIENCE)
    assert violations(page) == []


def test_an_overview_leads_to_the_places_within_and_to_map_and_tree(recorded: Opening) -> None:
    page = recorded("/dashboard?env=demo")
    ready(page)
    page.get_by_role("region", name="Aggregates").get_by_role("button", name="rack-1").click(timeout=PATIENCE)
    hosts = page.get_by_role("region", name="Hosts").get_by_role("row")
    expect(hosts).to_have_count(3, timeout=PATIENCE)
    hosts.filter(has_text="cmp2").get_by_role("button").click()
    expect(page.get_by_role("heading", name="cmp2")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Tree", exact=True).click()
    expect(page).to_have_url(re.compile("/tree.*node=cmp2"))


def test_from_an_address_to_before_the_fault_and_back_by_keyboard_alone(recorded: Opening) -> None:
    page = recorded("/map?env=demo")
    ready(page)
    page.keyboard.press("/")
    page.keyboard.type("10.1.0.95")
    expect(page.get_by_role("option").filter(has_text="red-1").first).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("focus="))
    page.keyboard.press("g")
    page.keyboard.press("t")
    lanes = page.get_by_role("group", name="Lane diagram")
    expect(lanes.get_by_role("button", name=re.compile("red-1, Instance"))).to_be_visible(timeout=PATIENCE)
    tabbed(page, "Other end")
    page.keyboard.type("red-2")
    verdict = page.locator(".verdict")
    expect(verdict).to_contain_text("is broken", timeout=PATIENCE)
    focused = tabbed(page, "red-1, Instance")
    assert focused == "g", "a node of the diagram is reached by Tab"
    page.keyboard.press("[")
    expect(page.get_by_text("You are looking at")).to_be_visible(timeout=PATIENCE)
    expect(verdict).to_contain_text("No step of red-1 and red-2 is down", timeout=PATIENCE)
    page.keyboard.press("]")
    expect(verdict).to_contain_text("is broken", timeout=PATIENCE)
    assert tabbed(page, "Moment shown") == "svg"
    page.keyboard.press("End")
    expect(page).not_to_have_url(re.compile("at="))


def tabbed(page: Page, name: str) -> str:
    """Press Tab until an element has the focus whose name holds a text; its tag."""
    for _ in range(80):
        page.keyboard.press("Tab")
        tag, said = page.evaluate("[document.activeElement.tagName, document.activeElement.ariaLabel ?? '']")
        if name in said:
            return str(tag).lower()
    raise AssertionError(f"{name} is not reached by Tab")


def test_the_flows_of_the_demo_show_how_far_packets_come(recorded: Opening, keep: Keep) -> None:
    page = recorded("/flows?env=demo&filter=application:POSTGRESQL")
    ready(page)
    row = page.get_by_role("grid", name="Flows").get_by_role("row").filter(has_text="44126")
    row.first.click(timeout=PATIENCE)
    panel = page.get_by_role("complementary", name="Details")
    expect(panel.get_by_role("heading", name="red-1 to red-2, postgresql")).to_be_visible(timeout=PATIENCE)
    expect(panel.locator(".hops > li")).to_have_count(3, timeout=PATIENCE)
    expect(panel.locator(".hops > li").last).to_contain_text("cmp2")
    expect(page.locator(".flow-cards")).to_contain_text("these flows were captured before")
    assert violations(page) == []
    keep(page, "demo-flows-light")
