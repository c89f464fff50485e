"""This module lets only one process of a kind work at a time. The others stand by, and one of them goes on when the
first has ended, whatever the reason.

On PostgreSQL it holds an advisory lock in a session of its own, and the lock ends with the session. On SQLite it locks
a file in the home folder, and the operating system frees it when the process ends.
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
    """Wait until no other process does what `name` says, and keep others out until the end of the block."""
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
    is_logged, pause = False, threading.Event()
    try:
        while not _try(held, key):
            if not is_logged:
                log.info("standing by: another %s is busy", name)
                is_logged = True
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
    """End this process if the session is lost, because then the lock is gone and another process may be working."""
    while not ended.wait(PAUSE):
        try:
            with held.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (DatabaseError, InterfaceError) as error:
            if not ended.is_set():
                log.error("lost the session that keeps other processes out (%s), so this process ends", error)
                os._exit(1)
