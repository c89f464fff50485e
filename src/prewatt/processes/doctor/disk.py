"""The doctor's check of the disk on which the database lies."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from ...findings import Finding, State
from ...server.core.server_config import ServerConfig
from ...terminal_texts import _

LITTLE, NONE_LEFT = 2 << 30, 200 << 20
"""A disk with less room (bytes) than `LITTLE` is soon full; with less than `NONE_LEFT`, it soon fails."""


def check_disk(config: ServerConfig) -> Iterator[Finding]:
    """Yield how much room (MB) is left for database and logs."""
    free = shutil.disk_usage(config.home).free
    words = _("%(size)s MB free in %(home)s", size=free >> 20, home=config.home)
    state = State.BAD if free < NONE_LEFT else State.WARN if free < LITTLE else State.OK
    yield Finding(_("disk"), state, words, "" if state is State.OK else _("Free some space before the disk is full"))
