"""A difference between what the server and a meter have: how large it is, and that the books take it over."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..core.time import now
from ..ledger.books import Kind, account, book, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.accounts import kept, stored_account
from ..metering.locking import for_update
from ..metering.models import Alarm, Meter
from ..vending.adjustments import missing
from ..vending.models import Adjustment
from ..vending.refusals import GivingBackError
from .openings import OPENED

DIFFERENCE = "difference"
"""Kind of the alarm that a meter's balance and the server's differ."""


def gap(alarm: Alarm) -> int:
    """What the meter has and the books lack by what an alarm tells of, nano (negative: they have more); 0 if nothing, or
    if it tells of something else.
    """
    if alarm.meter_id is None or alarm.kind not in (DIFFERENCE, OPENED):
        return 0
    if alarm.kind == OPENED:
        return -missing(Meter.objects.get(pk=alarm.meter_id))
    return int(Meter.objects.values_list("offset", flat=True).get(pk=alarm.meter_id))


def carry_out(made: Adjustment, by: str) -> None:
    """A second person has agreed: book it, let the server's account stand as the meter's, and settle the alarms of it. In
    the caller's transaction. GivingBackError if the difference is another one meanwhile.
    """
    alarm = Alarm.objects.select_related("meter").get(pk=made.number or 0)
    meter = for_update(Meter.objects).get(alarms=alarm)
    if gap(alarm) != made.amount:
        raise GivingBackError(_("The difference is another one by now: decline this, and propose it anew."))
    # Of a journal that was opened it is known how much was charged: the rest is what was paid, and taken off.
    charged = int(alarm.data.get("charged", 0))
    _book(made, meter, made.amount + charged, Kind.ADJUSTMENTS)
    _book(made, meter, -charged, Kind.ENERGY_REVENUE)
    if meter.offset:
        _level(meter)
    Alarm.objects.filter(meter=meter, kind=alarm.kind, is_resolved=False).update(
        is_resolved=True, resolved_by=by[:150], resolved_at=now()
    )
    alarm.refresh_from_db()
    alarm.data = {**alarm.data, "taken": made.amount, "taken_at": meter.seq}
    alarm.save(update_fields=["data"])


def _book(made: Adjustment, meter: Meter, amount: int, kind: Kind) -> None:
    own, other = tenant_account(made.tenancy), account(made.tenancy.unit.property.organisation, kind)
    debit, credit = (other, own) if amount > 0 else (own, other)
    if amount:
        of = Reference(Of.ADJUSTMENT, made.pk)
        if kind != Kind.ADJUSTMENTS:
            of = of.and_(Part.CHARGED)
        book(Transfer.Kind.ADJUSTMENT, debit, credit, abs(amount), now(), of, made.reason, meter)


def _level(meter: Meter) -> None:
    """Let the server's account have the meter's balance: it was charged otherwise."""
    mine = stored_account(meter)
    mine.charged -= meter.offset
    mine.balance += meter.offset
    Meter.objects.filter(pk=meter.pk).update(**kept(mine, bytes(meter.head)), balance=mine.balance, offset=0)


def taken_over(meter: Meter, since: int) -> int:
    """What was taken over of a meter's differences after entry `since`, nano: its entries alone do not tell it."""
    taken = Alarm.objects.filter(meter=meter, kind=DIFFERENCE, data__taken__isnull=False)
    return sum(alarm.data["taken"] for alarm in taken if alarm.data["taken_at"] > since)
