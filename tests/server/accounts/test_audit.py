"""Every change that people make is in the audit log: who, what, before, after, when, from where; and nobody changes the log."""

import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, IntegrityError, transaction

from prewatt.server.accounts.acting import Actor, Door, acting
from prewatt.server.accounts.audit import AuditEntry
from prewatt.server.accounts.memberships import put_member
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.vending.models import TopUp
from tests.building import PASSWORD

pytestmark = pytest.mark.database


def told(**wanted):
    return [
        (each.action, each.model, each.row, each.changes) for each in AuditEntry.objects.filter(**wanted).order_by("pk")
    ]


@pytest.fixture
def operator():
    with acting(Actor(Door.COMMAND, command="prewatt test")):
        yield


def test_a_top_up_on_a_page_is_told_with_who_where_and_what(manager, building):
    unit = Unit.objects.get(name="Flat 1")
    manager.post(f"/units/{unit.pk}/top-up/", {"amount": "20", "credit_id": "a1"}, REMOTE_ADDR="192.0.2.7")
    entry = AuditEntry.objects.get(model="vending.TopUp")
    user = get_user_model().objects.get(username="manager").pk
    assert (entry.user, entry.door, entry.page) == (user, "page", "console:units:add_top_up")
    assert (entry.address, entry.organisation) == ("192.0.2.7", Organisation.objects.get().pk)
    assert (entry.action, entry.row) == ("made", str(TopUp.objects.get().pk))
    assert entry.changes["amount"] == [None, 20_000_000_000]


def test_a_change_says_what_was_before_and_after_however_it_is_written(building, operator):
    home = Property.objects.get()
    home.loss_alarm = 15
    home.save()
    Property.objects.filter(pk=home.pk).update(loss_alarm=20, zone=home.zone)
    home.units.update(occupants=2)
    home.loss_alarm = 25
    Property.objects.bulk_update([home], ["loss_alarm"])
    changes = [changed["loss_alarm"] for _action, _model, _row, changed in told(model="estate.Property")]
    assert changes == [["10.00", "15.00"], ["15.00", "20.00"], ["20.00", "25.00"]]
    assert [each[3] for each in told(model="estate.Unit")] == [{"occupants": [1, 2]}] * home.units.count()
    assert set(AuditEntry.objects.values_list("organisation", "user", "page")) == {
        (home.organisation_id, None, "prewatt test")
    }


def test_what_does_not_change_is_not_told_and_what_is_refused_neither(building, operator):
    home = Property.objects.get()
    home.save()
    Property.objects.update(name=home.name)
    with pytest.raises(IntegrityError), transaction.atomic():
        Meter.objects.update(name="m1")
    assert told() == []


def test_rows_that_are_made_at_once_and_deleted_are_told(building, operator):
    home = Property.objects.get()
    home.units.bulk_create([Unit(property=home, name=f"New {each}") for each in range(3)])
    assert [each[:2] for each in told()] == [("made", "estate.Unit")] * 3
    made = Unit.objects.filter(name__startswith="New")
    numbers = {str(each.pk) for each in made}
    made.delete()
    assert {row for _action, _model, row, _changes in told(action="deleted")} == numbers
    assert {changed["name"][0] for *_row, changed in told(action="deleted")} == {"New 0", "New 1", "New 2"}


def test_of_very_many_rows_only_the_number_is_told(building, operator):
    home = Property.objects.get()
    Unit.objects.bulk_create([Unit(property=home, name=f"New {each}") for each in range(150)])
    entry = AuditEntry.objects.get()
    assert (entry.rows, entry.row, entry.organisation) == (150, "", home.organisation_id)


def test_what_a_machine_does_is_not_told(building, client):
    Property.objects.update(loss_alarm=20)
    Meter.objects.first().save()
    assert told() == []


def test_secrets_and_names_are_told_as_changed_and_nothing_more(building, operator):
    user = get_user_model().objects.get(username="flat1")
    user.set_password("a new and secret word")
    user.save()
    tenancy = Tenancy.objects.get(tenant="Anna")
    tenancy.tenant = "Antonia"
    tenancy.save()
    assert [each[3] for each in told()] == [{"password": None}, {"tenant": None}]
    assert {each.organisation for each in AuditEntry.objects.all()} == {Organisation.objects.get().pk}
    kept = json.dumps(list(AuditEntry.objects.values()))
    assert all(each not in kept for each in ("secret", "Antonia", "Anna", user.password))


def test_who_is_not_logged_in_and_changes_something_is_told_by_the_address(building, rf, client):
    request = rf.post("/password/")
    with acting(Actor(Door.PAGE, request)):
        user = get_user_model().objects.get(username="flat1")
        user.set_password("x")
        user.save()
    entry = AuditEntry.objects.get()
    assert (entry.user, entry.address, entry.changes) == (None, "127.0.0.1", {"password": None})


def test_nobody_changes_the_log(building, operator):
    Property.objects.update(loss_alarm=20)
    for change in (
        lambda: AuditEntry.objects.update(user=1),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.get().delete(),
    ):
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            change()
    assert len(told()) == 1


def test_the_page_shows_who_changed_what_a_hundred_at_a_time(manager, building):
    home = Property.objects.get()
    unit = Unit.objects.get(name="Flat 1")
    manager.post(f"/units/{unit.pk}/top-up/", {"amount": "20", "credit_id": "a1"})
    page = manager.get("/changes/").content.decode()
    assert "top-up" in page and "127.0.0.1" in page and ">manager</a>" in page and " 20" in page
    assert 'value="vending.TopUp"' in page and 'value="sessions.Session"' not in page, (
        "what people change is offered alone"
    )
    user = get_user_model().objects.get(username="manager").pk
    assert "top-up</a>" not in manager.get("/changes/?user=99999").content.decode()
    assert "No changes found." in manager.get(f"/changes/?user={user}&day=2001-01-01").content.decode()
    assert "made: top-up" in manager.get("/changes/?thing=vending.TopUp&day=nonsense").content.decode()
    with acting(Actor(Door.COMMAND, command="prewatt test")):
        for each in range(120):
            Property.objects.update(loss_alarm=20 + each % 2)
    first = manager.get("/changes/").content.decode()
    assert first.count("changed: building") == 100 and "operator at the server" in first
    older = re.search(r'href="\?([^"]*before=\d+)"', first)[1].replace("&amp;", "&")
    assert manager.get(f"/changes/?{older}").content.decode().count("changed: building") == 20
    assert home.name in first


def test_an_entry_from_before_a_column_was_renamed_is_read_in_words(manager, building):
    gateway, home = Gateway.objects.get(), Organisation.objects.get()
    entry = {
        "model": "metering.Gateway",
        "row": str(gateway.pk),
        "organisation": home.pk,
        "door": "page",
        "action": "changed",
    }
    AuditEntry.objects.create(at=1, changes={"revoked": [False, True]}, **entry)
    page = " ".join(re.sub("<[^>]+>", " ", manager.get("/changes/").content.decode()).split())
    assert re.search(r"revoked\W+no\W+yes", page)


def test_the_page_is_for_who_may_read_the_books_of_the_organisation(log_in, building, django_user_model):
    for role, status in (("accountant", 200), ("cashier", 403), ("site_staff", 403)):
        user = django_user_model.objects.create_user(role, password=PASSWORD)
        put_member(Organisation.objects.get(), user, role)
        assert log_in(role).get("/changes/").status_code == status
    assert log_in("flat1").get("/changes/").status_code == 404
