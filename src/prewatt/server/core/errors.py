"""Errors in words, each with the name of its field: as people see it on the page and in a command, and its own name in
the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ...kernel.charges import CHARGES
from ...kernel.sentences import LISTED

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Refused(ValueError):
    """Something cannot be done; the message, for people, says why. `field`: the field it is about, by its name in the
    API and the forms; empty if it is about no single field. `is_conflict`: it contradicts what is there by now, such as an
    id that stands for something else.
    """

    def __init__(self, text: str, field: str = "", *, is_conflict: bool = False) -> None:
        super().__init__(text)
        self.field, self.is_conflict = field, is_conflict


LABELS = {
    "actions": _("Allowed"), "address": _("Address"), "adjustment_id": _("This form"), "algorithm": _("Cipher"),
    "amount": _("Amount"), "answer": _("What is charged"), "area": _("Floor area"), "asked": _("This form"),
    "base": _("Base date"), "begins": _("From"), "code": _("Supply group"), "consumption": _("By consumption"),
    "credit_id": _("This form"), "day": _("Day"), "deposit": _("Deposit"), "detail": _("Note"), "do": _("What to do"),
    "effective": _("From"), "emergency_code_amount": _("Most that one code lends"),
    "end": _("Last register of the old meter"), "ends": _("Until"), "equal": _("In equal shares"),
    "file": _("File"), "first": _("From"), "fixed": _("By fixed weights"), "form": _("File format"), "function": _("Function"),
    "gateway": _("Gateway"), "group": _("Key"), "holder": _("Holder"), "hours": _("Hours"), "key": _("Key"), "kind": _("Way"),
    "kwh": _("kWh"),
    "language": _("Language"), "last": _("Until"), "last_reading": _("Last reading"), "longest": _("Hours to restore for"),
    "left": _("Left on the display, kWh"), "login": _("Login"),
    "low_days": _("Remind at days left"), "low_energy": _("Remind at kWh"), "low_money": _("Remind at"), "memo": _("Note"),
    "merchant": _("Merchant account"), "meter": _("Meter"), "meters": _("Meters"),
    "month": _("Month"), "most_a_month": _("At most in a month"), "most_amount": _("Restores at most"),
    "name": _("Name"), "note": _("Receipt"), "number": _("Number on the meter"),
    "occupants": pgettext_lazy("who live there", "People"),
    "organisation": _("Landlord"), "override": _("Even if locked"),
    "pay_out_id": _("This form"), "payment_id": _("This form"), "part": _("Part"), "photos": _("Photos"),
    "power_highest": _("Main fuse, W"),
    "price_cap": _("At most per kWh"), "prices": _("Prices"), "properties": _("Buildings"), "provider": _("Provider"),
    "purchase_tariff": _("What I pay"), "quiet_from": _("Quiet from"), "quiet_until": _("Quiet until"),
    "reason": _("Reason"), "revision": _("Revision"), "role": _("Role"), "scale": _("Prices are in"), "schedule": _("Runs"),
    "receipt": _("Receipt"), "send_to": _("Where to send it"),
    "seq": _("Reading"), "serial": _("Serial number"),
    "since": _("From the day"), "start": _("Start from"),
    "tariff": _("Tariff"), "tariff_index": _("Tariff index"), "tell": _("Notices"), "tenancy": _("Tenant"),
    "tenant": pgettext_lazy("of a person", "Name"), "to": _("The payment is for"),
    "under_days": _("When the credit lasts less than this many days"),
    "unit": _("Unit"), "units": _("Flats"), "used": pgettext_lazy("of a payment", "What was used"),
    "user": _("Login"), "vacancy": _("Vacant units are borne by"),
    "value": _("Value"), "watts": pgettext_lazy("in watts", "Power"), "way": _("Way to pay"),
    "phone": _("Phone"), "email": _("E-mail"), "public_key": _("Phone"), "days": _("A grant is valid for, days"),
    "restore_amount": _("Restores at most"), "restore_hours": _("Hours to restore for"),
    **{form.field: _(form.label) for form in CHARGES},
}  # fmt: skip
"""What people see of a field, where its own name is not for them."""


def label(field: str, labels: Mapping[str, str | _StrPromise] | None = None) -> str:
    """Return what people see of a field; `labels` come first. A path within a tariff stays a path, as it is documented."""
    plain = field.replace("_", " ").capitalize() if field.isidentifier() else field
    return str((labels or {}).get(field) or LABELS.get(field) or plain)


def in_words(error: Exception) -> str:
    """Return an error as one line of text, with each field by its own name."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{name}: {text}" if name else text for name, text in by_field(error))


def for_people(error: Exception, labels: Mapping[str, str | _StrPromise] | None = None) -> str:
    """Return an error as one line of text, with each field as people see it; `labels` come first."""
    if not isinstance(error, ValidationError):
        return str(error)
    parts = [
        gettext("%(field)s: %(text)s") % {"field": label(name, labels), "text": text} if name else text
        for name, text in by_field(error)
    ]
    return reduce(lambda before, after: gettext(LISTED) % {"before": before, "after": after}, parts or [""])


def _of_lines(said: str) -> list[tuple[str, str]]:
    """Return the field and the text of each line `field: text`; the field is empty if a line names none."""
    lines = (line.partition(": ") for line in said.splitlines() or [""])
    return [
        (field, text) if colon and " " not in field else ("", f"{field}{colon}{text}".strip())
        for field, colon, text in lines
    ]


def by_field(error: Exception) -> list[tuple[str, str]]:
    """Return pairs of (field, text) of an error; the field is empty for an error of the whole form."""
    if isinstance(error, Refused) and error.field:
        return [(error.field, str(error))]
    if not isinstance(error, ValidationError):
        return _of_lines(str(error))
    if not hasattr(error, "error_dict"):
        return [("", text) for text in error.messages]
    return [("" if name == "__all__" else name, text) for name, texts in error.message_dict.items() for text in texts]
