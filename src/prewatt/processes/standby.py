"""One process at a time: the others stand by, and the next one goes on when the first is gone, however it went.

On PostgreSQL an advisory lock of a session of its own, which ends with it; else a lock on a file of the home folder, which the
kernel lets go of when the process ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

log = logging.getLogger("prewatt.standby")
PAUSE = 2.0
"""Seconds between two tries."""


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Wait until no other process does what `name` says, and keep others out meanwhile."""
    if connections["default"].vendor == "postgresql":
        with _advisory(name):
            yield
    else:
        with _file(name):
            yield


@contextmanager
def _file(name: str) -> Iterator[None]:
    path = settings.CONFIG.home / f"{name}.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("standing by: another %s is busy", name)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _advisory(name: str) -> Iterator[None]:
    key = int.from_bytes(hashlib.sha256(f"prewatt {name}".encode()).digest()[:8], "big", signed=True)
    held = connections.create_connection("default")
    told, pause = False, threading.Event()
    try:
        while not _try(held, key):
            if not told:
                log.info("standing by: another %s is busy", name)
                told = True
            pause.wait(PAUSE)
        held.inc_thread_sharing()
        watcher = threading.Thread(target=_watch, args=(held, pause), daemon=True)
        watcher.start()
        yield
    finally:
        pause.set()
        held.close()


def _try(held: BaseDatabaseWrapper, key: int) -> bool:
    with held.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        row: Any = cursor.fetchone()
    return bool(row[0])


def _watch(held: BaseDatabaseWrapper, ended: threading.Event) -> None:
    """With the session the lock is gone, and another process may be at work: this one must end."""
    while not ended.wait(PAUSE):
        try:
            with held.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (DatabaseError, InterfaceError) as error:
            if not ended.is_set():
                log.error("the session that keeps others out is lost (%s): ending", error)
                os._exit(1)
