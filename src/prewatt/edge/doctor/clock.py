"""The doctor's check of the machine's clock."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from ...clock import SystemClock
from ...findings import Finding, State
from ...kernel.units import DAY, SECOND
from ..texts import _
from ..timekeeping import NEAR
from .finding import Gateway


def check_clock(gateway: Gateway) -> Iterator[Finding]:
    """Yield whether the machine's clock is right: by NTP, and by what the server said last."""
    synchronized = _synchronized()
    off = _off_the_server(gateway)
    if off is not None and abs(off) > NEAR:
        words = _("it differs by %(seconds)s s from what the server said") % {"seconds": f"{off // SECOND:+d}"}
        yield Finding(_("clock"), State.BAD, words, _("Set the clock (timedatectl set-ntp true), or check its battery"))
        return
    agrees = "" if off is None else _("it agrees with the server")
    if synchronized is None:
        yield Finding(
            _("clock"), State.SKIPPED, _joined(_("nobody knows whether NTP sets it, as systemd does not say"), agrees)
        )
    elif synchronized:
        yield Finding(_("clock"), State.OK, _joined(_("it is set by NTP"), agrees))
    else:
        advice = _("timedatectl set-ntp true. Until then the gateway takes its time from the server's receipts")
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
