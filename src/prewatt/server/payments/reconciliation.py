"""The reconciliation compares three sources day by day: the provider's settlement file, the ledger, and the meters'
journals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from ...kernel.calendar import local_day, zone
from ...kernel.span import Span
from ..core.spans import during
from ..core.time import now
from ..estate.models import Organisation, Property
from ..metering.models import Alarm
from .bank_days import at_the_bank
from .findings import Finding
from .findings_of_days import OpenAlarm, Reconciled
from .merchant_days import MOST_DAYS, MerchantDays
from .models import Merchant
from .staff_days import received_by_staff


class ReconciliationError(ValueError):
    """These days cannot be reconciled; the message says why."""


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
            _(
                "Give a first and a last day. The last must not be before the first, and at most %(most)d days are possible."
            )
            % {"most": MOST_DAYS}
        )
    movements: list[Finding] = []
    alarms: list[OpenAlarm] = []
    for place, homes in _by_zone(Property.objects.filter(organisation=organisation)):
        span = Span.of_days(first, last, place)
        movements += received_by_staff(span, place, homes)
        alarms += _open_alarms(span, place, homes)
    movements += at_the_bank(organisation, first, last)
    for merchant in Merchant.objects.filter(organisation=organisation):
        movements += MerchantDays(merchant, first, last).findings()
    return Reconciled(movements, alarms)


def _by_zone(homes: Iterable[Property]) -> Iterator[tuple[ZoneInfo, dict[int, Property]]]:
    """Yield the properties of each time zone by their primary keys: a query for a zone, not for a property."""
    zones: dict[str, dict[int, Property]] = {}
    for home in homes:
        zones.setdefault(home.zone, {})[home.pk] = home
    return ((zone(name), places) for name, places in zones.items())


def _open_alarms(span: Span, place: ZoneInfo, homes: Mapping[int, Property]) -> Iterator[OpenAlarm]:
    rows = Alarm.objects.filter(during(span), is_resolved=False)
    for name, home in (("meter__name", "meter__gateway__property"), ("gateway__name", "gateway__property")):
        open_ = rows.filter(**{f"{home}__in": homes})
        for pk, at, called, property_id in open_.values_list("pk", "at", name, home):
            yield OpenAlarm(local_day(at, place), called, pk, homes[property_id])


def recent_days(organisation: Organisation, count: int = 7) -> tuple[date, date]:
    """Return the first and the last of the `count` days that end today, by the clock of the organisation's home."""
    today = local_day(now(), zone(organisation.home().zone))
    return today - timedelta(days=count - 1), today
