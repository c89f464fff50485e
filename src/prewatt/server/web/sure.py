"""Asks once before something that darkens or costs is done, and about an amount that is much more than a flat usually pays.
Nothing is done before the person has said yes, and nobody is asked about what can't be done: it is tried first, and taken
back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..estate.models import Property, Unit
from ..vending.usual import doubt_of
from .kept import SECRETS, keep

SURE = "sure"
"""The field in which a form says for what the person was asked: an amount (nano), or the name of the act."""
BELIEVED = "believed"
"""The field in which the yes says what the question rested on. Who has not seen the question, such as a program, sends none."""


@dataclass(frozen=True)
class Act:
    """What a person is asked about. `name`: of the act, for the form. `title`: the question. `follows`: what will happen, a
    sentence each. `button`: the words of the yes. `back`: the page with the form. `believed`: what the sentences rest on
    and may change, such as who lives there: if it is another when the yes comes, the person is asked again. `more`: fields
    that are sent with the yes.
    """

    name: str
    title: str
    follows: Sequence[str]
    button: str
    back: str
    believed: str = ""
    more: Sequence[tuple[str, str]] = ()


def ask_about(
    request: HttpRequest,
    unit: Unit,
    who: str,
    amount: int,
    what: str,
    back: str,
    trial: Callable[[], object],
    form: str = "",
) -> HttpResponse | None:
    """Return the page that asks whether an amount (nano) is meant; None if the amount is usual for this flat, or the
    person was asked already. `who` is credited; `what` is about to be done; `back` is the page with the form, which
    keeps what was typed. `trial` does or checks it; what it raises goes on to the caller, before anything is asked.
    """
    doubt = doubt_of(unit, amount)
    if not doubt or request.POST.get(SURE) == str(amount):
        return None
    _try(trial)
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


def ask_whether(
    request: HttpRequest, place: Unit | Property, act: Act, trial: Callable[[], object], form: str = ""
) -> HttpResponse | None:
    """Return the page that says what an act will do at a place and asks whether it is meant; None if the person was asked
    already, and what they were told still holds. `trial` does or checks it; what it raises goes on to the caller, before
    anything is asked. `form`: the form's name, if several post to this address; what was typed into it is kept.
    """
    if request.POST.get(SURE) == act.name and request.POST.get(BELIEVED, act.believed) == act.believed:
        return None
    _try(trial)
    keep(request, form)
    fields = [*_fields(request, act.name, act.more), (BELIEVED, act.believed)]
    context = {"place": place, "act": act, "back": act.back, "fields": fields}
    return render(request, "web/layout/sure_act.html", context)


def _try(trial: Callable[[], object]) -> None:
    """Do something in the database and take it back, so that whatever refuses it is raised now."""
    with transaction.atomic():
        trial()
        transaction.set_rollback(True)


def _fields(request: HttpRequest, sure: str, more: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """Return the fields of a form, to be sent once more with the yes, and those that the question adds."""
    ours = {*SECRETS, SURE, BELIEVED, *(name for name, _text in more)}
    fields = [(name, text) for name, texts in request.POST.lists() if name not in ours for text in texts]
    return [*fields, *more, (SURE, sure)]
