"""Set-up pages of meters."""

from django.contrib import admin

from ..commissioning.installing import prepare
from ..core.natural_lists import NaturalAdmin
from ..metering.models import OWN_RULES, Meter
from ..vending.account_settings import send_settings_to


@admin.register(Meter)
class MeterAdmin(NaturalAdmin):
    """The set-up page of a meter. A new meter gets its journal; a changed one is sent its rules."""

    # A journal belongs to one meter at one gateway: changing either would break its chain.
    fixed = ("name", "unit", "gateway")
    list_display = ("name", "serial", "unit", "gateway", "seq", "late", "duplicates")

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        """Save the meter. A new one gets its journal; if a rule has changed, the meter is told."""
        super().save_model(request, obj, form, change)
        if not change:
            prepare(obj)
        elif {*OWN_RULES, "power_highest"} & set(form.changed_data):
            send_settings_to(obj)
