"""Who has moved out can be forgotten: their name stands nowhere any more, and the books are what they were."""

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import models

from prewatt.kernel.units import DAY, HOUR
from prewatt.server.accounts.audited import is_audited, is_hidden
from prewatt.server.billing.models import Bill
from prewatt.server.correspondence.models import Note, Photo, Report
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.ledger.books import trial_balance
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering.models import Alarm, JournalEntry
from prewatt.server.notices.models import Channel, Notice
from prewatt.server.payments.merchants import keep_merchant
from prewatt.server.privacy import keeping
from prewatt.server.privacy.erasing import erase, objections
from prewatt.server.privacy.export import export
from prewatt.server.privacy.keeping import forget_what_is_due
from prewatt.server.privacy.models import Erasure, Retention
from prewatt.server.privacy.person import Person
from prewatt.server.privacy.texts import TEXTS
from prewatt.server.statements.formats import to_document
from prewatt.server.statements.statement import statement
from prewatt.server.tenancies.moving import move_out, settle
from tests.gateway import at
from tests.server.privacy.leaving import (
    EMAIL,
    IBAN,
    NAME,
    PHONE,
    TRACES,
    billed,
    found,
    moved_in,
    moved_out,
    paid_by_phone,
)
from tests.server.statements.test_statements import USED, edge  # noqa: F401

HOLD_TEXT = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.FileField)


def test_each_text_of_each_model_is_said_to_be_personal_or_not():
    stored = {
        model._meta.label: {field.name for field in model._meta.local_fields if isinstance(field, HOLD_TEXT)}
        for model in apps.get_models(include_auto_created=True)
    }
    told = {label: texts.names for label, texts in TEXTS.items()}
    assert {label: names for label, names in stored.items() if names} == {
        label: names for label, names in told.items() if names
    }
    for label, texts in TEXTS.items():
        model = apps.get_model(label)
        for way in (*texts.of, *texts.organisation):
            # A way that leads nowhere is an error of the query.
            assert model._default_manager.filter(**{way: 1}).query


def test_the_document_names_each_place_where_something_personal_is_kept():
    document = (Path(__file__).parents[3] / "docs" / "operator" / "personal-data.md").read_text()
    personal = {label for label, texts in TEXTS.items() if texts.tenants or texts.may_name or texts.login}
    by_another = {"account.EmailConfirmation"}
    assert sorted(label for label in personal - by_another if label not in document) == []


def test_what_is_personal_is_not_written_down_in_the_audit_log():
    """It can't be changed, so it would remember what is erased."""
    shown = set()
    for label, texts in TEXTS.items():
        model = apps.get_model(label)
        if is_audited(model):
            personal = {*texts.tenants, *texts.may_name.split(), *texts.login.split()}
            shown |= {f"{label}.{name}" for name in personal if not is_hidden(model._meta.get_field(name))}
    assert sorted(shown) == []


@pytest.fixture
def lives(edge, store, providers):  # noqa: F811
    tenancy = moved_in(edge, store)
    paid_by_phone(tenancy, keep_merchant(_owner(tenancy), "stripe", "cards", providers.settings("stripe")))
    return tenancy


def _owner(tenancy):
    return tenancy.unit.property.organisation


def _amounts():
    return list(
        Transfer.objects.order_by("pk").values_list("pk", "kind", "debit_account", "credit_account", "amount", "at")
    )


def _figures(tenancy):
    """A statement without what people have typed."""
    document = to_document(statement(tenancy, 0, at(2025, 11, 1)))
    lines = [{key: value for key, value in line.items() if key != "text"} for line in document.pop("lines")]
    return {key: value for key, value in document.items() if key != "tenant"}, lines


def test_nothing_tells_of_an_erased_tenant_in_any_table_nor_in_the_file(transactional_db, lives, edge, store):  # noqa: F811
    user = lives.people.get()
    seen = found(*TRACES)
    assert {
        "estate.Tenancy.tenant",
        "ledger.Transfer.memo",
        "metering.Alarm.data",
        "admin.LogEntry.object_repr",
    } <= seen
    tenancy = moved_out(lives, edge, store)
    books, amounts, entries = trial_balance(_owner(tenancy)), _amounts(), list(JournalEntry.objects.values_list("hash"))
    figures = _figures(tenancy)
    erase(tenancy, get_user_model().objects.get(username="manager"))
    assert found(*TRACES) == set()
    assert trial_balance(_owner(tenancy)) == books and sum(books.values()) == 0
    assert _amounts() == amounts and list(JournalEntry.objects.values_list("hash")) == entries
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=tenancy.pk)
    assert _figures(tenancy) == figures
    assert tenancy.tenant == f"tenant {tenancy.pk}"
    user.refresh_from_db()
    assert (user.username, user.email, user.is_active) == (f"tenant-{tenancy.pk}", "", False)
    assert not user.has_usable_password()


@pytest.mark.database
def test_others_keep_what_is_theirs(lives, edge, store):  # noqa: F811
    erase(moved_out(lives, edge, store))
    assert set(Tenancy.objects.exclude(pk=lives.pk).values_list("tenant", flat=True)) == {"Anna", "Ben"}
    assert get_user_model().objects.get(username="flat1").is_active
    kept = Notice.objects.get(recipient__tenancy=None, recipient__organisation=_owner(lives), key="low 1")
    assert kept.text == f"tenant {lives.pk}: 3.00 left" and kept.facts["deep"] == [f"tenant {lives.pk}"]


@pytest.mark.database
def test_nothing_is_erased_while_money_is_open(lives, edge, store):  # noqa: F811
    assert "not settled" in " ".join(objections(lives))
    move_out(lives, at(2025, 10, 11))
    edge.obey("m3")
    edge.live(store, at(2025, 10, 12), USED, HOUR)
    settle(lives)
    with pytest.raises(ValidationError, match="still owed to the tenant"):
        erase(lives)
    assert found(NAME) and not Erasure.objects.exists()


@pytest.mark.database
def test_a_bill_keeps_the_name_for_as_long_as_tax_law_needs_it(lives, edge, store, clock):  # noqa: F811

    bill = billed(lives, made_at=at(2025, 10, 10))
    Retention.objects.create(organisation=_owner(lives), bills_years=8)
    erase(moved_out(lives, edge, store))
    assert found(NAME) == {"billing.Bill.who", "billing.Bill.document"}
    clock.at = at(2033, 12, 31)
    forget_what_is_due()
    assert found(NAME) == {"billing.Bill.who", "billing.Bill.document"}
    clock.at = at(2034, 1, 1, 1)
    forget_what_is_due()
    assert found(*TRACES) == set()
    after = Bill.objects.get()
    assert (after.number, after.amount, after.made_at) == (bill.number, bill.amount, bill.made_at)
    assert after.document["total"] == "3.00"


@pytest.mark.parametrize(
    ("names", "text", "without"),
    [
        (("Anna",), "Anna paid, annabel did not", "tenant 7 paid, annabel did not"),
        (("Anna",), "for ANNA's sake", "for tenant 7's sake"),
        (("王芳",), "王芳付款", "tenant 7付款"),
        (("Ann", "Ann Lee"), "Ann Lee, Ann", "tenant 7, tenant 7"),
        (("a.b@c.example",), "to a.b@c.example.", "to tenant 7."),
        (("a.b@c.example",), "to aXb@c.example", "to aXb@c.example"),
    ],
)
def test_a_name_is_found_as_people_write_it(names, text, without):
    assert Person("tenant 7", names, frozenset()).without(text) == without


def test_a_login_is_found_only_where_it_is_the_whole_text():
    person = Person("tenant 7", (), frozenset({"flat1"}))
    assert (person.without("flat1"), person.without("the heater of flat1")) == ("tenant 7", "the heater of flat1")


@pytest.mark.database
def test_another_tenant_of_the_same_name_keeps_it(edge, store, building):  # noqa: F811
    tenancy = moved_in(edge, store)
    Tenancy.objects.filter(tenant="Ben").update(tenant=NAME)
    erase(moved_out(tenancy, edge, store))
    assert Tenancy.objects.filter(tenant=NAME).count() == 1
    assert found(str(tenancy)) == set()


@pytest.mark.database
def test_a_tenant_gets_all_that_is_kept_of_them_and_nothing_of_others(lives, edge, store):  # noqa: F811
    billed(lives, made_at=1)
    archive = ZipFile(BytesIO(export(lives)))
    photo = next(name for name in archive.namelist() if name.startswith("photos/"))
    assert archive.read(photo).startswith(b"\xff\xd8")
    assert archive.read("readings.csv").decode().splitlines()[0] == "at,register_kwh,used_kwh,charge"
    assert len(archive.read("readings.csv").decode().splitlines()) > 40
    text = archive.read("data.json").decode()
    data = json.loads(text)
    assert data["tenancy"]["tenant"] == NAME and data["tenancy"]["deposit"] == "50.000000000"
    assert {each["address"] for each in data["reached_by"]} == {PHONE, EMAIL}
    assert data["logins"][0]["email"] == EMAIL
    for label in ("vending.TopUp", "vending.Adjustment", "ledger.Transfer", "billing.Bill", "notices.Notice",
                  "correspondence.Entry", "payments.BankLine", "payments.Payment"):  # fmt: skip
        assert data["rows"][label], label
    # The names of its columns stay, whatever they are called here by now.
    assert data["rows"]["correspondence.Entry"][0]["office"] is False
    assert data["rows"]["notices.Notice"][0]["overtaken"] is False
    assert IBAN in text and "the baby is ill" in text
    assert '"by": "manager"' not in text and '"by": "office"' in text
    for other in ("Anna", "Ben"):
        assert f'"{other}' not in text and f"{other} " not in text


@pytest.mark.database
def test_what_was_kept_for_long_enough_goes_by_itself(lives, edge, store, clock):  # noqa: F811

    tenancy = moved_out(lives, edge, store)
    Retention.objects.create(
        organisation=_owner(lives), notices_days=10, photos_days=20, reports_days=30, notes_days=40, contacts_days=50,
        erase_days=60,
    )  # fmt: skip

    def left():
        return (
            Notice.objects.exclude(text="").filter(made_at__gt=1, made_at__lt=at(2025, 10, 13)).exists(),
            Photo.objects.exists(),
            Report.objects.exists(),
            Note.objects.exists(),
            Channel.objects.filter(recipient__tenancy=tenancy).exists(),
            not Erasure.objects.exists(),
        )

    for days in range(5, 75, 10):
        clock.at = at(2025, 10, 12) + days * DAY
        forget_what_is_due()
        gone = min(6, days // 10)
        assert left() == (False,) * gone + (True,) * (6 - gone), days
    assert found(*TRACES) == set()


@pytest.mark.database
def test_what_fails_for_one_landlord_does_not_stop_the_next(lives, edge, store, clock, monkeypatch):  # noqa: F811

    tenancy = moved_out(lives, edge, store)
    Organisation.objects.create(name="Zoo Homes")
    forget, asked = keeping._forget_notices, []

    def failing(landlord, until):
        asked.append(landlord.name)
        if landlord.name == "Berg Homes":
            raise RuntimeError("broken")
        forget(landlord, until)

    monkeypatch.setattr(keeping, "_forget_notices", failing)
    clock.at += 2000 * DAY
    keeping.forget_what_is_due()
    assert asked == ["Berg Homes", "Zoo Homes"]
    assert Alarm.objects.filter(kind="job-failed", key__startswith="retention").exists()
    assert Erasure.objects.filter(tenancy=tenancy, by=None).exists()
