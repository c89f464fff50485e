"""The bills of tenancies that pay after use: one a month and one at the end, each made once, with numbers without a
gap.

There is no second ledger of debts. A bill says by how much the account is below zero at its instant. Later money in the
account counts against it, the oldest bill first. So the open part of all bills follows from the last bill and the later
bookings, and is never more than the account owes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.currencies import minor_unit
from ...kernel.span import Span
from ...kernel.units import DAY
from ..billing.models import Bill
from ..core.spans import during
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..estate.terms import Terms
from ..ledger.books import Kind, balance, tenant_account
from ..ledger.models import Transfer
from ..ledger.numbering import next_number
from ..ledger.references import Of
from ..metering.apart import apart, meter_or_gateway_of
from ..metering.locking import lock_organisation
from ..metering.models import Meter
from .formats import to_document
from .statement import SHARED_KINDS, statement

AT_LAST = 10 * DAY
"""The time (µs) after the end of its span at which a bill is made, even if the meter has not reported all of it."""


@dataclass(frozen=True)
class Standing:
    """The state of a bill. `left` (nano): its open part; `moved` (nano): the part that became a debt in addition to the
    meter. `state`: `paid`, `part`, `open`, `overdue`, or `debt` if nothing is open because the rest is a debt.
    """

    bill: Bill
    left: int
    moved: int
    state: str

    @property
    def paid(self) -> int:
        """Return how much of the bill is paid, nano."""
        return int(self.bill.amount) - self.left - self.moved

    @property
    def before(self) -> int:
        """Return how much of the earlier bills was open when this bill was made, nano."""
        return int(self.bill.total) - int(self.bill.amount)

    @property
    def in_words(self) -> str:
        """Return the state of the bill in words for people."""
        return {
            "paid": _("paid"),
            "part": _("paid in part"),
            "open": pgettext("a bill", "open"),
            "overdue": _("overdue"),
            "debt": _("owed as a debt"),
        }[self.state]


def rounded(amount: int, currency: str) -> int:
    """Return an amount (nano) rounded half-even to whole minor units of the currency."""
    unit = minor_unit(currency)
    return int((Decimal(amount) / unit).quantize(Decimal(1), ROUND_HALF_EVEN)) * unit


# -- what is open -----------------------------------------------------------------------------------------------------------


def _booked(tenancy: Tenancy, span: Span) -> Iterator[tuple[int, bool]]:
    """Yield the bookings on a tenancy's account in a span, without its energy and shared costs: the signed amount
    (nano), and whether the other account is the one of debts.
    """
    own = tenant_account(tenancy)
    rows = (
        Transfer.objects.filter(Q(debit_account=own) | Q(credit_account=own), during(span))
        .exclude(kind__in=(Transfer.Kind.CHARGE, Transfer.Kind.ATTRIBUTION))
        .exclude(of=Of.SHARE, kind__in=SHARED_KINDS)
        .select_related("debit_account", "credit_account")
        .order_by("at", "id")
    )
    for row in rows:
        is_credit = row.credit_account_id == own.pk
        other = row.debit_account if is_credit else row.credit_account
        yield (row.amount if is_credit else -row.amount), other.kind == Kind.DEBTS


def _open_after(tenancy: Tenancy, last: Bill, until: int) -> tuple[int, int]:
    """Return (open part of all bills up to `last`, part of them that became debts), nano, by the bookings between that
    bill and the instant `until`.
    """
    left, moved = int(last.total), 0
    for amount, of_debts in _booked(tenancy, Span(last.ends, until)):
        # A debit beyond the bills goes on the next bill; money beyond the bills is credit.
        left = min(left - amount, int(last.total))
        moved += amount if of_debts else 0
    return max(left, 0), max(moved, 0)


def standings(tenancy: Tenancy) -> list[Standing]:
    """Return all bills of a tenancy with their present states, the latest first."""
    bills = list(tenancy.bills.order_by("-ends").select_related("tenancy__unit__property"))
    if not bills:
        return []
    currency, at = tenancy.unit.property.currency, now()
    # What is booked at this very instant counts.
    left, moved = _open_after(tenancy, bills[0], at + 1)
    left = min(rounded(left, currency), rounded(max(-balance(tenant_account(tenancy)), 0), currency))
    result = []
    for bill in bills:
        # The oldest is paid first, so the newest is what is left.
        open_part = min(int(bill.amount), left)
        left -= open_part
        debt_part = min(int(bill.amount) - open_part, moved)
        moved -= debt_part
        result.append(Standing(bill, open_part, debt_part, _state(bill, open_part, debt_part, at)))
    return result


def _state(bill: Bill, left: int, moved: int, at: int) -> str:
    if not left:
        return "debt" if moved else "paid"
    if at >= bill.due_at:
        return "overdue"
    return "part" if left < bill.amount else "open"


def open_bills(organisation: Organisation) -> list[Standing]:
    """Return the open bills of an organisation: overdue ones first, then by the day on which they are due."""
    rows = Tenancy.objects.filter(bills__organisation=organisation).distinct()
    open_standings = [
        each
        for tenancy in rows.select_related("unit__property__organisation")
        for each in standings(tenancy)
        if each.left
    ]
    return sorted(open_standings, key=lambda each: (each.state != "overdue", each.bill.due_at, each.bill.number))


def standing_of(bill: Bill) -> Standing:
    """Return the present state of one bill."""
    return next(each for each in standings(bill.tenancy) if each.bill.pk == bill.pk)


# -- making them ------------------------------------------------------------------------------------------------------------


def runs_of(tenancy: Tenancy) -> list[tuple[int, int | None]]:
    """Return the spans in which a tenancy paid after use, as pairs of instants; the last end is None if
    it still does.
    """
    spans: list[tuple[int, int | None]] = []
    for terms in Terms.objects.filter(tenancy=tenancy.pk, applied_at__isnull=False).order_by("applied_at", "pk"):
        last = spans[-1] if spans else None
        if terms.is_postpaid and (last is None or last[1] is not None):
            spans.append((max(int(terms.begins), tenancy.begins), None))
        elif not terms.is_postpaid and last is not None and last[1] is None:
            spans[-1] = (last[0], int(terms.applied_at or 0))
    return spans


def spans_due(tenancy: Tenancy, at: int) -> list[tuple[int, int]]:
    """Return the spans for which a tenancy must be billed at the instant `at` and was not yet: whole months, and the
    rest at the move-out. The rest at a return to paying before use is billed at that return (`bill_up_to_now`).
    """
    last = tenancy.bills.order_by("-ends").first()
    place = zone(tenancy.unit.property.zone)
    spans: list[tuple[int, int]] = []
    for begins, ends in runs_of(tenancy)[-1:]:
        if ends is not None:
            break
        start = max(begins, int(last.ends) if last is not None else 0)
        until = at if tenancy.ends is None else min(at, tenancy.ends)
        while start < until:
            month_over = Span.of_month(local_day(start, place), place).ends
            end = month_over if tenancy.ends is None else min(month_over, tenancy.ends)
            if end > until:
                break
            spans.append((start, end))
            start = end
    return spans


@transaction.atomic
def make_bill(tenancy: Tenancy, begins: int, ends: int, due_days: int, must: bool = False) -> Bill | None:
    """Make the bill of a tenancy for a span, once. `due_days`: the days until it is due. Returns None if the meter has
    not reported the whole span and there is still time to wait; with `must` it does not wait.
    """
    organisation = lock_organisation(tenancy.unit.property.organisation_id)
    known = Bill.objects.filter(tenancy=tenancy, ends=ends).first()
    if known is not None:
        return known
    at, place, currency = now(), zone(tenancy.unit.property.zone), tenancy.unit.property.currency
    statement_ = statement(tenancy, begins, ends)
    if not statement_.complete and not must and at < ends + AT_LAST:
        return None
    last = tenancy.bills.filter(ends__lt=ends).order_by("-ends").first()
    before = _open_after(tenancy, last, ends)[0] if last is not None else 0
    total = rounded(max(-statement_.closing, 0), currency)
    number = next_number(Bill, organisation.pk)
    return Bill.objects.create(
        organisation=organisation,
        number=number,
        tenancy=tenancy,
        who=tenancy.tenant,
        begins=begins,
        ends=ends,
        made_at=at,
        due_at=day_bounds(local_day(at, place) + timedelta(days=due_days), place)[1],
        owed=-statement_.closing,
        total=total,
        amount=max(total - rounded(before, currency), 0),
        is_complete=statement_.complete,
        document=to_document(statement_),
    )


def bill_what_is_due(tenancy: Tenancy, terms: Terms) -> list[Bill]:
    """Make all bills of a tenancy that are due, the earliest span first. A span that waits for its meter stops the
    later ones.
    """
    bills: list[Bill] = []
    for begins, ends in spans_due(tenancy, now()):
        bill = make_bill(tenancy, begins, ends, int(terms.due_days))
        if bill is None:
            break
        bills.append(bill)
    return bills


def bill_up_to_now(tenancy: Tenancy, terms: Terms) -> None:
    """Bill the use that the meter has reported and that is on no bill yet, even for a part of a month. It is called
    when the tenancy returns to paying before use: later use is paid from the credit.
    """
    at = now()
    meter = Meter.objects.filter(unit=tenancy.unit_id).first()
    until = at if meter is None else min(meter.read_at or 0, at)
    for begins, ends in spans_due(tenancy, until):
        make_bill(tenancy, begins, ends, int(terms.due_days), must=True)
    last = tenancy.bills.order_by("-ends").first()
    runs = runs_of(tenancy)
    begins = max(runs[-1][0] if runs else until, int(last.ends) if last is not None else 0)
    if begins < until and (tenancy.ends is None or until <= tenancy.ends):
        make_bill(tenancy, begins, until, int(terms.due_days), must=True)


def make_bills() -> list[Bill]:
    """Make the bills of all landlords that are due. A failure for one tenancy does not stop the others."""
    rows = Tenancy.objects.filter(terms__is_postpaid=True, terms__applied_at__isnull=False).distinct()

    def bills_of(tenancy: Tenancy) -> list[Bill]:
        """Make the bills of one tenancy that are due."""
        terms = (
            Terms.objects.filter(tenancy=tenancy.pk, is_postpaid=True, applied_at__isnull=False)
            .order_by("applied_at")
            .last()
        )
        return bill_what_is_due(tenancy, terms) if terms is not None else []

    bills_by_tenancy = apart("bill", rows.select_related("unit__property__organisation"), bills_of, meter_or_gateway_of)
    return [bill for bills in bills_by_tenancy for bill in bills]
