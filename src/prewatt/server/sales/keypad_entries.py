"""The account of a tenancy with a keypad meter: its entries, and what each books.

The server writes them, since the meter tells nobody what is used: energy is sold, and becomes income, with its code. The
tariff rates it as it rates readings (`kernel.rating`): each entry has the counters after it, from which the next goes on.
The caller holds the transaction and the lock (`vending.keypads.lock_keypads`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from django.db.models import QuerySet
from msgspec.structs import replace

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.rating import Counters, Rated, Used, rate_interval
from ...kernel.span import closing
from ...kernel.tariff import Version
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, book, revenue, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..vending.models import KeypadEntry, TokenMeter

PARTS = {
    Kind.ENERGY_REVENUE: Part.ENERGY,
    Kind.SERVICE_REVENUE: Part.SERVICE,
    Kind.STANDING_REVENUE: Part.STANDING,
    Kind.MINIMUM_REVENUE: Part.MINIMUM,
    Kind.OTHER_REVENUE: Part.OTHER,
    Kind.TAX: Part.TAX,
}
"""The parts of an entry's reference in the books, by the account that is credited."""


@dataclass(frozen=True)
class Standing:
    """How far an account is charged: days up to the instant `until`, with the counters of rating after them."""

    until: int
    counters: Counters


def versions_of(tenancy: Tenancy) -> tuple[Version, ...]:
    """Return the tariffs of a tenancy's property, for rating."""
    versions: tuple[Version, ...] = tenancy.unit.property.tariff_versions.series()
    return versions


def standing_of(tenancy: Tenancy, token_meter: TokenMeter) -> Standing:
    """Return how far an account is charged by its last entry; an account begins with the tenancy, or when its meter was
    put to the flat.
    """
    return _standing_after(
        KeypadEntry.objects.filter(tenancy=tenancy).order_by("-number").first(), tenancy, token_meter
    )


def _standing_after(last: KeypadEntry | None, tenancy: Tenancy, token_meter: TokenMeter) -> Standing:
    if last is None:
        return Standing(max(tenancy.begins, token_meter.placed_at or 0), Counters())
    return Standing(last.until, _counters_of(last))


def _counters_of(entry: KeypadEntry) -> Counters:
    return msgspec.json.decode(bytes(entry.counters), type=Counters)


def used_of(entry: KeypadEntry) -> tuple[Used, ...]:
    """Return the energy of an entry by rate, tier and price; below zero where it is taken back."""
    rows = msgspec.json.decode(bytes(entry.used), type=list[tuple[str, int, int, int]])
    return tuple(Used(*row) for row in rows)


def write(
    tenancy: Tenancy,
    token_meter: TokenMeter,
    kind: KeypadEntry.Kind,
    at: int,
    until: int,
    rated: Rated,
    **more: Any,
) -> KeypadEntry:
    """Write the next entry of an account, charged at the instant `at`, and book it. `more`: further columns of the
    entry.
    """
    last = KeypadEntry.objects.filter(tenancy=tenancy).order_by("-number").first()
    sign = -1 if kind in KeypadEntry.TAKEN_BACK else 1
    used = [(each.rate, each.tier, each.price, sign * each.energy) for each in rated.used]
    entry = KeypadEntry.objects.create(
        tenancy=tenancy,
        token_meter=token_meter,
        number=1 if last is None else last.number + 1,
        kind=kind,
        at=at,
        until=until,
        counters=msgspec.json.encode(rated.counters),
        used=msgspec.json.encode(used),
        energy=sum(energy for _rate, _tier, _price, energy in used),
        charge=sign * rated.charge,
        fee=sign * rated.fee,
        standing=sign * rated.standing,
        minimum=sign * rated.minimum,
        others=msgspec.json.encode([(name, sign * amount) for name, amount in rated.charges]),
        tax=sign * rated.tax,
        tax_included=sign * rated.tax_included,
        **more,
    )
    _book(entry, rated)
    return entry


def _book(entry: KeypadEntry, rated: Rated) -> None:
    own, organisation = tenant_account(entry.tenancy), entry.tenancy.unit.property.organisation
    of, is_back = Reference(Of.KEYPAD, entry.pk), entry.kind in KeypadEntry.TAKEN_BACK
    memo = entry.reason or str(entry.get_kind_display())
    for kind, amount in revenue(rated).items():
        earned = account(organisation, kind)
        debit, credit = (earned, own) if is_back else (own, earned)
        movement = Transfer.Kind.REVERSAL if is_back else Transfer.Kind.KEYPAD
        if amount > 0:
            book(movement, debit, credit, amount, entry.at, of.and_(PARTS[kind]), memo)


def charge_days(tenancy: Tenancy, token_meter: TokenMeter, at: int) -> Standing:
    """Charge the local days that have ended by the instant `at` and are not charged yet: standing charges, the month's
    minimum, tax. Each has an entry on its day. Returns how far the account is charged then.
    """
    return _charge_days(tenancy, token_meter, standing_of(tenancy, token_meter), at)


def _charge_days(tenancy: Tenancy, token_meter: TokenMeter, standing: Standing, at: int) -> Standing:
    place, versions = zone(tenancy.unit.property.zone), versions_of(tenancy)
    until, counters = standing.until, standing.counters
    while (ends := day_bounds(local_day(until, place), place)[1]) <= at:
        rated = rate_interval(versions, until, ends, 0, counters)
        until, counters = ends, rated.counters
        if rated.charge or rated.tax_included:
            write(tenancy, token_meter, KeypadEntry.Kind.DAYS, closing(ends), ends, rated)
    return Standing(until, counters)


def days_not_charged(tenancy: Tenancy, token_meter: TokenMeter, at: int) -> Rated:
    """Return the cost of the days that have ended by the instant `at` and are not charged yet; nothing is booked."""
    standing = standing_of(tenancy, token_meter)
    return rate_interval(versions_of(tenancy), standing.until, max(at, standing.until), 0, standing.counters)


def counted(counters: Counters, entry: KeypadEntry, used: tuple[Used, ...], net: int) -> Counters:
    """Return the counters with the energy of an entry added to their day, month and year, each only if the entry
    belongs to it. `net`: its cost without a tax that is added, nano. Energy and cost are below zero for what is taken
    back.
    """
    if not counters.day:
        return counters
    day, of = date.fromordinal(counters.day), local_day(entry.at, zone(entry.tenancy.unit.property.zone))
    in_year, in_month = of.year == day.year, (of.year, of.month) == (day.year, day.month)
    return replace(
        counters,
        today=_with(counters.today, used) if of == day else counters.today,
        month=_with(counters.month, used) if in_month else counters.month,
        year=_with(counters.year, used) if in_year else counters.year,
        charged=max(counters.charged + net, 0) if in_month else counters.charged,
    )


def _with(sums: Mapping[str, int], used: tuple[Used, ...]) -> dict[str, int]:
    result = dict(sums)
    for each in used:
        result[each.rate] = max(result.get(each.rate, 0) + each.energy, 0)
    return result


# -- the end of a tenancy -------------------------------------------------------------------------------------------------


def charge_up_to_the_last_day(tenancy: Tenancy, token_meter: TokenMeter, ends: int) -> Standing:
    """Charge the days of a tenancy that ends at an instant, except the last one, and give back those that were charged
    for the time after it, because the move-out was told late. Returns how far the account is charged then.
    """
    standing = standing_by(tenancy, token_meter, ends)
    rows = KeypadEntry.objects.filter(tenancy=tenancy, kind=KeypadEntry.Kind.DAYS, until__gt=ends, backs=None)
    give_days_back(tenancy, token_meter, standing, rows)
    return _charge_days(tenancy, token_meter, standing, closing(ends))


def give_days_back(
    tenancy: Tenancy, token_meter: TokenMeter, standing: Standing, entries: QuerySet[KeypadEntry]
) -> None:
    """Give back days that were charged, by their entries. `standing`: how far the account is charged then."""
    for entry in entries.order_by("-number"):
        days = Rated(
            used=(),
            charge=entry.charge,
            fee=entry.fee,
            standing=entry.standing,
            minimum=entry.minimum,
            tax=entry.tax,
            tax_included=entry.tax_included,
            counters=standing.counters,
            charges=entry.charges,
        )
        write(tenancy, token_meter, KeypadEntry.Kind.DAYS_BACK, now(), standing.until, days, back_of=entry)


def standing_by(tenancy: Tenancy, token_meter: TokenMeter, ends: int) -> Standing:
    """Return how far an account was charged at an instant. The counters include what was sold since then."""
    standing = standing_of(tenancy, token_meter)
    if standing.until <= ends:
        return standing
    entries = KeypadEntry.objects.filter(tenancy=tenancy)
    last = entries.filter(until__lte=ends).order_by("-number").first()
    number, standing = last.number if last else 0, _standing_after(last, tenancy, token_meter)
    counters = standing.counters
    days = (KeypadEntry.Kind.DAYS, KeypadEntry.Kind.DAYS_BACK)
    for entry in entries.filter(number__gt=number).exclude(kind__in=days).order_by("number"):
        counters = counted(counters, entry, used_of(entry), entry.charge - entry.tax)
    return Standing(min(standing.until, ends), counters)


def charge_to_the_end(tenancy: Tenancy, token_meter: TokenMeter, standing: Standing, ends: int) -> None:
    """Charge what a tenancy that ended at an instant still owes for its last day, and its last month's minimum.
    `standing`: how far the account is charged.
    """
    standing = _charge_days(tenancy, token_meter, standing, ends)
    rated = rate_interval(versions_of(tenancy), standing.until, ends, 0, standing.counters, restarts=(ends,))
    if rated.charge or rated.tax_included:
        write(tenancy, token_meter, KeypadEntry.Kind.DAYS, closing(ends), ends, rated)
