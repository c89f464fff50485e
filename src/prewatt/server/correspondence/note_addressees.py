"""The tenancies to which a note can be sent."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from ...kernel.names import natural
from ..core.time import now
from ..estate.models import Organisation, Tenancy


def living_in(organisation: Organisation, units: Collection[int], properties: Collection[int]) -> list[Tenancy]:
    """Return the tenancies that hold now in some units, and in some buildings, of an organisation. Raises
    ValidationError if one of these does not belong to it.
    """
    _check(organisation.properties, properties, "properties", _("There is no such building."))
    rows = Tenancy.objects.living(now()).filter(unit__property__organisation=organisation)
    homes = organisation.properties.filter(units__in=units).values_list("units", flat=True)
    if set(units) - set(homes):
        raise ValidationError({"units": _("There is no such flat.")})
    chosen = rows.filter(Q(unit__in=units) | Q(unit__property__in=properties))
    tenancies = chosen.select_related("unit__property__organisation")
    return sorted(tenancies, key=lambda each: (natural(each.unit.property.name), natural(each.unit.name)))


def _check(rows: Any, wanted: Collection[int], field: str, text: str) -> None:
    if set(wanted) - set(rows.filter(pk__in=wanted).values_list("pk", flat=True)):
        raise ValidationError({field: text})
