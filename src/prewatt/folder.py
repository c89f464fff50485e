"""This module guards a folder whose files belong together, such as the server's home. It shows who uses the folder, and
replaces its files by a new set: all of them or none, whenever the process or the machine stops.

The new files wait in a folder of their own until they are complete and on the disk. One rename then makes them valid.
If the process stops while files are being moved after that, the next user of the folder finishes the move.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger("prewatt.folder")

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The rights of all users but the owner."""
PART, DECIDED, ASIDE = ".restore.part", ".restore", "before"
"""Where new files are gathered; its name once they hold; in there, the old ones."""
COMPANIONS = ("-wal", "-shm", "-journal")
"""Files that SQLite keeps beside a database: beside another one they would be taken for its own."""

_used: dict[Path, int] = {}


class OpenFolderError(ValueError):
    """Others on this machine can read the folder, and it can't be closed to them; the message says how to mend that."""


class BusyError(ValueError):
    """Another process uses the folder, which the message names."""


def keep_private(folder: Path) -> None:
    """Close a folder to all users but its own. Raises OpenFolderError if that can't be done: it belongs to somebody else, is
    shared by all (such as /tmp), or lies on a file system without rights.
    """
    if not _open_to_others(folder):
        return
    status = folder.stat()
    if status.st_mode & stat.S_ISVTX:
        raise OpenFolderError(f"{folder}: all users of this machine share it. Use a folder of its own inside of it")
    if os.geteuid() in (0, status.st_uid):
        with suppress(OSError):
            folder.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)
    if _open_to_others(folder):
        raise OpenFolderError(
            f"{folder}: other users of this machine can read it, keys and all. Close it to them: chmod 700 {folder}; on a file "
            "system without rights, use another one"
        )
    log.warning("%s: other users of this machine could read it. It is closed to them now", folder)


def _open_to_others(folder: Path) -> bool:
    return bool(folder.stat().st_mode & OTHERS)


def use(folder: Path) -> None:
    """Use a folder for as long as this process lives. Waits while files are being put there; what was decided and not
    brought to its end is, first.
    """
    path = folder.resolve()
    if path not in _used and path.is_dir():
        _used[path] = _enter(path)


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Use a folder until the end of the block. Other processes may use it too, but none may have it `alone`."""
    if not folder.is_dir():
        yield
        return
    handle = _enter(folder)
    try:
        yield
    finally:
        os.close(handle)


def _enter(path: Path) -> int:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    # A file system that knows no locks keeps nobody out; `alone` says so.
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_SH)
        while (path / DECIDED).exists():
            # Of several that begin at the same time one does it.
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _finish(path)
            fcntl.flock(handle, fcntl.LOCK_UN)
            time.sleep(0.01)
            fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder until the end of the block. The folder is made if it does not exist. Raises
    BusyError if another process uses it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"{folder}: is in use") from None
        if (folder / DECIDED).exists():
            _finish(folder)
        yield
    finally:
        os.close(handle)


@contextmanager
def gathering(folder: Path) -> Iterator[Path]:
    """Make a private place for the new files of a folder that this process has `alone`. It is removed at the end if its
    files were not `put`.
    """
    part = folder / PART
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def put(folder: Path) -> Path | None:
    """Replace the files of a folder by those that were gathered. Returns the folder in which the old ones are kept;
    None if there were none.
    """
    part = folder / PART
    owner = folder.stat()
    for each in part.iterdir():
        if os.geteuid() == 0:
            # The owner of the folder must be able to read the files.
            os.chown(each, owner.st_uid, owner.st_gid)
        sync(each)
    sync(part)
    part.rename(folder / DECIDED)
    sync(folder)
    return _finish(folder)


def _finish(folder: Path) -> Path | None:
    """Finish a replacement that was decided. It goes on from the step at which it was interrupted."""
    decided = folder / DECIDED
    aside = decided / ASIDE
    aside.mkdir(exist_ok=True, mode=0o700)
    new = sorted(each for each in decided.iterdir() if each.name != ASIDE)
    for each in new:
        for name in (each.name, *(each.name + end for end in COMPANIONS)):
            if (folder / name).exists():
                (folder / name).rename(aside / name)
    sync(aside)
    sync(folder)
    for each in new:
        each.rename(folder / each.name)
    sync(folder)
    kept = None
    if any(aside.iterdir()):
        kept = _free_name(folder)
        aside.rename(kept)
    else:
        aside.rmdir()
    decided.rmdir()
    sync(folder)
    return kept


def _free_name(folder: Path) -> Path:
    base = f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = [base, *(f"{base}-{number}" for number in range(2, 1000))]
    return next(folder / name for name in names if not (folder / name).exists())


def sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
