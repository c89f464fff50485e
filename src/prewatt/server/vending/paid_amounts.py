"""The rules for a payment: its amount, its tenancy and its id."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from ...kernel.currencies import minor_digits, minor_unit
from ...kernel.limits import most_paid
from ..core import local_forms
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.references import OWN, is_typed
from ..metering.models import Meter
from .keypads import keypad_of
from .refusals import TopUpError


def new_credit_id() -> str:
    """Return a new credit id. The caller makes it before the top-up, so that a repeated request is the same top-up."""
    return uuid.uuid4().hex


def is_payable(amount: int, currency: str) -> bool:
    """Return whether an amount (nano) is over 0, and not larger than one payment in a currency may be."""
    return 0 < amount <= most_paid(currency)


def check_amount(amount: int, currency: str) -> None:
    """Raise TopUpError, which names the field, if an amount (nano) cannot be paid: it is not over 0, too large, or
    finer than the currency.
    """
    if not is_payable(amount, currency):
        most = local_forms.money(most_paid(currency), currency)
        raise TopUpError(_("A top-up must be more than 0, and at most %(most)s.") % {"most": most}, "amount")
    if amount % minor_unit(currency):
        raise TopUpError(
            _("Amounts in %(currency)s have at most %(digits)d decimals.")
            % {"currency": currency, "digits": minor_digits(currency)},
            "amount",
        )


def as_it_is(tenancy: Tenancy) -> None:
    """Read again whether a tenancy has ended and is settled, after its meter is locked. This may have changed since the
    caller read it, and a booking to a settled tenancy would belong to nobody.
    """
    tenancy.refresh_from_db(fields=["ends", "settled_at"])


def check_open(tenancy: Tenancy) -> None:
    """Raise TopUpError if nothing can be paid for a tenancy."""
    if tenancy.ends is not None and tenancy.ends <= now():
        raise TopUpError(_("This tenancy has ended."))
    if Meter.objects.filter(unit=tenancy.unit_id).exists():
        return
    if keypad_of(tenancy.unit_id) is None:
        raise TopUpError(_("This unit has no meter."))
    if tenancy.begins > now():
        raise TopUpError(
            _(
                "This tenancy has not begun yet, and a code for its keypad meter could be used by others: wait until then."
            )
        )


def check_typed(credit_id: str) -> None:
    """Raise TopUpError if a text cannot be the id that a person gives a payment."""
    if not is_typed(credit_id):
        raise TopUpError(
            _("A credit id must have 1 to 40 printable characters, and must not begin with %(sign)s.") % {"sign": OWN}
        )
