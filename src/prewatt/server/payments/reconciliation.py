"""The reconciliation compares three sources day by day: the provider's settlement file, the ledger, and the meters'
journals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple, overload
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from ...kernel.calendar import local_day, zone
from ...kernel.span import Span
from ..core.spans import during
from ..core.time import now
from ..estate.models import Organisation, Property
from ..ledger.books import Kind
from ..ledger.models import Transfer
from ..ledger.references import Of
from ..metering.models import Alarm
from ..vending.models import TopUp
from .findings import ACT, Finding
from .merchant_days import MOST_DAYS, MerchantDays
from .models import BankLine, Merchant, TakenBack
from .sides import at_meters, booked, carriage_of, parts
from .verdicts import Carriage, Sides, Standing, Verdict, debit_verdict, verdict


class ReconciliationError(ValueError):
    """These days cannot be reconciled; the message says why."""


class _OpenAlarm(NamedTuple):
    """An open alarm: the day when it came, its meter's or gateway's name, its primary key, and where it is."""

    day: date
    name: str
    pk: int
    home: Property
    source: str = ""
    what: str = "alarm"


class Reconciled(Sequence[Finding]):
    """The findings of all movements of some days, the last day first. Open alarms, of which a landlord may have one for each
    meter, are counted, and read from the database when they are looked at.
    """

    def __init__(self, movements: Iterable[Finding] = (), alarms: Collection[_OpenAlarm] = ()) -> None:
        self.movements, self.alarms = list(movements), alarms
        rows: list[Finding | _OpenAlarm] = [*self.movements, *alarms]
        rows.sort(key=lambda each: (each.source, each.what, each.name))
        self._rows = sorted(rows, key=lambda each: each.day, reverse=True)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Finding: ...

    @overload
    def __getitem__(self, place: slice) -> list[Finding]: ...

    def __getitem__(self, place: int | slice) -> Finding | list[Finding]:
        if isinstance(place, int):
            return _in_full([self._rows[place]])[0]
        return _in_full(self._rows[place])

    @property
    def to_do(self) -> int:
        """Return how many findings a person must act on."""
        return len(self.alarms) + sum(each.grade == ACT for each in self.movements)


def reconcile(organisation: Organisation, first: date, last: date) -> list[Finding]:
    """Return the findings of all movements from a first to a last day (both included), sorted by day. A merchant
    account counts by its provider's days, cash and bank by the property's days. Raises ReconciliationError if the days
    are in the wrong order or too many.
    """
    return sorted(reconciled(organisation, first, last), key=lambda each: each.day)


def reconciled(organisation: Organisation, first: date, last: date) -> Reconciled:
    """Return what `reconcile` does, to be looked at a page at a time. Raises ReconciliationError as it does."""
    if last < first or (last - first).days >= MOST_DAYS:
        raise ReconciliationError(
            _("Give a first and a last day: the last is not before the first, and they span at most %(most)d days.")
            % {"most": MOST_DAYS}
        )
    movements: list[Finding] = []
    alarms: list[_OpenAlarm] = []
    for place, homes in _by_zone(Property.objects.filter(organisation=organisation)):
        span = Span.of_days(first, last, place)
        movements += _received_by_staff(span, place, homes)
        alarms += _open_alarms(span, place, homes)
    movements += _at_the_bank(organisation, first, last)
    for merchant in Merchant.objects.filter(organisation=organisation):
        movements += MerchantDays(merchant, first, last).findings()
    return Reconciled(movements, alarms)


def _by_zone(homes: Iterable[Property]) -> Iterator[tuple[ZoneInfo, dict[int, Property]]]:
    """Yield the properties of each time zone by their primary keys: a query for a zone, not for a property."""
    zones: dict[str, dict[int, Property]] = {}
    for home in homes:
        zones.setdefault(home.zone, {})[home.pk] = home
    return ((zone(name), places) for name, places in zones.items())


def _received_by_staff(span: Span, place: ZoneInfo, homes: Mapping[int, Property]) -> Iterator[Finding]:
    rows = list(
        TopUp.objects.filter(
            during(span, "paid_at"),
            tenancy__unit__property__in=homes,
            payment__isnull=True,
            moved_to__isnull=True,
        ).select_related("command", "tenancy__unit")
    )
    transfers = booked(Of.TOP_UP, (row.pk for row in rows))
    brought = at_meters(row.command for row in rows)
    for row in rows:
        row.tenancy.unit.property = homes[row.tenancy.unit.property_id]
        yield _of_staff(row, local_day(row.paid_at, place), transfers.get(row.pk), brought.get(row.command_id or 0))


def _of_staff(row: TopUp, day: date, transfer: Transfer | None, meter: int | None) -> Finding:
    currency, ledger = row.tenancy.unit.property.currency, transfer.amount if transfer else None
    # The record of staff takes the place of a provider's report.
    says = verdict(
        Sides(currency, row.amount, ledger, meter), Standing(carriage=carriage_of(row.command), due=row.amount)
    )
    return Finding(
        day,
        str(transfer.debit_account) if transfer else "",
        "payment",
        row.receipt or str(row),
        str(row.tenancy),
        Sides(currency, None, ledger, meter),
        says,
        row.note if row.note != row.receipt else "",
    )


def _at_the_bank(organisation: Organisation, first: date, last: date) -> list[Finding]:
    """Return the findings of bank lines that are not booked, and of money that the bank took back. The other lines are
    found among what staff recorded and what providers paid out.
    """
    source = str(Kind.BANK.label)
    lines = BankLine.objects.filter(organisation=organisation, day__gte=first, day__lte=last)
    findings = [
        Finding(
            line.day,
            source,
            "payment" if line.amount > 0 else "return",
            line.bank_id or line.text,
            line.payer,
            Sides(line.currency, line.amount, None),
            Verdict.AT_BANK,
        )
        for line in lines.filter(state=BankLine.State.OPEN)
    ]
    backs = TakenBack.objects.filter(bank_line__in=lines)
    for row in backs.select_related("bank_line", "command", "top_up__tenancy__unit__property"):
        line, carriage = row.bank_line, carriage_of(row.command)
        assert line is not None
        who = str(row.top_up.tenancy) if row.top_up is not None else line.payer
        sides = Sides(
            line.currency, line.amount, -row.amount - row.fee, -row.debited if carriage == Carriage.DONE else None
        )
        name = line.bank_id or line.text
        findings.append(Finding(line.day, source, "return", name, who, sides, debit_verdict(carriage)))
    return findings


def _open_alarms(span: Span, place: ZoneInfo, homes: Mapping[int, Property]) -> Iterator[_OpenAlarm]:
    rows = Alarm.objects.filter(during(span), is_resolved=False)
    for name, home in (("meter__name", "meter__gateway__property"), ("gateway__name", "gateway__property")):
        open_ = rows.filter(**{f"{home}__in": homes})
        for pk, at, called, property_id in open_.values_list("pk", "at", name, home):
            yield _OpenAlarm(local_day(at, place), called, pk, homes[property_id])


def _in_full(rows: Sequence[Finding | _OpenAlarm]) -> list[Finding]:
    """Return rows with all that is shown of alarms."""
    keys = [each.pk for each in rows if isinstance(each, _OpenAlarm)]
    # No more of a meter is read than is shown: its account alone is long.
    shown = Alarm.objects.select_related("meter__unit", "gateway").only(
        "text", "parts", "meter__name", "meter__unit__name", "gateway__name"
    )
    alarms = {each.pk: each for part in parts(keys) for each in shown.filter(pk__in=part)}
    # One that was settled a moment ago is read all the same.
    return [_of_alarm(each, alarms[each.pk]) if isinstance(each, _OpenAlarm) else each for each in rows]


def _of_alarm(row: _OpenAlarm, alarm: Alarm) -> Finding:
    if alarm.meter is not None and alarm.meter.unit is not None:
        alarm.meter.unit.property = row.home
    sides = Sides(row.home.currency, None, None)
    return Finding(row.day, row.source, row.what, row.name, alarm.who, sides, Verdict.ALARM, alarm.sentence)


def recent_days(organisation: Organisation, count: int = 7) -> tuple[date, date]:
    """Return the first and the last of the `count` days that end today, by the clock of the organisation's home."""
    today = local_day(now(), zone(organisation.home().zone))
    return today - timedelta(days=count - 1), today
