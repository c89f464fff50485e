"""The form of the set-up pages for rows with instants, which are typed on the property's wall clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from ...kernel.calendar import local, zone
from ..core.row_forms import RowForm
from .models import Property
from .wall_clock import Twice, clock_at, possible


class WallClockForm(RowForm):
    """A form in which the fields that `instants` names are instants."""

    instants: tuple[str, ...] = ()

    def property_of(self, values: dict[str, Any]) -> Property | None:
        """Return the property whose clock counts, from cleaned values; None if they do not name one."""
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
                help_text=_("The local time at the building."),
            )
            at = getattr(self.instance, name)
            if self.instance.pk and at is not None:
                property_ = self.property_of({field: getattr(self.instance, field) for field in self.fields})
                self.initial[name] = local(at, zone(property_.zone)).replace(tzinfo=None) if property_ else None

    def clean(self) -> dict[str, Any]:
        """Return the cleaned values, with wall-clock times read as instants."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        property_ = self.property_of(values)
        for name in self.instants:
            if values.get(name) is None:
                continue
            # Without a property the form is refused for that already.
            values[name] = self._instant(name, values[name], property_) if property_ else None
        return values

    def _instant(self, name: str, typed: datetime, property_: Property) -> int | None:
        try:
            return possible(clock_at(typed.replace(tzinfo=None), zone(property_.zone), name), name)
        except Twice:
            said = _now(
                "The clocks go back then, and this hour comes twice. Use the building's own pages: they ask which one "
                "is meant."
            )
            self.add_error(name, said)
        except ValidationError as error:
            self.add_error(None, error)
        return None
