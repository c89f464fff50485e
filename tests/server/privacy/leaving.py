"""Somebody who lived in Flat 3 for a few days and has left traces everywhere."""

import json
from io import BytesIO
from pathlib import Path

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from PIL import Image

from prewatt.kernel.sentences import sentence
from prewatt.kernel.units import HOUR, NANO
from prewatt.server.billing.models import Bill
from prewatt.server.billing.owed import owed_to, pay_out
from prewatt.server.correspondence.notes import send_note
from prewatt.server.correspondence.photos import encode
from prewatt.server.correspondence.reports import add_entry, open_report
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.metering.alarms import raise_alarm
from prewatt.server.metering.models import Meter
from prewatt.server.notices.contact import Contact
from prewatt.server.notices.models import Notice
from prewatt.server.notices.recipients import manager_of, recipient_of
from prewatt.server.payments.bank import book_line, upload
from prewatt.server.payments.models import BankLine, Payment, WaitingStatement
from prewatt.server.sales.giving_back import give
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tenancies.moving import move_in, move_out, settle
from prewatt.server.tenancies.put_right import Change, put_right
from prewatt.server.vending.models import Refund
from tests.building import new_login
from tests.gateway import at
from tests.server.statements.test_statements import USED

NAME, MISSPELT = "Anneliese Quittmann", "Annelise Quittman"
PHONE, EMAIL, IBAN = "+4915112345678", "anneliese@quittmann.example", "DE02120300000000202051"
TRACES = (NAME, MISSPELT, PHONE, EMAIL, IBAN, "15112345678", "Quittmann", "the baby is ill")
"""What must be found nowhere afterwards."""


def photo():
    made = BytesIO()
    Image.new("RGB", (60, 40), "red").save(made, "JPEG")
    return encode([SimpleUploadedFile("photo.jpg", made.getvalue(), content_type="image/jpeg")])


def moved_in(edge, store):
    """The tenancy from 8 October on, with a login and traces of each kind."""
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    unit = Unit.objects.select_related("property__organisation").get(name="Flat 3")
    owner = unit.property.organisation
    office = get_user_model().objects.get(username="manager")
    contact = Contact(phone=PHONE, email=EMAIL, language="en")
    tenancy = move_in(unit, MISSPELT, at(2025, 10, 8), deposit=50 * NANO, contact=contact)
    put_right(tenancy, Change(tenant=NAME), office, f"{NAME} was misspelt")
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=tenancy.pk)
    new_login(tenancy)
    user = tenancy.people.get()
    user.first_name, user.last_name, user.email = "Anneliese", "Quittmann", EMAIL
    user.save()
    top_up(tenancy, 30 * NANO, "first-3", office, note=f"brought by {NAME}'s mother, the baby is ill")
    give(tenancy, 2 * NANO, "kind-1", office, "the lift stood still")
    edge.obey("m3")
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    _written(tenancy, owner, office, user)
    _paid_by_bank(tenancy, owner, office)
    edge.obey("m3")
    return tenancy


def _written(tenancy, owner, office, user):
    ben = Tenancy.objects.get(tenant="Ben")
    report = open_report(tenancy, "r1", "wiring", "Call me, the baby is ill", photo(), user)
    add_entry(report, "e1", f"Dear {NAME}, we come", "", (), office, office=True)
    add_entry(report, "e2", "Done", "done", (), office, office=True)
    send_note(owner, "n1", "Your cellar", "Please empty it, Quittmann family", office, [tenancy])
    send_note(owner, "n2", "Noise", f"{NAME} is fine with music. Are you?", office, [tenancy, ben])
    for recipient in (recipient_of(tenancy), manager_of(owner)):
        Notice.objects.create(
            recipient=recipient, event="low", key="low 1", title=f"{NAME} is low", text=f"{NAME}: 3.00 left",
            facts={"who": NAME, "deep": [NAME]}, made_at=1, due_at=1,
        )  # fmt: skip
    called = sentence("%(who)s called", who=NAME)
    raise_alarm("odd", called, 1, meter=Meter.objects.get(name="m3"), data={"who": NAME})
    LogEntry.objects.create(
        user=office, content_type=ContentType.objects.get_for_model(Tenancy), object_id=str(tenancy.pk),
        object_repr=str(tenancy), action_flag=CHANGE, change_message="[]",
    )  # fmt: skip


def _paid_by_bank(tenancy, owner, office):
    statement = (
        f"date,amount,payer,iban,text\n2025-10-09,7.00,{NAME},{IBAN},Flat 3\n2025-10-09,-1.00,{NAME},{IBAN},back\n"
    )
    upload(owner, statement.encode(), "EUR", office)
    book_line(BankLine.objects.get(organisation=owner, amount__gt=0), tenancy, office)
    WaitingStatement.objects.create(organisation=owner, content=NAME.encode(), at=1, by=office)


def paid_by_phone(tenancy, merchant):
    Payment.objects.create(
        payment_id="p1", asked="a1", merchant=merchant, tenancy=tenancy, amount=NANO, currency="EUR", method="card",
        payer=EMAIL, payer_address="203.0.113.7", link=f"https://pay.example/{EMAIL}", params={"for": NAME},
        state=Payment.State.CLOSED, made_at=1, expires_at=2,
    )  # fmt: skip


def billed(tenancy, made_at):
    return Bill.objects.create(
        organisation=tenancy.unit.property.organisation, number=1, tenancy=tenancy, who=NAME, begins=1, ends=2,
        made_at=made_at, due_at=made_at, owed=3 * NANO, total=3 * NANO, amount=3 * NANO, is_complete=True,
        document={"tenant": NAME, "lines": [{"text": f"for {NAME}"}], "total": "3.00"},
    )  # fmt: skip


def moved_out(tenancy, edge, store, office="cashier"):
    """Everything is settled and paid out."""
    move_out(tenancy, at(2025, 10, 11))
    edge.obey("m3")
    edge.live(store, at(2025, 10, 12), USED, HOUR)
    settle(tenancy)
    for refund in owed_to(tenancy):
        Refund.objects.filter(pk=refund.pk).update(send_to=f"{IBAN}")
        pay_out(refund, office, way="transfer", number=f"to {NAME}")
    tenancy.refresh_from_db()
    return tenancy


def found(*traces):
    """Where any of some texts stands: every column of every table, and SQLite's file with its log."""
    places = set()
    for model in apps.get_models(include_auto_created=True):
        columns = list(model._meta.local_concrete_fields)
        for row in model._default_manager.values_list(*(field.attname for field in columns)):
            for field, value in zip(columns, row, strict=True):
                if isinstance(value, memoryview):
                    value = bytes(value)
                text = json.dumps(value, ensure_ascii=False, default=_text)
                if any(trace.casefold() in text.casefold() for trace in traces):
                    places.add(f"{model._meta.label}.{field.name}")
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        for name in (connection.settings_dict["NAME"], f"{connection.settings_dict['NAME']}-wal"):
            content = _file(name)
            places |= {f"{name}: {trace}" for trace in traces if trace.encode() in content}
    return places


def _text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _file(name):
    try:
        return Path(name).read_bytes()
    except FileNotFoundError:
        return b""
