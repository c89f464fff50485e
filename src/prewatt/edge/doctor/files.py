"""The doctor's checks of the machine: the state folder, the disk, the journal, and the clock."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ...clock import SystemClock
from ...findings import Finding, State
from ...kernel.units import DAY, SECOND
from ..loading import MENDED_BY
from ..reserve import SIZE, Reserve
from ..texts import _
from ..timekeeping import NEAR
from .finding import Gateway

LITTLE = 200 << 20
"""Bytes: a disk with less room than this is soon full."""
OPEN_BITS = stat.S_IRWXG | stat.S_IRWXO


def check_state_folder(gateway: Gateway) -> Iterator[Finding]:
    """Whether the agent can use what lies in its folder, and nobody else can read it."""
    name, folder = _("state folder"), gateway.folder
    settings = gateway.settings
    private = [gateway.config, Path(settings.key)]
    needed = [*private, *([Path(settings.journal)] if Path(settings.journal).exists() else [])]
    lacking = [path for path in needed if not path.exists()]
    foreign = [path for path in needed if path.exists() and not gateway.agent.may_use(path)]
    if lacking:
        advice = _("Move edge.toml away and enrol anew with a fresh code (prewatt gateway code NAME on the server)")
        yield Finding(name, State.BAD, _("%(file)s is missing") % {"file": lacking[0]}, advice)
    elif foreign:
        advice = f"chown -R {gateway.agent.name} {folder}"
        yield Finding(
            name,
            State.BAD,
            _("%(agent)s may not read and write %(file)s") % {"agent": gateway.agent.name, "file": foreign[0]},
            advice,
        )
    elif any(path.stat().st_mode & OPEN_BITS for path in private) and folder.stat().st_mode & OPEN_BITS:
        advice = f"chmod 700 {folder}"
        yield Finding(
            name, State.WARN, _("others on this machine can come at the key and the broker's password"), advice
        )
    else:
        yield Finding(
            name, State.OK, _("%(folder)s is %(agent)s's alone") % {"folder": folder, "agent": gateway.agent.name}
        )


def check_disk(gateway: Gateway) -> Iterator[Finding]:
    """Whether the journal can be written, and for how long."""
    journal = Path(gateway.settings.journal)
    disk = os.statvfs(journal.parent)
    free = disk.f_bavail * disk.f_frsize
    reserve = Reserve(Path(f"{journal}.reserve"))
    room = _("%(size)s MB free") % {"size": free >> 20}
    if disk.f_flag & os.ST_RDONLY:
        advice = _("The card is worn or damaged: replace it. Copy the folder first (prewatt edge backup)")
        yield Finding(
            _("disk"), State.BAD, _("it can only be read: the kernel found errors, or it was mounted so"), advice
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
        held = _("the reserve is held") if reserve.held() else _("the agent takes a reserve when it starts")
        yield Finding(_("disk"), State.OK, f"{room}; {held}")


def check_journal(gateway: Gateway) -> Iterator[Finding]:
    """Whether the agent can go on from its journal."""
    journal = gateway.journal
    if journal.is_damaged:
        yield Finding(
            _("journal"), State.BAD, _("it is damaged: %(trouble)s") % {"trouble": journal.trouble}, _(MENDED_BY)
        )
    elif journal.is_newer:
        advice = _("Install the newer release again (prewatt edge install). The journal is as it was")
        yield Finding(_("journal"), State.BAD, journal.trouble, advice)
    elif journal.trouble:
        yield Finding(_("journal"), State.SKIPPED, journal.trouble)
    else:
        yield Finding(
            _("journal"),
            State.OK,
            _("%(entries)s entries of %(count)s meters are whole")
            % {"entries": journal.entries, "count": len(gateway.settings.meters)},
        )
    for each in journal.broken:
        yield Finding(_("journal"), State.WARN, each)


def check_clock(gateway: Gateway) -> Iterator[Finding]:
    """Whether the machine's clock is right: by NTP, and by what the server said last."""
    synchronized = _synchronized()
    off = _off_the_server(gateway)
    if off is not None and abs(off) > NEAR:
        words = _("it differs by %(seconds)s s from what the server said") % {"seconds": f"{off // SECOND:+d}"}
        yield Finding(_("clock"), State.BAD, words, _("Set it: timedatectl set-ntp true, or look at its battery"))
        return
    agrees = "" if off is None else _("it agrees with the server")
    if synchronized is None:
        yield Finding(_("clock"), State.SKIPPED, _joined(_("timedatectl is not there"), agrees))
    elif synchronized:
        yield Finding(_("clock"), State.OK, _joined(_("it is set by NTP"), agrees))
    else:
        advice = _("timedatectl set-ntp true. Until then the server's receipts keep the time")
        yield Finding(_("clock"), State.WARN, _joined(_("it is not set by NTP"), agrees), advice)


def _joined(words: str, more: str) -> str:
    """Return a remark, with another one behind it if there is one."""
    return f"{words}; {more}" if more else words


def _synchronized() -> bool | None:
    """Return whether NTP sets the clock; None if nobody knows."""
    words = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() == "yes"


def _off_the_server(gateway: Gateway) -> int | None:
    """Return by how much (µs) the clock is ahead of what the server said in this boot; None if it said nothing, or long ago."""
    anchor, clock = gateway.journal.anchor, SystemClock()
    passed = clock.steady() - anchor.steady if anchor else -1
    if anchor is None or not anchor.strong or anchor.boot != clock.boot() or not 0 <= passed <= DAY:
        return None
    return clock.now() - anchor.at - passed
