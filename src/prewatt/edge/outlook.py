"""This module tells for about how many days a meter's credit lasts, by what its own journal says of the last weeks. The
rule is that of the server (`kernel.forecast`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, timedelta

from ..kernel.account import Account
from ..kernel.calendar import day_bounds, local, zone
from ..kernel.entries import Reading, TenancyChanged, decode_entry
from ..kernel.forecast import WEEKS, days_until, forecast
from ..kernel.units import MINUTE
from .journal import Journal

MOST = 6000
"""The last entries of a meter that are looked at, once a day: four weeks have 2,700 readings, and more near zero."""


class Outlook:
    """It tells how long credit lasts. What whole days cost is kept, so that a meter's journal is read once a day."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._costs: dict[str, tuple[date, tuple[int, ...], dict[date, int]]] = {}

    def days_left(self, meter: str, account: Account, now: int) -> int | None:
        """Return the days, rounded; None if too little is known, there is no balance, or it does not end the supply."""
        room = account.room(account.balance)
        if not account.settings.credit_limit_cuts or not account.read_at or room <= 0 or account.closed is False:
            return None
        read = local(account.read_at, zone(account.settings.zone))
        cost = self._cost(meter, account, read.date())
        forecast_ = forecast(room, cost, read.date(), read.hour * 60 + read.minute)
        return None if forecast_ is None else days_until(account.read_at + forecast_.minutes * MINUTE, now)

    def _cost(self, meter: str, account: Account, today: date) -> dict[date, int]:
        """Return what the whole days before `today` have cost this tenant (nano)."""
        kept, restarts = self._costs.get(meter), tuple(account.restarts)
        if kept is None or kept[:2] != (today, restarts):
            # A change of the tenancy that was announced, or has come, is one of the restarts, or is no more.
            kept = (today, restarts, _by_day(self._journal.last(meter, MOST), account, today))
            self._costs[meter] = kept
        return kept[2]


def _by_day(bodies: Iterable[bytes], account: Account, today: date) -> dict[date, int]:
    """Return the cost (nano) of each whole local day of the last weeks that these entries, the latest first, know completely,
    and that belongs to the present tenancy.
    """
    place = zone(account.settings.zone)
    days = [today - timedelta(days=number) for number in range(7 * WEEKS, 0, -1)]
    first, ends = day_bounds(days[0], place)[0], [day_bounds(day, place)[1] for day in days]
    cost, known_since, cancelled = dict.fromkeys(days, 0), account.read_at, set()
    for body in bodies:
        entry = decode_entry(body)
        known_since = min(known_since, entry.at)
        if isinstance(entry, TenancyChanged):
            if entry.effective <= account.read_at and entry.effective not in cancelled:
                known_since = entry.effective
                break
            cancelled.add(entry.instead)
        if entry.at <= first:
            break
        if isinstance(entry, Reading) and entry.at <= ends[-1]:
            # A reading at midnight closes the day before.
            cost[days[bisect_left(ends, entry.at)]] += entry.charge
    return {day: spent for day, spent in cost.items() if day_bounds(day, place)[0] >= known_since}
