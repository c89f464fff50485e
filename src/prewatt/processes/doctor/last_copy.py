"""The doctor's check of the last copy of the server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ...findings import Finding, State
from ...server.core.home_folder import copy_note
from ...server.core.server_config import ServerConfig
from ...server.core.time import system_now
from ...terminal_texts import _
from .words import instant_in_utc, shown_in_utc

OLD_COPY = 2
"""Days after which a copy of the server is old: one is made each night."""


def check_copy(config: ServerConfig) -> Iterator[Finding]:
    """Yield when the server was copied last, and whether that is too long ago."""
    name, note = _("last copy"), copy_note(config)
    advice = _("Make a copy each night: prewatt backup FILE (docs/operator/operate.md, Copies)")
    if not note.exists():
        yield Finding(name, State.WARN, _("prewatt backup has not made a copy here yet"), advice)
        return
    at, file = datetime.fromtimestamp(note.stat().st_mtime, UTC), note.read_text().strip()
    words = _("%(file)s, made at %(at)s", file=file, at=shown_in_utc(at))
    is_old = (instant_in_utc(system_now()) - at).total_seconds() > OLD_COPY * 86_400
    yield Finding(name, State.WARN if is_old else State.OK, words, advice if is_old else "")
    if config.database:
        yield Finding(
            name,
            State.SKIPPED,
            _("copies of PostgreSQL are not made by prewatt"),
            _("Check the copies that pg_dump makes"),
        )
