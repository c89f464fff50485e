"""What each event may look like: for the texts that people read beforehand, for tests of a template, and to know which facts
an event has.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from .channels.interface import Message, Template
from .events import Event
from .facts import EVERYWHERE, FACTS, complete, facts_of
from .texts import render

AT = "2026-01-15 18:42"
HOME = "https://power.example.com/my/"
OFFICE = "https://power.example.com/units/12/"
CODE = "1234 5678 9012 3456 7890"
FLAT = {"en": ("Linden 5 Flat 12", "Flat 12"), "zh": ("锦绣花园3栋 1204室", "1204室")}
"""(the flat with its house, as managers read it; alone, as tenants do)."""
TENANT = {"tenant": True, "link": HOME}
MANAGER = {"tenant": False, "link": OFFICE}
WHY = {"en": "the credit is used up", "zh": "余额用完"}
OVER = {"en": "more power was drawn than the limit allows", "zh": "功率超过限值"}
OVER_BRIEF = {"en": "power over the limit", "zh": "功率超过限值"}
LESS = {"en": "Switch something off", "zh": "请关闭部分电器"}
BY_ORDER = {"en": "off by order", "zh": "按指令断电"}
ORDERED = {"en": "switched off by order", "zh": "按指令断电"}
OVER_BY = {"en": "5000 W, the limit is 3000 W", "zh": "5000 W，限值 3000 W"}
HOT = {"en": "the meter is too hot", "zh": "电表温度过高"}
COOL = {
    "en": "Don't touch it, switch off what draws much, and tell the manager.",
    "zh": "请勿触碰电表，关闭大功率电器，并通知管理员。",
}
LOST = {"en": "the meter does not answer", "zh": "电表无应答"}
HOUSE = {"en": "Linden 5", "zh": "锦绣花园3栋"}
LIFT = {"en": "Lift", "zh": "电梯"}
PAID = {"en": "paid twice", "zh": "重复付款"}
ANNA = {"en": "Anna", "zh": "王芳"}
METER = {"en": FLAT["en"][0], "zh": FLAT["zh"][0]}
PRICES = {"en": "day and night", "zh": "峰谷电价"}


def contexts(event: Event, language: str) -> list[dict[str, Any]]:
    """What is told of an event, as `watching` tells it: the usual case first."""
    unit = FLAT[language][0]
    common = {"unit": unit, "currency": "CNY" if language == "zh" else "EUR"}
    found = _CONTEXTS[event]

    def told(each: Mapping[str, Any]) -> dict[str, Any]:
        spoken = {
            name: value[language] if isinstance(value, dict) and language in value else value
            for name, value in each.items()
        }
        if event in (Event.OFFLINE, Event.BACK, Event.LEAK):
            return spoken
        if "who" in spoken and event not in (Event.OWED, Event.REPORT, Event.OVERDUE):
            return {"currency": common["currency"], **spoken, "who": f"{spoken['who']}, {unit}"}
        return {**common, **spoken}

    return [told(each) for each in found]


_LOW = {**TENANT, "balance": "4.60", "energy": "14.4", "days": 3}
_RECKONED = {"reckoned": True, "since": "2026-01-14 18:42"}
_CUT = {**TENANT, "at": AT, "why": WHY, "exhausted": True, "balance": "-0.35", "waiting": "", "code": ""}
_USED_UP = {**TENANT, "balance": "-0.35", "waiting": "", "code": ""}
_PAID = {**TENANT, "amount": "100.00", "at": AT, "receipt": "R-2041", "reached": True, "online": True, "code": ""}
_SHARE = {
    **TENANT, "name": LIFT, "amount": "12.35", "first": "2025-12-01", "last": "2025-12-31", "back": False,
    "link": "https://power.example.com/tenancies/31/shares/204/",
}  # fmt: skip
_BACK = {
    **TENANT, "amount": "100.00", "back": False, "cause": "bank", "at": AT, "day": "2026-01-14", "owed": "", "lost": "100.00",
    "until": "2026-01-18 12:00",
}  # fmt: skip
_SILENT = {
    "gateway": "gateway-1", "property": HOUSE, "meter": "", "never": False, "alone": False, "currency": "CNY", "at": AT,
    "until": "2026-01-16 18:42", "lasted": {"hours": 24}, "link": "https://power.example.com/silences/3/", "energy": "33.6",
    "amount": "20.16",
}  # fmt: skip
_MAY_COST = {
    **_SILENT, "lasted": {"minutes": 10}, "more": 0, "unknown": 1, "lent": "",
    "flats": [{"unit": "12", "energy": "9.6", "money": "5.76", "days": 2, "lent": ""}],
}  # fmt: skip
_RAN_UP = {**_SILENT, "waiting": 0, "short": 0, "owed": "", "went_on": True}
WATER = {"en": "Water is off on Friday", "zh": "周五停水"}
PIPES = {"en": "From 9:00 to 12:00, as a pipe is changed.", "zh": "9:00至12:00更换水管。"}
SOCKET = {"en": "light, socket or fuse", "zh": "电灯、插座或保险"}
SPARKS = {"en": "The socket in the kitchen is warm.", "zh": "厨房插座发热。"}
COMING = {"en": "An electrician comes tomorrow at ten.", "zh": "明天十点有电工上门。"}
IN_WORK = {"en": "in work", "zh": "处理中"}
OPEN = {"en": "open", "zh": "待处理"}
_REPORT = {
    **MANAGER, "category": SOCKET, "state": OPEN, "new": True, "who": ANNA, "words": SPARKS, "photos": 2, "changed": True,
    "link": "https://power.example.com/reports/31/",
}  # fmt: skip
_ANSWER = {**_REPORT, "tenant": True, "new": False, "who": "Kim", "words": COMING, "photos": 0, "state": IN_WORK}
_BILL = {
    **TENANT, "number": 1042, "amount": "46.90", "billed": "46.90", "until": "2026-01-15", "first": "2025-12-01",
    "last": "2025-12-31", "energy": "143.200", "covered": False, "link": "https://power.example.com/bills/204/",
}  # fmt: skip
_LATE = {"rule": False, "person": False, "follows": "", "come": False}
_USE = {"day": "2026-01-14", "now": 1500, "usual": 120}
_CONTEXTS: dict[Event, list[dict[str, Any]]] = {
    Event.LOW: [
        _LOW,
        {**_LOW, "days": None},
        {**_LOW, "balance": "1234.60", "days": 0},
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
        _CUT,
        {**_CUT, "waiting": "100.00"},
        {**_CUT, "waiting": "100.00", "code": CODE},
        {**_CUT, "why": OVER, "brief": OVER_BRIEF, "exhausted": False, "balance": "23.10", "act": LESS},
        {**_CUT, "why": ORDERED, "brief": BY_ORDER, "exhausted": False, "balance": "23.10"},
    ],
    Event.RESTORED: [{**TENANT, "at": AT, "balance": "99.65"}],
    Event.TOP_UP: [_PAID, {**_PAID, "reached": False, "online": False, "code": CODE}],
    Event.SHARED_COST: [_SHARE, {**_SHARE, "back": True}],
    Event.TARIFF: [{**TENANT, "at": "2026-02-01 00:00", "name": PRICES, "prices": "0.28 – 0.34"}],
    Event.STATEMENT: [{**TENANT, "month": "2025-12", "energy": "143.2", "charge": "46.90", "balance": "23.10"}],
    Event.UNUSUAL: [{**TENANT, **_USE}],
    Event.OVERLOAD: [
        {**TENANT, "at": AT, "what": OVER, "brief": OVER_BRIEF, "detail": OVER_BY},
        {**MANAGER, "at": AT, "what": OVER, "brief": OVER_BRIEF, "detail": OVER_BY},
        {**TENANT, "at": AT, "what": HOT, "detail": "85 °C", "advice": COOL},
        {**MANAGER, "at": AT, "what": HOT, "detail": "85 °C", "advice": COOL},
    ],
    Event.TAKEN_BACK: [
        _BACK,
        {**_BACK, "cause": "refund", "until": "", "owed": "60.00", "lost": "40.00"},
        {**_BACK, "back": True, "until": "", "lost": ""},
        {**MANAGER, "amount": "100.00", "who": ANNA, "cause": "dispute", "booked": False},
    ],
    Event.OFFLINE: [
        _MAY_COST,
        {**_MAY_COST, "lasted": {"days": 30}, "lent": "173.32"},
        {**_MAY_COST, "meter": METER, "room": METER},
        {**_MAY_COST, "never": True, "flats": [], "energy": "", "amount": ""},
    ],
    Event.BACK: [
        _RAN_UP,
        {**_RAN_UP, "lasted": {"days": 30}, "went_on": False, "short": 2, "owed": "173.32"},
        {**_RAN_UP, "meter": METER, "room": METER, "went_on": False},
    ],
    Event.TROUBLE: [{**MANAGER, "at": AT, "what": LOST, "detail": ""}],
    Event.LEAK: [{"property": HOUSE, "meter": "C1", **_USE}],
    Event.HELD: [{**MANAGER, "amount": "100.00", "who": ANNA, "why": PAID}],
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
    Event.NOTE: [{**TENANT, "title": WATER, "text": PIPES, "line": PIPES}],
    Event.REPORT: [
        _REPORT,
        {**_REPORT, "new": False, "photos": 0, "changed": False},
        _ANSWER,
        {**_ANSWER, "words": ""},
        {**_ANSWER, "changed": False},
    ],
}


def message(
    event: Event, language: str, context: Mapping[str, Any], template: Template | None = None, key: str = "sample"
) -> Message:
    """A notice of an event, as it would be sent."""
    told = complete(context, FLAT[language][1] if context.get("tenant") else "", AT)
    words = render(event, language, told)
    link = str(context.get("link") or "")
    at = AT.replace(" ", "T") + ":00Z"
    return Message(event, key, words.title, words.text, language, at, link, facts_of(event, told, words), template)


def messages(event: Event, language: str) -> list[Message]:
    """A notice of each case of an event."""
    return [message(event, language, context) for context in contexts(event, language)]


@cache
def usable(event: Event | None) -> tuple[str, ...]:
    """The facts that a field for an event can show; for any event, if it is None."""
    if event is None:
        return EVERYWHERE
    have = [set(each.facts) for language in FLAT for each in messages(event, language)]
    always = set.intersection(*have) | set(EVERYWHERE)
    # A code is there when it is needed; a field for it is worth its dash at other times.
    return tuple(name for name in FACTS if name in always or (name == "code" and any(name in each for each in have)))
