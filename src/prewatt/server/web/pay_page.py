"""What the page of a payment shows so that its payer can pay: the same for a tenant and for somebody who pays for them."""

from __future__ import annotations

from typing import Any

import segno

from ..payments.models import Payment
from ..payments.providers import PROVIDERS
from ..payments.providers.methods import Shows
from ..payments.ways import method_of


def pay_context(payment: Payment) -> dict[str, Any]:
    """Return, for the template `tenant/pay/_go_on.html`: the method, whether the provider has started the payment, its link as a
    QR code if it is to be scanned, and the provider's title.
    """
    method = method_of(payment)
    is_scanned = method is not None and method.shows == Shows.QR and payment.link
    return {
        "method": method,
        "started": method is not None and bool(payment.link or payment.params),
        "qr": str(segno.make(payment.link).svg_inline(scale=6, border=2)) if is_scanned else "",
        "title": str(PROVIDERS[payment.merchant.provider].title),
    }
