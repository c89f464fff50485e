"""The providers' settlement files: fetched day by day, kept, and their fees booked."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from ...kernel.currencies import UnknownCurrency, minor_unit
from ...kernel.units import instant, moment
from ..core.sealing import SealError
from ..core.time import now
from ..ledger.books import Kind, account, book, booked
from ..ledger.models import Transfer
from ..ledger.references import Of, Reference
from ..metering.apart import apart, gateway_of
from ..metering.locking import for_update
from ..metering.models import Alarm
from ..vending.unbooked import UNBOOKED
from .books import clearing, credit_at_meter, meter_of
from .errors import PaymentError
from .merchants import provider_of
from .models import Merchant, Payment, RefundPart, SettlementFile, SettlementLine, TakenBack
from .paying import confirm
from .providers import PROVIDERS
from .providers.interface import (
    ADJUSTMENT,
    DISPUTE,
    FEE,
    OTHER,
    PAYMENT,
    PAYOUT,
    REFUND,
    RETURN,
    Back,
    Cause,
    Line,
    ProviderError,
    State,
    Step,
    Told,
)
from .taken_back import hear

log = logging.getLogger("prewatt.payments")
READY = 10
"""The hour, where the provider is, from which on the files of the day before are there. One that was fetched earlier may lack
what came later."""
CAUSES = {REFUND: Cause.REFUND, DISPUTE: Cause.DISPUTE, RETURN: Cause.RETURN}
"""Kinds of lines of money that is taken back."""
UNKNOWN = (ADJUSTMENT, OTHER)
"""Kinds of lines of which the books can't know what they are."""
AT_ONCE = 7
"""Most days of a merchant account that are fetched in one go."""


def provider_day(merchant: Merchant, at: int) -> date:
    """The provider's day of an instant."""
    return moment(at).astimezone(ZoneInfo(PROVIDERS[merchant.provider].zone)).date()


def whole_from(merchant: Merchant, day: date) -> int:
    """The instant from which on a day's file is whole: the day is over where the provider is, and the file is there."""
    return instant(datetime.combine(day + timedelta(days=1), time(READY), ZoneInfo(PROVIDERS[merchant.provider].zone)))


def whole_days(merchant: Merchant) -> set[date]:
    """The days whose files were fetched when they were whole. What was fetched earlier is kept, and fetched again."""
    rows = merchant.settlement_files.values_list("day", "fetched_at")
    return {day for day, fetched in rows if fetched >= whole_from(merchant, day)}


def fetch(merchant: Merchant, day: date) -> SettlementFile:
    """Fetch a day's file and keep what is new in it. ProviderError if it can't be fetched."""
    asked, lines = now(), provider_of(merchant).settlement(day)
    with transaction.atomic():
        # The account's row is the lock: two fetches of one day keep and book a line once.
        for_update(Merchant.objects).get(pk=merchant.pk)
        file = SettlementFile.objects.update_or_create(merchant=merchant, day=day, defaults={"fetched_at": asked})[0]
        try:
            kept = [_keep(merchant, file, line) for line in lines]
        except UnknownCurrency as error:
            raise ProviderError(str(error)) from None
    # First what is taken back, and then what came back of that: a payment that is not known yet waits for it, and is not
    # credited to be taken off again.
    kept.sort(key=lambda row: (row.at, row.amount > 0))
    _hear(row for row in kept if row.kind in CAUSES)
    _credit(kept)
    return file


def _keep(merchant: Merchant, file: SettlementFile, line: Line) -> SettlementLine:
    unit = minor_unit(line.currency)
    row = SettlementLine.objects.get_or_create(
        merchant=merchant,
        kind=line.kind,
        line_id=line.line_id[:255],
        defaults={
            "file": file, "payment_id": line.payment_id[:64], "provider_id": line.provider_id[:255],
            "amount": line.amount * unit, "fee": line.fee * unit, "currency": line.currency, "at": line.at,
            "back_id": line.back_id[:255], "text": line.text[:200],
        },
    )[0]  # fmt: skip
    _book_fee(row)
    return row


def _book_fee(row: SettlementLine) -> None:
    """What the provider keeps, once: of a payment of ours and what became of it, of a payout, and what is a fee alone."""
    fee = -row.amount if row.kind == FEE else row.fee
    of = Reference(Of.FEE, row.pk)
    if not fee or booked(of):
        return
    paid = _payment_of(row)
    if paid is None and row.kind not in (FEE, PAYOUT):
        # What else is taken by the same account is none of these books' business.
        return
    fees, lies = account(row.merchant.organisation, Kind.PROVIDER_FEES), clearing(row.merchant)
    debit, credit = (fees, lies) if fee > 0 else (lies, fees)
    memo = row.payment_id or row.text or row.line_id
    book(Transfer.Kind.FEE, debit, credit, abs(fee), now(), of, memo, meter_of(paid) if paid is not None else None)


def _payment_of(row: SettlementLine) -> Payment | None:
    rows = Payment.objects.filter(merchant=row.merchant_id).select_related("tenancy")
    if row.payment_id or row.kind not in CAUSES:
        return rows.filter(payment_id=row.payment_id).first()
    # What people do in the provider's own pages bears no name of ours.
    return rows.filter(provider_id=row.provider_id).exclude(provider_id="").first()


def _hear(rows: Iterable[SettlementLine]) -> list[TakenBack | None]:
    """What the lines say of money taken back; one that can't be booked holds up none of the others."""

    def heard(row: SettlementLine) -> TakenBack | None:
        unit = minor_unit(row.currency)
        step = Step.TAKEN if row.amount < 0 else Step.WON
        told = Back(
            row.back_id or row.line_id, CAUSES[row.kind], step, row.payment_id, row.provider_id, abs(row.amount) // unit,
            row.currency, row.at,
        )  # fmt: skip
        found = hear(row.merchant, told, "settlement")
        _book_fee(row)
        return found

    return apart("line of money taken back", rows, heard, lambda row: gateway_of(row.merchant.organisation))


def book_what_was_missed() -> list[Payment]:
    """Credit the payments that the settlement files which are here show, and of which nothing else was heard, or the books
    do not know though the meters do; book what they show to be taken back.
    """
    found = Alarm.objects.filter(kind=UNBOOKED, is_resolved=False).values("key")
    missed = Payment.objects.filter(merchant=OuterRef("merchant"), payment_id=OuterRef("payment_id"), provider_id="")
    lines = SettlementLine.objects.filter(Q(payment_id__in=found) | Exists(missed), kind=PAYMENT)
    done = _credit(lines.exclude(payment_id="").select_related("merchant__organisation"))
    backs = TakenBack.objects.filter(
        merchant=OuterRef("merchant"), back_id__in=(OuterRef("back_id"), OuterRef("line_id"))
    )
    sent = RefundPart.objects.filter(number__in=(OuterRef("back_id"), OuterRef("line_id")))
    rows = SettlementLine.objects.filter(~Exists(backs), ~Exists(sent), kind__in=CAUSES)
    _hear(rows.order_by("at", "pk").select_related("merchant__organisation"))
    return [payment for payment in done if payment is not None and payment.state == Payment.State.PAID]


def _credit(rows: Iterable[SettlementLine]) -> list[Payment | None]:
    """One line that can't be credited holds up none of the others."""
    lines = (row for row in rows if row.kind == PAYMENT and row.payment_id)
    return apart("settlement line", lines, _credit_missed, lambda line: gateway_of(line.merchant.organisation))


def _credit_missed(row: SettlementLine) -> Payment | None:
    missed = Payment.objects.filter(merchant=row.merchant_id, payment_id=row.payment_id, provider_id="").exists()
    if not missed and not credit_at_meter(row.merchant, row.payment_id):
        return None
    amount = row.amount // minor_unit(row.currency)
    told = Told(row.payment_id, State.PAID, row.provider_id, amount, row.currency, row.at)
    return confirm(row.merchant, told, "settlement")


def days_due(merchant: Merchant, most: int = AT_ONCE) -> list[date]:
    """The past days whose files are there and were not fetched whole yet, the earliest first, at most so many."""
    here = moment(now()).astimezone(ZoneInfo(PROVIDERS[merchant.provider].zone))
    last = here.date() - timedelta(days=1 if here.hour >= READY else 2)
    fetched = whole_days(merchant)
    day = provider_day(merchant, merchant.made_at)
    due: list[date] = []
    while day <= last and len(due) < most:
        if day not in fetched:
            due.append(day)
        day += timedelta(days=1)
    return due


def fetch_what_is_due() -> list[SettlementFile]:
    """Fetch each file that is there by now. One that can't be fetched is asked for again the next time."""
    found: list[SettlementFile] = []

    def fetch_days(merchant: Merchant) -> None:
        for day in days_due(merchant):
            try:
                found.append(fetch(merchant, day))
            except (ProviderError, SealError) as error:
                log.warning("merchant account %s, file of %s: %s", merchant, day, error)
                break

    apart(
        "settlement file",
        Merchant.objects.select_related("organisation"),
        fetch_days,
        lambda merchant: gateway_of(merchant.organisation),
    )
    return found


# -- what only a person can know --------------------------------------------------------------------------------------------


@transaction.atomic
def explain(line: SettlementLine, means: str, by: Any) -> SettlementLine:
    """A person says what a line is that the books can't know: a `cost` of ours, money moved from or to our `bank`, or not
    ours (`aside`). PaymentError if it is of another kind, or explained already.
    """
    row: SettlementLine = for_update(SettlementLine.objects).select_related("merchant__organisation").get(pk=line.pk)
    if row.means or row.kind not in UNKNOWN or means not in SettlementLine.Means.values:
        raise PaymentError(_("This line is explained already."))
    row.means, row.by = means, by
    row.save(update_fields=["means", "by"])
    kinds = {"cost": (Transfer.Kind.FEE, Kind.PROVIDER_FEES), "bank": (Transfer.Kind.PAYOUT, Kind.BANK)}
    moved = row.amount - row.fee
    if means in kinds and moved:
        kind, name = kinds[means]
        other, lies = account(row.merchant.organisation, name), clearing(row.merchant)
        debit, credit = (lies, other) if moved > 0 else (other, lies)
        book(kind, debit, credit, abs(moved), now(), Reference(Of.LINE, row.pk), row.text or row.line_id)
    return row
