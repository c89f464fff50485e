"""The providers' settlement files: fetched day by day, kept, and their fees booked."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from ...kernel.units import moment
from ..apart import apart, gateway_of
from ..billing.currencies import minor_unit
from ..ledger.books import Kind, account, book
from ..ledger.models import Transfer
from ..ledger.references import Of, Reference
from ..metering.models import Alarm
from ..sealing import SealError
from ..time import now
from ..vending.found import UNBOOKED
from .merchants import provider_of
from .models import Merchant, Payment, SettlementFile, SettlementLine
from .paying import clearing, confirm, found_at_meter, meter_of
from .providers import PROVIDERS
from .providers.interface import PAYMENT, Line, ProviderError, State, Told

log = logging.getLogger("prewatt.payments")
READY = 10
"""The hour, where the provider is, from which on the files of the day before are there."""
AT_ONCE = 7
"""Most days of a merchant account that are fetched in one go."""


def provider_day(merchant: Merchant, at: int) -> date:
    """The provider's day of an instant."""
    return moment(at).astimezone(ZoneInfo(PROVIDERS[merchant.provider].zone)).date()


def fetch(merchant: Merchant, day: date) -> SettlementFile:
    """Fetch a day's file and keep what is new in it. ProviderError if it can't be fetched."""
    lines = provider_of(merchant).settlement(day)
    with transaction.atomic():
        # The account's row is the lock: two fetches of one day keep and book a line once.
        Merchant.objects.select_for_update().get(pk=merchant.pk)
        file = SettlementFile.objects.update_or_create(merchant=merchant, day=day, defaults={"fetched": now()})[0]
        kept = [_keep(merchant, file, line) for line in lines]
    _credit(kept)
    return file


def _keep(merchant: Merchant, file: SettlementFile, line: Line) -> SettlementLine:
    unit = minor_unit(line.currency)
    row, fresh = SettlementLine.objects.get_or_create(
        merchant=merchant,
        kind=line.kind,
        line_id=line.line_id[:255],
        defaults={
            "file": file, "payment_id": line.payment_id[:64], "provider_id": line.provider_id[:255],
            "amount": line.amount * unit, "fee": line.fee * unit, "currency": line.currency, "at": line.at,
        },
    )  # fmt: skip
    # What else is taken by the same account is none of these books' business.
    paid = Payment.objects.filter(merchant=merchant, payment_id=row.payment_id).select_related("tenancy").first()
    if fresh and row.fee and paid is not None:
        fees, lies = account(merchant.organisation, Kind.PROVIDER_FEES), clearing(merchant)
        debit, credit = (fees, lies) if row.fee > 0 else (lies, fees)
        of = Reference(Of.FEE, row.pk)
        book(Transfer.Kind.FEE, debit, credit, abs(row.fee), now(), of, row.payment_id, meter_of(paid))
    return row


def book_what_was_missed() -> list[Payment]:
    """Credit the payments that the settlement files which are here show, and of which nothing else was heard, or the books
    do not know though the meters do.
    """
    found = Alarm.objects.filter(kind=UNBOOKED, settled=False).values("key")
    missed = Payment.objects.filter(merchant=OuterRef("merchant"), payment_id=OuterRef("payment_id"), provider_id="")
    lines = SettlementLine.objects.filter(Q(payment_id__in=found) | Exists(missed), kind=PAYMENT)
    done = _credit(lines.exclude(payment_id="").select_related("merchant__organisation"))
    return [payment for payment in done if payment is not None and payment.state == Payment.State.PAID]


def _credit(rows: Iterable[SettlementLine]) -> list[Payment | None]:
    """One line that can't be credited holds up none of the others."""
    lines = (row for row in rows if row.kind == PAYMENT and row.payment_id)
    return apart("settlement line", lines, _credit_missed, lambda line: gateway_of(line.merchant.organisation))


def _credit_missed(row: SettlementLine) -> Payment | None:
    missed = Payment.objects.filter(merchant=row.merchant_id, payment_id=row.payment_id, provider_id="").exists()
    if not missed and not found_at_meter(row.merchant, row.payment_id):
        return None
    amount = row.amount // minor_unit(row.currency)
    told = Told(row.payment_id, State.PAID, row.provider_id, amount, row.currency, row.at)
    return confirm(row.merchant, told, "settlement")


def days_due(merchant: Merchant, most: int = AT_ONCE) -> list[date]:
    """The past days whose files are there and were not fetched yet, the earliest first, at most so many."""
    here = moment(now()).astimezone(ZoneInfo(PROVIDERS[merchant.provider].zone))
    last = here.date() - timedelta(days=1 if here.hour >= READY else 2)
    fetched = set(merchant.settlement_files.values_list("day", flat=True))
    day = provider_day(merchant, merchant.made)
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
