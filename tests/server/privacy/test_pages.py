"""The pages of personal data: a tenant gets the own file and nobody else's; the landlord says how long, and erases."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.test import Client

from prewatt.server.accounts.memberships import put_member
from prewatt.server.estate.models import Tenancy
from prewatt.server.privacy.models import Erasure, Retention
from tests.building import PASSWORD
from tests.server.privacy.leaving import NAME, found, moved_in, moved_out
from tests.server.statements.test_statements import edge  # noqa: F401

pytestmark = pytest.mark.django_db


def client(name):
    made = Client()
    assert made.login(username=name, password=PASSWORD)
    return made


def test_a_tenant_downloads_what_is_kept_of_them_and_of_nobody_else(edge):  # noqa: F811
    anna, ben = (Tenancy.objects.get(tenant=each) for each in ("Anna", "Ben"))
    own = client("flat1")
    page = own.get(f"/tenancies/{anna.pk}/personal-data/").content.decode()
    assert "365 days" in page and "Erase for ever" not in page
    assert f"/tenancies/{anna.pk}/personal-data/" in own.get("/me/").content.decode()
    answer = own.get(f"/tenancies/{anna.pk}/personal-data/download/")
    assert answer["Cache-Control"] == "no-store"
    assert "data.json" in ZipFile(BytesIO(answer.content)).namelist()
    for address in ("", "download/"):
        assert own.get(f"/tenancies/{ben.pk}/personal-data/{address}").status_code == 404
        assert Client().get(f"/tenancies/{anna.pk}/personal-data/{address}").status_code in (302, 401)
    assert own.post(f"/tenancies/{anna.pk}/personal-data/erase/", {"sure": "on"}).status_code in (403, 404)


def test_the_landlord_erases_who_has_left_once_nothing_is_open(edge, store, django_user_model):  # noqa: F811
    tenancy, office = moved_in(edge, store), client("manager")
    here = f"/tenancies/{tenancy.pk}/personal-data/"
    page = office.get(here).content.decode()
    assert "can&#x27;t be erased yet" in page or "can't be erased yet" in page
    said = office.post(f"{here}erase/", {"sure": "on"}, follow=True).content.decode()
    assert "not settled yet" in said and not Erasure.objects.exists()
    moved_out(tenancy, edge, store)
    assert "I have given" in office.get(here).content.decode()
    assert "First confirm that the tenant" in office.post(f"{here}erase/", follow=True).content.decode()
    cashier = django_user_model.objects.create_user("cash", password=PASSWORD)
    put_member(tenancy.unit.property.organisation, cashier, "cashier")
    assert client("cash").post(f"{here}erase/", {"sure": "on"}).status_code == 403
    assert not Erasure.objects.exists()
    said = office.post(f"{here}erase/", {"sure": "on"}, follow=True).content.decode()
    assert f"tenant {tenancy.pk} are erased" in said
    assert Erasure.objects.get().by.username == "manager"
    assert NAME not in said and found(NAME) == set()


def test_how_long_things_are_kept_is_said_by_who_may_change_settings(building):
    office = client("manager")
    page = office.get("/personal-data/").content.decode()
    assert 'name="notices_days"' in page and 'value="365"' in page
    given = {"notices_days": 30, "photos_days": 0, "reports_days": 60, "notes_days": 60, "contacts_days": 10}
    given |= {"erase_days": 400, "bills_years": 8}
    assert (
        "Saved. Older data are deleted once a day."
        in office.post("/personal-data/", given, follow=True).content.decode()
    )
    assert (Retention.objects.get().notices_days, Retention.objects.get().bills_years) == (30, 8)
    refused = office.post("/personal-data/", {**given, "bills_years": 900})
    assert refused.status_code == 400 and "At most 100" in refused.content.decode()
    assert client("flat1").get("/personal-data/").status_code in (403, 404)
