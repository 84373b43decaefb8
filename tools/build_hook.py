"""Builds the web UI, the C core and the eBPF program into the wheel, each where what builds it is there.

Else the wheel holds what was built before, or none.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "src/calipso/web/static"
NATIVE = "src/calipso/native"


class Built(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]  # untyped where hatchling is not installed
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
        subprocess.run([sys.executable, str(root / NATIVE / "build.py")], check=True)
        if (root / NATIVE / "_flowcore.so").is_file():  # for any Python 3, but of this machine's kind
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
        built = ("_flowcore.so", "_skim.so", "_places.so", "_flow.bpf.o")
        build_data["artifacts"] += [f"{NATIVE}/{name}" for name in built]
