"""The home folder of the server, which nobody else can read."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ...folder import OpenFolderError, keep_private, use
from ...terminal_texts import _
from .server_config import ConfigError, ServerConfig


def enter_home(config: ServerConfig) -> None:
    """Use the home folder until this process ends: no copy is restored there meanwhile. Raises ConfigError if others can
    read it, and that can't be mended.
    """
    prepare_folder(config.home)
    try:
        keep_private(config.home)
    except OpenFolderError as error:
        raise ConfigError(f"PREWATT_HOME: {error}") from None
    use(config.home)


def copy_note(config: ServerConfig) -> Path:
    """Return the file that names the last copy of the server; each new copy writes it."""
    return config.home / "run" / "last-copy"


def prepare_folder(folder: Path) -> None:
    """Make a folder that only its owner can read, unless it is there. Raises ConfigError if it can't be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(
            _("PREWATT_HOME: %(folder)s can't be made (%(cause)s)", folder=folder, cause=error.strerror)
        ) from None


def make_private(path: Path, text: str) -> None:
    """Make a file that only its owner can read, unless it is there. Of several processes the first one's file stays."""
    prepare_folder(path.parent)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.") as file, suppress(FileExistsError):
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
        os.link(file.name, path)
