"""Differences between the balance here and at a meter: their amount, and their transfer into the books."""

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
"""The kind of alarm for a meter whose balance differs from the server's."""


def gap(alarm: Alarm) -> int:
    """Return how much more a meter has than the books, by an alarm, nano; negative if the books have more. 0 if there
    is no difference, or the alarm is of another kind.
    """
    if alarm.meter_id is None or alarm.kind not in (DIFFERENCE, OPENED):
        return 0
    if alarm.kind == OPENED:
        return -missing(Meter.objects.get(pk=alarm.meter_id))
    return int(Meter.objects.values_list("offset", flat=True).get(pk=alarm.meter_id))


def carry_out(adjustment: Adjustment, by: str) -> None:
    """Book a difference that a second person agreed to. The server's account takes the meter's balance, and the alarms
    of the difference are resolved. The caller holds the transaction. Raises GivingBackError if the difference has
    changed meanwhile.
    """
    alarm = Alarm.objects.select_related("meter").get(pk=adjustment.number or 0)
    meter = for_update(Meter.objects).get(alarms=alarm)
    if gap(alarm) != adjustment.amount:
        raise GivingBackError(_("The difference has changed since: decline this proposal, and make a new one."))
    # After an opened journal the charges are known: the rest is what was paid and taken off.
    charged = int(alarm.data.get("charged", 0))
    _book(adjustment, meter, adjustment.amount + charged, Kind.ADJUSTMENTS)
    _book(adjustment, meter, -charged, Kind.ENERGY_REVENUE)
    if meter.offset:
        _level(meter)
    Alarm.objects.filter(meter=meter, kind=alarm.kind, is_resolved=False).update(
        is_resolved=True, resolved_by=by[:150], resolved_at=now()
    )
    alarm.refresh_from_db()
    alarm.data = {**alarm.data, "taken": adjustment.amount, "taken_at": meter.seq}
    alarm.save(update_fields=["data"])


def _book(adjustment: Adjustment, meter: Meter, amount: int, kind: Kind) -> None:
    own, other = tenant_account(adjustment.tenancy), account(adjustment.tenancy.unit.property.organisation, kind)
    debit, credit = (other, own) if amount > 0 else (own, other)
    if amount:
        of = Reference(Of.ADJUSTMENT, adjustment.pk)
        if kind != Kind.ADJUSTMENTS:
            of = of.and_(Part.CHARGED)
        book(Transfer.Kind.ADJUSTMENT, debit, credit, abs(amount), now(), of, adjustment.reason_as_given, meter)


def _level(meter: Meter) -> None:
    """Set the server's account to the meter's balance, since the meter charged otherwise."""
    account_here = stored_account(meter)
    account_here.charged -= meter.offset
    account_here.balance += meter.offset
    Meter.objects.filter(pk=meter.pk).update(
        **kept(account_here, bytes(meter.head)), balance=account_here.balance, offset=0
    )


def taken_over(meter: Meter, since: int) -> int:
    """Return how much of a meter's differences was booked after entry `since`, nano. The journal alone does not show
    it.
    """
    alarms = Alarm.objects.filter(meter=meter, kind=DIFFERENCE, data__taken__isnull=False)
    return sum(alarm.data["taken"] for alarm in alarms if alarm.data["taken_at"] > since)
