"""The error of requests about payments."""

from __future__ import annotations

from ..core.errors import Refused


class PaymentError(Refused):
    """A request about a payment cannot be done; the message, for people, says why. Nothing was changed."""
