"""A step of the build (hatchling): a wheel carries the catalogues of translations as Python reads them, and not their text."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Catalogues(BuildHookInterface):  # type: ignore[misc]
    """Compiles the catalogues of the server."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile what is older than its text. The module is loaded by its place: prewatt is not installed yet."""
        source = Path(self.root) / "src" / "prewatt"
        spec = importlib.util.spec_from_file_location("catalogues", source / "catalogues.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        module.compile_stale(source / "server" / "locale")
