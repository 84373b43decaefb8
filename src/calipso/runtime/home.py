"""Where everything is kept: one folder, `CALIPSO_HOME`, by XDG when it is not set."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from calipso.errors import ConfigError
from calipso.model.environment import Environment, parse_environment
from calipso.model.original import from_original, is_original

LOCAL = "local"
"""The environment that needs no configuration: this machine."""


class Home:
    """Paths below one folder. `token`: the admin's; `graphs`: a store for each environment; `scripts`: of alerts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.token = path / "token"
        self.tokens = path / "tokens.json"
        self.journal = path / "audit.jsonl"
        self.server = path / "server.json"
        self.lock = path / "lock"
        self.environments = path / "environments"
        self.graphs = path / "graphs"
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

    def configured(self) -> dict[str, Environment]:
        """All environments: `local` and those of `environments/*.yaml`. Raises `ConfigError` naming file and field."""
        found = {LOCAL: Environment(name=LOCAL)}
        for file in sorted(self.environments.glob("*.yaml")):
            environment = read_environment(file)
            found[environment.name] = environment
        return found

    def put(self, text: str) -> Environment:
        """Keep an environment's YAML text, after reading it. Raises `ConfigError`; then nothing has changed."""
        environment = environment_of(text, "environment")
        self.prepare()
        file = self.environments / f"{environment.name}.yaml"
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_text(text)
        fresh.replace(file)
        return environment

    def text(self, name: str) -> str:
        """An environment's YAML text, empty when it has none."""
        for file in sorted(self.environments.glob("*.yaml")):
            if read_environment(file).name == name:
                return file.read_text()
        return ""

    def forget(self, name: str, *, purge: bool) -> None:
        """Remove an environment's file; with `purge` its history."""
        for file in sorted(self.environments.glob("*.yaml")):
            if read_environment(file).name == name:
                file.unlink()
        if purge:
            for file in self.graphs.glob(f"{name}.db*"):
                file.unlink()


def read_yaml(file: Path) -> Any:
    """A YAML file. Raises `ConfigError` naming file and line."""
    try:
        text = file.read_text()
    except OSError as error:
        raise ConfigError(error.strerror or "cannot be read", where=str(file)) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=str(file)) from error
    return parse_yaml(text, str(file))


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


def read_environment(file: Path) -> Environment:
    """An environment's file. Raises `ConfigError`."""
    return _environment(read_yaml(file), str(file))


def _environment(said: object, where: str) -> Environment:
    if isinstance(said, list) and len(said) == 1 and is_original(said[0]):
        said, where = said[0], f"{where}[0]"  # a collection of one, as its export is written
    if is_original(said):
        said = from_original(cast("Mapping[str, Any]", said), where)
    environment = parse_environment(said, where=where)
    if "/" in environment.name or environment.name.startswith("."):
        raise ConfigError("a name is one word, without slash or leading dot", where=f"{where}.name")
    return environment
