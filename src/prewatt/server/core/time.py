"""The server's clock: the system's, or the accelerated one of a demonstration."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings

from ...clock import Clock, SharedClock, SystemClock


@cache
def clock() -> Clock:
    """Return the clock that the settings name."""
    shared = settings.CONFIG.shared_clock
    return SharedClock(Path(shared)) if shared else SystemClock()


def now() -> int:
    """Return the present instant, µs since 1970."""
    return clock().now()
