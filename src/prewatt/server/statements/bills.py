"""Bills of tenancies that pay after use: one a month and one at the end, made once, numbered without a gap.

There is no second ledger of what is owed. A bill says what the account is under zero by at its instant; what comes into the
account later counts against it, the oldest bill first. So what is open of all bills of a tenancy follows from the last one and
from what was booked since, and is never more than the account owes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

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
from ..ledger.references import Of
from ..metering.apart import apart, meter_or_gateway_of
from ..metering.locking import lock_organisation
from ..metering.models import Meter
from .formats import to_document
from .statement import SHARED_KINDS, statement

AT_LAST = 10 * DAY
"""After the end of its span a bill is made of what is known, if the meter has not reported all by then."""


@dataclass(frozen=True)
class Standing:
    """How a bill stands: `left` (nano) is open of it; `moved`: became a debt beside the meter. `state`: `paid`, `part`, `open`,
    `overdue`, or `debt` where nothing is open because the rest is owed as a debt.
    """

    bill: Bill
    left: int
    moved: int
    state: str

    @property
    def paid(self) -> int:
        """What of it is paid, nano."""
        return int(self.bill.amount) - self.left - self.moved

    @property
    def before(self) -> int:
        """What was open of the bills before when it was made, nano."""
        return int(self.bill.total) - int(self.bill.amount)

    @property
    def in_words(self) -> str:
        """Return the state of the bill in words for people."""
        return {
            "paid": _("paid"), "part": _("paid in part"), "open": _("open"), "overdue": _("overdue"), "debt": _("owed as a debt"),
        }[self.state]  # fmt: skip


def rounded(amount: int, currency: str) -> int:
    """An amount, nano, rounded half-even to what can be paid."""
    unit = minor_unit(currency)
    return int((Decimal(amount) / unit).quantize(Decimal(1), ROUND_HALF_EVEN)) * unit


# -- what is open -----------------------------------------------------------------------------------------------------------


def _booked(tenancy: Tenancy, span: Span) -> Iterator[tuple[int, bool]]:
    """What was booked to a tenancy's account in a span beside what it used and shared, signed; and whether the other
    side are debts beside the meter.
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
        came = row.credit_account_id == own.pk
        other = row.debit_account if came else row.credit_account
        yield (row.amount if came else -row.amount), other.kind == Kind.DEBTS


def _open_after(tenancy: Tenancy, last: Bill, until: int) -> tuple[int, int]:
    """(what is open of all bills up to the last, what of them became debts), nano, by what was booked from there until before an
    instant.
    """
    left, moved = int(last.total), 0
    for amount, of_debts in _booked(tenancy, Span(last.ends, until)):
        # What is taken off beyond what the bills ask stands on the next one; what comes in beyond it is credit.
        left = min(left - amount, int(last.total))
        moved += amount if of_debts else 0
    return max(left, 0), max(moved, 0)


def standings(tenancy: Tenancy) -> list[Standing]:
    """All bills of a tenancy, the latest first, as they stand."""
    bills = list(tenancy.bills.order_by("-ends").select_related("tenancy__unit__property"))
    if not bills:
        return []
    currency, at = tenancy.unit.property.currency, now()
    # What is booked at this very instant counts.
    left, moved = _open_after(tenancy, bills[0], at + 1)
    left = min(rounded(left, currency), rounded(max(-balance(tenant_account(tenancy)), 0), currency))
    found = []
    for bill in bills:
        # The oldest is paid first, so the newest is what is left.
        mine = min(int(bill.amount), left)
        left -= mine
        gone = min(int(bill.amount) - mine, moved)
        moved -= gone
        found.append(Standing(bill, mine, gone, _state(bill, mine, gone, at)))
    return found


def _state(bill: Bill, left: int, moved: int, at: int) -> str:
    if not left:
        return "debt" if moved else "paid"
    if at >= bill.due_at:
        return "overdue"
    return "part" if left < bill.amount else "open"


def open_bills(organisation: Organisation) -> list[Standing]:
    """What is open of an organisation's bills, overdue first, then by the day that they are due."""
    rows = Tenancy.objects.filter(bills__organisation=organisation).distinct()
    found = [
        each
        for tenancy in rows.select_related("unit__property__organisation")
        for each in standings(tenancy)
        if each.left
    ]
    return sorted(found, key=lambda each: (each.state != "overdue", each.bill.due_at, each.bill.number))


def standing_of(bill: Bill) -> Standing:
    """How one bill stands."""
    return next(each for each in standings(bill.tenancy) if each.bill.pk == bill.pk)


# -- making them ------------------------------------------------------------------------------------------------------------


def runs_of(tenancy: Tenancy) -> list[tuple[int, int | None]]:
    """The spans in which a tenancy paid after use: from an instant to another one, None if it does still."""
    found: list[tuple[int, int | None]] = []
    for terms in Terms.objects.filter(tenancy=tenancy.pk, applied_at__isnull=False).order_by("applied_at", "pk"):
        last = found[-1] if found else None
        if terms.postpaid and (last is None or last[1] is not None):
            found.append((max(int(terms.begins), tenancy.begins), None))
        elif not terms.postpaid and last is not None and last[1] is None:
            found[-1] = (last[0], int(terms.applied_at or 0))
    return found


def spans_due(tenancy: Tenancy, at: int) -> list[tuple[int, int]]:
    """The spans that a tenancy is to be billed for at an instant and was not yet: months, and what is left at the move-out. What is
    left where it goes back to paying before use is billed there (`bill_up_to`).
    """
    last = tenancy.bills.order_by("-ends").first()
    where = zone(tenancy.unit.property.zone)
    found: list[tuple[int, int]] = []
    for begins, ends in runs_of(tenancy)[-1:]:
        if ends is not None:
            break
        start = max(begins, int(last.ends) if last is not None else 0)
        until = at if tenancy.ends is None else min(at, tenancy.ends)
        while start < until:
            month_over = Span.of_month(local_day(start, where), where).ends
            end = month_over if tenancy.ends is None else min(month_over, tenancy.ends)
            if end > until:
                break
            found.append((start, end))
            start = end
    return found


@transaction.atomic
def make_bill(tenancy: Tenancy, begins: int, ends: int, due_days: int, must: bool = False) -> Bill | None:
    """Bill a tenancy for a span, once; None if the meter has not reported all of it yet, and is waited for (unless it `must` be
    now).
    """
    organisation = lock_organisation(tenancy.unit.property.organisation_id)
    known = Bill.objects.filter(tenancy=tenancy, ends=ends).first()
    if known is not None:
        return known
    at, where, currency = now(), zone(tenancy.unit.property.zone), tenancy.unit.property.currency
    made = statement(tenancy, begins, ends)
    if not made.complete and not must and at < ends + AT_LAST:
        return None
    last = tenancy.bills.filter(ends__lt=ends).order_by("-ends").first()
    before = _open_after(tenancy, last, ends)[0] if last is not None else 0
    total = rounded(max(-made.closing, 0), currency)
    number = (Bill.objects.filter(organisation=organisation).aggregate(last=Max("number"))["last"] or 0) + 1
    return Bill.objects.create(
        organisation=organisation, number=number, tenancy=tenancy, who=tenancy.tenant, begins=begins, ends=ends, made_at=at,
        due_at=day_bounds(local_day(at, where) + timedelta(days=due_days), where)[1], owed=-made.closing, total=total,
        amount=max(total - rounded(before, currency), 0), complete=made.complete, document=to_document(made),
    )  # fmt: skip


def bill_what_is_due(tenancy: Tenancy, terms: Terms) -> list[Bill]:
    """Bill a tenancy for all that is due, the earliest span first; one that waits for its meter holds up those after it."""
    made: list[Bill] = []
    for begins, ends in spans_due(tenancy, now()):
        bill = make_bill(tenancy, begins, ends, int(terms.due_days))
        if bill is None:
            break
        made.append(bill)
    return made


def bill_up_to_now(tenancy: Tenancy, terms: Terms) -> None:
    """A tenancy goes back to paying before use: bill what its meter has reported and no bill has, whether or not all of a month is
    here. What is used later is paid from the credit.
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
    """Make the bills that are due, of all landlords; what fails for one tenancy holds up no other."""
    rows = Tenancy.objects.filter(terms__postpaid=True, terms__applied_at__isnull=False).distinct()

    def bills_of(tenancy: Tenancy) -> list[Bill]:
        terms = (
            Terms.objects.filter(tenancy=tenancy.pk, postpaid=True, applied_at__isnull=False)
            .order_by("applied_at")
            .last()
        )
        return bill_what_is_due(tenancy, terms) if terms is not None else []

    done = apart("bill", rows.select_related("unit__property__organisation"), bills_of, meter_or_gateway_of)
    return [bill for bills in done for bill in bills]
