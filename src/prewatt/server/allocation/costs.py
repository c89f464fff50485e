"""What may still change of a shared cost: all of it while nothing was booked, afterwards only the day that is its last."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.calendar import day_bounds, local_day, zone
from ..estate.wall_clock import YEARS
from ..metering.locking import for_update, lock_meters, lock_organisation
from ..metering.models import Meter
from .models import SharedCost


def lock(shared_cost: SharedCost) -> SharedCost:
    """The cost as it is now, held against runs and other changes until the transaction ends, after the organisation and the
    meters that it is shared by. ValidationError if it is gone.
    """
    lock_organisation(shared_cost.property.organisation_id)
    lock_meters(Meter.objects.filter(unit__property=shared_cost.property_id))
    held = for_update(SharedCost.objects).select_related("property__organisation", "part")
    found: SharedCost | None = held.filter(pk=shared_cost.pk).first()
    if found is None:
        raise ValidationError(_("%(name)s was removed meanwhile.") % {"name": shared_cost.name})
    return found


def refuse_booked(shared_cost: SharedCost) -> None:
    """ValidationError if something was booked, even if it was given back: tenants have seen it under this name and rule."""
    if shared_cost.runs.exists():
        raise ValidationError(
            _(
                "%(name)s was booked already: it can only be ended. For another rule, end it and share a new cost from then on."
            )
            % {"name": shared_cost.name}
        )


@transaction.atomic
def remove(shared_cost: SharedCost) -> None:
    """Take a cost away of which nothing was booked. ValidationError otherwise."""
    held = lock(shared_cost)
    refuse_booked(held)
    held.delete()


@transaction.atomic
def end(shared_cost: SharedCost, last: date | None) -> SharedCost:
    """Divide no day after `last`; None: it goes on. ValidationError if later days are booked, naming the last of them."""
    held = lock(shared_cost)
    where = zone(held.property.zone)
    if last is None:
        held.ends = None
    elif last.year not in YEARS:
        raise ValidationError({"last": _("Choose a day between 1971 and 2199.")})
    else:
        held.ends = day_bounds(last, where)[1]
        later = held.runs.filter(reversed_at=None, ends__gt=held.ends).order_by("-ends").first()
        if later is not None:
            said = _("Days up to %(day)s are booked: choose that day or a later one, or give the run back first.")
            raise ValidationError({"last": said % {"day": local_day(later.ends - 1, where)}})
    held.save(update_fields=["ends"])
    return held
