from django.contrib import admin
from unfold.admin import ModelAdmin

from ..metering.services import send_settings
from .models import Organisation, Property, Tenancy, Unit


@admin.register(Organisation)
class OrganisationAdmin(ModelAdmin):
    filter_horizontal = ("managers",)


@admin.register(Property)
class PropertyAdmin(ModelAdmin):
    list_display = ("name", "organisation", "zone", "currency")

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        super().save_model(request, obj, form, change)
        if change and {"low_credit", "clearance"} & set(form.changed_data):
            send_settings(obj)


@admin.register(Unit)
class UnitAdmin(ModelAdmin):
    list_display = ("name", "property")
    list_filter = ("property",)


@admin.register(Tenancy)
class TenancyAdmin(ModelAdmin):
    list_display = ("tenant", "unit", "user")
