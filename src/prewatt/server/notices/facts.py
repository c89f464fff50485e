"""The facts of a notice by name, for channels that carry fields: WeChat's templates, SMS templates, programs.

All facts are text. Amounts are figures without a unit; the fact `currency` names the unit. Short forms are in pieces
(see `fitting`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from .events import Event
from .languages import CHINESE
from .texts import Words, render

FACTS = {
    "what": _("what happened"),
    "room": _("the flat, or the building"),
    "amount": _("the amount; the balance where nothing else is meant"),
    "balance": _("the balance"),
    "energy": _("energy, kWh"),
    "days": _("days"),
    "power": _("power, W"),
    "time": _("when: day and hour"),
    "date": _("when: the day"),
    "clock": _("when: the hour"),
    "until": _("until when"),
    "do": _("what to do"),
    "line": _("the amount and more, in one line"),
    "why": _("why"),
    "name": _("name of the cost or the tariff"),
    "receipt": _("receipt number"),
    "code": _("the code to type in, of 20 digits"),
    "count": _("the number of things, if one notice tells of several"),
    "title": _("the title"),
    "text": _("the whole text"),
}
"""The facts that a field of a template can show, and what each is, for people."""
MONEY = ("amount", "balance")
NUMBERS = (*MONEY, "energy", "days", "power", "count")
MOMENTS = ("time", "until", "date")
EVERYWHERE = ("what", "room", "time", "date", "clock", "do", "line", "count", "title", "text")
"""The facts that every event has."""


def bare(figure: str) -> str:
    """Return a figure without zeros that say nothing: `23.200` becomes `23.2`."""
    return figure.rstrip("0").rstrip(".") if "." in figure else figure


def complete(context: Mapping[str, Any], room: str, at: str) -> dict[str, Any]:
    """Return the values of a notice with those that every notice has. `room` is the flat, if it is a tenant's notice;
    `at` is the time when it is told, for events without a time of their own.
    """
    values = dict(context)
    values.setdefault("at", values.get("day") or at)
    values["clock"] = values["at"][11:16] or at[11:16]
    values.setdefault("room", room or str(values.get("unit") or values.get("property") or values.get("who") or ""))
    values.setdefault("currency", "")
    if values.get("energy"):
        values["kwh"] = bare(str(values["energy"]))
    return values


def facts_of(event: Event | str, values: Mapping[str, Any], words: Words) -> dict[str, str]:
    """Return the facts of a notice from its values and its words. Facts that it does not have are left out."""
    amount = next((values[name] for name in ("amount", "charge", "balance") if values.get(name)), None)
    facts = {
        "what": words.short.get("what", words.title),
        # The one word that WeChat takes in a `phrase` is Chinese, whatever the language.
        "phrase": render(event, CHINESE, values).short.get("what", ""),
        "room": values["room"],
        "amount": amount,
        "balance": values.get("balance"),
        "energy": values.get("kwh"),
        "days": values.get("days"),
        "power": values.get("now"),
        "time": values["at"],
        "date": values["at"][:10],
        "clock": values["clock"],
        "until": values.get("until"),
        "do": words.short.get("do"),
        "line": words.short.get("line", words.title),
        "why": values.get("why") or values.get("what"),
        "name": values.get("name"),
        "receipt": values.get("receipt"),
        "code": values.get("code"),
        "count": values.get("count", 1),
        "sms": words.short.get("sms"),
        "currency": values["currency"],
        "back": "back" if values.get("back") else "",
    }
    return {name: str(value) for name, value in facts.items() if value is not None and value != ""}
