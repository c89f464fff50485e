"""A request for a payment. It is stored first and then started at the provider, both once, however often the request
comes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...kernel.units import HOUR, MINUTE, SECOND
from ..core.errors import label
from ..core.facts import Fact, amount_fact, check_same
from ..core.time import now
from ..estate.models import Property, Tenancy
from ..ledger.references import OWN, is_typed
from ..metering.locking import for_update
from ..vending.paid_amounts import check_amount, check_open
from ..vending.refusals import TopUpError
from .errors import PaymentError
from .gift_models import Gift, GiftLink
from .gifts import is_open
from .merchants import provider_of
from .models import Merchant, Payment
from .orders import order_of
from .polling import LOOKS
from .providers import PROVIDERS
from .providers.methods import BY_AGREEMENT
from .ways import takes

LIFE = 45 * MINUTE
"""The time in which a payment can be made after the request, µs."""
LIFE_BY_AGREEMENT = 20 * HOUR
"""The same for a payment without the payer. Within it a provider surely still knows the name of a request."""
_NO_SUCH_WAY = gettext_lazy("There is no such way to pay here: choose one from the list.")


@dataclass(frozen=True)
class PaymentRequest:
    """A request for a payment of `amount` nano for a tenancy, by a method of a merchant account's provider.

    `asked`: the name that the caller gives the payment, unique in the tenancy. `by`: the user who asks. `payer`: the
    payer's id at the provider, if the method needs it; `payer_app`: the app that this id belongs to, empty for the merchant
    account's own; `payer_address`: the IP address of the payer's device. `currency`: the code of the currency of `amount`;
    empty for the property's. `gift`: the gift link whose page asks for it; `giver`: the name that the payer left there.
    """

    tenancy: Tenancy
    merchant: Merchant
    method: str
    amount: int
    asked: str
    by: Any = None
    payer: str = ""
    payer_address: str = ""
    payer_app: str = ""
    currency: str = ""
    gift: GiftLink | None = None
    giver: str = ""


def start(request: PaymentRequest) -> Payment:
    """Ask a provider for a payment. A second request with the same name is the same payment, and continues where the
    first one stopped. Raises PaymentError if the tenancy cannot pay in that way, ProviderError if the provider cannot
    be reached, SealError if the account's keys cannot be opened.
    """
    if request.method == BY_AGREEMENT:
        raise PaymentError(str(_NO_SUCH_WAY))
    payment = keep(request)
    if payment.state == Payment.State.OPEN and not payment.link and not payment.params:
        started = provider_of(request.merchant).create(order_of(payment))
        payment.link, payment.reference, payment.params = started.link, started.reference, dict(started.params)
        payment.save(update_fields=["link", "reference", "params"])
    return payment


@transaction.atomic
def keep(request: PaymentRequest) -> Payment:
    """Store a request once, without asking the provider. Raises PaymentError if the tenancy cannot pay in that way."""
    if not is_typed(request.asked):
        raise PaymentError(
            _("The name of a payment must have 1 to 40 printable characters, and must not begin with %(sign)s.")
            % {"sign": OWN}
        )
    # The tenancy's row is the lock: of two requests with one name, the second finds the first one's payment.
    for_update(Tenancy.objects).get(pk=request.tenancy.pk)
    known = Payment.objects.filter(tenancy=request.tenancy, asked=request.asked).first()
    if known is not None:
        text = _("The name %(name)s belongs to another payment. Use a new name.") % {"name": request.asked}
        facts = (
            amount_fact(known.amount, request.amount, known.currency),
            Fact(label("merchant"), str(known.merchant), str(request.merchant)),
            Fact(label("way"), known.method, request.method),
        )
        check_same(PaymentError, text, "asked", facts)
        return known
    _check(request)
    at = now()
    payment = Payment.objects.create(
        payment_id=uuid.uuid4().hex,
        asked=request.asked,
        merchant=request.merchant,
        tenancy=request.tenancy,
        amount=request.amount,
        currency=request.tenancy.unit.property.currency,
        method=request.method,
        payer=request.payer[:128],
        payer_address=request.payer_address[:45],
        payer_app=request.payer_app,
        made_at=at,
        expires_at=at + (LIFE_BY_AGREEMENT if request.method == BY_AGREEMENT else LIFE),
        next_look_at=at + LOOKS[0] * SECOND,
        by=request.by,
    )
    if request.gift is not None:
        Gift.objects.create(payment=payment, link=request.gift, giver=request.giver)
    return payment


def _serves(merchant: Merchant, property_: Property) -> bool:
    """Return whether a merchant account takes payments for a building."""
    is_own = merchant.organisation_id == property_.organisation_id
    return is_own and merchant.is_enabled and takes(merchant, property_.currency)


def _check(request: PaymentRequest) -> None:
    """Raise PaymentError if the tenancy cannot pay in that way."""
    property_, merchant = request.tenancy.unit.property, request.merchant
    if request.gift is not None and not is_open(_as_it_is(request.gift)):
        raise PaymentError(_("This link is not valid any more."))
    if request.currency and request.currency != property_.currency:
        raise PaymentError(_("Payments here are in %(currency)s.") % {"currency": property_.currency})
    if not _serves(merchant, property_):
        raise PaymentError(
            _(
                "This merchant account takes no payments for this building: it is disabled, belongs to another "
                "landlord, or is for another currency."
            )
        )
    provider = PROVIDERS[merchant.provider]
    method = provider.methods.get(request.method)
    if method is None:
        raise PaymentError(str(_NO_SUCH_WAY))
    if method.needs_payer and not request.payer:
        raise PaymentError(_("This way to pay needs the payer's id at %(provider)s.") % {"provider": _(provider.title)})
    try:
        check_amount(request.amount, property_.currency)
        check_open(request.tenancy)
    except TopUpError as error:
        raise PaymentError(str(error)) from None


def _as_it_is(link: GiftLink) -> GiftLink:
    return GiftLink.objects.select_related("tenancy", "made_by").get(pk=link.pk)
