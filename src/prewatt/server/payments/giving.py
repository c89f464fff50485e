"""A payment by somebody without a login, at the page of a gift link."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..core.sealing import SealError
from ..ledger.references import is_typed
from ..vending.paid_amounts import check_amount
from .errors import PaymentError
from .gift_models import GiftLink
from .gifts import asked_by
from .models import Payment
from .payment_request import PaymentRequest, start
from .providers.interface import ProviderError
from .ways import Way

log = logging.getLogger("prewatt.payments")


@dataclass(frozen=True)
class NewGift:
    """What a giver has typed. `amount` in nano. `asked`: the name that their page gives the payment. `giver`: their own name,
    or empty. `payer`, `payer_address`: as in `PaymentRequest`.
    """

    way: Way
    amount: int
    asked: str
    giver: str = ""
    payer: str = ""
    payer_address: str = ""


def asked_before(link: GiftLink, asked: str) -> Payment | None:
    """Return the payment that a link's page has asked for under a name; None if there is none."""
    return Payment.objects.filter(tenancy=link.tenancy_id, asked=asked_by(link, asked), gift__link=link).first()


def give(link: GiftLink, gift: NewGift) -> Payment:
    """Ask a provider for a payment by a gift link. If it is asked for twice, it is one payment. Raises TopUpError or
    ValidationError if the giver can mend it, otherwise PaymentError, whose words tell nothing of the flat.
    """
    currency = link.tenancy.unit.property.currency
    check_amount(gift.amount, currency)
    if not is_typed(gift.asked):
        raise ValidationError(_("This page is too old. Open the link again."))
    known = asked_before(link, gift.asked)
    wanted = (gift.way.merchant.pk, gift.way.name, gift.amount)
    if known is not None and (known.merchant_id, known.method, known.amount) != wanted:
        raise ValidationError(
            _("You began this payment with another amount or way to pay. Try again: this page is for a new payment.")
        )
    request = PaymentRequest(
        link.tenancy,
        gift.way.merchant,
        gift.way.name,
        gift.amount,
        asked_by(link, gift.asked),
        payer=gift.payer,
        payer_address=gift.payer_address,
        gift=link,
        giver=gift.giver,
    )
    try:
        return start(request)
    except (ProviderError, SealError) as error:
        log.warning("gift link %d: %s", link.pk, error)
        raise PaymentError(
            _("The payment provider could not be reached. Nothing was paid. Try again in a few minutes.")
        ) from None
    except PaymentError as error:
        log.info("gift link %d: %s", link.pk, error)
        raise PaymentError(_("Nothing can be paid here now. Ask the person who gave you the link.")) from None
