"""The doctor's check of the disk under the journal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ...findings import Finding, State
from ..reserve import SIZE, Reserve
from ..texts import _
from .finding import Gateway

LITTLE = 200 << 20
"""Bytes: a disk with less room than this is soon full."""


def check_disk(gateway: Gateway) -> Iterator[Finding]:
    """Yield whether the journal can be written, and whether the disk has room for long."""
    journal = Path(gateway.settings.journal)
    disk = os.statvfs(journal.parent)
    free = disk.f_bavail * disk.f_frsize
    reserve = Reserve(Path(f"{journal}.reserve"))
    room = _("%(size)s MB free") % {"size": free >> 20}
    if disk.f_flag & os.ST_RDONLY:
        advice = _("The card is worn or damaged: replace it. Copy the folder first (prewatt edge backup)")
        yield Finding(
            _("disk"),
            State.BAD,
            _("it is read-only: the kernel found errors, or the disk was mounted read-only"),
            advice,
        )
    elif disk.f_files and not disk.f_favail:
        yield Finding(_("disk"), State.BAD, _("there is no room for another file"), _("Delete files that nobody needs"))
    elif free < SIZE and not reserve.held():
        yield Finding(
            _("disk"),
            State.BAD,
            _("%(room)s, and the reserve is used up") % {"room": room},
            _("Make room: journalctl --vacuum-size=50M"),
        )
    elif free < LITTLE:
        yield Finding(_("disk"), State.WARN, room, _("Make room: journalctl --vacuum-size=50M"))
    else:
        held = _("the reserve is kept free") if reserve.held() else _("the agent keeps a reserve free when it starts")
        yield Finding(_("disk"), State.OK, f"{room}; {held}")
