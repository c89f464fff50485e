"""Top-ups: money received, booked, and on its way to the meter, in one transaction."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.entries import GrantCredit
from ..billing.spreading import lock_spread, share_of, take_share
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, book, book_top_up, booked
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference, is_own
from ..metering.locking import for_update
from ..metering.models import Meter
from ..vending.codes import credit_code
from ..vending.credit_log import issue
from ..vending.models import Code, TopUp
from ..vending.paid_amounts import as_it_is, check_amount, check_open, check_typed
from ..vending.refusals import TopUpError
from .found import FoundError, booked_by_hand, link, unbooked


@transaction.atomic
def top_up(
    tenancy: Tenancy,
    amount: int,
    credit_id: str,
    by: Any = None,
    note: str = "",
    source: Account | None = None,
    paid: int | None = None,
) -> TopUp:
    """Credit `amount` nano to a tenancy; the money is in the ledger's account `source` (None: in cash). With a credit id
    that is known already, returns that top-up and changes nothing; one that is at the meter already, and was not in the
    books, is booked alone. `paid`: the instant at which a payment provider took the money.

    TopUpError if the amount is out of bounds, the tenancy has ended or has no meter, or the credit id is another
    top-up's.
    """
    if not is_own(credit_id):
        check_typed(credit_id)
    organisation = tenancy.unit.property.organisation
    spread = lock_spread(tenancy)
    # The meter's row is the lock: of two calls with one credit id, the second finds the first one's top-up.
    meter = for_update(Meter.objects).filter(unit=tenancy.unit_id).first()
    as_it_is(tenancy)
    known = TopUp.objects.filter(organisation=organisation, credit_id=credit_id).first()
    if known:
        if (known.tenancy_id, known.amount) != (tenancy.pk, amount):
            raise TopUpError(_("The credit id %(id)s belongs to another top-up.") % {"id": credit_id})
        if source is not None:
            _lies_in(source, known, meter)
        return known
    check_amount(amount, tenancy.unit.property.currency)
    at = now()
    if meter is not None and (found := unbooked(meter, credit_id, amount, at if paid is None else paid)):
        try:
            return link(found, tenancy, credit_id, amount, at, by, note, source)
        except FoundError as error:
            raise TopUpError(str(error)) from None
    if paid is not None and meter is not None and source is not None and (made := booked_by_hand(meter, amount, paid)):
        # It was booked in cash, as nobody knew better: it lies with the provider.
        _move(made, account(organisation, Kind.CASH), source, meter)
        return made
    check_open(tenancy)
    assert meter is not None
    # The meter is credited the whole, and the share is taken off again; a code, which is typed alone, carries the rest.
    vended = credit_code(meter, amount - (share_of(tenancy, amount) if spread else 0), by)
    tid, coded = vended[:2] if vended else (None, 0)
    command = issue(meter, GrantCredit(credit_id, amount, tid=tid, coded=coded))
    if vended:
        Code.objects.filter(pk=vended[2].pk).update(command=command)
    made = TopUp.objects.create(
        organisation=organisation, credit_id=credit_id, tenancy=tenancy, command=command, amount=amount, paid_at=at, by=by,
        note=note,
    )  # fmt: skip
    book_top_up(tenancy, amount, at, made.pk, source, made.memo)
    if spread:
        take_share(made)
    return made


def _lies_in(source: Account, known: TopUp, meter: Meter | None) -> None:
    """Where a person has booked a payment that was found at the meter, and nobody knew yet with whom the money lies."""
    received = booked(Reference(Of.TOP_UP, known.pk))
    assert received is not None
    if received.debit_account_id != source.pk and known.command.found:
        _move(known, received.debit_account, source, meter)


def _move(known: TopUp, received: Account, source: Account, meter: Meter | None) -> None:
    of = Reference(Of.TOP_UP, known.pk).and_(Part.MOVED)
    if not booked(of):
        memo = _("found at the meter")
        book(Transfer.Kind.ADJUSTMENT, source, received, known.amount, now(), of, memo, meter)
