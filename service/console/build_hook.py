"""Puts the built console into the wheel and the source archive; hatchling runs it (see pyproject.toml)."""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parents[2]
CONSOLE = Path("service", "console")
# Hatchling runs this file by its path, in an environment of its own, and does not find our packages.
sys.path.insert(0, str(ROOT))
from service.console import build, node  # noqa: E402


class ConsoleBuildHook(BuildHookInterface[BuilderConfig]):
    """Builds the console before anything is packed, with Node from PyPI where the machine has none."""

    def dependencies(self) -> list[str]:
        """Return what pip has to install first: Node, if the page has to be built and there is none."""
        if build.is_left_out(os.environ) or build.is_fresh(ROOT / CONSOLE):
            return []
        if node.node_on(os.environ.get("PATH", os.defpath)):
            return []
        return list(self.metadata.config["dependency-groups"]["node"])

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, and have it packed; an editable installation finds it where it is.

        Raises:
            ConsoleFault: it cannot be built.
        """
        if build.is_left_out(os.environ):
            self.app.display_warning(f"The console is left out: {build.SKIP} is set.")
            return
        build.build(ROOT / CONSOLE, os.environ)
        if version == "editable":
            return
        for path in sorted((ROOT / CONSOLE / "dist").rglob("*")):
            # The stamp tells whoever builds of the source archive that the page is built.
            if path.is_file() and (path.name != build.STAMP or self.target_name == "sdist"):
                build_data["force_include"][str(path)] = str(path.relative_to(ROOT))
