"""From an instance's address to the port of the switch that its host is cabled to, on labs/tor."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from labs.tor import lab as tor
from tests.e2e.conftest import SIZE, Served, ask, serving
from tests.e2e.test_web_ui import ready, violations

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("lldpd") is None, reason="no lldpd: tools/test-setup installs it"),
]
BRIDGED = """\
link add vm type veth peer name eth0 netns vm-1
link add br0 type bridge
link set vm master br0 up
link set eth0 master br0
link set br0 up
"""


@pytest.fixture
def cabled(tmp_path: Path) -> Iterator[tor.Running]:
    """The lab, with an instance behind a bridge of its first host."""
    state = tmp_path / "lab"
    made = tor.up(state, mortal=True)
    try:
        made.run("h1", "ip", "netns", "add", "vm-1")
        made.run("h1", "ip", "-batch", "-", stdin=BRIDGED)
        made.run("h1", "ip", "-n", "vm-1", "-batch", "-", stdin="addr add 10.9.0.1/24 dev eth0\nlink set eth0 up\n")
        yield made
    finally:
        tor.down(state)


@pytest.fixture
def followed(cabled: tor.Running, built: None, tmp_path: Path) -> Iterator[Served]:
    """A server that follows the lab and has heard of the cables."""
    home, file = tmp_path / "home", tmp_path / "tor.yaml"
    home.mkdir()
    file.write_text(yaml.safe_dump(yaml.safe_load(tor.environment(cabled)) | {"namespaces": "instances"}))
    ask(home, "add", str(file))
    for server in serving(home):
        began = time.monotonic()
        while not json.loads(server.run("get", "switch_pnic", "--env", "tor", "-o", "json", may_fail=True)):
            assert time.monotonic() - began < 60, "the switch's ports do not come"
            time.sleep(0.5)
        yield server


def test_an_address_leads_to_the_port_of_the_switch(browser: Browser, followed: Served) -> None:
    context = browser.new_context(viewport=SIZE)
    context.add_init_script(f"sessionStorage.setItem('calipso.token', '{followed.token}')")
    page = context.new_page()
    page.goto(followed.url + "/map?env=tor")
    ready(page)
    page.keyboard.press("/")
    page.keyboard.type("10.9.0.1")
    expect(page.get_by_role("option").filter(has_text="eth0").first).to_be_visible()
    page.keyboard.press("Enter")
    for name, place in (("br0", r"h1%2Fdev%3Abr0"), ("eth0", r"h1%2Fdev%3Aeth0"), ("swp1", r"swp1")):
        linked(page, name)
        expect(page).to_have_url(re.compile(f"focus=[^&]*{place}"))
    expect(page.get_by_role("complementary", name="Details")).to_contain_text("tor")
    assert violations(page) == []
    context.close()


def linked(page: Page, name: str) -> None:
    """Go along a link of what is selected."""
    panel = page.get_by_role("complementary", name="Details")
    panel.get_by_role("tab", name=re.compile("Links")).click()
    panel.get_by_role("button", name=re.compile(f"^{name}\\b")).first.click()
