"""The books follow the meter where the two differ for good: one person proposes it, a second one agrees. Nothing is sent to
the meter: it has it.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..estate.models import Tenancy
from ..ledger.books import Kind, account, book, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..locking import for_update
from ..metering.accounts import kept, stored_account
from ..metering.models import Alarm, Meter
from ..time import now
from .adjustments import missing
from .giving_back import GivingBackError, propose_as_metered
from .models import Adjustment
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


@transaction.atomic
def propose(alarm: Alarm, by: Any, reason: str) -> Adjustment:
    """Propose to take the meter's figure into the books of who lives there. GivingBackError if that can't be."""
    amount, tenancy = gap(alarm), _tenancy(alarm)
    if not amount:
        raise GivingBackError(_("The books and the meter agree."))
    if tenancy is None:
        raise GivingBackError(_("Nobody lives there now, so there are no books of a tenant to change."))
    return propose_as_metered(tenancy, amount, _of(alarm), by, reason)


def _of(alarm: Alarm) -> Reference:
    return Reference(Of.ALARM, alarm.pk).and_(Part.METERED)


def waiting(alarm: Alarm) -> bool:
    """Whether it waits for a second person."""
    return Adjustment.objects.filter(**_of(alarm)._asdict(), state=Adjustment.State.WAITING).exists()


def _tenancy(alarm: Alarm) -> Tenancy | None:
    assert alarm.meter is not None
    tenancies = Tenancy.objects.filter(unit=alarm.meter.unit_id, settled__isnull=True)
    at = now()
    return next((each for each in tenancies.select_related("unit__property__organisation") if each.holds(at)), None)


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
    Alarm.objects.filter(meter=meter, kind=alarm.kind, settled=False).update(
        settled=True, settled_by=by[:150], settled_at=now()
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
