"""Tells people about bills: that a bill is ready, that it is due soon, and that it is overdue and what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...kernel.calendar import local_day, zone
from ...kernel.currencies import format_money
from ...kernel.units import DAY
from ..billing.models import Bill
from ..estate.models import Organisation, Tenancy
from ..estate.terms_in_force import terms_of
from ..statements.bills import Standing, open_bills, standings
from ..statements.overdue import follows_at
from .events import Event
from .models import Notice, Recipient
from .pages import for_office, for_tenant
from .telling import overtake, tell, untold, wall

BEFORE = 3 * DAY
"""The tenant is reminded this long before a bill is due, µs."""
LAST_WORD = DAY
"""The tenant is told once more this long before the supply ends by rule, µs."""


def _facts(standing: Standing) -> dict[str, Any]:
    bill = standing.bill
    property_ = bill.tenancy.unit.property
    zone_, currency = zone(property_.zone), property_.currency
    return {
        "number": bill.number,
        "amount": format_money(standing.left, currency),
        "billed": format_money(bill.amount, currency),
        "until": f"{local_day(bill.due_at - 1, zone_)}",
        "first": f"{local_day(bill.begins, zone_)}",
        "last": f"{local_day(bill.ends - 1, zone_)}",
        "energy": bill.document["kwh"],
        "covered": not standing.left,
    }


def _overdue(standing: Standing, at: int) -> dict[str, Any]:
    """Return what follows from an overdue bill, by a rule or by a person, and whether it has come."""
    terms, bill = terms_of(standing.bill.tenancy_id), standing.bill
    follows = follows_at(terms, bill) if terms is not None and terms.is_postpaid else None
    zone_ = zone(bill.tenancy.unit.property.zone)
    return {
        "rule": terms is not None and follows is not None and terms.overdue == terms.Overdue.CUT,
        "person": terms is not None and follows is not None and terms.overdue == terms.Overdue.ASK,
        "follows": "" if follows is None else wall(follows, zone_),
        "come": follows is not None and at >= follows,
    }


def _reminders(tenancy: Tenancy, bill: Bill, at: int) -> dict[str, Event]:
    """Return of what an unpaid bill reminds at an instant, by key: that it is due soon, or overdue."""
    if at < bill.due_at - BEFORE:
        return {}
    if at < bill.due_at:
        return {f"bill-due {bill.pk}": Event.BILL_DUE}
    reminders = {f"overdue {bill.pk}": Event.OVERDUE}
    terms = terms_of(tenancy.pk)
    follows = follows_at(terms, bill) if terms is not None else None
    if follows is not None and at >= follows - LAST_WORD:
        reminders[f"overdue {bill.pk} last"] = Event.OVERDUE
    return reminders


def tell_tenant(tenancy: Tenancy, at: int, tell_: Callable[..., Notice | None], recipient: Recipient) -> None:
    """Put what is new about a tenancy's bills into the outbox. `tell_` puts one notice there."""
    news: dict[str, tuple[Event, Standing]] = {}
    for each in standings(tenancy):
        bill = each.bill
        if bill.made_at < recipient.since:
            continue
        news[f"bill {bill.pk}"] = (Event.BILL, each)
        if each.left:
            news |= {key: (event, each) for key, event in _reminders(tenancy, bill, at).items()}
        else:
            # It was paid before anybody had to be reminded.
            overtake(recipient, Event.BILL_DUE, f"bill-due {bill.pk}")
            overtake(recipient, Event.OVERDUE, f"overdue {bill.pk}")
    for key in sorted(untold(recipient, news)):
        event, each = news[key]
        more = _overdue(each, at) if event == Event.OVERDUE else {}
        tell_(event, key, link=for_tenant(event, tenancy, pk=each.bill.pk), **{**_facts(each), **more})


def tell_manager(recipient: Recipient, organisation: Organisation, at: int) -> None:
    """Put into the manager's outbox which bills have become overdue, and for which something follows now."""
    news: dict[str, Standing] = {}
    for each in open_bills(organisation):
        if each.state != "overdue" or each.bill.due_at < recipient.since:
            continue
        terms = terms_of(each.bill.tenancy_id)
        follows = follows_at(terms, each.bill) if terms is not None else None
        news[f"overdue {each.bill.pk}"] = each
        if follows is not None and at >= follows:
            news[f"overdue {each.bill.pk} follows"] = each
    for key in sorted(untold(recipient, news)):
        each = news[key]
        unit = each.bill.tenancy.unit
        context = {
            **_facts(each),
            **_overdue(each, at),
            "unit": str(unit),
            "who": each.bill.who,
            "currency": unit.property.currency,
            "tenant": False,
            "link": for_office(Event.OVERDUE, organisation, pk=each.bill.pk),
        }
        tell(recipient, Event.OVERDUE, key, context)
