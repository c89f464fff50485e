"""The reserve is room on the disk that is held for the journal. It is given up when a write finds no room, so that
codes and switch orders are still journalled when something else has filled the disk.
"""

from __future__ import annotations

import os
from pathlib import Path

SIZE = 8 * 1024 * 1024
"""The bytes that are held. 250 meters write some 0.6 MB a day that stays."""


class Reserve:
    """A file of `size` bytes that only holds room."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path, self._size = path, size

    def held(self) -> bool:
        """Return whether the room is held."""
        try:
            return self._path.stat().st_size >= self._size
        except OSError:
            return False

    def free(self) -> int:
        """Return the bytes that are free on the disk; 0 if that is unknown."""
        try:
            disk = os.statvfs(self._path.parent)
        except OSError:
            return 0
        return disk.f_bavail * disk.f_frsize

    def hold(self) -> bool:
        """Hold the room, if as much again stays free for others. Returns whether it is held."""
        if self.held():
            return True
        if self.free() < 2 * self._size:
            return False
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.posix_fallocate(file, 0, self._size)
            finally:
                os.close(file)
        except OSError:
            self.give_up()
            return False
        return True

    def give_up(self) -> bool:
        """Give the room up. Returns whether any was held."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
