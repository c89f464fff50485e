"""The effects of an overdue bill, if the terms say that the supply ends by rule: the limit is lowered to what is owed,
and is lifted when no bill is overdue for that long any more.

With the lowered limit, a payment that reaches the clearance brings supply at once, also in an outage. The supply lasts as
long as with payment before use. If a person decides instead, that is an order like any other.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.units import DAY
from ..billing.models import Bill
from ..billing.spreading import owes
from ..core.time import now
from ..estate.models import Tenancy
from ..estate.terms import Lowering, Terms
from ..estate.terms_in_force import open_lowering, terms_of
from ..metering.apart import apart, meter_or_gateway_of
from ..vending.account_settings import send_settings_to
from .bills import Standing, standings
from .terms import lock_account, waits_for_building


def follows_at(terms: Terms, bill: Bill) -> int | None:
    """Return the instant at which an unpaid bill has an effect; None if it has none but reminders."""
    return None if terms.overdue == Terms.Overdue.REMIND else int(bill.due_at) + int(terms.overdue_days) * DAY


def too_late(terms: Terms, tenancy: Tenancy, at: int) -> list[Standing]:
    """Return the bills that have an effect at the instant `at`, the oldest first."""
    open_bills = [each for each in standings(tenancy) if each.left]
    return [each for each in open_bills[::-1] if (due := follows_at(terms, each.bill)) is not None and due <= at]


def follow_up() -> list[Lowering]:
    """Lower the limits that are due, and lift those whose bills were paid. A failure for one tenancy does not stop the
    others. Returns the changed rows.
    """
    at = now()
    lowered = Terms.objects.filter(lowerings__ended_at__isnull=True, lowerings__isnull=False)
    ruled = Terms.objects.filter(
        overdue=Terms.Overdue.CUT,
        is_postpaid=True,
        applied_at__isnull=False,
        tenancy__settled_at__isnull=True,
        tenancy__bills__due_at__lte=at,
        tenancy__bills__total__gt=0,
    )
    rows = Tenancy.objects.filter(terms__in=lowered | ruled).distinct().select_related("unit__property__organisation")
    changed = apart("overdue bills", rows, _follow_up, meter_or_gateway_of)
    return [each for each in changed if each is not None]


@transaction.atomic
def _follow_up(tenancy: Tenancy) -> Lowering | None:
    terms = terms_of(tenancy.pk)
    if terms is None:
        return None
    at, known = now(), open_lowering(terms)
    late = too_late(terms, tenancy, at) if terms.overdue == Terms.Overdue.CUT else []
    if bool(late) == (known is not None):
        return None
    if known is None and waits_for_building(tenancy):
        # The debt is not known exactly, and an old figure must cut off nobody.
        return None
    meter = lock_account(tenancy)
    # Payments that came meanwhile count.
    late, known = too_late(terms, tenancy, at) if late else [], open_lowering(terms)
    if bool(late) == (known is not None):
        return None
    if known is not None:
        known.ended_at = at
        known.save(update_fields=["ended_at"])
    else:
        known = _lower(terms, tenancy, late, at)
    if meter is not None:
        send_settings_to(meter)
    return known


def _lower(terms: Terms, tenancy: Tenancy, late: Iterable[Standing], at: int) -> Lowering:
    """Lower the limit of a tenant with overdue bills to what is owed now."""
    owed = owes(tenancy)
    return Lowering.objects.create(
        terms=terms,
        at=at,
        limit=owed if terms.cuts_at is None else min(owed, terms.cuts_at),
        why=(_("overdue: bill %(numbers)s") % {"numbers": ", ".join(str(each.bill) for each in late)})[:200],
    )
