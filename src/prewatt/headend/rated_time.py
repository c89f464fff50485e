"""This module tells how much work an entry makes. A journal that leaps to and fro over centuries, or is full of
commands that nobody gave, must not hold up all others. Logic without I/O.
"""

from __future__ import annotations

from ..kernel.account import Account
from ..kernel.entries import AnyEntry, Reading
from ..kernel.units import DAY

STRETCHES_MOST = 200_000
"""The most stretches of one price that are rated for a gateway in one batch, which takes a few seconds. A tariff with four
switches a day comes to them in 130 years, one with a switch each quarter of an hour in five.
"""
UNLOGGED_AS = STRETCHES_MOST // 100
"""A command that the credit log lacks counts as this many stretches: it is looked for, stored and reported by itself."""


def stretches(account: Account, entry: AnyEntry) -> int:
    """Return about how many stretches of one price an entry takes: 0 if it is no reading, or within a day of one."""
    if not isinstance(entry, Reading) or account.register is None or entry.at - account.read_at <= DAY:
        return 0
    seasons = (season for version in account.versions for season in version.calendar.tariff.seasons)
    switches = max((len(kind.switches) for season in seasons for kind in season.day_types), default=1)
    return (entry.at - account.read_at) * switches // DAY
