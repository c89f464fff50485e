"""The errors of requests about money. The message, for people, says why; nothing was changed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..core.errors import Refused
from ..ledger.references import OWN, is_typed


class GivingBackError(Refused):
    """Credit cannot be given back or changed; the message, for people, says why. Nothing was changed."""


def check_id(given: str) -> None:
    """Raise GivingBackError if a text cannot be the id that a caller gives to a refund, a pay-out or an adjustment."""
    if not is_typed(given):
        raise GivingBackError(
            _("An id must have 1 to 40 printable characters, and must not begin with %(sign)s.") % {"sign": OWN}
        )


class TopUpError(Refused):
    """The top-up cannot be made; the message, for people, says why. Nothing was changed."""


class VendError(ValueError):
    """The code cannot be made; the message, for people, says why. Nothing was changed."""
