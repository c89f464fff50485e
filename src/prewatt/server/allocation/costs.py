"""The changes that a shared cost allows: any change while nothing was booked, afterwards only its last day."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.calendar import day_bounds, local_day, zone
from ..estate.typed_days import YEARS
from ..metering.locking import for_update, lock_meters, lock_organisation
from ..metering.models import Meter
from .models import SharedCost


def lock(shared_cost: SharedCost) -> SharedCost:
    """Return the cost as it is now, locked after its organisation and its meters, so that no run or other change
    happens until the transaction ends. Raises ValidationError if it was removed.
    """
    lock_organisation(shared_cost.property.organisation_id)
    lock_meters(Meter.objects.filter(unit__property=shared_cost.property_id))
    rows = for_update(SharedCost.objects).select_related("property__organisation", "part")
    cost: SharedCost | None = rows.filter(pk=shared_cost.pk).first()
    if cost is None:
        raise ValidationError(_("%(name)s has been removed in the meantime.") % {"name": shared_cost.name})
    return cost


def refuse_booked(shared_cost: SharedCost) -> None:
    """Raise ValidationError if something was booked, even if it was given back: tenants have seen it under this name
    and rule.
    """
    if shared_cost.runs.exists():
        raise ValidationError(
            _(
                "%(name)s was booked already, so it can only be ended. For another rule, end it and add a new "
                "shared cost from that day."
            )
            % {"name": shared_cost.name}
        )


@transaction.atomic
def remove(shared_cost: SharedCost) -> None:
    """Remove a cost that was never booked. Raises ValidationError otherwise."""
    locked = lock(shared_cost)
    refuse_booked(locked)
    locked.delete()


@transaction.atomic
def end(shared_cost: SharedCost, last: date | None) -> SharedCost:
    """Set the last day that a cost divides; None: it has no end. Raises ValidationError, which names the last booked
    day, if later days are booked.
    """
    locked = lock(shared_cost)
    place = zone(locked.property.zone)
    if last is None:
        locked.ends = None
    elif last.year not in YEARS:
        raise ValidationError({"last": _("Choose a day between 1971 and 2199.")})
    else:
        locked.ends = day_bounds(last, place)[1]
        later = locked.runs.filter(reversed_at=None, ends__gt=locked.ends).order_by("-ends").first()
        if later is not None:
            text = _("Days up to %(day)s are booked: choose that day or a later one, or give the run back first.")
            raise ValidationError({"last": text % {"day": local_day(later.ends - 1, place)}})
    locked.save(update_fields=["ends"])
    return locked
