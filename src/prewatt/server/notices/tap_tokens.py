"""The tokens of short links in messages. Each is the number of a delivered notice, signed."""

from __future__ import annotations

import base64
import binascii
import hmac

from django.utils.crypto import salted_hmac

from ..core.sealing import SealError
from .models import Delivery
from .recipient_channels import address_of

SIGNED = 6
"""The number of bytes of a signature."""
LONGEST = 40


def token_of(delivery: Delivery) -> str:
    """Return the token of a delivery. Raises SealError if the address can't be opened."""
    number = int(delivery.pk)
    named = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(named + _signature(delivery)).rstrip(b"=").decode()


def delivery_of(token: str) -> Delivery | None:
    """Return the delivery that a token names; None if the token is not valid, or the address has changed since."""
    try:
        content = base64.b64decode(token[:LONGEST] + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    number = int.from_bytes(content[:-SIGNED], "big")
    if len(content) <= SIGNED or number >= 2**63:
        return None
    rows = Delivery.objects.select_related(
        "channel__recipient__organisation",
        "channel__recipient__tenancy__unit__property",
        "notice__recipient__organisation",
        "notice__recipient__tenancy__unit__property",
    )
    delivery = rows.filter(pk=number).first()
    try:
        is_right = delivery is not None and hmac.compare_digest(token_of(delivery), token)
    except SealError:
        return None
    return delivery if is_right else None


def _signature(delivery: Delivery) -> bytes:
    channel = delivery.channel
    signed = "\0".join((str(delivery.pk), str(channel.pk), delivery.notice.event, address_of(channel)))
    return salted_hmac("prewatt.notices.taps", signed, algorithm="sha256").digest()[:SIGNED]
