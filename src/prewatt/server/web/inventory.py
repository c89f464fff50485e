"""Which of the things that a page can show of a tenancy exist at all, asked in one query. The others, nearly all of them for most
tenancies, need no query of their own.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import BigIntegerField, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from ..allocation.models import Share
from ..billing.models import Bill, Spread
from ..correspondence.models import NoteTo, Report
from ..correspondence.reports import not_done
from ..estate.models import Tenancy
from ..estate.terms import Terms
from ..metering.models import Alarm, Meter, Silence
from ..payments.models import Payment, TakenBack
from ..vending.models import OPEN, Command, TokenMeter


class Inventory(NamedTuple):
    """Whether there is any of each. `before`: an earlier tenancy of the flat; `unsettled_before`: one that is not settled.
    `commands`: commands that the meter's journal does not show yet; `codes`: some of these, not payments, with an untyped code.
    `terms`, `bills`: of a tenancy that pays after use, or did so. `spreads`: a debt that is or was paid by shares. `shares`: of
    shared costs. `open_payments`: payments that were begun and can be continued. `reports`: reports of the flat that are not
    done. `takes_codes`: the meter takes codes. `silent_since`: the instant since which the meter is silent, 0 if it is not;
    `alarms`: the number of its open alarms.
    """

    before: bool
    unsettled_before: bool
    commands: bool
    codes: bool
    terms: bool
    bills: bool
    spreads: bool
    taken_back: bool
    shares: bool
    notes: bool
    open_payments: bool
    reports: bool
    takes_codes: bool
    silent_since: int
    alarms: int


def inventory_of(tenancy: Tenancy, meter: Meter, at: int) -> Inventory:
    """Return what there is at the instant `at` of a tenancy, and of the meter of its flat."""
    before = Tenancy.objects.filter(unit=tenancy.unit_id, begins__lt=tenancy.begins)
    alarms: QuerySet[Alarm] = Alarm.objects.filter(meter=meter.pk, is_resolved=False).order_by()
    counted = alarms.values("meter").annotate(number=Count("pk")).values("number")
    silent: QuerySet[Silence] = Silence.objects.filter(Q(meter=meter.pk) | ~Q(line="") & Q(meters__meter=meter.pk))
    since = silent.filter(over_at=None, back_at=None).order_by("began_at").values("began_at")[:1]
    commands = Command.objects.filter(meter=meter.pk, state__in=OPEN)
    row = (
        Tenancy.objects.filter(pk=tenancy.pk)
        .order_by()
        .values_list(
            Exists(before),
            Exists(before.filter(settled_at__isnull=True)),
            Exists(commands),
            Exists(commands.filter(code__isnull=False, coded_seq=None, top_up__isnull=True)),
            Exists(Terms.objects.filter(tenancy=tenancy.pk)),
            Exists(Bill.objects.filter(tenancy=tenancy.pk)),
            Exists(Spread.objects.filter(debt__tenancy=tenancy.pk)),
            Exists(TakenBack.objects.filter(top_up__tenancy=tenancy.pk, state=TakenBack.State.BOOKED)),
            Exists(Share.objects.filter(tenancy=tenancy.pk)),
            Exists(NoteTo.objects.filter(tenancy=tenancy.pk)),
            Exists(Payment.objects.filter(tenancy=tenancy.pk, state=Payment.State.OPEN, expires_at__gt=at)),
            Exists(not_done(Report.objects.filter(tenancy__unit=OuterRef("unit")))),
            Exists(TokenMeter.objects.filter(meter=meter.pk)),
            Coalesce(Subquery(since, output_field=BigIntegerField()), 0),
            Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        )
        .get()
    )
    return Inventory(*row)
