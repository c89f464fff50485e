"""Top-ups: received money is booked and sent to the meter as credit, in one transaction; to a keypad meter without
communication it goes as energy that is sold by a code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.entries import GrantCredit
from ...kernel.sentences import sentence
from ..billing.spreading import lock_spread, share_of, take_share
from ..core.facts import Fact, amount_fact, check_same
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..ledger.books import Kind, account, book, booked
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference, is_own
from ..metering.locking import for_update
from ..metering.models import Meter
from ..vending.codes import credit_code
from ..vending.credit_log import issue
from ..vending.keypads import keypad_of, lock_keypads
from ..vending.models import Code, Command, TopUp
from ..vending.paid_amounts import as_it_is, check_amount, check_open, check_typed
from ..vending.refusals import TopUpError
from .found import FoundError, book_new_top_up, booked_by_hand, link, unbooked
from .keypad_sales import sell


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
    """Credit `amount` nano to a tenancy; the money lies in the ledger account `source` (None: cash). If the credit id
    is known, the known top-up is returned and nothing changes. If the meter has the credit already and the books do
    not, it is only booked. `paid`: the instant at which a payment provider took the money.

    Raises TopUpError if the amount is out of bounds, the tenancy has ended or has no meter, or the credit id belongs to
    another top-up.
    """
    if not is_own(credit_id):
        check_typed(credit_id)
    organisation = tenancy.unit.property.organisation
    spread = lock_spread(tenancy)
    # The meter's row is the lock: of two calls with one credit id, the second finds the first one's top-up.
    meter = for_update(Meter.objects).filter(unit=tenancy.unit_id).first()
    lock_keypads([tenancy.unit_id])
    as_it_is(tenancy)
    known = TopUp.objects.filter(organisation=organisation, credit_id=credit_id).first()
    if known:
        check_is_same(known, tenancy, amount)
        _lies_in(source, known, meter)
        return known
    check_amount(amount, tenancy.unit.property.currency)
    at = now()
    if meter is not None and (alarm := unbooked(meter, credit_id, amount, at if paid is None else paid)):
        try:
            return link(alarm, tenancy, credit_id, amount, at, by, note, source)
        except FoundError as error:
            raise TopUpError(str(error)) from None
    booked_in_cash = _take_over_cash(organisation, meter, amount, source, paid)
    if booked_in_cash:
        return booked_in_cash
    check_open(tenancy)
    command = None
    if meter is not None:
        command = _send(meter, amount, credit_id, share_of(tenancy, amount) if spread else 0, by)
    new_top_up = book_new_top_up(tenancy, command, credit_id, amount, at, by, note, source)
    if spread:
        take_share(new_top_up)
    token_meter = keypad_of(tenancy.unit_id) if meter is None else None
    if token_meter is not None:
        sell(tenancy, token_meter, by, new_top_up)
    return new_top_up


def _send(meter: Meter, amount: int, credit_id: str, share: int, by: Any) -> Command:
    """Issue the command that credits the whole amount to the meter. The share (nano) that pays a spread debt is taken off
    again; the code, which may be typed without the network, carries only the rest.
    """
    code_credit = credit_code(meter, amount - share, by)
    tid, coded = code_credit[:2] if code_credit else (None, 0)
    command = issue(meter, GrantCredit(credit_id, amount, tid=tid, coded=coded))
    if code_credit:
        Code.objects.filter(pk=code_credit[2].pk).update(command=command)
    return command


def check_is_same(known: TopUp, tenancy: Tenancy, amount: int, others: Sequence[Fact] = ()) -> None:
    """Raise TopUpError if a known top-up is not the one that is asked for. `others`: what the caller knows of it besides."""
    text = _("The credit id %(id)s belongs to another top-up. Use a new id.") % {"id": known.credit_id}
    if known.tenancy_id != tenancy.pk:
        # Whose it is may be none of the caller's business.
        raise TopUpError(text, "credit_id", is_conflict=True)
    facts = (amount_fact(known.amount, amount, tenancy.unit.property.currency), *others)
    check_same(TopUpError, text, "credit_id", facts)


def _take_over_cash(
    organisation: Organisation, meter: Meter | None, amount: int, source: Account | None, paid: int | None
) -> TopUp | None:
    """Return the top-up that a person booked as cash and that a provider reports now, with its money moved to the account
    `source`; None if there is none. `paid`: the instant of the provider's report; None if it is no provider's payment.
    """
    if paid is None or meter is None or source is None:
        return None
    booked_in_cash = booked_by_hand(meter, amount, paid)
    if booked_in_cash:
        # The person did not know better; the money lies with the provider.
        _move(booked_in_cash, account(organisation, Kind.CASH), source, meter)
    return booked_in_cash


def _lies_in(source: Account | None, known_top_up: TopUp, meter: Meter | None) -> None:
    """Move the money of a top-up that a person booked from the meter's journal to the account where it lies (None: it
    stays); the person did not know the provider.
    """
    if source is None:
        return
    booking = booked(Reference(Of.TOP_UP, known_top_up.pk))
    assert booking is not None
    is_from_journal = known_top_up.command is not None and known_top_up.command.is_from_journal
    if booking.debit_account_id != source.pk and is_from_journal:
        _move(known_top_up, booking.debit_account, source, meter)


def _move(known_top_up: TopUp, old_account: Account, source: Account, meter: Meter | None) -> None:
    of = Reference(Of.TOP_UP, known_top_up.pk).and_(Part.MOVED)
    if not booked(of):
        memo = sentence("found at the meter")
        book(Transfer.Kind.ADJUSTMENT, source, old_account, known_top_up.amount, now(), of, memo, meter)
