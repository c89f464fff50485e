"""The unit at which a keypad meter hangs."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.time import now
from ..estate.models import Unit
from ..metering.locking import for_update
from .models import TokenMeter
from .typed_readings import ReadingRefused


@transaction.atomic
def place(token_meter: TokenMeter, unit: Unit | None) -> None:
    """Say at which unit a keypad meter hangs; None: at none. Raises ReadingRefused for a unit of another organisation,
    or where another keypad meter hangs.
    """
    if unit is not None and unit.property.organisation_id != token_meter.organisation_id:
        raise ReadingRefused(_("There is no such choice."), "unit")
    row = for_update(TokenMeter.objects).get(pk=token_meter.pk)
    other = TokenMeter.objects.filter(unit=unit, meter__isnull=True).exclude(pk=row.pk).first() if unit else None
    if other is not None:
        raise ReadingRefused(
            _("Keypad meter %(name)s belongs to this unit. First choose “at no unit” for it.") % {"name": other.name},
            "unit",
        )
    if row.unit_id != (unit.pk if unit else None):
        token_meter.unit, token_meter.placed_at = unit, now() if unit else None
        token_meter.save(update_fields=["unit", "placed_at"])
