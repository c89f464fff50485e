"""Where each notice leads: the page that settles it. The links of notices are made by these tables alone. If the notices of an
event lead to different pages, the event has a row for each case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.urls import reverse

from ..core.addresses import public
from ..estate.models import Organisation, Tenancy
from .events import Event


class Page(NamedTuple):
    """The name of a page's address. `flat`: the part of the address that names the tenancy. `query`: the query of the address;
    `anchor`: the part of the page that is shown first. `whole`: the page shows a whole organisation, and the query says which,
    for people who work for several.
    """

    name: str
    flat: str = ""
    query: str = ""
    anchor: str = ""
    whole: bool = False


HOME = Page("tenant:home:tenancy", "tenancy")
PAY = Page("tenant:home:tenancy", "tenancy", "pay=", "pay")
"""The form to pay, open and with an amount: the amount in the query, or else one that is enough."""
CODES = Page("tenant:home:tenancy", "tenancy", anchor="codes")
BILL = Page("tenant:bill:bill")
SWITCH = Page("console:units:switch")
OF_PROPERTY = Page("console:alarms:alarms")

CODE, OTHER, PAYMENT, SOLD, METER = "code", "other", "payment", "sold", "meter"
"""The cases. `CODE`: a code waits to be typed. `PAYMENT`: it was paid online; `SOLD`: it is a code for a keypad meter. `METER`: a
flat's meter has told it, without an alarm. `OTHER` for a tenant: the flat was cut off for another reason than credit, money came
back, or the flat has no meter. `OTHER` for an office: the meter belongs to no flat, or nobody asked for the money.
"""

FOR_TENANT: Mapping[tuple[Event, str], Page] = {
    (Event.LOW, ""): PAY,
    (Event.LOW, CODE): CODES,
    (Event.EXHAUSTED, ""): PAY,
    (Event.EXHAUSTED, CODE): CODES,
    (Event.CUT_OFF, ""): PAY,
    (Event.CUT_OFF, CODE): CODES,
    (Event.CUT_OFF, OTHER): HOME,
    (Event.RESTORED, ""): HOME,
    (Event.TOP_UP, ""): Page("tenant:papers:payments", "pk"),
    (Event.TOP_UP, PAYMENT): Page("tenant:pay:payment"),
    (Event.TOP_UP, SOLD): Page("tenant:papers:code", "pk"),
    (Event.SHARED_COST, ""): Page("tenant:papers:share", "pk"),
    (Event.TARIFF, ""): Page("tenant:home:use", "tenancy", anchor="prices"),
    (Event.TARIFF, OTHER): HOME,
    (Event.STATEMENT, ""): Page("tenant:papers:tenancy_statement", "pk"),
    (Event.UNUSUAL, ""): Page("tenant:home:use", "tenancy"),
    (Event.OVERLOAD, ""): HOME,
    (Event.TAKEN_BACK, ""): PAY,
    (Event.TAKEN_BACK, OTHER): Page("tenant:papers:payments", "pk"),
    (Event.BILL, ""): BILL,
    (Event.BILL_DUE, ""): BILL,
    (Event.OVERDUE, ""): BILL,
    (Event.NOTE, ""): HOME,
    (Event.REPORT, ""): Page("tenant:reports:report"),
    (Event.PRESS_BUTTON, ""): HOME,
    (Event.AUTOMATIC, ""): PAY,
    (Event.LOGIN, ""): Page("sign_in:account"),
    (Event.LOGIN_CODE, ""): Page("account_confirm_login_code"),
}
FOR_OFFICE: Mapping[tuple[Event, str], Page] = {
    (Event.OVERLOAD, ""): SWITCH,
    (Event.OVERLOAD, OTHER): OF_PROPERTY,
    (Event.PRESS_BUTTON, ""): SWITCH,
    (Event.PRESS_BUTTON, OTHER): OF_PROPERTY,
    (Event.TROUBLE, ""): Page("console:alarms:alarm"),
    (Event.TROUBLE, METER): SWITCH,
    (Event.TROUBLE, OTHER): OF_PROPERTY,
    (Event.OFFLINE, ""): Page("console:silences:silence"),
    (Event.BACK, ""): Page("console:silences:silence"),
    (Event.LEAK, ""): Page("console:readings:readings"),
    (Event.HELD, ""): Page("console:payments:payments", anchor="held", whole=True),
    (Event.HELD, OTHER): Page("console:payments:payments", anchor="unexpected", whole=True),
    (Event.OWED, ""): Page("console:books:books", anchor="owed", whole=True),
    (Event.TAKEN_BACK, ""): Page("console:payments:payments", anchor="taken-back", whole=True),
    (Event.OVERDUE, ""): BILL,
    (Event.REPORT, ""): Page("tenant:reports:report"),
    (Event.LOGIN, ""): Page("sign_in:account"),
    (Event.LOGIN_CODE, ""): Page("account_confirm_login_code"),
}


def for_tenant(event: Event, tenancy: Tenancy, case: str = "", query: str = "", **given: Any) -> str:
    """Return the address of the page that settles what a tenant is told. `query`: the address's query, instead of the page's own;
    `given`: the other parts of the address, such as the row.
    """
    page = FOR_TENANT[event, case]
    own = {page.flat: tenancy.pk} if page.flat else {}
    return _address(page, {**own, **given}, query or page.query)


def for_office(event: Event, organisation: Organisation, case: str = "", row: Any = "", **given: Any) -> str:
    """Return the address of the page that settles what a manager is told. `row`: the row of the page that the notice is about;
    `given`: the other parts of the address.
    """
    page = FOR_OFFICE[event, case]
    query = f"organisation={organisation.pk}" if page.whole else page.query
    return _address(page._replace(anchor=f"{page.anchor}-{row}" if row else page.anchor), given, query)


def of_all_notices(tenancy: Tenancy | None, organisation: Organisation) -> str:
    """Return the address of the page with all notices of a tenant; if `tenancy` is None, of the organisation's office."""
    if tenancy is not None:
        return _address(Page("tenant:notices:notices"), {"whose": "me", "tenancy": tenancy.pk}, "")
    return _address(Page("tenant:notices:notices"), {"whose": "office"}, f"organisation={organisation.pk}")


def _address(page: Page, given: Mapping[str, Any], query: str) -> str:
    path = reverse(page.name, kwargs=dict(given))
    return public(f"{path}?{query}" if query else path) + (f"#{page.anchor}" if page.anchor else "")
