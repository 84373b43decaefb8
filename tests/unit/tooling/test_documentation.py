"""The documentation: links lead somewhere, verbs that are written about exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from calipso.cli.main import app

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
VERB = re.compile(r"(?:^|[ `/])calipso ([a-z]+)\b", re.MULTILINE)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files(page: Path) -> None:
    links = [link for link, _ in LINK.findall(FENCE.sub("", page.read_text())) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [page for page in PAGES if "adr" not in page.parts], ids=name_of)
def test_verbs_exist(page: Path) -> None:
    verbs = set(getattr(typer.main.get_command(app), "commands", {}))
    code = re.findall(r"`[^`\n]+`", page.read_text()) + FENCE.findall(page.read_text())
    said = {verb for each in code for verb in VERB.findall(each)}
    assert said <= verbs


def test_every_decision_has_a_number_of_its_own_and_says_why() -> None:
    files = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    numbers = [file.name[:4] for file in files]
    assert len(numbers) == len(set(numbers))
    for file in files:
        text = file.read_text()
        assert text.startswith(f"# {file.name[:4]}: "), file.name
        for part in ("Context", "Decision"):
            assert f"**{part}.**" in text, f"{file.name} has no {part}"
