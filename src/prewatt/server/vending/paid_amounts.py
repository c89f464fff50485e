"""What can be paid, for which tenancy, and under which id."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from ...kernel.currencies import minor_digits, minor_unit
from ...kernel.units import NANO
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.references import OWN, is_typed
from ..metering.models import Meter
from .refusals import TopUpError

LARGEST = 100_000 * NANO


def new_credit_id() -> str:
    """A fresh credit id. Made by who asks for the top-up, so that asking twice is one top-up."""
    return uuid.uuid4().hex


def check_amount(amount: int, currency: str) -> None:
    """TopUpError if an amount (nano) can't be paid: none, too much, or finer than the currency."""
    if not 0 < amount <= LARGEST:
        raise TopUpError(_("A top-up is more than 0 and at most %(most)s.") % {"most": LARGEST // NANO}, "amount")
    if amount % minor_unit(currency):
        raise TopUpError(
            _("%(currency)s has %(digits)d decimals.") % {"currency": currency, "digits": minor_digits(currency)},
            "amount",
        )


def as_it_is(tenancy: Tenancy) -> None:
    """Read anew, once its meter is locked, whether a tenancy has ended and is settled: since whoever asks has read it, it may
    have been. What is booked to a settled one would be nobody's.
    """
    tenancy.refresh_from_db(fields=["ends", "settled_at"])


def check_open(tenancy: Tenancy) -> None:
    """TopUpError if nothing can be paid for a tenancy."""
    if tenancy.ends is not None and tenancy.ends <= now():
        raise TopUpError(_("This tenancy has ended."))
    if not Meter.objects.filter(unit=tenancy.unit_id).exists():
        raise TopUpError(_("This unit has no meter."))


def check_typed(credit_id: str) -> None:
    """TopUpError if a text can't be the id that somebody gives a payment."""
    if not is_typed(credit_id):
        raise TopUpError(
            _("A credit id must have 1 to 40 printable characters, and must not begin with %(sign)s.") % {"sign": OWN}
        )
