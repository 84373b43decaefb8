"""The pages an operator runs Calipso with: environments, scans, sources, model, access, help, overview."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import SIZE, Opened, Served, ask, serving
from tests.e2e.test_web_ui import ready, violations
from tests.support.sshd import Server

pytestmark = pytest.mark.e2e
Keep = Callable[[Page, str], None]
PLACES = {
    "environments": "/environments?env=plain",
    "environment-wizard": "/environments?env=plain&step=type",
    "environment-file": "/environments?env=plain&step=text",
    "scans": "/scans?env=plain",
    "scan-schedules": "/scans?env=plain&tab2=schedules",
    "sources": "/sources?env=plain",
    "model": "/model?env=plain",
    "model-links": "/model?env=plain&tab2=links",
    "model-cliques": "/model?env=plain&tab2=cliques",
    "model-constraints": "/model?env=plain&tab2=constraints",
    "access": "/access?env=plain",
    "access-users": "/access?env=plain&tab2=users",
    "access-tokens": "/access?env=plain&tab2=tokens",
    "access-journal": "/access?env=plain&tab2=journal",
    "help": "/help?env=plain",
    "help-keys": "/help?env=plain&tab2=keys",
    "help-api": "/help?env=plain&tab2=api",
    "overview": "/dashboard?env=plain",
    "overview-host": "/dashboard?env=plain&focus=h1",
}


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
@pytest.mark.parametrize("name", list(PLACES))
def test_each_operating_page_is_accessible_in_each_theme(opened: Opened, keep: Keep, name: str, theme: str) -> None:
    page = opened(PLACES[name], theme)
    ready(page)
    page.wait_for_timeout(500)
    keep(page, f"{name}-{theme}")
    assert violations(page) == []


def test_an_environment_with_a_wrong_password_says_why_and_is_mended_there(
    opened: Opened, keep: Keep, tmp_path: Path, served: Served
) -> None:
    with Server(tmp_path / "ssh").running() as server:
        page = opened("/environments?env=plain")
        ready(page)
        page.get_by_role("button", name="Add environment", exact=True).click()
        page.get_by_label("Name", exact=True).fill("far")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Linux host by SSH").click()
        page.get_by_label("Name", exact=True).fill("vault")
        page.get_by_label("Address").fill("127.0.0.1")
        page.get_by_label("Port", exact=True).fill(str(server.port))
        page.get_by_role("button", name="Go on").click()
        page.get_by_label("User").first.fill("root")
        page.get_by_label("Password", exact=True).first.fill("s3cret")
        page.get_by_label("Known hosts").first.fill(str(server.known_hosts))
        page.get_by_label("SSH configuration").first.fill("none")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Test all").click()
        why = page.get_by_role("group", name="Why vault fails")
        expect(why).to_contain_text("127.0.0.1 answered, and refused the password for user root", timeout=20_000)
        expect(why.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
        assert "s3cret" not in (page.evaluate("localStorage.getItem('calipso.environment-draft')") or "")
        keep(page, "environment-wizard-refused-light")
        assert violations(page) == []
        page.get_by_role("navigation", name="Steps").get_by_role("button", name="Credentials").click()
        page.get_by_label("Password", exact=True).first.fill("")
        page.get_by_label("Key files").first.fill(str(server.key))
        page.get_by_role("navigation", name="Steps").get_by_role("button", name="Test").click()
        page.get_by_role("button", name="Test all again").click()
        expect(page.get_by_test_id("test-vault")).to_contain_text("is ", timeout=20_000)
        expect(page.get_by_text("1 pass", exact=True)).to_be_visible()
        keep(page, "environment-wizard-passes-light")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Add environment", exact=True).click()
        expect(page.get_by_role("heading", name="Scans")).to_be_visible(timeout=20_000)
        expect(page.get_by_test_id("scan-state")).to_have_text(re.compile("completed|failed"), timeout=60_000)
        keep(page, "scan-of-an-added-environment-light")
        page.goto(served.url + "/environments?env=plain")
        page.get_by_role("button", name="Change far").click()
        expect(page.get_by_label("Name", exact=True)).to_have_value("far")
        page.get_by_role("button", name="Leave").click()
        page.get_by_role("button", name="Delete far").click()
        page.get_by_label("Delete its history too").check()
        page.get_by_role("dialog").get_by_role("button", name="Delete far").click()
        expect(page.get_by_role("button", name="Change far")).to_have_count(0)


def test_a_dead_address_is_not_told_as_a_refusal(opened: Opened) -> None:
    page = opened("/environments?env=plain&step=type")
    ready(page)
    page.get_by_label("Name", exact=True).fill("nowhere")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Linux host by SSH").click()
    page.get_by_label("Address").fill("127.0.0.1")
    page.get_by_label("Port", exact=True).fill("1")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Test all").click()
    why = page.get_by_role("group", name=re.compile("Why"))
    expect(why).to_contain_text("127.0.0.1 port 1 cannot be reached", timeout=20_000)
    expect(page.get_by_role("button", name="Go on without host1")).to_be_visible()


def test_a_scan_is_run_and_watched(opened: Opened, keep: Keep) -> None:
    page = opened("/scans?env=plain")
    ready(page)
    page.get_by_label("Called").fill("before the change")
    page.get_by_role("button", name="Run scan", exact=True).click()
    scan = page.get_by_test_id("scan")
    expect(scan.get_by_role("heading", name="before the change")).to_be_visible()
    expect(page.get_by_test_id("scan-state")).to_have_text(re.compile("completed"), timeout=60_000)
    expect(scan.get_by_role("cell", name="h1").first).to_be_visible()
    expect(scan).to_contain_text(re.compile(r"[1-9][0-9]* objects"))
    keep(page, "scan-ended-light")
    scan.get_by_role("button", name="Show what it saw").click()
    expect(page).to_have_url(re.compile("/map.*at="))


def test_a_scan_is_scheduled_rests_and_goes(opened: Opened) -> None:
    page = opened("/scans?env=plain&tab2=schedules")
    ready(page)
    page.get_by_label("First").fill("2099-01-31T03:00:00Z")
    page.get_by_role("button", name="Schedule scan").click()
    expect(page.get_by_role("cell", name="2099-01-31 03:00:00")).to_be_visible()
    page.get_by_role("button", name="Let it rest").click()
    expect(page.get_by_role("cell", name="rests")).to_be_visible()
    page.get_by_role("button", name="Remove the schedule daily").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No scan is scheduled here")).to_be_visible()


def test_a_token_is_made_shown_once_and_revoked(opened: Opened, keep: Keep) -> None:
    page = opened("/access?env=plain&tab2=tokens")
    ready(page)
    page.get_by_label("Who it is for").fill("grafana")
    page.get_by_label("Ends").select_option("30d")
    page.get_by_role("button", name="Create token").click()
    secret = page.get_by_test_id("secret")
    expect(secret).to_be_visible()
    assert len(secret.inner_text()) > 20
    keep(page, "access-made-light")
    page.get_by_role("button", name="I have it").click()
    expect(secret).to_have_count(0)
    page.get_by_role("button", name="Revoke grafana").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke it").click()
    expect(page.get_by_role("button", name="Revoke grafana")).to_have_count(0)
    page.get_by_role("tab", name="Who did what").click()
    expect(page.get_by_role("cell", name="revoke_token").first).to_be_visible()


def test_a_user_is_added_chooses_a_password_and_changes_it(opened: Opened, keep: Keep, served: Served) -> None:
    admin = opened("/access?env=plain&tab2=users")
    ready(admin)
    admin.get_by_label("Signs in as").fill("alice")
    admin.get_by_label("Role", exact=True).select_option("viewer")
    admin.get_by_role("button", name="Add user").click()
    made = admin.get_by_test_id("secret").inner_text()
    keep(admin, "access-user-made-light")
    page = opened("/access?env=plain", signed_in=False, refused="401 403 409")
    page.get_by_label("Name").fill("alice")
    page.get_by_label("Password or token").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("the name or the password is wrong")).to_be_visible()
    page.get_by_label("Password or token").fill(made)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This password was made for you")).to_be_visible()
    page.get_by_label("New password").fill("four lamps by the door")
    page.get_by_label("The same again").fill("four lamps by the gate")
    expect(page.get_by_text("The two are not the same.")).to_be_visible()
    keep(page, "signin-choose-light")
    assert violations(page) == []
    page.get_by_label("The same again").fill("four lamps by the door")
    page.get_by_role("button", name="Choose it and sign in").click()
    you = page.get_by_role("region", name="Who you are")
    expect(you).to_contain_text("alice")
    expect(you).to_contain_text("viewer")
    page.get_by_label("Password now").fill("four lamps by the door")
    page.get_by_label("New password").fill("five lamps by the gate")
    page.get_by_label("The same again").fill("five lamps by the gate")
    keep(page, "access-you-light")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_label("Password now")).to_have_value("")
    page.get_by_role("tab", name="Users").click()
    expect(page.get_by_text("it needs admin")).to_be_visible()
    expect(admin.get_by_role("cell", name="chosen")).to_be_visible(timeout=20_000)
    admin.get_by_label("Role of alice").select_option("operator")
    admin.get_by_role("dialog").get_by_role("button", name="Change the role").click()
    expect(admin.get_by_label("Role of alice")).to_have_value("operator")
    expect(page.get_by_text("You were signed out")).to_be_visible(timeout=30_000)
    keep(admin, "access-users-there-light")
    admin.get_by_role("button", name="Remove alice").click()
    admin.get_by_role("dialog").get_by_role("button", name="Remove the user").click()
    expect(admin.get_by_text("There are no users")).to_be_visible()
    assert made not in (served.home.parent / "server.log").read_text()


def test_sources_tell_each_scope_and_clique_types_can_be_added(opened: Opened) -> None:
    page = opened("/sources?env=plain")
    ready(page)
    page.get_by_label("Filter scopes").fill("ovs@h1")
    expect(page.get_by_role("cell", name="h1").first).to_be_visible()
    expect(page.get_by_role("cell", name="h2").first).not_to_be_visible()
    page.goto(page.url.replace("/sources", "/model").partition("?")[0] + "?env=plain&tab2=cliques")
    page.get_by_text("Add a clique type for plain").click()
    page.get_by_label("Name", exact=True).fill("nics")
    page.get_by_label("Then follows").select_option("instance-vnic")
    page.get_by_role("button", name="Add clique type").click()
    page.get_by_role("button", name="Remove nics").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("button", name="Remove nics")).to_have_count(0)


def test_help_tells_every_operation_from_the_servers_own_document(opened: Opened) -> None:
    page = opened("/help?env=plain&tab2=api")
    ready(page)
    page.get_by_label("Filter operations").fill("clique")
    page.get_by_test_id("operation-get_clique").locator("summary").click()
    expect(page.get_by_test_id("operation-get_clique")).to_contain_text("curl -H")


def test_an_overview_counts_and_leads_on(opened: Opened) -> None:
    page = opened("/dashboard?env=plain")
    ready(page)
    page.get_by_role("region", name="Hosts").get_by_role("button", name="h1").click()
    expect(page).to_have_url(re.compile("focus=h1"))
    expect(page.get_by_role("heading", name="h1")).to_be_visible()
    page.get_by_role("button", name="Map", exact=True).click()
    expect(page).to_have_url(re.compile("/map.*focus=h1"))


def test_the_pages_are_reached_by_keyboard_and_nothing_overflows(opened: Opened) -> None:
    page = opened("/map?env=plain")
    ready(page)
    for key, heading in (("e", "Environments"), ("s", "Scans"), ("r", "Sources"), ("k", "Model"), ("u", "Access")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        page.evaluate("document.activeElement.blur()")
    for width in (1280, 1024, 700):
        narrow = opened("/environments?env=plain&step=type", width=width)
        ready(narrow)
        assert narrow.evaluate("document.documentElement.scrollWidth <= innerWidth"), width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_where_nothing_is_watched_the_ways_to_begin_are_shown(
    browser: Browser, built: None, keep: Keep, tmp_path: Path, theme: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "local.yaml").write_text("name: local\nhosts: {away: {agent: true}}\n")
    ask(home, "add", str(tmp_path / "local.yaml"))
    for server in serving(home):
        context = browser.new_context(viewport=SIZE)
        page = context.new_page()
        page.add_init_script(f"localStorage.setItem('calipso.theme', '{theme}')")
        page.goto(f"{server.url}/#token={server.token}")
        expect(page.get_by_role("heading", name="Nothing is being watched yet")).to_be_visible(timeout=15_000)
        keep(page, f"first-run-{theme}")
        assert violations(page) == []
        page.keyboard.press("2")
        expect(page.get_by_role("heading", name="What is to be watched")).to_be_visible()
        context.close()
