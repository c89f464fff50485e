"""Forms of rows, on pages and in *Set-up*, that store what somebody has changed by them and nothing else.

A row holds more than one form shows: a meter its journal's state, a property the rules of seven pages. After a form's
row is read and before it is stored, the head-end, a payment or another person may change it. Django's own forms write
the whole row, and so would put back what was there before.

A page may stand open for hours before it is posted. So each field carries, hidden beside it, what it showed: what
somebody left as it was shown is no wish of theirs, and what another person has set meanwhile stays.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class RowForm(forms.ModelForm):
    """A form of a row. Of a row that exists already it stores only what differs from what the page showed, and of this
    only the columns that have changed since the form was made.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # Django's own words are a programmer's: "Ensure this value is greater than or equal to 0."
            field.error_messages |= {
                "min_value": _("At least %(limit_value)s."),
                "max_value": _("At most %(limit_value)s."),
            }
        self._before = self._columns()

    def __getitem__(self, name: str) -> Any:
        """Return the field as the page shows it, with what it showed."""
        if name in self.fields:
            self.fields[name].show_hidden_initial = self._carries(name)
        return super().__getitem__(name)

    def _carries(self, name: str) -> bool:
        """Return whether a field carries what it showed. A program's post may not; it means each field as it is."""
        field = self.fields[name]
        # A password is not shown, and a file cannot be.
        if self.instance._state.adding or field.disabled or not _is_shown(field):
            return False
        if not self.is_bound:
            return True
        hidden, shown = field.hidden_widget(), self.add_initial_prefix(name)
        if isinstance(hidden, forms.MultipleHiddenInput):
            # A list of nothing has no hidden field of its own.
            return any(self.add_initial_prefix(each) in self.data for each in self.fields)
        return not hidden.value_omitted_from_data(self.data, self.files, shown)

    def _clean_fields(self) -> None:
        """Read the fields. One that was left as it was shown has the value of now, whoever has set it."""
        super()._clean_fields()  # type: ignore[misc]
        columns = {field.name for field in self.instance._meta.concrete_fields}
        for name, field in self.fields.items():
            bound = self[name]
            if not field.show_hidden_initial or bound._has_changed():
                continue
            if not field.has_changed(bound.initial, bound.data):
                continue
            self.errors.pop(name, None)
            self.cleaned_data[name] = (
                getattr(self.instance, name) if name in columns else field.clean(field.prepare_value(bound.initial))
            )

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


def _is_shown(field: forms.Field) -> bool:
    return getattr(field.widget, "input_type", "") != "password" and not field.widget.needs_multipart_form
