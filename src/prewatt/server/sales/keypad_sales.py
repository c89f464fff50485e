"""Energy that is sold to the tenant of a flat with a keypad meter: a payment is credit, and all the energy that the
credit buys at the tariff of this moment is sold at once, by a code. What is less than a tenth of a kWh stays credit, for the
next sale. All of it is part of the caller's transaction: there is no payment without its code, and no code without its
payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.buying import energy_for, price_of
from ...kernel.currencies import minor_unit
from ...tokens import UnitCredit, carried_at_most
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import balance, booked, tenant_account
from ..ledger.references import Of, Part, Reference
from ..metering.apart import apart, meter_or_gateway_of
from ..vending.codes import vend
from ..vending.keypads import TENTH, keypad_of, lock_keypads
from ..vending.models import Code, KeypadEntry, TokenMeter, TopUp
from ..vending.refusals import TopUpError, VendError
from ..vending.token_identifiers import next_tid
from .keypad_entries import charge_days, days_not_charged, versions_of, write

MOST = 10_000_000
"""The most energy that is sold by one code, tenths of a kWh."""


@dataclass(frozen=True)
class Quote:
    """What `energy` Wh cost at this moment: `charge` nano, of which the credit of the account pays a part. `to_pay`: the
    payment (nano) that is needed for them; 0 if the credit is enough.
    """

    energy: int
    charge: int
    to_pay: int


def sell(tenancy: Tenancy, token_meter: TokenMeter, by: Any = None, top_up: TopUp | None = None) -> KeypadEntry | None:
    """Sell all the energy that a tenant's credit buys now. Returns the entry, which has the code; None if the credit
    buys less than 0.1 kWh, no tariff is in force, or the meter's key can make no code: then it stays credit. The caller
    holds the meter's lock.
    """
    at = now()
    standing = charge_days(tenancy, token_meter, at)
    versions, credit = versions_of(tenancy), balance(tenant_account(tenancy))
    tenths = energy_for(versions, at, credit, standing.counters, TENTH, MOST) if credit > 0 else 0
    if not tenths:
        return None
    tenths = carried_at_most(tenths)
    rated = price_of(versions, at, tenths * TENTH, standing.counters)
    try:
        with transaction.atomic():
            code = vend(token_meter, UnitCredit(next_tid(token_meter), tenths), Code.Kind.UNITS, by, tenths)
    except VendError:
        # No payment is refused for that.
        return None
    return write(
        tenancy,
        token_meter,
        KeypadEntry.Kind.SOLD,
        at,
        standing.until,
        rated,
        code=code,
        top_up=top_up,
        by="" if by is None else name_of(by),
    )


@transaction.atomic
def sell_credit(tenancy: Tenancy, by: Any) -> KeypadEntry:
    """Sell the energy that a tenant's credit buys, without a new payment: credit that was given, or for which no code
    could be made when it was paid. Raises TopUpError if there is nothing to sell.
    """
    lock_keypads([tenancy.unit_id])
    tenancy.refresh_from_db(fields=["ends", "settled_at"])
    token_meter = keypad_of(tenancy.unit_id)
    if token_meter is None or tenancy.has_ended(now()):
        raise TopUpError(_("This tenancy has ended, or its flat has no keypad meter."))
    entry = sell(tenancy, token_meter, by)
    if entry is None:
        raise TopUpError(
            _("The credit buys less than 0.1 kWh, or no tariff is in force, or the meter's key can make no code.")
        )
    return entry


def quote(tenancy: Tenancy, energy: int) -> Quote:
    """Return what `energy` Wh cost a tenant now, with the days that have ended and are not charged yet; nothing is
    booked. Raises TopUpError if no tariff is in force.
    """
    token_meter, at = keypad_of(tenancy.unit_id), now()
    if token_meter is None:
        raise TopUpError(_("This unit has no keypad meter."))
    days = days_not_charged(tenancy, token_meter, at)
    charge = price_of(versions_of(tenancy), at, energy, days.counters).charge
    if not charge:
        raise TopUpError(_("No tariff is in force at this building, so energy has no price: choose one first."))
    lacks = max(days.charge + charge - balance(tenant_account(tenancy)), 0)
    unit = minor_unit(tenancy.unit.property.currency)
    return Quote(energy, charge, -(-lacks // unit) * unit)


def charge_days_of_all() -> int:
    """Charge the days that have ended to every tenant of a flat with a keypad meter, and make the code of a payment for
    which none could be made when it came. Returns for how many tenancies that succeeded.
    """
    at = now()
    units = TokenMeter.objects.filter(unit__isnull=False, meter__isnull=True, counts_money=False).values("unit")
    living = Tenancy.objects.living(at).filter(unit__in=units).select_related("unit__property__organisation")
    return len(apart("keypad", living, lambda tenancy: _charge(tenancy, at), meter_or_gateway_of))


@transaction.atomic
def _charge(tenancy: Tenancy, at: int) -> None:
    lock_keypads([tenancy.unit_id])
    # It may have ended, or its meter may be another, since the list was made.
    tenancy.refresh_from_db(fields=["ends", "settled_at"])
    token_meter = keypad_of(tenancy.unit_id)
    if token_meter is None or tenancy.has_ended(now()):
        return
    charge_days(tenancy, token_meter, at)
    payment = _waits_for_code(tenancy)
    if payment is not None:
        sell(tenancy, token_meter, top_up=payment)


def _waits_for_code(tenancy: Tenancy) -> TopUp | None:
    """Return the last payment, if it has no code and the account has neither sold nor taken back any energy since; None
    otherwise. This happens when there was no tariff, or the key could make no code.
    """
    last = TopUp.objects.filter(tenancy=tenancy).order_by("-pk").first()
    if last is None or last.command_id is not None or booked(Reference(Of.TOP_UP, last.pk).and_(Part.UNDONE)):
        return None
    kinds = (KeypadEntry.Kind.SOLD, KeypadEntry.Kind.BACK)
    since = KeypadEntry.objects.filter(tenancy=tenancy, kind__in=kinds, at__gte=last.paid_at)
    return None if since.exists() else last
