"""What a recipient types on the page of notices is stored."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..core.amounts import typed_kwh, typed_money
from ..estate.low_steps import typed_days, typed_steps
from ..metering.models import Meter
from ..vending.account_settings import send_settings_to
from .languages import languages
from .models import Recipient
from .recipients import currency_of

STEPS = ("low_money", "low_energy", "low_days")
"""The fields with a tenant's own steps of the reminder. The landlord's steps hold beside them."""


def keep_settings(recipient: Recipient, given: Any) -> None:
    """Store what a recipient typed on the page of notices: language, quiet hours, steps of the reminder, and the events to be
    told (`tell`, a list). A ValidationError names each field that is wrong.
    """
    errors: dict[str, str] = {}
    language, events = given.get("language", ""), set(given.getlist("tell"))
    if language not in languages():
        errors["language"] = _("Choose a language.")
    hours = _typed_hours(given, errors)
    steps = _typed_steps(given, currency_of(recipient), errors)
    if events - {event.value for event in recipient.events}:
        errors["tell"] = _("There is no such choice.")
    if errors:
        raise ValidationError({name: [text] for name, text in errors.items()})
    before = recipient.low_money, recipient.low_energy
    recipient.language = language
    recipient.quiet_from, recipient.quiet_until = hours["quiet_from"], hours["quiet_until"]
    recipient.low_money, recipient.low_energy, recipient.low_days = (steps[name] for name in STEPS)
    recipient.muted = [event.value for event in recipient.events if event.value not in events]
    recipient.save(
        update_fields=["language", "quiet_from", "quiet_until", "low_money", "low_energy", "low_days", "muted"]
    )
    if before != (recipient.low_money, recipient.low_energy):
        _send_steps(recipient)


def _typed_hours(given: Any, errors: dict[str, str]) -> dict[str, int]:
    """Return the quiet hours that were typed; what is wrong is added to `errors`."""
    hours = {}
    for name in ("quiet_from", "quiet_until"):
        text = given.get(name, "")
        if text.isdecimal() and text.isascii() and len(text) <= 2 and int(text) < 24:
            hours[name] = int(text)
        else:
            errors[name] = _("Type an hour from 0 to 23.")
    return hours


def _typed_steps(given: Any, currency: str, errors: dict[str, str]) -> dict[str, list[int]]:
    """Return the steps of the reminder that were typed, by field; what is wrong is added to `errors`."""
    steps: dict[str, list[int]] = {}
    reads: tuple[Callable[[str, str], int], ...] = (partial(typed_money, currency=currency), typed_kwh, typed_days)
    for name, read in zip(STEPS, reads, strict=True):
        try:
            steps[name] = typed_steps(given.get(name, ""), name, read)
        except ValidationError as error:
            errors[name] = " ".join(error.messages)
    return steps


def _send_steps(recipient: Recipient) -> None:
    """Send the steps to the tenant's meter, which watches them by itself."""
    if recipient.tenancy is None:
        return
    meter = Meter.objects.filter(unit=recipient.tenancy.unit_id).select_related("unit", "gateway__property").first()
    if meter is not None:
        send_settings_to(meter)
