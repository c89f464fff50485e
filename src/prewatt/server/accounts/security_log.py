"""The security log: who logged in, failed, was refused, and whose credentials, roles and keys were changed.

It lies in the home folder, `run/security.log`: a JSON object a line, with the time in UTC. It names people only by the
number of their login, and what they asked for only by the name of the page: its address may hold a code. The only thing
that tells of a person outside is the network address from which they asked. JSON escapes control characters, so that
nobody forges a line.

Several processes write it: each line is one write to a file that was opened for appending. A full file is put aside;
the oldest one is deleted.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from ..core.addresses import asker

log = logging.getLogger("prewatt.security")
LARGEST, KEPT = 10_000_000, 5
"""The most bytes of a file, and how many full files are kept beside the present one."""


def path() -> Path:
    """Return the file that is written to now."""
    folder: Path = settings.CONFIG.home
    return folder / "run" / "security.log"


def note(event: str, request: HttpRequest | None = None, **ids: int | str | None) -> None:
    """Write a line. `event`: what happened, in a few words that are always the same. `ids`: numbers of rows and short words of
    the program's own, never what somebody typed. A disk that takes no line does not stop what people do.
    """
    line: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
    if request is not None:
        match = request.resolver_match
        line |= {
            "user": _user(request),
            "address": asker(request),
            "method": (request.method or "")[:10],
            "page": match.view_name if match else None,
            **({"of": match.kwargs["pk"]} if match and isinstance(match.kwargs.get("pk"), int) else {}),
        }
    text = json.dumps({**line, **ids}) + "\n"
    try:
        _append(path(), text.encode())
    except OSError as error:
        log.warning("the security log can't be written (%s)", error.strerror)


def _user(request: HttpRequest) -> int | None:
    """Return the number of the login; None for a stranger."""
    user = getattr(request, "user", None)
    return user.pk if user is not None else None


def _append(file: Path, line: bytes) -> None:
    file.parent.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
        size = os.fstat(handle).st_size
    finally:
        os.close(handle)
    if size >= LARGEST:
        _put_aside(file)


def _put_aside(file: Path) -> None:
    """Begin a new file, once, even if several processes find at the same time that this one is full."""
    handle = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if file.exists() and file.stat().st_size >= LARGEST:
            _move_on(file, KEPT)
    finally:
        os.close(handle)


def _move_on(file: Path, kept: int) -> None:
    """Give each file the next number; the last one's place is taken."""
    for number in range(kept, 0, -1):
        older = file.with_name(f"{file.name}.{number - 1}") if number > 1 else file
        if older.exists():
            older.replace(file.with_name(f"{file.name}.{number}"))
