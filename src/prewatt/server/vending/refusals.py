"""Why something about money is refused. The message, for people, says why; nothing was changed."""

from __future__ import annotations

from ..core.errors import Refused


class GivingBackError(Refused):
    """It can't be done; the message, for people, says why. Nothing was changed."""


class TopUpError(Refused):
    """The top-up can't be made; the message, for people, says why. Nothing was changed."""
