"""All that is kept of one tenant, in a file that they can read: JSON, readings as CSV, and their photos, in a zip.

Nothing of other people is in it: names of other tenants become `another tenant`, those who work for the landlord `office`.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q

from ...kernel.units import exact_instant, exact_kwh, exact_money
from ..core.earlier_names import earlier_name
from ..core.sealing import SealError
from ..core.time import now
from ..correspondence.models import NoteTo, Photo
from ..estate.models import Tenancy
from ..metering.models import JournalEntry
from ..notices.models import Channel
from ..notices.recipient_channels import address_of
from ..payments.models import Payment
from ..vending.models import KeypadReading
from .person import SHORTEST, Person
from .texts import TEXTS

SCHEMA = "prewatt-personal-data-1"
OTHERS, OFFICE, GIVER = "another tenant", "office", "who paid for the tenant"
INSTANTS = {"at", "begins", "ends", "since", "until"}
"""Fields with an instant, beside those whose name ends in `_at`."""
MONEY = {
    "amount", "deposit", "owed", "total", "fee", "charge", "standing", "minimum", "tax", "tax_included", "limit",
}  # fmt: skip
"""Fields with an amount in nano."""
STAFF = {"by", "paid_by", "revoked_by", "withdrawn_by"}
GIVERS = ("payer", "payer_address", "link", "params")
"""The fields of a payment by a gift link that tell who made it. The name that they left is not among them."""
LEFT_OUT = {"estate.Tenancy", "notices.Channel", "correspondence.Photo"}
"""Models that the file shows in a way of their own."""


def export(tenancy: Tenancy) -> bytes:
    """Return the zip with all that is kept of a tenancy's tenant."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(to_document(tenancy), ensure_ascii=False, indent=2))
        archive.writestr("readings.csv", _readings(tenancy))
        for photo in Photo.objects.filter(entry__report__tenancy=tenancy):
            archive.writestr(f"photos/{photo.pk}.jpg", bytes(photo.content))
    return file.getvalue()


def to_document(tenancy: Tenancy) -> dict[str, Any]:
    """Return all texts and figures of a tenancy's tenant as JSON values; amounts and energy as exact decimals."""
    others, users = _other_tenants(tenancy), list(tenancy.people.order_by("pk"))
    logins = {tenancy.tenant, *(user.get_username() for user in users)}
    rows = {label: [_row(row, logins) for row in _of(label, tenancy)] for label in TEXTS if label not in LEFT_OUT}
    notes = NoteTo.objects.filter(tenancy=tenancy).select_related("note")
    document = {
        "tenancy": {
            "tenant": tenancy.tenant,
            "property": tenancy.unit.property.name,
            "unit": tenancy.unit.name,
            "landlord": tenancy.unit.property.organisation.name,
            "currency": tenancy.unit.property.currency,
            "people": tenancy.occupants,
            **{name: _plain(name, getattr(tenancy, name)) for name in ("begins", "ends", "settled_at", "deposit")},
        },
        "logins": [_login(user) for user in users],
        "reached_by": [_channel(each) for each in Channel.objects.filter(recipient__tenancy=tenancy)],
        "notes": [
            {"title": each.note.title, "text": each.note.text, "at": exact_instant(each.note.at)} for each in notes
        ],
        "photos": [f"photos/{pk}.jpg" for pk in _photos(tenancy)],
        "rows": {label: of_model for label, of_model in rows.items() if of_model},
    }
    return {"schema": SCHEMA, "made_at": exact_instant(now()), **others.out_of(document)}


def _of(label: str, tenancy: Tenancy) -> Iterator[models.Model]:
    """Return the rows of a model that are of a tenancy's tenant."""
    texts = TEXTS[label]
    if not texts.of:
        return
    within = reduce(or_, (Q(**{way: tenancy.pk}) for way in texts.of))
    yield from apps.get_model(label)._default_manager.filter(within).order_by("pk").distinct()


def _row(row: models.Model, logins: set[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    is_gift = isinstance(row, Payment) and hasattr(row, "gift")
    for field in row._meta.concrete_fields:
        if field.is_relation or isinstance(field, models.BinaryField):
            continue
        value = _without_others(field.name, getattr(row, field.name), is_gift, logins)
        values[earlier_name(row._meta.label, field.name)] = _plain(field.name, value)
    return values


def _without_others(name: str, value: Any, is_gift: bool, logins: set[str]) -> Any:
    """Return a value of a column without the names of those who gave a gift, and of the office's people."""
    if value and is_gift and name in GIVERS:
        value = GIVER
    if value and name in STAFF and value not in logins:
        value = OFFICE
    return value


def _plain(name: str, value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int) and (name in INSTANTS or name.endswith("_at")):
        return exact_instant(value)
    if isinstance(value, int) and name in MONEY:
        return exact_money(value)
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    return value


def _login(user: Any) -> dict[str, Any]:
    return {
        "login": user.get_username(),
        "email": user.email,
        "since": str(user.date_joined),
        "last_login": str(user.last_login) if user.last_login else None,
    }


def _channel(channel: Channel) -> dict[str, Any]:
    try:
        address = address_of(channel)
    except SealError:
        address = channel.shown
    return {"kind": channel.kind, "address": address, "since": exact_instant(channel.made_at)}


def _photos(tenancy: Tenancy) -> list[int]:
    return list(Photo.objects.filter(entry__report__tenancy=tenancy).values_list("pk", flat=True))


def _readings(tenancy: Tenancy) -> str:
    """Return the readings of the tenancy's meter as CSV: energy in kWh, amounts in the property's currency."""
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(("at", "register_kwh", "used_kwh", "charge"))
    span = Q(at__gt=tenancy.begins) & (Q(at__lte=tenancy.ends) if tenancy.ends is not None else Q())
    rows = JournalEntry.objects.filter(span, meter__unit=tenancy.unit_id, register__isnull=False).order_by("at")
    for at, register, energy, charge in rows.values_list("at", "register", "energy", "charge").iterator():
        used, cost = (
            read(value) if value is not None else "" for read, value in ((exact_kwh, energy), (exact_money, charge))
        )
        table.writerow((exact_instant(at), exact_kwh(register or 0), used, cost))
    typed = KeypadReading.objects.filter(span, token_meter__unit=tenancy.unit_id, withdrawn_by="").order_by("at")
    for at, register in typed.values_list("at", "register"):
        table.writerow((exact_instant(at), exact_kwh(register), "", ""))
    return file.getvalue()


def _other_tenants(tenancy: Tenancy) -> Person:
    """Return all other tenants of the landlord as one, whose names are taken out of texts."""
    rows = Tenancy.objects.filter(unit__property__organisation=tenancy.unit.property.organisation_id)
    names = {name.strip() for name in rows.exclude(pk=tenancy.pk).values_list("tenant", flat=True)}
    names -= {tenancy.tenant}
    return Person(OTHERS, tuple(sorted(each for each in names if len(each) >= SHORTEST)), frozenset())
