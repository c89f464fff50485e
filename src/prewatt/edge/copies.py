"""The agent copies the journal while it runs, because nobody else can open the journal then. Any process that may enter
the gateway's folder asks for a copy by a socket beside the journal. The meters are served meanwhile.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from ..folder import sync
from .journal import Journal

log = logging.getLogger("prewatt.edge")

RESERVE = 32 << 20
"""Bytes that must stay free on the disk, for the journal itself."""
PATIENCE = 3600.0
"""Seconds within which a copy must be made, however slow the disk is."""


class CopyError(ValueError):
    """The agent cannot make a copy; the message says why."""


class _Answer(Struct):
    """The path of a finished `copy`, or the `error` for which there is none."""

    copy: str = ""
    error: str = ""


def serve_copies(journal: Journal, path: Path) -> Callable[[], None]:
    """Make copies of the journal at `path` from a thread, whenever one is asked for. Returns a function that ends this.
    Raises OSError if the socket cannot be opened.
    """
    listening = socket.socket(socket.AF_UNIX)
    socket_path = _socket(path)
    # Left by an agent that was killed: this one has the journal, so no other runs.
    socket_path.unlink(missing_ok=True)
    with _short_address(path) as address:
        listening.bind(address)
    socket_path.chmod(0o600)
    listening.listen(1)
    threading.Thread(target=_serve, args=(listening, journal, path), name="copies", daemon=True).start()

    def end() -> None:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)

    return end


def _serve(listening: socket.socket, journal: Journal, path: Path) -> None:
    while True:
        try:
            asker, _ = listening.accept()
        except OSError:
            listening.close()
            return
        with asker:
            try:
                answer = _Answer(copy=str(_copy(journal, path)))
            except (CopyError, OSError, sqlite3.Error) as error:
                log.warning("no copy of the journal was made: %s", error)
                answer = _Answer(error=str(error))
            try:
                asker.sendall(msgspec.json.encode(answer))
            except OSError as error:
                log.warning("a copy of the journal was made for somebody who is gone (%s)", error)


def _copy(journal: Journal, path: Path) -> Path:
    target = path.with_name(f"{path.name}.copy")
    target.unlink(missing_ok=True)
    size = sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*") if each.is_file())
    free = shutil.disk_usage(path.parent).free
    if free < size + RESERVE:
        raise CopyError(f"the disk has room for {free >> 20} MB more, a copy takes {size + RESERVE >> 20}")
    try:
        target.touch(mode=0o600)
        journal.copy(target)
        sync(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target


def copy_by_agent(path: Path) -> Path | None:
    """Ask the running agent for a copy of the journal at `path`. Returns the path of the copy, which belongs to the
    caller then; None if no agent runs. Raises CopyError if the agent cannot make one.
    """
    if not _socket(path).exists():
        return None
    with socket.socket(socket.AF_UNIX) as asking, _short_address(path) as address:
        asking.settimeout(PATIENCE)
        try:
            asking.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            # Left by an agent that was killed.
            return None
        except OSError as error:
            raise CopyError(f"the agent can't be asked for a copy ({error.strerror})") from None
        try:
            reply = b"".join(iter(lambda: asking.recv(4096), b""))
            answer = msgspec.json.decode(reply, type=_Answer)
        except (OSError, msgspec.MsgspecError):
            raise CopyError("the agent ended before the copy was made") from None
    if answer.error:
        raise CopyError(answer.error)
    return Path(answer.copy)


def _socket(path: Path) -> Path:
    return path.with_name(f"{path.name}.socket")


@contextmanager
def _short_address(path: Path) -> Iterator[str]:
    """Yield the socket's address by a short name of its folder, because an address may not be long."""
    handle = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{_socket(path).name}"
    finally:
        os.close(handle)
