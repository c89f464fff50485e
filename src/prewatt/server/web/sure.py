"""Asks once before something that darkens or costs is done, and about an amount that is much more than a flat usually pays.
Nothing is done before the person has said yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..estate.models import Property, Unit
from ..vending.usual import doubt_of
from .kept import SECRETS, keep

SURE = "sure"
"""The field in which a form says for what the person was asked: an amount (nano), or the name of the act."""


@dataclass(frozen=True)
class Act:
    """What a person is asked about. `name`: of the act, for the form. `title`: the question. `follows`: what will happen, a
    sentence each. `button`: the words of the yes. `back`: the page with the form.
    """

    name: str
    title: str
    follows: Sequence[str]
    button: str
    back: str


def ask_about(
    request: HttpRequest, unit: Unit, who: str, amount: int, what: str, back: str, form: str = ""
) -> HttpResponse | None:
    """Return the page that asks whether an amount (nano) is meant; None if the amount is usual for this flat, or the
    person was asked already. `who` is credited; `what` is about to be done; `back` is the page with the form, which
    keeps what was typed.
    """
    doubt = doubt_of(unit, amount)
    if not doubt or request.POST.get(SURE) == str(amount):
        return None
    keep(request, form)
    context = {
        "unit": unit,
        "who": who,
        "currency": unit.property.currency,
        "amount": amount,
        "doubt": doubt,
        "what": what,
        "back": back,
        "fields": _fields(request, str(amount)),
    }
    return render(request, "web/layout/sure.html", context)


def ask_whether(request: HttpRequest, place: Unit | Property, act: Act, form: str = "") -> HttpResponse | None:
    """Return the page that says what an act will do at a place and asks whether it is meant; None if the person was asked
    already. `form`: the form's name, if several post to this address; what was typed into it is kept.
    """
    if request.POST.get(SURE) == act.name:
        return None
    keep(request, form)
    context = {"place": place, "act": act, "back": act.back, "fields": _fields(request, act.name)}
    return render(request, "web/layout/sure_act.html", context)


def _fields(request: HttpRequest, sure: str) -> list[tuple[str, str]]:
    """Return the fields of a form, to be sent once more with the yes."""
    fields = [(name, text) for name, texts in request.POST.lists() if name not in (*SECRETS, SURE) for text in texts]
    return [*fields, (SURE, sure)]
