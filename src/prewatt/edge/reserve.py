"""Room on the disk that is held for the journal: given up when a write finds none, so that codes and switches are still
journalled when something else has filled the disk.
"""

from __future__ import annotations

import os
from pathlib import Path

SIZE = 8 * 1024 * 1024
"""Bytes held. 250 meters write some 0.6 MB a day that stays."""


class Reserve:
    """A file of `size` bytes that is good for nothing else."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path, self._size = path, size

    def held(self) -> bool:
        """Whether the room is held."""
        try:
            return self._path.stat().st_size >= self._size
        except OSError:
            return False

    def free(self) -> int:
        """Bytes that are free on the disk; 0 if that can't be told."""
        try:
            disk = os.statvfs(self._path.parent)
        except OSError:
            return 0
        return disk.f_bavail * disk.f_frsize

    def hold(self) -> bool:
        """Hold the room, if as much again is left for others. Whether it is held."""
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
        """Give the room up. Whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
