"""Where everything is kept: one folder, `CALIPSO_HOME`, by XDG when it is not set."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from calipso.errors import ConfigError
from calipso.model.environment import Environment, parse_environment
from calipso.model.original import from_original, is_original, of_sections
from calipso.model.secrecy import SEALED
from calipso.runtime.home_documents import write_private
from calipso.runtime.secrets import Secrets, shape_of

LOCAL = "local"
"""The environment that needs no configuration: this machine."""


class Home:
    """Paths below one folder. `token`: the admin's; `graphs`: a store for each environment; `scripts`: of alerts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.token = path / "token"
        self.tokens = path / "tokens.json"
        self.users = path / "users.json"
        self.journal = path / "audit.jsonl"
        self.documents = path / "documents.json"
        self.server = path / "server.json"
        self.lock = path / "lock"
        self.environments = path / "environments"
        self.graphs = path / "graphs"
        self.secrets = Secrets(path / "secret.key", used=self._sealed_ones)
        self.scripts = path / "scripts"

    @classmethod
    def default(cls, variables: Mapping[str, str] | None = None) -> Home:
        """`CALIPSO_HOME`, else `$XDG_STATE_HOME/calipso`, else `~/.local/state/calipso`."""
        env = os.environ if variables is None else variables
        if env.get("CALIPSO_HOME"):
            return cls(Path(env["CALIPSO_HOME"]).expanduser().absolute())
        state = env.get("XDG_STATE_HOME") or os.path.join(env.get("HOME") or os.path.expanduser("~"), ".local/state")
        return cls(Path(state) / "calipso")

    def prepare(self) -> None:
        """Make the folder, readable by its owner only. Raises `ConfigError` where that cannot be."""
        try:
            for folder in (self.path, self.environments, self.graphs):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(
                f"cannot make the folder: {error.strerror}", where=str(self.path),
                hint="set CALIPSO_HOME to a folder you may write to",
            ) from error  # fmt: skip

    def store(self, environment: str) -> Path:
        return self.graphs / f"{environment}.db"

    def captures(self, environment: str) -> Path:
        """The folder for files of packets."""
        return self.path / "captures" / environment

    def flows(self, environment: str) -> Path:
        return self.graphs / f"{environment}.flows.duckdb"

    def packets(self, environment: str) -> Path:
        """The packets that captures kept of its flows."""
        return self.graphs / f"{environment}.packets"

    def configured(self) -> dict[str, Environment]:
        """All environments: `local` and those of `environments/*.yaml`. Raises `ConfigError` naming file and field."""
        found = {LOCAL: Environment(name=LOCAL)}
        for file in sorted(self.environments.glob("*.yaml")):
            environment = self._read(file)
            found[environment.name] = environment
        return found

    def _read(self, file: Path) -> Environment:
        """An environment's file; secrets that somebody wrote there in clear are sealed first."""
        text = read_text(file)
        sealed = self.secrets.sealed(text, where=str(file))
        if sealed != text:
            _replace(file, sealed)
        return environment_of(sealed, str(file))

    def _sealed_ones(self) -> bool:
        """Whether any environment holds sealed secrets."""
        return any(SEALED.search(read_text(file)) for file in self.environments.glob("*.yaml"))

    def environment(self, text: str, where: str) -> tuple[Environment, str]:
        """An environment and its text with secrets sealed; masks stand for those of the one of its name."""
        name = environment_of(shape_of(text), where).name
        sealed = self.secrets.sealed(text, self.text(name), where)
        return environment_of(sealed, where), sealed

    def sections(self, name: str, sections: Sequence[Mapping[str, Any]]) -> Environment:
        """What an environment would be of these sections alone; masks stand for what is kept. Raises `ConfigError`."""
        said = yaml.safe_dump({"name": name or "new", "configuration": [dict(each) for each in sections]})
        sealed = self.secrets.sealed(said, self.text(name), "targets_configuration")
        return parse_environment(of_sections(parse_yaml(sealed, "targets_configuration"), "targets_configuration"))

    def rotate(self) -> tuple[list[str], str]:
        """Seal every secret anew with a new key. Gives the environments that have any, and the key's id."""
        texts = {file: read_text(file) for file in sorted(self.environments.glob("*.yaml"))}
        fresh = self.secrets.rotated(texts)
        for file, text in fresh.items():
            _replace(file, text)
        return [environment_of(text, str(file)).name for file, text in fresh.items()], self.secrets.settle()

    def put(self, text: str) -> Environment:
        """Keep an environment's YAML text, its secrets sealed. Raises `ConfigError`; then nothing has changed."""
        environment, sealed = self.environment(text, "environment")
        self.prepare()
        _replace(self.environments / f"{environment.name}.yaml", sealed)
        return environment

    def text(self, name: str) -> str:
        """An environment's YAML text, empty when it has none."""
        for file in sorted(self.environments.glob("*.yaml")):
            if self._read(file).name == name:
                return file.read_text()
        return ""

    def forget(self, name: str, *, purge: bool) -> None:
        """Remove an environment's file; with `purge` its history, flows and packets."""
        for file in sorted(self.environments.glob("*.yaml")):
            if self._read(file).name == name:
                file.unlink()
        if purge:
            for kept in (f"{name}.db*", f"{name}.flows.duckdb*", f"{name}.packets"):
                for file in self.graphs.glob(kept):
                    file.unlink()
            shutil.rmtree(self.captures(name), ignore_errors=True)


def _replace(file: Path, text: str) -> None:
    """Put a text in the place of a file's at once, readable by its owner only."""
    try:
        write_private(file, text.encode())
    except UnicodeEncodeError as error:
        raise ConfigError("is not text: it has half characters", where=str(file)) from error
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(file)) from error


def read_yaml(file: Path) -> Any:
    """A YAML file. Raises `ConfigError` naming file and line."""
    return parse_yaml(read_text(file), str(file))


def read_text(file: Path) -> str:
    """A file's text. Raises `ConfigError`."""
    try:
        return file.read_text()
    except OSError as error:
        raise ConfigError(error.strerror or "cannot be read", where=str(file)) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=str(file)) from error


def parse_yaml(text: str, where: str) -> Any:
    """YAML text, or JSON text, which may be indented by tabs. Raises `ConfigError` naming the place."""
    if text.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            return json.loads(text)
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}:{mark.line + 1}" if mark is not None else where
        raise ConfigError(str(getattr(error, "problem", error)), where=place) from error


def environment_of(text: str, where: str) -> Environment:
    """An environment from YAML or JSON text, ours or a document of the original. Raises `ConfigError`."""
    return _environment(parse_yaml(text, where), where)


def _environment(said: object, where: str) -> Environment:
    if isinstance(said, list) and len(said) == 1 and is_original(said[0]):
        said, where = said[0], f"{where}[0]"  # a collection of one, as its export is written
    if is_original(said):
        said = from_original(cast("Mapping[str, Any]", said), where)
    environment = parse_environment(said, where=where)
    if "/" in environment.name or environment.name.startswith("."):
        raise ConfigError("a name is one word, without slash or leading dot", where=f"{where}.name")
    return environment
