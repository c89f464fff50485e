"""Set-up pages of tariffs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..core.natural_lists import NaturalAdmin
from ..estate.models import Property
from ..estate.wall_clock import shown
from ..estate.wall_clock_form import WallClockForm
from ..tariffs.models import Tariff, TariffVersion
from ..tariffs.versions import schedule


@admin.register(Tariff)
class TariffAdmin(NaturalAdmin):
    """The set-up page of a tariff."""

    fixed = ("organisation",)
    list_display = ("name", "organisation")


class TariffVersionForm(WallClockForm):
    """The form for the instant from which a tariff applies."""

    instants = ("effective_at",)

    def property_of(self, values: dict[str, Any]) -> Property | None:
        """Return the property to which the tariff will apply."""
        return values.get("property")


@admin.register(TariffVersion)
class TariffVersionAdmin(NaturalAdmin):
    """The set-up page of a tariff that applies to a property from an instant on. It can't be changed afterwards."""

    form = TariffVersionForm
    list_display = ("property", "tariff", "from_")

    @admin.display(description=_("from"))
    def from_(self, version: TariffVersion) -> str:
        """Return the instant from which the tariff applies, on the property's clock."""
        return shown(version.effective_at, version.property)

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        """Schedule the tariff; its meters are told."""
        version = schedule(obj.property, obj.tariff, obj.effective_at)
        obj.pk = version.pk

    def has_change_permission(self, request, obj=None):  # type: ignore[no-untyped-def]
        """Return False: what was charged by a version must stay explained."""
        return False

    def has_delete_permission(self, request, obj=None):  # type: ignore[no-untyped-def]
        """Return False: what was charged by a version must stay explained."""
        return False
