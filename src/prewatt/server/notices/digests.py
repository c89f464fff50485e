"""One message instead of thirty. Notices of one event for one recipient that come close together are sent as one
message: it says how many there are, the sum, and the most important ones. Each of them stays a notice of its own on the
page.

Notices that need an answer at once are never held back: see `GATHERED`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ...kernel.units import MINUTE, exact_instant
from .channels.interface import Message
from .events import Event
from .facts import facts_of
from .fitting import whole
from .models import Notice, Recipient
from .pages import of_all_notices
from .texts import render

GATHERED = frozenset(
    (Event.SHARED_COST, Event.TARIFF, Event.STATEMENT, Event.UNUSUAL, Event.OFFLINE, Event.BACK, Event.TROUBLE,
     Event.LEAK, Event.HELD, Event.OWED, Event.BILL)
)  # fmt: skip
"""Events whose notices may wait for others. Low, used up, cut off, back on and paid may not: somebody is in the dark, or soon will be."""
FOR_OFFICES = frozenset((Event.OVERLOAD, Event.TAKEN_BACK, Event.REPORT, Event.OVERDUE, Event.PRESS_BUTTON))
"""Events that managers can read together; a tenant has to act on each at once."""
HOLD = {Event.SHARED_COST: 2 * MINUTE}
"""How long the first notice waits for others that are booked one by one, µs. Notices of one look go together anyway."""
GAP = 10 * MINUTE
"""How long the notices after a message wait for each other, µs."""
MOST_LINES = 5


def is_gathered(recipient: Recipient, event: str) -> bool:
    """Return whether notices of an event are sent together to a recipient."""
    return event in GATHERED or (recipient.tenancy_id is None and event in FOR_OFFICES)


def held_until(recipient: Recipient, event: Event, at: int) -> int:
    """Return the instant until which a notice of an event, told at the instant `at`, waits for others of its kind."""
    if not is_gathered(recipient, event):
        return at
    last = recipient.notices.filter(event=event, is_overtaken=False, due_at__gt=at - GAP).order_by("-due_at").first()
    if last is None:
        return at + HOLD.get(event, 0)
    return int(last.due_at) if last.due_at >= at else int(last.due_at) + GAP


def digest(notices: Sequence[Notice]) -> Message:
    """Return the one message for several notices of one event. It names the notices with the largest amounts first."""
    first, recipient = notices[0], notices[0].recipient
    event, language = first.event, recipient.language
    values = {**_sum(notices), **_common(notices), "link": of_all_notices(recipient.tenancy, recipient.organisation)}
    values["room"] = values["room"] or whole(render("digest", language, values).short["room"])
    values["heading"] = render("digest", language, values).title
    words = render("digest", language, values)
    key = f"{recipient.pk}-digest {first.pk} {notices[-1].pk}"
    facts = facts_of("digest", values, words)
    made_at = exact_instant(max(each.made_at for each in notices))
    return Message(event, key, words.title, words.text, language, made_at, values["link"], facts)


def _sum(notices: Sequence[Notice]) -> dict[str, Any]:
    """Return the sum of the amounts, and the lines with the largest ones. Amounts in several currencies have no sum."""
    amounts = {each.pk: _amount(each) for each in notices}
    currencies = {each.facts.get("currency", "") for each in notices}
    total = sum(amounts.values(), Decimal(0)) if len(currencies) == 1 and all(amounts.values()) else Decimal(0)
    largest = sorted(notices, key=lambda each: -abs(amounts[each.pk]))
    return {
        "amount": f"{abs(total)}" if total else "",
        "back": total < 0,
        "currency": currencies.pop() if len(currencies) == 1 else "",
        "lines": [_line(each) for each in largest[:MOST_LINES]],
        "more": max(len(notices) - MOST_LINES, 0),
    }


def _common(notices: Sequence[Notice]) -> dict[str, Any]:
    """Return what the notices are about, where, and when."""
    first, rooms = notices[0], {each.facts.get("room", "") for each in notices}
    return {
        "event": first.event,
        "label": first.facts.get("what") or str(first.get_event_display()),
        "count": len(notices),
        "places": len(rooms),
        "room": first.facts.get("room", "") if len(rooms) == 1 else "",
        "at": max(each.facts.get("time", "") for each in notices),
        "clock": notices[-1].facts.get("clock", ""),
    }


def _amount(notice: Notice) -> Decimal:
    """Return the amount of a notice; below 0 if it was given back."""
    amount = Decimal(notice.facts.get("amount") or 0)
    return -amount if notice.facts.get("back") else amount


def _line(notice: Notice) -> str:
    """Return a notice as one line: its title if that has figures, otherwise the flat and what happened."""
    room, line = notice.facts.get("room"), notice.facts.get("line")
    if notice.facts.get("amount") or not room or not line:
        return str(notice.title)
    return f"{room}: {whole(line)}"
