"""The command line: examples in every help, answers for people and programs, exit codes that mean something."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from calipso.cli import main as main_module
from calipso.cli.main import MODULES, app, app_of
from tests.support.system import YAML, estate, run

RUNNER = CliRunner()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    async def fill() -> None:
        async with estate(tmp_path):
            pass

    run(fill())
    monkeypatch.setenv("CALIPSO_HOME", str(tmp_path))
    return tmp_path


def calipso(*words: str) -> Result:
    return RUNNER.invoke(app, list(words))


def test_every_verb_has_help_with_an_example() -> None:
    group = typer.main.get_command(app)
    verbs = group.commands  # type: ignore[attr-defined]
    assert {
        "up",
        "scan",
        "get",
        "tree",
        "clique",
        "history",
        "diff",
        "watch",
        "record",
        "replay",
        "export",
        "import",
    } <= set(verbs)
    for name in verbs:
        said = calipso(name, "--help")
        assert said.exit_code == 0 and "Example" in said.stdout, name


def test_outputs_for_programs(home: Path) -> None:
    vnics = json.loads(calipso("get", "vnic", "--env", "estate", "-o", "json").stdout)
    assert {"id", "kind", "type", "name", "host", "environment", "attributes", "valid_from"} <= set(vnics[0])
    assert yaml.safe_load(calipso("get", "vnic", "--env", "estate", "-o", "yaml").stdout) == vnics
    rows = list(csv.DictReader(io.StringIO(calipso("get", "vnic", "--env", "estate", "-o", "csv").stdout)))
    assert len(rows) == len(vnics) and rows[0]["name"] == vnics[0]["name"]
    one = json.loads(calipso("get", "host_pnic", "h1/dev:eth0", "--env", "estate", "-o", "json").stdout)
    assert one["id"] == "h1/dev:eth0" and "netlink" in one["facets"]


def test_tables_have_no_escapes_in_a_pipe_and_cut_nothing(home: Path) -> None:
    for words in (("get", "interface"), ("tree",), ("links", "h1/dev:br-b"), ("clique", "h1/netns:vm-b"), ("sources",)):
        said = calipso(*words, "--env", "estate")
        assert said.exit_code == 0, words
        assert "\x1b[" not in said.stdout
    assert "h1/ovs/port:pbo h1/ovs/bridge:br-int" in calipso("clique", "h1/netns:vm-b", "--env", "estate").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("get", "vnci", "--env", "estate"), 1, "did you mean 'vnic'"),
        (("get", "vnic", "--env", "nowhere"), 1, "no environment"),
        (("get", "vnic", "--env", "estate", "--at", "teatime"), 2, "-5m"),
        (("history", "nothing-like-it", "--env", "estate"), 1, "nothing was ever known"),
        (("get", "vnic", "--nonsense"), 2, "No such option"),
        (("diff", "--env", "estate"), 2, "--from"),
        (("clique", "vm-a", "--env", "estate"), 1, "say which"),
    ],
)
def test_what_goes_wrong_has_a_code_and_a_next_step(home: Path, words: tuple[str, ...], code: int, said: str) -> None:
    result = calipso(*words)
    assert result.exit_code == code
    assert said in result.stderr and result.stdout == ""


def test_export_and_import_files(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    assert calipso("export", str(file), "--env", "estate").exit_code == 0
    assert calipso("import", str(file), "--env", "local").exit_code == 0
    assert len(json.loads(calipso("get", "vconnector", "-o", "json").stdout)) == 2
    file.write_text("\n".join(file.read_text().splitlines()[:4]))
    cut = calipso("import", str(file), "--env", "local")
    assert cut.exit_code == 1 and "cut off" in cut.stderr


def test_a_wrong_environment_file_is_refused_by_file_and_field(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(YAML + "namspaces: instances\n")
    said = calipso("add", str(file))
    assert said.exit_code == 2 and "wrong.yaml.namspaces" in said.stderr and "namespaces" in said.stderr
    file.write_text("name: [unclosed\n")
    said = calipso("add", str(file))
    assert said.exit_code == 2 and "wrong.yaml:" in said.stderr


def test_a_document_of_the_original_is_added_and_what_is_not_used_is_told(home: Path) -> None:
    file = Path(__file__).parents[1] / "model/original/second.yaml"
    said = calipso("env", "add", str(file))
    assert said.exit_code == 0 and "kube-site is known" in said.stderr
    assert "not used yet: " in said.stderr and "configuration.Kubernetes" in said.stderr
    shown = calipso("env", "show", "kube-site", "-o", "json")
    config = json.loads(shown.stdout)
    assert config["original"]["configuration"][0]["name"] == "Kubernetes"
    assert config["hosts"]["198.51.100.74"]["ssh"]["user"] == "root"


def test_what_is_not_on_the_list_of_supported_environments_is_told(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "kolla.yaml"
    file.write_text(
        "name: kolla\ntype: OpenStack\ndistribution: Kolla\ndistribution_version: tran\nhosts: {h: {pid: 1}}\n"
    )
    for words in (("add", str(file)), ("show", "kolla")):
        said = calipso("env", *words)
        assert (
            said.exit_code == 0
            and "warning: distribution_version: Kolla tran" in said.stderr
            and "train" in said.stderr
        )


def test_supported_environments_are_listed(home: Path) -> None:
    said = calipso("env", "supported", "kolla", "--version", "2024.1", "-m", "ovn", "-o", "json")
    found = json.loads(said.stdout)
    assert {each["type_driver"] for each in found} == {"flat", "vlan", "geneve"}
    assert {(each["evidence"], each["proof"]) for each in found} == {("recording", "openstack/ml2-ovn")}
    wrong = calipso("env", "supported", "Kola")
    assert wrong.exit_code == 2 and "Kolla" in wrong.stderr
    assert "labs/docker" in calipso("env", "supported", "--evidence", "lab").stdout.replace("\n", "")
    counts = {each: len(listed("--evidence", each)) for each in ("any", "lab", "recording", "declared only")}
    assert counts["any"] == counts["lab"] + counts["recording"] + counts["declared only"]
    assert len(listed()) == counts["lab"] + counts["recording"], "what nothing proves is not supported"
    none = calipso("env", "supported", "Kubernetes")
    assert none.exit_code == 0 and not none.stdout and "--evidence any" in none.stderr


def listed(*words: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(calipso("env", "supported", *words, "-o", "json").stdout)
    return found


def test_every_verb_is_found_in_its_module() -> None:
    """Only the module of the verb in hand is loaded: the table of them must say what they register."""
    for module, verbs in MODULES.items():
        one = app_of([module])
        groups = [group.name or group.typer_instance.info.name for group in one.registered_groups]
        named = [each.name or getattr(each.callback, "__name__", "") for each in one.registered_commands]
        assert sorted([*named, *groups]) == sorted(verbs), module
    registering = {
        file.stem
        for file in Path(main_module.__file__ or "").parent.glob("*.py")
        if "def register(" in file.read_text()
    }
    assert registering == set(MODULES)


def on_its_own(stdout: int, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [sys.executable, "-m", "calipso", *words], stdout=stdout, stderr=subprocess.PIPE, text=True, check=False,
        env=environment,
    )  # fmt: skip


ASKED = ("get", "vnic", "--env", "estate", "-o", "json")


@pytest.mark.parametrize("words", [("--help",), ASKED])
def test_whoever_reads_may_have_had_enough(home: Path, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # as `calipso --help | head` does in the end
    try:
        assert on_its_own(writing, *words).stderr == ""
    finally:
        os.close(writing)


@pytest.mark.parametrize("words", [("--help",), ASKED])
def test_an_answer_that_cannot_be_written_is_told(home: Path, words: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = on_its_own(full.fileno(), *words)
    assert (done.returncode, done.stderr) == (3, "calipso: the answer could not be written: No space left on device\n")
