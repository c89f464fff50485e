"""Spread debts, and shares of payments that paid them, which a restored server finds at a meter. They are booked as
what they are, so that nothing is owed twice and nothing is forgotten.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..core.errors import Refused
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Reference, kind_at_meter
from ..metering.models import Alarm, Meter
from .debt_parts import lower, raise_again
from .debts import owe
from .models import DebtPart, Spread
from .spreading import BY, open_spreads, share_for, usual_cost


class SpreadFoundError(Refused):
    """The credit cannot be booked yet; the message, for people, says what must be booked first. Nothing was changed."""


def book_spread(tenancy: Tenancy, meter: Meter, alarm: Alarm, of: Reference, memo: str) -> int:
    """Book credit that was found, if it belongs to a spread debt. Returns the rest (nano; negative if it was taken off)
    that must be booked otherwise: all of it, if it belongs to no spread debt. The caller has locked the organisation's
    row and the meter's.
    """
    kind, amount = kind_at_meter(alarm.data["credit_id"]), int(alarm.data["amount"])
    if kind == Of.SPREAD and amount > 0:
        property_, debt = tenancy.unit.property, owe(tenancy, amount, of, memo, now())
        share = share_for(property_, amount, usual_cost(meter, None))
        Spread.objects.create(debt=debt, at=now(), by=BY, share=share)
        return 0
    if kind in (Of.SPREAD, Of.DEBT_PART) and amount < 0:
        _check_order(meter)
        why = DebtPart.Why.SHARE if kind == Of.DEBT_PART else DebtPart.Why.WITHDRAWN
        return amount + _lower(tenancy, -amount, why, memo)
    if kind == Of.DEBT_PART:
        rows = DebtPart.objects.filter(debt__tenancy=tenancy, why=DebtPart.Why.SHARE, amount=amount, undone_at=None)
        part = rows.select_related("debt__tenancy__unit__property").last()
        if part is not None:
            raise_again(part, memo)
            return 0
    return amount


def _check_order(meter: Meter) -> None:
    waiting = Alarm.objects.filter(meter=meter, kind="unbooked", is_resolved=False, data__amount__gt=0)
    if any(kind_at_meter(each.data["credit_id"]) == Of.SPREAD for each in waiting):
        raise SpreadFoundError(_("This amount paid a spread debt that is not in the books yet: book that debt first."))


def _lower(tenancy: Tenancy, amount: int, why: DebtPart.Why, memo: str) -> int:
    """Return by how much (nano) spread debts fell, the oldest first."""
    own, left = tenant_account(tenancy), amount
    kind = Transfer.Kind.DEBT_PAID if why == DebtPart.Why.SHARE else Transfer.Kind.DEBT
    for each in open_spreads(tenancy):
        if part := min(left, each.debt.left):
            lower(each.debt, part, why, own, kind, BY, memo)
            left -= part
    return amount - left
