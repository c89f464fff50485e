"""Set-up pages of units."""

from __future__ import annotations

from django.contrib import admin

from ..core.natural_lists import NaturalAdmin
from ..estate.models import Unit
from .number_fields import NUMBERS


@admin.register(Unit)
class UnitAdmin(NaturalAdmin):
    """The set-up page of a unit."""

    # Its meter is in that building, and its tenants' money is in the books of that landlord.
    fixed = ("property",)
    formfield_overrides = NUMBERS
    list_display = ("name", "property")
    list_filter = ("property",)
