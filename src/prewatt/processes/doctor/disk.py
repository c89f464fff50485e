"""The doctor's check of the disk under the database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from ...findings import Finding, State
from ...server.core.server_config import ServerConfig
from ...terminal_texts import _

LITTLE, NONE_LEFT = 2 << 30, 200 << 20
"""Bytes: a disk with less room than this is soon full; one with less than that fails soon."""


def check_disk(config: ServerConfig) -> Iterator[Finding]:
    """How much room is left for database and logs."""
    free = shutil.disk_usage(config.home).free
    words = _("%(size)s MB free in %(home)s", size=free >> 20, home=config.home)
    state = State.BAD if free < NONE_LEFT else State.WARN if free < LITTLE else State.OK
    yield Finding(_("disk"), state, words, "" if state is State.OK else _("Make room before it is full"))
