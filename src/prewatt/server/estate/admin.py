from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from ..metering.services import send_settings
from ..wall_clock import WallClockForm, shown
from .models import Organisation, Property, Tenancy, Unit


@admin.register(Organisation)
class OrganisationAdmin(ModelAdmin):
    filter_horizontal = ("managers",)


@admin.register(Property)
class PropertyAdmin(ModelAdmin):
    list_display = ("name", "organisation", "zone", "currency")

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        super().save_model(request, obj, form, change)
        if change and {"low_credit", "low_credit_kwh", "clearance"} & set(form.changed_data):
            send_settings(obj)


@admin.register(Unit)
class UnitAdmin(ModelAdmin):
    list_display = ("name", "property")
    list_filter = ("property",)


class TenancyForm(WallClockForm):
    instants = ("begins", "ends")

    def property_of(self, values: dict[str, Any]) -> Property | None:
        unit = values.get("unit")
        return unit.property if unit else None


@admin.register(Tenancy)
class TenancyAdmin(ModelAdmin):
    form = TenancyForm
    list_display = ("tenant", "unit", "user", "from_", "until")

    @admin.display(description=_("from"))
    def from_(self, tenancy: Tenancy) -> str:
        return shown(tenancy.begins, tenancy.unit.property)

    @admin.display(description=_("until"))
    def until(self, tenancy: Tenancy) -> str:
        return shown(tenancy.ends, tenancy.unit.property)
