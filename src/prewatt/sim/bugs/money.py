"""Bugs of rating, on both sides alike: only an oracle that works prices out by itself can find them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from unittest.mock import patch

from ...kernel import rating, replay, state
from ...kernel.charges import standing
from ...kernel.rating import Rated, _Tally
from ...kernel.tariff import PPM, RateCalendar, Tax, Version, add_version

CENT = 10**7
CHANGES = {date(2023, 10, 29), date(2024, 3, 31), date(2023, 11, 5), date(2024, 3, 10), date(2024, 4, 7)}
"""Days on which clocks change somewhere."""


@contextmanager
def round_once() -> Iterator[None]:
    """Each charge is rounded down to whole cents."""
    original = rating.rate_interval

    def rate_interval(*args: Any) -> Rated:
        rated = original(*args)
        return rated._replace(charge=rated.charge // CENT * CENT)

    with patch.object(state, "rate_interval", rate_interval):
        yield


@contextmanager
def standing_charge_twice() -> Iterator[None]:
    """The day on which the clocks change has its standing charge twice."""
    original = _Tally.end_day

    def end_day(self: _Tally, following: int, version: Version | None) -> None:
        if version is not None and date.fromordinal(self.day) in CHANGES:
            tariff = version.calendar.tariff
            self.add(standing.CHARGE, tariff.standing, tariff)
        original(self, following, version)

    with patch.object(_Tally, "end_day", end_day):
        yield


@contextmanager
def tiers_go_on_over_the_month() -> Iterator[None]:
    """The month's tiers do not begin again with the next month."""
    original = _Tally.end_day

    def end_day(self: _Tally, following: int, version: Version | None) -> None:
        month = dict(self.month)
        original(self, following, version)
        self.month = month

    with patch.object(_Tally, "end_day", end_day):
        yield


@contextmanager
def tax_forgets_its_remainder() -> Iterator[None]:
    """The part of a nano of tax that remains at a reading is dropped, and not carried to the next."""

    def tax_of(_carry: int, amount: int, tax: Tax) -> tuple[int, int]:
        return amount * tax.ppm // (PPM + tax.ppm if tax.included else PPM), 0

    with patch.object(rating, "tax_of", tax_of):
        yield


@contextmanager
def minimum_without_its_part() -> Iterator[None]:
    """A tenant who was there for a part of the month pays the whole minimum."""
    original = _Tally.end_month

    def end_month(self: _Tally, version: Version | None) -> None:
        self.days = 30 if self.days else 0
        original(self, version)

    with patch.object(_Tally, "end_month", end_month):
        yield


@contextmanager
def all_at_the_price_of_the_end() -> Iterator[None]:
    """An interval with several prices is charged at the last one."""
    original = rating.rate_interval

    def rate_interval(versions: Sequence[Version], begin: int, end: int, energy: int, *args: Any) -> Rated:
        if not args or end - begin < 1 or not energy:
            return original(versions, begin, end, energy, *args)
        free = original(versions, begin, end, 0, *args)
        last = original(versions, end, end, energy, free.counters)
        return last._replace(
            charge=last.charge + free.charge,
            standing=free.standing,
            minimum=free.minimum,
            fee=last.fee + free.fee,
            tax=last.tax + free.tax,
            tax_included=last.tax_included + free.tax_included,
        )

    with patch.object(state, "rate_interval", rate_interval):
        yield


@contextmanager
def correction_not_taken() -> Iterator[None]:
    """A tariff for an instant that has one already changes nothing."""
    original = add_version

    def add(versions: Sequence[Version], version: Version) -> tuple[Version, ...]:
        if any(each.effective == version.effective for each in versions):
            return tuple(versions)
        return original(versions, version)

    with patch.object(replay, "add_version", add):
        yield


@contextmanager
def tariff_at_once() -> Iterator[None]:
    """A tariff applies from its arrival on, whatever its instant is."""

    def version(_effective: int, calendar: RateCalendar) -> Version:
        return Version(0, calendar)

    with patch.object(replay, "Version", version):
        yield


@contextmanager
def tenants_share_their_tiers() -> Iterator[None]:
    """When another tenant moves in, the use of the tenant before still counts."""
    original = _Tally.restart

    def restart(self: _Tally, version: Version | None) -> None:
        today, month, year = dict(self.today), dict(self.month), dict(self.year)
        original(self, version)
        self.today, self.month, self.year = today, month, year

    with patch.object(_Tally, "restart", restart):
        yield


@contextmanager
def fee_forgotten_in_the_last_tier() -> Iterator[None]:
    """The service fee is left out in the last tier."""
    original = _Tally.use

    def use(self: _Tally, stretch: Any, version: Version | None, energy: int) -> None:
        before = self.charges.get("fee", 0)
        original(self, stretch, version, energy)
        if stretch.upto and any(tier == len(stretch.upto) for _, tier, _ in self.used):
            self.charges["fee"] = before

    with patch.object(_Tally, "use", use):
        yield


BUGS = (
    round_once, standing_charge_twice, tiers_go_on_over_the_month, tax_forgets_its_remainder,
    minimum_without_its_part, all_at_the_price_of_the_end, correction_not_taken, tariff_at_once,
    tenants_share_their_tiers, fee_forgotten_in_the_last_tier,
)  # fmt: skip
