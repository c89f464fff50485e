"""Set-up pages of tenancies."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from ..core.natural_lists import NaturalAdmin
from ..core.row_forms import RowForm
from ..estate.models import Property, Resident, Tenancy
from ..estate.wall_clock import shown
from ..estate.wall_clock_form import WallClockForm
from ..tenancies.moving import move_in
from ..tenancies.staying import stays_after_move


class TenancyForm(WallClockForm):
    """The form of a tenancy, with instants on the property's clock."""

    instants = ("begins", "ends")

    def property_of(self, values: dict[str, Any]) -> Property | None:
        """Return the property of the unit."""
        unit = values.get("unit")
        return unit.property if unit else None


class ResidentInline(TabularInline):
    """Whose logins see a tenancy."""

    model = Resident
    form = RowForm
    extra = 0
    readonly_fields = ("since",)


@admin.register(Tenancy)
class TenancyAdmin(NaturalAdmin):
    """The set-up page of a tenancy. Move-outs, and what follows from them, are on the unit's own page."""

    form = TenancyForm
    list_display = ("tenant", "unit", "from_", "until")
    ordering = ("unit", "begins")

    def get_inlines(self, request, obj):  # type: ignore[no-untyped-def]
        """Return the list of logins, for a tenancy that is saved already; for a new one, nothing."""
        return (ResidentInline,) if obj else ()

    @admin.display(description=_("from"))
    def from_(self, tenancy: Tenancy) -> str:
        """Return the move-in, on the property's clock."""
        return shown(tenancy.begins, tenancy.unit.property)

    @admin.display(description=_("until"))
    def until(self, tenancy: Tenancy) -> str:
        """Return the move-out, on the property's clock; empty if there is none."""
        return shown(tenancy.ends, tenancy.unit.property)

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]
        """Return the fields that can't be changed here: moves are corrected on the unit's page."""
        return ("unit", "from_", "until") if obj else ()

    def get_exclude(self, request, obj=None):  # type: ignore[no-untyped-def]
        """Return the fields that the form does not show."""
        return ("begins", "ends") if obj else ("ends",)

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        """Save the tenancy. A new one is a move-in, with all that follows from it."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            tenancy = move_in(obj.unit, obj.tenant, obj.begins, occupants=obj.occupants)
            obj.pk, obj._state.adding = tenancy.pk, False
            for text in stays_after_move(obj.unit, obj.begins):
                messages.warning(request, text)
