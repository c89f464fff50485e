"""The providers' settlement files. They are fetched day by day and stored, and their fees are booked."""

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
    Cause,
    Line,
    PaymentReport,
    ProviderError,
    State,
    Step,
    TakenBackReport,
)
from .taken_back import hear

log = logging.getLogger("prewatt.payments")
READY = 10
"""The hour, in the provider's time zone, from which the files of the day before are complete. A file that was fetched
earlier may lack later lines.
"""
CAUSES = {REFUND: Cause.REFUND, DISPUTE: Cause.DISPUTE, RETURN: Cause.RETURN}
"""The cause of money taken back, by the kind of its settlement line."""
UNKNOWN = (ADJUSTMENT, OTHER)
"""The kinds of lines that the books cannot explain."""
AT_ONCE = 7
"""The most days of a merchant account that one run fetches."""


def provider_day(merchant: Merchant, at: int) -> date:
    """Return the day of an instant in the provider's time zone."""
    return moment(at).astimezone(ZoneInfo(PROVIDERS[merchant.provider].zone)).date()


def whole_from(merchant: Merchant, day: date) -> int:
    """Return the instant from which the file of a day is complete, in the provider's time zone."""
    return instant(datetime.combine(day + timedelta(days=1), time(READY), ZoneInfo(PROVIDERS[merchant.provider].zone)))


def whole_days(merchant: Merchant) -> set[date]:
    """Return the days whose files were fetched after they were complete. A file that was fetched earlier is kept, and
    fetched again.
    """
    rows = merchant.settlement_files.values_list("day", "fetched_at")
    return {day for day, fetched in rows if fetched >= whole_from(merchant, day)}


def fetch(merchant: Merchant, day: date) -> SettlementFile:
    """Fetch the file of a day, store its new lines, and book what they show. Raises ProviderError if the file cannot be
    fetched, SealError if the account's keys cannot be opened.
    """
    started, lines = now(), provider_of(merchant).settlement(day)
    with transaction.atomic():
        # The account's row is the lock: two fetches of one day keep and book a line once.
        for_update(Merchant.objects).get(pk=merchant.pk)
        file = SettlementFile.objects.update_or_create(merchant=merchant, day=day, defaults={"fetched_at": started})[0]
        try:
            rows = [_keep(merchant, file, line) for line in lines]
        except UnknownCurrency as error:
            raise ProviderError(str(error)) from None
    # First the money taken back, then what came back of it: a payment that is not known yet then waits, and is not
    # credited to be taken off again.
    rows.sort(key=lambda row: (row.at, row.amount > 0))
    _hear(row for row in rows if row.kind in CAUSES)
    _credit(rows)
    return file


def _keep(merchant: Merchant, file: SettlementFile, line: Line) -> SettlementLine:
    unit = minor_unit(line.currency)
    row = SettlementLine.objects.get_or_create(
        merchant=merchant,
        kind=line.kind,
        line_id=line.line_id[:255],
        defaults={
            "file": file,
            "payment_id": line.payment_id[:64],
            "provider_id": line.provider_id[:255],
            "amount": line.amount * unit,
            "fee": line.fee * unit,
            "currency": line.currency,
            "at": line.at,
            "back_id": line.back_id[:255],
            "text": line.text[:200],
        },
    )[0]
    _book_fee(row)
    return row


def _book_fee(row: SettlementLine) -> None:
    """Book the provider's fee of a line, once: for our payments and what became of them, for payouts, and for lines
    that are only a fee.
    """
    fee = -row.amount if row.kind == FEE else row.fee
    of = Reference(Of.FEE, row.pk)
    if not fee or booked(of):
        return
    paid = _payment_of(row)
    if paid is None and row.kind not in (FEE, PAYOUT):
        # Other payments on the same account do not belong in these books.
        return
    fees, lies = account(row.merchant.organisation, Kind.PROVIDER_FEES), clearing(row.merchant)
    debit, credit = (fees, lies) if fee > 0 else (lies, fees)
    memo = row.payment_id or row.text or row.line_id
    book(Transfer.Kind.FEE, debit, credit, abs(fee), now(), of, memo, meter_of(paid) if paid is not None else None)


def _payment_of(row: SettlementLine) -> Payment | None:
    rows = Payment.objects.filter(merchant=row.merchant_id).select_related("tenancy")
    if row.payment_id or row.kind not in CAUSES:
        return rows.filter(payment_id=row.payment_id).first()
    # What people do in the provider's own pages has no name of ours.
    return rows.filter(provider_id=row.provider_id).exclude(provider_id="").first()


def _hear(rows: Iterable[SettlementLine]) -> list[TakenBack | None]:
    """Book what the lines report of money taken back. A line that cannot be booked does not stop the others."""

    def heard(row: SettlementLine) -> TakenBack | None:
        unit = minor_unit(row.currency)
        step = Step.TAKEN if row.amount < 0 else Step.WON
        report = TakenBackReport(
            row.back_id or row.line_id,
            CAUSES[row.kind],
            step,
            row.payment_id,
            row.provider_id,
            abs(row.amount) // unit,
            row.currency,
            row.at,
        )
        row_of_back = hear(row.merchant, report, "settlement")
        _book_fee(row)
        return row_of_back

    return apart("line of money taken back", rows, heard, lambda row: gateway_of(row.merchant.organisation))


def book_what_was_missed() -> list[Payment]:
    """Book what the stored settlement lines show and nothing else has reported: payments that are not credited, credit
    that only the meters know, and money that was taken back. Returns the payments that were credited.
    """
    at_meters = Alarm.objects.filter(kind=UNBOOKED, is_resolved=False).values("key")
    unpaid = Payment.objects.filter(merchant=OuterRef("merchant"), payment_id=OuterRef("payment_id"), provider_id="")
    lines = SettlementLine.objects.filter(Q(payment_id__in=at_meters) | Exists(unpaid), kind=PAYMENT)
    credited = _credit(lines.exclude(payment_id="").select_related("merchant__organisation"))
    backs = TakenBack.objects.filter(
        merchant=OuterRef("merchant"), back_id__in=(OuterRef("back_id"), OuterRef("line_id"))
    )
    sent = RefundPart.objects.filter(number__in=(OuterRef("back_id"), OuterRef("line_id")))
    rows = SettlementLine.objects.filter(~Exists(backs), ~Exists(sent), kind__in=CAUSES)
    _hear(rows.order_by("at", "pk").select_related("merchant__organisation"))
    return [payment for payment in credited if payment is not None and payment.state == Payment.State.PAID]


def _credit(rows: Iterable[SettlementLine]) -> list[Payment | None]:
    """Credit the payments of lines. A line that cannot be credited does not stop the others."""
    lines = (row for row in rows if row.kind == PAYMENT and row.payment_id)
    return apart("settlement line", lines, _credit_missed, lambda line: gateway_of(line.merchant.organisation))


def _credit_missed(row: SettlementLine) -> Payment | None:
    missed = Payment.objects.filter(merchant=row.merchant_id, payment_id=row.payment_id, provider_id="").exists()
    if not missed and not credit_at_meter(row.merchant, row.payment_id):
        return None
    amount = row.amount // minor_unit(row.currency)
    report = PaymentReport(row.payment_id, State.PAID, row.provider_id, amount, row.currency, row.at)
    return confirm(row.merchant, report, "settlement")


def days_due(merchant: Merchant, most: int = AT_ONCE) -> list[date]:
    """Return the past days whose files are complete and not fetched yet, the earliest first, at most `most`."""
    there = moment(now()).astimezone(ZoneInfo(PROVIDERS[merchant.provider].zone))
    last = there.date() - timedelta(days=1 if there.hour >= READY else 2)
    fetched = whole_days(merchant)
    day = provider_day(merchant, merchant.made_at)
    due: list[date] = []
    while day <= last and len(due) < most:
        if day not in fetched:
            due.append(day)
        day += timedelta(days=1)
    return due


def fetch_what_is_due() -> list[SettlementFile]:
    """Fetch each file that is complete by now. A file that cannot be fetched is tried again the next time. Returns the
    stored files.
    """
    files: list[SettlementFile] = []

    def fetch_days(merchant: Merchant) -> None:
        for day in days_due(merchant):
            try:
                files.append(fetch(merchant, day))
            except (ProviderError, SealError) as error:
                log.warning("merchant account %s, file of %s: %s", merchant, day, error)
                break

    apart(
        "settlement file",
        Merchant.objects.select_related("organisation"),
        fetch_days,
        lambda merchant: gateway_of(merchant.organisation),
    )
    return files


# -- what only a person can know --------------------------------------------------------------------------------------------


@transaction.atomic
def explain(line: SettlementLine, means: str, by: Any) -> SettlementLine:
    """Store what a person says of a line that the books cannot explain: a `cost` of ours, money moved from or to our
    `bank`, or not ours (`aside`). Raises PaymentError if the line is of another kind, or explained already.
    """
    row: SettlementLine = for_update(SettlementLine.objects).select_related("merchant__organisation").get(pk=line.pk)
    if row.means or row.kind not in UNKNOWN or means not in SettlementLine.Means.values:
        raise PaymentError(_("Nothing is to be chosen for this line, or it was chosen already. Load the page again."))
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
