"""Set-up pages of landlords, properties, units and tenancies."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget

from ..accounts.memberships import Membership
from ..core.natural_lists import NaturalAdmin
from ..core.number_field import NumberField
from ..core.row_forms import RowForm
from ..estate.models import Organisation, Part, Property, Resident, Tenancy, Unit
from ..estate.rule_fields import ALONE_RULES, SILENCE_RULES, SUPPLY_RULES
from ..estate.wall_clock import shown
from ..estate.wall_clock_form import WallClockForm
from ..tenancies.moving import move_in
from ..vending.account_settings import send_settings

NUMBERS = {models.DecimalField: {"form_class": NumberField, "widget": UnfoldAdminTextInputWidget}}


class MembershipInline(TabularInline):
    """Who has which role in an organisation."""

    model = Membership
    extra = 0

    def formfield_for_manytomany(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]
        """Return the field of properties, with those of the organisation alone."""
        kwargs["queryset"] = Property.objects.filter(organisation=request.resolver_match.kwargs.get("object_id"))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Organisation)
class OrganisationAdmin(NaturalAdmin):
    """The set-up page of a landlord."""

    formfield_overrides = NUMBERS
    inlines = (MembershipInline,)


class PropertyForm(RowForm):
    """The form of a property. Rules about money taken back and about silence stay as they are if a field is left empty."""

    kept = ("back_grace", *SILENCE_RULES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.kept:
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """Return the values; a rule that was left empty keeps its present value."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.kept:
            if name in values and values[name] in (None, ""):
                values[name] = getattr(self.instance, name)
        return values


@admin.register(Property)
class PropertyAdmin(NaturalAdmin):
    """The set-up page of a property. Its meters are sent rules that have changed."""

    form = PropertyForm
    formfield_overrides = NUMBERS
    list_display = ("name", "organisation", "zone", "currency")

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        """Save the property. If a rule has changed, its meters are told."""
        super().save_model(request, obj, form, change)
        if change and {*SUPPLY_RULES, *ALONE_RULES} & set(form.changed_data):
            send_settings(obj)


@admin.register(Unit)
class UnitAdmin(NaturalAdmin):
    """The set-up page of a unit."""

    formfield_overrides = NUMBERS
    list_display = ("name", "property")
    list_filter = ("property",)


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
    extra = 0
    readonly_fields = ("since",)


@admin.register(Tenancy)
class TenancyAdmin(NaturalAdmin):
    """The set-up page of a tenancy. Move-outs, and what follows from them, are on the unit's own page."""

    form = TenancyForm
    list_display = ("tenant", "unit", "from_", "until")
    ordering = ("unit", "begins")

    def get_inlines(self, request, obj):  # type: ignore[no-untyped-def]
        """Return who has a login, of a tenancy that is there already."""
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


@admin.register(Part)
class PartAdmin(NaturalAdmin):
    """The set-up page of a part of a property."""

    list_display = ("name", "property")
    list_filter = ("property",)
