"""What can be wrong with what people ask of payments."""

from __future__ import annotations


class PaymentError(ValueError):
    """What was asked of a payment can't be done; the message, for people, says why. Nothing was changed."""
