"""Set-up pages of properties."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ...kernel.currencies import NO_CURRENCY
from ..commissioning.fixed_place import is_fixed
from ..core.natural_lists import NaturalAdmin
from ..core.row_forms import RowForm
from ..estate.models import Property
from ..estate.rule_fields import ALONE_RULES, SILENCE_RULES, SUPPLY_RULES
from ..estate.usual_limits import fit_limits
from ..vending.account_settings import send_settings
from .number_fields import NUMBERS


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
    # Its tenants' money is in the books of that landlord.
    fixed = ("organisation",)
    formfield_overrides = NUMBERS
    list_display = ("name", "organisation", "zone", "currency")

    def get_readonly_fields(self, request: HttpRequest, obj: Property | None = None) -> tuple[str, ...]:
        """Return the fields that can only be read: also time zone and currency, once something is written by them."""
        place = ("zone", "currency") if obj is not None and is_fixed(obj) else ()
        return (*super().get_readonly_fields(request, obj), *place)

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        """Save the property. If a rule has changed, its meters are told."""
        if "currency" in form.changed_data:
            fit_limits(obj, form.initial["currency"] if change else NO_CURRENCY)
        super().save_model(request, obj, form, change)
        if change and {*SUPPLY_RULES, *ALONE_RULES} & set(form.changed_data):
            send_settings(obj)
