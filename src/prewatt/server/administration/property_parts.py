"""Set-up pages of the parts of a property."""

from __future__ import annotations

from django.contrib import admin

from ..core.natural_lists import NaturalAdmin
from ..estate.models import Part


@admin.register(Part)
class PartAdmin(NaturalAdmin):
    """The set-up page of a part of a property."""

    fixed = ("property",)
    list_display = ("name", "property")
    list_filter = ("property",)
