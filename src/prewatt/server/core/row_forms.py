"""Forms of rows, on pages and in *Set-up*, that store what somebody has changed by them and nothing else.

A row holds more than one form shows: a meter its journal's state, a property the rules of seven pages. After a form's
row is read and before it is stored, the head-end, a payment or another person may change it. Django's own forms write
the whole row, and so would put back what was there before.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class RowForm(forms.ModelForm):
    """A form of a row. Of a row that exists already it stores only the columns that have changed since the form was made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # Django's own words are a programmer's: "Ensure this value is greater than or equal to 0."
            field.error_messages |= {
                "min_value": _("At least %(limit_value)s."),
                "max_value": _("At most %(limit_value)s."),
            }
        self._before = self._columns()

    def moved(self) -> list[str]:
        """Return the names of the columns whose values have changed since the form was made."""
        return [name for name, value in self._columns().items() if value != self._before.get(name)]

    def save(self, commit: bool = True) -> Any:
        """Store a new row whole, and of an existing row the columns that have changed. Raises DatabaseError if the row
        does not exist any more.
        """
        if not commit or self.instance._state.adding:
            return super().save(commit)
        row = super().save(commit=False)
        row.save(update_fields=self.moved())
        self.save_m2m()
        return row

    def _columns(self) -> dict[str, Any]:
        row = self.instance
        return {field.name: row.__dict__.get(field.attname) for field in row._meta.concrete_fields}
