"""The releases of prewatt on a gateway: each is a virtual environment of its own, and a symbolic link names the one in use.

An update changes the link, starts the agent again, and looks whether it gets ready and stays so. If it does not, the link is
changed back. The journal is no part of a release: it stays where it is, and every release goes on with it. A release that is
older than the journal's format refuses it and changes nothing, so that the way back is taken at once.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...folder import sync

CURRENT, PREVIOUS = "current", "previous"
PROGRAM = Path("bin/prewatt")


class ReleaseError(ValueError):
    """A release can't be used; the message says why, and what runs now."""


class Manager(Protocol):
    """Starts the agent of the release in use."""

    def restart(self) -> str:
        """Start the agent again, and wait until it is ready and has stayed so. Returns why it has not; empty if it has."""


@dataclass(frozen=True)
class Releases:
    """The links in a folder, such as /opt/prewatt."""

    folder: Path

    @property
    def program(self) -> Path:
        """Return the path of the program `prewatt` of the release in use."""
        return self.folder / CURRENT / PROGRAM

    def linked(self, name: str) -> Path | None:
        """Return the release that a link names; None if there is no such link."""
        link = self.folder / name
        return Path(os.path.abspath(self.folder / link.readlink())) if link.is_symlink() else None  # noqa: PTH100

    def link(self, name: str, release: Path) -> None:
        """Let a link name a release. Whenever the power fails it names the one before or this one."""
        fresh = self.folder / f".{name}.{secrets.token_hex(4)}"
        fresh.symlink_to(release)
        fresh.replace(self.folder / name)
        sync(self.folder)


def checked(release: Path) -> Path:
    """Return the absolute path of a release. Raises ReleaseError if there is no program in it."""
    path = Path(os.path.abspath(release))  # noqa: PTH100 - a link in it is the user's choice
    if not os.access(path / PROGRAM, os.X_OK):
        raise ReleaseError(f"{path}: there is no {PROGRAM} that can be run. Name the folder of a virtual environment")
    return path


def switch(releases: Releases, release: Path, manager: Manager | None) -> None:
    """Use a release from now on. `manager`: None if the agent is not to be started.

    Raises ReleaseError if its agent did not get ready. Then the release that was used before is in use again.
    """
    new = checked(release)
    _make_folder(releases.folder)
    old = releases.linked(CURRENT)
    if old is None and releases.program.exists():
        raise ReleaseError(f"{releases.folder / CURRENT}: this is no symbolic link. Move it away first")
    before = releases.linked(PREVIOUS)
    if new != old:
        _link(releases, new, old)
    if manager is None:
        return
    trouble = manager.restart()
    if not trouble:
        return
    if old is None or new == old or not (old / PROGRAM).exists():
        raise ReleaseError(f"{new}: {trouble}. There is no other release to go back to")
    releases.link(CURRENT, old)
    releases.link(PREVIOUS, before or old)
    raise ReleaseError(f"{new}: {trouble}. {old} is in use again{_started_again(manager)}")


def _started_again(manager: Manager) -> str:
    """Start the release to which the links have gone back. Returns what came of it, as the end of a sentence."""
    again = manager.restart()
    return f", and does not get ready either: {again}" if again else ", and runs. The journal has lost nothing"


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True)
        # The agent's user must be able to enter it, whatever this process's umask is.
        folder.chmod(0o755)


def _link(releases: Releases, new: Path, old: Path | None) -> None:
    """Let the links name a release instead of the `old` one."""
    if old is not None:
        # First: if the power fails now, `rollback` knows the way back.
        releases.link(PREVIOUS, old)
    releases.link(CURRENT, new)


def roll_back(releases: Releases, manager: Manager | None) -> Path:
    """Use the release that was used before again, and return it. Raises ReleaseError if there is none, or as `switch` does."""
    previous = releases.linked(PREVIOUS)
    if previous is None or previous == releases.linked(CURRENT):
        raise ReleaseError(f"{releases.folder / PREVIOUS}: there is no release to go back to")
    switch(releases, previous, manager)
    return previous
