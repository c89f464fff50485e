"""What the landlord calls a keypad meter, and that it is not used any more."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ...core.time import now
from ...vending.models import TokenMeter

LONGEST_NAME = 64


def rename(request: HttpRequest, meter: TokenMeter) -> None:
    """Call a meter otherwise. Raises ValidationError if that is no name."""
    name = " ".join(request.POST.get("name", "").split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise ValidationError({"name": _("A name has 1 to %(most)d characters.") % {"most": LONGEST_NAME}})
    meter.name = name
    meter.save(update_fields=["name"])
    messages.success(request, _("%(name)s is saved.") % {"name": name})


def archive(request: HttpRequest, meter: TokenMeter) -> None:
    """Take a meter out of the lists: no code is sold to it any more. Raises ValidationError if it hangs at a unit."""
    if meter.unit is not None:
        raise ValidationError(
            _("This meter belongs to %(unit)s. First choose “at no unit” for it.") % {"unit": meter.unit.name}
        )
    meter.archived_at = now()
    meter.save(update_fields=["archived_at"])
    messages.success(request, _("%(name)s is archived. The books keep it.") % {"name": meter.name})


def restore(request: HttpRequest, meter: TokenMeter) -> None:
    """Bring a meter back."""
    meter.archived_at = None
    meter.save(update_fields=["archived_at"])
    messages.success(request, _("%(name)s is back.") % {"name": meter.name})


KEEPING: dict[str, Callable[[HttpRequest, TokenMeter], None]] = {
    "rename": rename,
    "archive": archive,
    "restore": restore,
}
"""The actions by the values of their buttons."""
