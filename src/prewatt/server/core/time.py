"""The server's clock: the system's, or the accelerated one of a demonstration."""

from __future__ import annotations

import time
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings

from ...clock import Clock, SharedClock, SystemClock
from ...kernel.calendar import local_day, zone


@cache
def clock() -> Clock:
    """Return the clock that the settings name."""
    shared = settings.CONFIG.shared_clock
    return SharedClock(Path(shared)) if shared else SystemClock()


def now() -> int:
    """Return the present instant, µs since 1970."""
    return clock().now()


def system_now() -> int:
    """Return the present instant on the system's clock, µs since 1970. A demonstration's clock runs fast for meters, but not for people
    who wait, guess or look.
    """
    return time.time_ns() // 1000


def today() -> date:
    """Return the present day in UTC on the system's clock, by which banks date what they book."""
    return local_day(system_now(), zone("UTC"))
