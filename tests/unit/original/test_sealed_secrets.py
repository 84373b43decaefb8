"""Secrets of environments: sealed in the file, masked wherever shown, opened for transports only."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from calipso.cli.main import app
from calipso.errors import ConfigError
from calipso.model.environment import Host, parse_environment
from calipso.model.reaching import Ssh
from calipso.model.secrecy import MASK, SEALED, Opened, masked_text
from calipso.operations.registry import BY_NAME, perform
from calipso.runtime.home import Home
from calipso.runtime.secrets import Secrets
from calipso.runtime.secrets_text import exchanged, secrets_in
from calipso.runtime.system import opened
from calipso.transports.secrets import secret

PASSWORD = "correct horse"
OURS = f"""\
name: far  # a comment that stays
hosts:
  cmp1:
    ssh: {{user: root, password: '{PASSWORD}'}}
  cmp2:
    ssh: {{user: root, password: "env:CMP2"}}
"""
THEIRS: dict[str, Any] = {
    "name": "old-cloud", "type": "environment", "environment_type": "OpenStack", "distribution": "Kolla",
    "distribution_version": "rocky", "mechanism_drivers": ["OVS"], "type_drivers": "vxlan", "listen": False,
    "configuration": [
        {"name": "OpenStack", "host": "192.0.2.1", "port": "5000", "user": "adm", "pwd": PASSWORD, "admin_token": "t"},
        {"name": "CLI", "host": "192.0.2.1", "user": "root", "pwd": PASSWORD},
        {"name": "mysql", "host": "192.0.2.1", "port": "3306", "user": "root", "pwd": 12345},
    ],
}  # fmt: skip


def run(home: Home, name: str, **values: Any) -> Any:
    async def work() -> Any:
        async with opened(home) as system:
            operation = BY_NAME[name]
            return await perform(system, operation, operation.request(**values), "somebody")

    return asyncio.run(work())


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != "secret.key")


@pytest.mark.parametrize("text", [OURS, json.dumps(THEIRS, indent="\t"), yaml.safe_dump([THEIRS])])
def test_a_secret_is_nowhere_in_clear(tmp_path: Path, text: str) -> None:
    home = Home(tmp_path)
    taken = run(home, "put_environment", text=text)
    assert PASSWORD.encode() not in everything(tmp_path)
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    kept = home.text(taken.name)
    assert SEALED.search(kept)
    for told in (taken, run(home, "get_environments"), run(home, "get_audit")):
        assert PASSWORD not in repr(told) and "sealed:" not in repr(told)
    documents = run(home, "get_original", collection="environment_configs", environment="", full=True)
    assert MASK in repr(documents) and PASSWORD not in repr(documents) and "sealed:" not in repr(documents)
    config = home.configured()[taken.name]
    ssh = next(host.ssh for host in config.hosts.values() if host.ssh is not None)
    assert PASSWORD not in repr(config)
    lit = home.secrets.opened(Host(ssh=ssh))
    assert lit.ssh is not None and secret(lit.ssh.password, "password") == PASSWORD
    assert PASSWORD not in repr(lit)


def test_the_rest_of_a_file_stays_as_it_was_written(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.put(OURS)
    before, after = OURS.splitlines(), home.text("far").splitlines()
    assert [number for number, line in enumerate(before) if line != after[number]] == [3]


def test_an_edit_that_sends_the_mask_back_keeps_the_secret(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.put(json.dumps(THEIRS))
    kept = home.text("old-cloud")
    shown = yaml.safe_load(masked_text(kept))
    assert [each["pwd"] for each in shown["configuration"]] == [MASK] * 3
    shown["configuration"].reverse()
    shown["configuration"][0]["user"] = "reader"
    shown["configuration"][2]["pwd"] = "another"
    home.put(yaml.safe_dump(shown))
    found = {each["name"]: each["pwd"] for each in yaml.safe_load(home.text("old-cloud"))["configuration"]}
    assert {name: home.secrets.open(value) for name, value in found.items()} == {
        "OpenStack": "another", "CLI": PASSWORD, "mysql": "12345",
    }  # fmt: skip
    with pytest.raises(ConfigError, match="no secret is kept") as error:
        home.put(OURS.replace(PASSWORD, MASK))
    assert "cmp1.ssh.password" in error.value.where
    assert "far" not in home.configured()


def test_a_missing_or_wrong_key_is_told_and_nothing_is_overwritten(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.put(OURS)
    kept, key = home.text("far"), (tmp_path / "secret.key").read_bytes()
    (tmp_path / "secret.key").unlink()
    host = home.configured()["far"].hosts["cmp1"]
    with pytest.raises(ConfigError, match="there is none") as error:
        home.secrets.opened(host)
    assert "CALIPSO_KEY" in error.value.hint and error.value.where == "ssh.password"
    with pytest.raises(ConfigError, match="is missing"):
        home.put(OURS.replace("far", "further"))
    assert not (tmp_path / "secret.key").exists()
    (tmp_path / "secret.key").write_bytes(Fernet.generate_key())
    with pytest.raises(ConfigError, match="is sealed with the key"):
        home.secrets.opened(host)
    with pytest.raises(ConfigError):
        home.rotate()
    assert home.text("far") == kept
    (tmp_path / "secret.key").write_bytes(b"no key")
    with pytest.raises(ConfigError, match="32 bytes"):
        home.secrets.opened(host)
    (tmp_path / "secret.key").write_bytes(key)
    damaged = kept.replace(SEALED.search(kept)[0], SEALED.search(kept)[0][:-6] + "AAAAA=")  # type: ignore[index]
    with pytest.raises(ConfigError, match="damaged"):
        home.secrets.open(SEALED.search(damaged)[0])  # type: ignore[index]


def test_rotation_seals_all_anew_and_can_be_done_again_after_a_crash(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.put(OURS)
    home.put(json.dumps(THEIRS))
    before = {name: home.text(name) for name in ("far", "old-cloud")}
    old = (tmp_path / "secret.key").read_bytes()
    assert sorted(run(home, "rotate_secrets").environments) == ["far", "old-cloud"]
    assert (tmp_path / "secret.key").read_bytes() != old
    assert all(home.text(name) != text for name, text in before.items())
    assert secret(home.secrets.opened(home.configured()["far"].hosts["cmp1"]).ssh.password, "") == PASSWORD  # type: ignore[union-attr]
    # as if it had ended between two files: the new key is staged, one file is sealed with it, one with the old one
    texts = {file: file.read_text() for file in sorted(home.environments.glob("*.yaml"))}
    fresh = home.secrets.rotated(texts)
    first = next(iter(fresh))
    first.write_text(fresh[first])
    again = Home(tmp_path)
    for name in before:
        for host in again.configured()[name].hosts.values():
            again.secrets.opened(host)
    assert len(again.rotate()[0]) == 2
    assert not again.secrets.staged.exists()
    for name in before:
        for host in again.configured()[name].hosts.values():
            again.secrets.opened(host)


def test_the_key_can_be_given_and_exchanged(tmp_path: Path) -> None:
    keys = {name: Fernet.generate_key().decode() for name in ("one", "two")}
    (tmp_path / "two").write_text(keys["two"] + "\n")
    one = Secrets(tmp_path / "none", {"CALIPSO_KEY": "env:ONE"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONE", keys["one"])
        text = one.sealed(OURS)
        two = Secrets(tmp_path / "none", {"CALIPSO_KEY": f"file:{tmp_path / 'two'}", "CALIPSO_OLD_KEY": "env:ONE"})
        (fresh,) = two.rotated({tmp_path / "far.yaml": text}).values()
    two.settle()
    only = Secrets(tmp_path / "none", {"CALIPSO_KEY": f"file:{tmp_path / 'two'}"})
    assert only.open(SEALED.search(fresh)[0]) == PASSWORD  # type: ignore[index]
    assert not (tmp_path / "none").exists()
    with pytest.raises(ConfigError, match="never the key itself"):
        Secrets(tmp_path / "none", {"CALIPSO_KEY": keys["one"]}).seal("x")


def test_what_stands_in_clear_in_the_folder_is_sealed_when_it_is_read(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    (home.environments / "far.yaml").write_text(OURS)
    assert home.configured()["far"].hosts["cmp1"].ssh is not None
    assert PASSWORD.encode() not in everything(tmp_path)


def test_the_command_line_masks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALIPSO_HOME", str(tmp_path))
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps(THEIRS))
    runner = CliRunner()
    assert runner.invoke(app, ["env", "add", str(file)]).exit_code == 0
    asked = (
        "env show old-cloud",
        "env show old-cloud -o json",
        "env list -o json",
        "audit",
        "export --format calipso-json --env old-cloud",
    )
    for words in map(str.split, asked):
        said = runner.invoke(app, words)
        assert said.exit_code == 0, said.output
        assert PASSWORD not in said.output and "sealed:" not in said.output
    assert "key" in runner.invoke(app, ["secrets", "rotate"]).output


@given(st.text(min_size=1).filter(lambda text: text != MASK and not text.startswith(("env:", "file:", "sealed:"))))
def test_any_secret_comes_back_as_it_was(value: str) -> None:
    key = Fernet.generate_key().decode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANY_KEY", key)
        secrets = Secrets(Path("none"), {"CALIPSO_KEY": "env:ANY_KEY"})
        text = json.dumps({"name": "x", "hosts": {"a": {"ssh": {"password": value}}}})
        sealed = secrets.sealed(text)
        environment = parse_environment(yaml.safe_load(sealed))
        assert secret(secrets.opened(environment.hosts["a"]).ssh.password, "") == value  # type: ignore[union-attr]


def test_anchors_do_not_break_a_file() -> None:
    text = "name: x\nshared: &it secret\nhosts: {a: {ssh: {password: *it}}, b: {ssh: {password: *it}}}\n"
    said, leaves = secrets_in(text)
    made = exchanged(said, leaves, {leaf.path: "sealed" for leaf in leaves})
    for host in yaml.safe_load(made)["hosts"].values():
        assert host["ssh"]["password"] == "sealed"
    assert "secret" not in made


def test_a_secret_of_several_lines_is_one() -> None:
    text = "name: x\ntoken: |\n  one\n  two\nhosts: {}\n"
    said, leaves = secrets_in(text)
    assert leaves[0].value == "one\ntwo\n"
    assert exchanged(said, leaves, {("token",): "sealed"}) == 'name: x\ntoken: "sealed"\nhosts: {}\n'


def test_an_opened_secret_does_not_show() -> None:
    assert "horse" not in repr(Ssh(password=Opened(PASSWORD)))
