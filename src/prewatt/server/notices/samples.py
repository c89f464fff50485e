"""Examples of each event's notices. People read them beforehand, templates are tested with them, and they show which
facts an event has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from ...kernel.dark_facts import Facts
from ...kernel.events import EventKind
from ...kernel.state import EXHAUSTED
from ...kernel.units import NANO
from .channels.interface import Message, Template
from .events import Event
from .facts import EVERYWHERE, FACTS, complete, facts_of
from .languages import language_of, languages, report_word
from .texts import render
from .words import advice_on, brief, dark_in_words, detail_in_words, in_words

AT = "2026-01-15 18:42"
LINK = "https://power.example.com/n/AAB6rT3kPz0w"
"""A short link, as an SMS carries it (`taps.py`): an SMS is paid by its length."""
CODE = "1234 5678 9012 3456 7890"
TENANT = {"tenant": True, "link": LINK}
MANAGER = {"tenant": False, "link": LINK}


class Said(NamedTuple):
    """A value of a case that differs by language: `read` returns it for the code of a language."""

    read: Callable[[str], str]


def _sampled(name: str) -> Said:
    """Return the word of a language's made-up building."""
    return Said(lambda language: str(getattr(language_of(language).words.samples, name)))


def _coded(code: str) -> Said:
    return Said(lambda language: in_words(code, language))


def _shortly(code: str) -> Said:
    return Said(lambda language: brief(code, language, in_words(code, language)))


def _reported(key: str) -> Said:
    return Said(lambda language: report_word(key, language))


OVER, OVER_BRIEF, HOT = _coded(EventKind.OVERLOAD), _shortly(EventKind.OVERLOAD), "over-temperature"
OVER_BY = Said(lambda language: detail_in_words("5000 W, the limit is 3000 W", language))
COOL = Said(lambda language: advice_on(HOT, HOT, language)["advice"])
PIPES = _sampled("note_text")
HOUSE, UNIT, ANNA = _sampled("property"), _sampled("unit"), _sampled("tenant")


def contexts(event: Event, language: str) -> list[dict[str, Any]]:
    """Return the values of each case of an event in a language, the usual case first."""
    samples = language_of(language).words.samples
    unit, common = samples.unit, {"unit": samples.unit, "currency": samples.currency}

    def context(case: Mapping[str, Any]) -> dict[str, Any]:
        spoken = {name: value.read(language) if isinstance(value, Said) else value for name, value in case.items()}
        if event in (Event.OFFLINE, Event.BACK, Event.LEAK, Event.LOGIN, Event.LOGIN_CODE):
            return spoken
        if "who" in spoken and event not in (Event.OWED, Event.REPORT, Event.OVERDUE):
            return {"currency": common["currency"], **spoken, "who": f"{spoken['who']}, {unit}"}
        return {**common, **spoken}

    return [context(case) for case in _CONTEXTS[event]]


_LOW = {**TENANT, "balance": "4.60", "energy": "14.4", "days": 3}
_RECKONED = {"reckoned": True, "since": "2026-01-14 18:42"}


def _dark(**known: Any) -> dict[str, Said]:
    """Return what a notice says of why it is dark, and what to do."""
    facts = Facts(at=0, currency="EUR", closed=False, **known)
    return {
        "dark": Said(lambda language: dark_in_words(facts, language)["dark"]),
        "todo": Said(lambda language: dark_in_words(facts, language)["todo"]),
    }


_LACKS = {"room": -350_000_000, "lacks": 360_000_000, "is_supplied": False}
_WAITING = {**_LACKS, "paid": 100 * NANO}
_CUT = {**TENANT, "at": AT, "why": _coded(EXHAUSTED), "exhausted": True, "balance": "-0.35", "waiting": "", "code": ""}
_USED_UP = {**TENANT, "balance": "-0.35", "waiting": "", "code": ""}
_PAID = {**TENANT, "amount": "100.00", "at": AT, "receipt": "R-2041", "reached": True, "online": True, "code": ""}
_BY_CODE = {"reached": False, "online": False, "share": "", "keypad": True}
_SHARE = {
    **TENANT,
    "name": _sampled("shared_cost"),
    "amount": "12.35",
    "first": "2025-12-01",
    "last": "2025-12-31",
    "back": False,
    "link": LINK,
}
_BACK = {
    **TENANT,
    "amount": "100.00",
    "back": False,
    "cause": "bank",
    "at": AT,
    "day": "2026-01-14",
    "owed": "",
    "lost": "100.00",
    "until": "2026-01-18 12:00",
}
_SILENT = {
    "gateway": "gateway-1",
    "property": HOUSE,
    "meter": "",
    "never": False,
    "alone": False,
    "currency": "CNY",
    "at": AT,
    "until": "2026-01-16 18:42",
    "lasted": {"hours": 24},
    "link": LINK,
    "energy": "33.6",
    "amount": "20.16",
}
_LINE = {"line": "cellar", "why": "None of its meters answers (/dev/ttyUSB0)."}
_MAY_COST = {
    **_SILENT,
    "lasted": {"minutes": 10},
    "more": 0,
    "unknown": 1,
    "lent": "",
    "flats": [{"unit": "12", "energy": "9.6", "money": "5.76", "days": 2, "lent": ""}],
}
_RAN_UP = {**_SILENT, "waiting": 0, "short": 0, "owed": "", "went_on": True}
_REPORT = {
    **MANAGER,
    "category": _reported("wiring"),
    "state": _reported("open"),
    "new": True,
    "who": ANNA,
    "words": _sampled("report"),
    "photos": 2,
    "changed": True,
    "link": LINK,
}
_ANSWER = {
    **_REPORT,
    "tenant": True,
    "new": False,
    "who": "Kim",
    "words": _sampled("answer"),
    "photos": 0,
    "state": _reported("work"),
}
_BILL = {
    **TENANT,
    "number": 1042,
    "amount": "46.90",
    "billed": "46.90",
    "until": "2026-01-15",
    "first": "2025-12-01",
    "last": "2025-12-31",
    "energy": "143.200",
    "covered": False,
    "link": LINK,
}
_LATE = {"rule": False, "person": False, "follows": "", "come": False}
_LOGIN = {
    "who": "flat1204",
    "changed": "password",
    "at": AT,
    "device": "Firefox, Android",
    "link": LINK,
}
_USE = {"day": "2026-01-14", "now": 1500, "usual": 120}
_CONTEXTS: dict[Event, list[dict[str, Any]]] = {
    Event.LOW: [
        _LOW,
        {**_LOW, "days": None},
        {**_LOW, "balance": "1234.60", "days": 0},
        {**_LOW, "code": CODE},
        {**_LOW, **_RECKONED},
        {**_LOW, "limit": "100.00"},
        {**_LOW, **_RECKONED, "limit": "100.00"},
    ],
    Event.EXHAUSTED: [
        _USED_UP,
        {**_USED_UP, "waiting": "100.00"},
        {**_USED_UP, "waiting": "100.00", "code": CODE},
        {**_USED_UP, **_RECKONED},
        {**_USED_UP, **_RECKONED, "waiting": "100.00", "code": CODE},
        {**_USED_UP, "balance": "-100.35", "limit": "100.00"},
        {**_USED_UP, **_RECKONED, "balance": "-100.35", "limit": "100.00"},
    ],
    Event.CUT_OFF: [
        {**_CUT, **_dark(**_LACKS)},
        {**_CUT, "waiting": "100.00", **_dark(**_WAITING)},
        {**_CUT, "waiting": "100.00", "code": CODE, **_dark(**_WAITING, code=CODE, is_offline=True)},
        {
            **_CUT,
            **_dark(locks=("overload",), limit=3000),
            "why": OVER,
            "brief": OVER_BRIEF,
            "exhausted": False,
            "balance": "23.10",
            "act": Said(lambda language: language_of(language).words.acts.less),
        },
        {
            **_CUT,
            **_dark(opened=True),
            "why": _coded("ordered"),
            "brief": _shortly("ordered"),
            "exhausted": False,
            "balance": "23.10",
        },
    ],
    Event.RESTORED: [{**TENANT, "at": AT, "balance": "99.65"}],
    Event.TOP_UP: [
        _PAID,
        {**_PAID, "reached": False, "online": False, "code": CODE},
        {**_PAID, **_BY_CODE, "code": CODE, "energy": "321.400"},
        {**_PAID, **_BY_CODE, "energy": ""},
        {**_PAID, "receipt": "", "gift": True, "giver": ANNA},
        {**_PAID, "receipt": "", "gift": True, "giver": ""},
    ],
    Event.SHARED_COST: [_SHARE, {**_SHARE, "back": True}],
    Event.TARIFF: [{**TENANT, "at": "2026-02-01 00:00", "name": _sampled("tariff"), "prices": "0.28 – 0.34"}],
    Event.STATEMENT: [{**TENANT, "month": "2025-12", "energy": "143.2", "charge": "46.90", "balance": "23.10"}],
    Event.UNUSUAL: [{**TENANT, **_USE}],
    Event.OVERLOAD: [
        {**TENANT, "at": AT, "what": OVER, "brief": OVER_BRIEF, "detail": OVER_BY},
        {**MANAGER, "at": AT, "what": OVER, "brief": OVER_BRIEF, "detail": OVER_BY},
        {**TENANT, "at": AT, "what": _coded(HOT), "detail": "85 °C", "advice": COOL},
        {**MANAGER, "at": AT, "what": _coded(HOT), "detail": "85 °C", "advice": COOL},
    ],
    Event.TAKEN_BACK: [
        _BACK,
        {**_BACK, "cause": "refund", "until": "", "owed": "60.00", "lost": "40.00"},
        {**_BACK, "back": True, "until": "", "lost": ""},
        {**MANAGER, "amount": "100.00", "who": ANNA, "cause": "dispute", "booked": False},
    ],
    Event.AUTOMATIC: [
        {**TENANT, "amount": "20.00", "why": _sampled("refusal"), "is_paused": False},
        {**TENANT, "amount": "20.00", "why": _sampled("refusal"), "is_paused": True},
    ],
    Event.OFFLINE: [
        _MAY_COST,
        {**_MAY_COST, "lasted": {"days": 30}, "lent": "173.32"},
        {**_MAY_COST, "meter": UNIT, "room": UNIT},
        {**_MAY_COST, **_LINE},
        {**_MAY_COST, "never": True, "flats": [], "energy": "", "amount": ""},
    ],
    Event.BACK: [
        _RAN_UP,
        {**_RAN_UP, "lasted": {"days": 30}, "went_on": False, "short": 2, "owed": "173.32"},
        {**_RAN_UP, "meter": UNIT, "room": UNIT, "went_on": False},
        {**_RAN_UP, **_LINE, "went_on": False},
    ],
    Event.TROUBLE: [{**MANAGER, "at": AT, "what": _coded(EventKind.METER_LOST), "detail": ""}],
    Event.LEAK: [{"property": HOUSE, "meter": "C1", **_USE, "link": LINK}],
    Event.HELD: [{**MANAGER, "amount": "100.00", "who": ANNA, "why": _sampled("held")}],
    Event.BILL: [_BILL, {**_BILL, "amount": "0.00", "billed": "46.90", "covered": True}],
    Event.BILL_DUE: [_BILL],
    Event.OVERDUE: [
        {**_BILL, **_LATE},
        {**_BILL, **_LATE, "rule": True, "follows": "2026-01-22 00:00"},
        {**_BILL, **_LATE, "rule": True, "follows": "2026-01-15 00:00", "come": True},
        {**_BILL, **_LATE, "person": True, "follows": "2026-01-22 00:00"},
        {**_BILL, **_LATE, **MANAGER, "who": ANNA},
        {**_BILL, **_LATE, **MANAGER, "who": ANNA, "person": True, "follows": "2026-01-15 00:00", "come": True},
        {**_BILL, **_LATE, **MANAGER, "who": ANNA, "rule": True, "follows": "2026-01-15 00:00", "come": True},
    ],
    Event.OWED: [{**MANAGER, "amount": "40.00", "who": ANNA, "since": "2025-12-10", "days": 30, "unclaimed": False}],
    Event.PRESS_BUTTON: [
        {**TENANT, "at": AT},
        {**MANAGER, "at": AT, "what": _coded(EventKind.WAITS_FOR_BUTTON), "detail": ""},
    ],
    Event.NOTE: [{**TENANT, "title": _sampled("note_title"), "text": PIPES, "line": PIPES}],
    Event.REPORT: [
        _REPORT,
        {**_REPORT, "new": False, "photos": 0, "changed": False},
        _ANSWER,
        {**_ANSWER, "words": ""},
        {**_ANSWER, "changed": False},
    ],
    Event.LOGIN: [
        {**_LOGIN, "tenant": True},
        {**_LOGIN, "tenant": False, "changed": "new-browser"},
        {**_LOGIN, "tenant": True, "changed": "factor-removed", "device": ""},
    ],
    Event.LOGIN_CODE: [{"who": "flat1204", "code": "482913"}],
}


def message(
    event: Event, language: str, context: Mapping[str, Any], template: Template | None = None, key: str = "sample"
) -> Message:
    """Return a notice of an event as it would be sent."""
    values = complete(context, language_of(language).words.samples.room if context.get("tenant") else "", AT)
    words = render(event, language, values)
    link = str(context.get("link") or "")
    at = AT.replace(" ", "T") + ":00Z"
    return Message(event, key, words.title, words.text, language, at, link, facts_of(event, values, words), template)


def messages(event: Event, language: str) -> list[Message]:
    """Return a notice of each case of an event."""
    return [message(event, language, context) for context in contexts(event, language)]


@cache
def usable(event: Event | None) -> tuple[str, ...]:
    """Return the facts that a field for an event can show; if `event` is None, those that it can show for any event."""
    if event is None:
        return EVERYWHERE
    have = [set(each.facts) for language in languages() for each in messages(event, language)]
    always = set.intersection(*have) | set(EVERYWHERE)
    # A code is there when it is needed; a field for it is worth its dash at other times.
    return tuple(name for name in FACTS if name in always or (name == "code" and any(name in each for each in have)))
