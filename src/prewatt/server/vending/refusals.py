"""The errors of requests about money. The message, for people, says why; nothing was changed."""

from __future__ import annotations

from ..core.errors import Refused


class GivingBackError(Refused):
    """Credit cannot be given back or changed; the message, for people, says why. Nothing was changed."""


class TopUpError(Refused):
    """The top-up cannot be made; the message, for people, says why. Nothing was changed."""


class VendError(ValueError):
    """The code cannot be made; the message, for people, says why. Nothing was changed."""
