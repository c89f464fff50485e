"""Forms of the pages, and reading what was chosen in them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from ..core.amounts import typed_money


class TopUpForm(forms.Form):
    """A payment that was received in cash or by transfer (`way`). `amount` becomes nano. `credit_id` was made with the
    form, so that sending it twice is one payment. `note` is the number of the receipt.
    """

    amount = forms.CharField(max_length=30)
    credit_id = forms.CharField(max_length=40)
    note = forms.CharField(max_length=100, required=False)
    way = forms.CharField(max_length=10, required=False)

    def __init__(self, currency: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._currency = currency

    def clean_amount(self) -> int:
        """Return the amount, nano. Raises ValidationError, in words, if it is no amount in this currency."""
        try:
            return typed_money(self.cleaned_data["amount"], "amount", self._currency)
        except forms.ValidationError as error:
            raise forms.ValidationError(error.messages) from None


def one_of(given: QueryDict, field: str, known: Collection[str], default: str = "") -> str:
    """Return what was chosen in a field; `default` if it was not sent. Raises ValidationError, which names the field,
    if there is no such choice.
    """
    chosen = given.get(field, default)
    if chosen not in known:
        raise forms.ValidationError({field: _("There is no such choice.")})
    return chosen


def key(chosen: str) -> int:
    """Return the key of a row that was chosen; 0, which no row has, if it can't be a key."""
    return int(chosen) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 19 else 0
