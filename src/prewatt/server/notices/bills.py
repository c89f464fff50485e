"""What is told of bills: that one is ready, that it is due soon, that it is overdue and what follows from that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from ...kernel.calendar import local_day, zone
from ...kernel.currencies import format_money
from ...kernel.units import DAY
from ..core.addresses import public
from ..estate.models import Organisation, Tenancy
from ..estate.terms_in_force import terms_of
from ..statements.bills import Standing, open_bills, standings
from ..statements.overdue import follows_at
from .events import Event
from .models import Notice, Recipient
from .telling import overtake, tell, untold, wall

BEFORE = 3 * DAY
"""How long before a bill is due it is told again."""
LAST_WORD = DAY
"""How long before the supply ends by rule it is told once more."""


def _facts(each: Standing) -> dict[str, Any]:
    bill = each.bill
    where = bill.tenancy.unit.property
    place, currency = zone(where.zone), where.currency
    return {
        "number": bill.number,
        "amount": format_money(each.left, currency),
        "billed": format_money(bill.amount, currency),
        "until": f"{local_day(bill.due_at - 1, place)}",
        "first": f"{local_day(bill.begins, place)}",
        "last": f"{local_day(bill.ends - 1, place)}",
        "energy": bill.document["kwh"],
        "covered": not each.left,
        "link": public(reverse("tenant:bill:bill", args=[bill.pk])),
    }


def _overdue(each: Standing, at: int) -> dict[str, Any]:
    """What an overdue bill says of what follows: by rule at an instant, or by a person."""
    terms, bill = terms_of(each.bill.tenancy_id), each.bill
    follows = follows_at(terms, bill) if terms is not None and terms.postpaid else None
    place = zone(bill.tenancy.unit.property.zone)
    return {
        "rule": terms is not None and follows is not None and terms.overdue == terms.Overdue.CUT,
        "person": terms is not None and follows is not None and terms.overdue == terms.Overdue.ASK,
        "follows": "" if follows is None else wall(follows, place),
        "come": follows is not None and at >= follows,
    }


def tell_tenant(tenancy: Tenancy, at: int, told: Callable[..., Notice | None], recipient: Recipient) -> None:
    """Put what is new of a tenancy's bills into the outbox."""
    found: dict[str, tuple[Event, Standing]] = {}
    for each in standings(tenancy):
        bill = each.bill
        if bill.made_at < recipient.since:
            continue
        found[f"bill {bill.pk}"] = (Event.BILL, each)
        if each.left and bill.due_at - BEFORE <= at < bill.due_at:
            found[f"bill-due {bill.pk}"] = (Event.BILL_DUE, each)
        elif each.left and at >= bill.due_at:
            found[f"overdue {bill.pk}"] = (Event.OVERDUE, each)
            terms = terms_of(tenancy.pk)
            follows = follows_at(terms, bill) if terms is not None else None
            if follows is not None and at >= follows - LAST_WORD:
                found[f"overdue {bill.pk} last"] = (Event.OVERDUE, each)
        elif not each.left:
            # It was paid before anybody had to be reminded.
            overtake(recipient, Event.BILL_DUE, f"bill-due {bill.pk}")
            overtake(recipient, Event.OVERDUE, f"overdue {bill.pk}")
    for key in sorted(untold(recipient, found)):
        event, each = found[key]
        more = _overdue(each, at) if event == Event.OVERDUE else {}
        told(event, key, **{**_facts(each), **more})


def tell_manager(recipient: Recipient, organisation: Organisation, at: int) -> None:
    """Put into the outbox which bills are overdue: when that begins, and when something follows."""
    found: dict[str, Standing] = {}
    for each in open_bills(organisation):
        if each.state != "overdue" or each.bill.due_at < recipient.since:
            continue
        terms = terms_of(each.bill.tenancy_id)
        follows = follows_at(terms, each.bill) if terms is not None else None
        found[f"overdue {each.bill.pk}"] = each
        if follows is not None and at >= follows:
            found[f"overdue {each.bill.pk} follows"] = each
    for key in sorted(untold(recipient, found)):
        each = found[key]
        unit = each.bill.tenancy.unit
        told = {
            **_facts(each),
            **_overdue(each, at),
            "unit": str(unit),
            "who": each.bill.who,
            "currency": unit.property.currency,
            "tenant": False,
        }
        tell(recipient, Event.OVERDUE, key, told)
