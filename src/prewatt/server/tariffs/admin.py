from django.contrib import admin
from unfold.admin import ModelAdmin

from .models import Tariff, TariffVersion
from .versions import schedule


@admin.register(Tariff)
class TariffAdmin(ModelAdmin):
    list_display = ("name", "organisation")


@admin.register(TariffVersion)
class TariffVersionAdmin(ModelAdmin):
    list_display = ("property", "tariff", "effective")

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        made = schedule(obj.property, obj.tariff, obj.effective)
        obj.pk = made.pk

    def has_change_permission(self, request, obj=None):  # type: ignore[no-untyped-def]
        return False

    def has_delete_permission(self, request, obj=None):  # type: ignore[no-untyped-def]
        return False
