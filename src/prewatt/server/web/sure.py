"""Asks once about an amount that is much more than a flat usually pays, before anything is booked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..estate.models import Unit
from ..vending.usual import far_over
from .kept import SECRETS, keep

SURE = "sure"
"""The field in which a form says for which amount (nano) the person was asked."""


def ask_about(
    request: HttpRequest, unit: Unit, who: str, amount: int, what: str, back: str, form: str = ""
) -> HttpResponse | None:
    """Return the page that asks whether an amount (nano) is meant; None if the amount is usual for this flat, or the
    person was asked already. `who` is credited; `what` is about to be done; `back` is the page with the form, which
    keeps what was typed.
    """
    usual = far_over(unit, amount)
    if usual is None or request.POST.get(SURE) == str(amount):
        return None
    keep(request, form)
    fields = [(name, text) for name, texts in request.POST.lists() if name not in (*SECRETS, SURE) for text in texts]
    context = {
        "unit": unit,
        "who": who,
        "currency": unit.property.currency,
        "amount": amount,
        "usual": usual,
        "what": what,
        "back": back,
        "fields": [*fields, (SURE, str(amount))],
    }
    return render(request, "web/layout/sure.html", context)
