"""Builds the web UI into the wheel where Node.js is there; else the wheel holds what was built before, or none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "src/calipso/web/static"


class WebUi(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]  # untyped where hatchling is not installed
    """Called by hatchling; an editable installation takes the checkout as it is."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version`: `standard` or `editable`. The built files are ignored by git, so they are named as artifacts."""
        if version == "editable":
            return
        root = Path(self.root)
        if shutil.which("npm") and (root / "ui/package.json").is_file():
            subprocess.run([str(root / "tools/ui"), "--if-changed"], check=True)
        if not (root / STATIC / "index.html").is_file():
            self.app.display_warning("without Node.js the web UI is not built into this wheel")
        build_data["artifacts"].append(f"{STATIC}/**")
