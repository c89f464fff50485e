"""What can be typed into the pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _

from ...kernel.units import parse_money


def typed_money(text: str, field: str) -> int:
    """An amount typed into a page, nano; a comma is a decimal point. ValidationError names the field."""
    try:
        return parse_money(text.replace(",", "."))
    except ValueError as error:
        raise forms.ValidationError({field: str(error)}) from None


class TopUpForm(forms.Form):
    """A payment that was received, in cash or by transfer (`way`). `amount` becomes nano; `credit_id` was made with the
    form, so that sending it twice is one payment; `note` is the number of the receipt.
    """

    amount = forms.CharField(max_length=30)
    credit_id = forms.CharField(max_length=40)
    note = forms.CharField(max_length=100, required=False)
    way = forms.CharField(max_length=10, required=False)

    def clean_amount(self) -> int:
        try:
            return parse_money(self.cleaned_data["amount"].replace(",", "."))
        except ValueError:
            raise forms.ValidationError(_("The amount is not a number such as 20.00.")) from None
