"""The field of a form for a decimal, as people type it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from .plain_numbers import in_field, short
from .typed_numbers import typed_number


class NumberField(forms.DecimalField):
    """A decimal in a form, as people type it."""

    widget = forms.TextInput

    def prepare_value(self, value: Any) -> Any:
        """Return a decimal as text that can be read in only one way."""
        return in_field(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        """Return the decimal that was typed; None for an empty field. Raises ValidationError."""
        if isinstance(value, str):
            # Zeros at the end are no decimals too many.
            value = Decimal(short(typed_number(value))) if value.strip() else None
        return super().to_python(value)
