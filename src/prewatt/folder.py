"""A folder whose files belong together, such as the server's home: who uses it, and how a set of files is put in the place of
those that lie there, all of them or none, whenever the process or the machine stops.

The new files wait in a folder of their own until they are whole and on the disk. One rename decides that they hold; what is
moved after it is moved to its end by whoever uses the folder next.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

PART, DECIDED, ASIDE = ".restore.part", ".restore", "before"
"""Where new files are gathered; its name once they hold; in there, the old ones."""
COMPANIONS = ("-wal", "-shm", "-journal")
"""Files that SQLite keeps beside a database: beside another one they would be taken for its own."""

_used: dict[Path, int] = {}


class BusyError(ValueError):
    """Somebody uses the folder; the message names it."""


def use(folder: Path) -> None:
    """Use a folder for as long as this process lives. Waits while files are being put there; what was decided and not
    brought to its end is, first.
    """
    where = folder.resolve()
    if where not in _used and where.is_dir():
        _used[where] = _enter(where)


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """The same for a while."""
    if not folder.is_dir():
        yield
        return
    handle = _enter(folder)
    try:
        yield
    finally:
        os.close(handle)


def _enter(where: Path) -> int:
    handle = os.open(where, os.O_RDONLY | os.O_DIRECTORY)
    # A file system that knows no locks keeps nobody out; `alone` says so.
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_SH)
        while (where / DECIDED).exists():
            # Of several that begin at the same time one does it.
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _finish(where)
            fcntl.flock(handle, fcntl.LOCK_UN)
            time.sleep(0.01)
            fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Have a folder to oneself; it is made if it is not there. BusyError if another process uses it."""
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
    """A private place for the new files of a folder that one has to oneself; gone at the end if they were not `put`."""
    part = folder / PART
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def put(folder: Path) -> Path | None:
    """Let the files that were gathered take the place of those with their names. Returns where the old ones are kept;
    None if there were none.
    """
    part = folder / PART
    owner = folder.stat()
    for each in part.iterdir():
        if os.geteuid() == 0:
            # Whom the folder belongs to is who will have to read it.
            os.chown(each, owner.st_uid, owner.st_gid)
        sync(each)
    sync(part)
    part.rename(folder / DECIDED)
    sync(folder)
    return _finish(folder)


def _finish(folder: Path) -> Path | None:
    """Bring to its end what is decided; at whichever step it stopped before, this goes on from there."""
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
