"""Instants in forms and lists: stored as µs since 1970, typed and shown as the property's wall clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from ..kernel.calendar import local, zone
from ..kernel.units import instant
from .estate.models import Property


def shown(at: int | None, where: Property) -> str:
    """An instant for a list: 2024-10-06 13:30:00, empty for None."""
    return "" if at is None else f"{local(at, zone(where.zone)):%Y-%m-%d %H:%M:%S}"


def wall_clock(text: str, where: Property, field: str) -> int:
    """An instant typed as the property's wall clock. ValidationError names the field."""
    try:
        return instant(datetime.fromisoformat(text).replace(tzinfo=zone(where.zone)))
    except ValueError:
        raise ValidationError({field: _now("This is not a date and time such as 2025-11-01T00:00.")}) from None


class WallClockForm(forms.ModelForm):
    """A form of which the columns `instants` are instants."""

    instants: tuple[str, ...] = ()

    def property_of(self, values: dict[str, Any]) -> Property | None:
        """The property whose clock counts, from cleaned values; None if they don't name one."""
        raise NotImplementedError

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.instants:
            if name not in self.fields:
                continue
            column = self.instance._meta.get_field(name)
            self.fields[name] = forms.SplitDateTimeField(
                label=column.verbose_name.capitalize(),
                required=not column.blank,
                widget=UnfoldAdminSplitDateTimeWidget(),
                help_text=_("The wall clock at the property."),
            )
            at = getattr(self.instance, name)
            if self.instance.pk and at is not None:
                where = self.property_of({field: getattr(self.instance, field) for field in self.fields})
                self.initial[name] = local(at, zone(where.zone)).replace(tzinfo=None) if where else None

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        where = self.property_of(values)
        for name in self.instants:
            if values.get(name) is not None:
                # Without a property the form is refused for that already.
                values[name] = instant(values[name].replace(tzinfo=zone(where.zone))) if where else None
        return values
