"""The people of a flat: the main tenant ends a flatmate's access, a flatmate leaves, and nobody locks everybody out."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client

from prewatt.server.accounts.invitations import invite_to_flat
from prewatt.server.notices.models import Channel
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.tenancies.residents import end_access_by
from tests.building import NOON, PASSWORD


@pytest.fixture
def flat(tenancy):
    """Flat 1 with Anna, its main tenant, and two flatmates, who came later."""
    for number, name in enumerate(("mia", "tom"), 1):
        user = get_user_model().objects.create_user(name, password=PASSWORD)
        tenancy.residents.create(user=user, since=tenancy.residents.first().since + number)
    return tenancy


def logged_in(name):
    client = Client()
    assert client.login(username=name, password=PASSWORD)
    return client


def resident(flat, name):
    return flat.residents.get(user__username=name)


def said(answer):
    return " ".join(re.sub("<[^>]*>", " ", answer.content.decode()).split())


@pytest.mark.database
def test_the_main_tenant_is_asked_once_and_then_ends_a_flatmates_access(flat):
    mia, code = logged_in("mia"), invite_to_flat(flat, get_user_model().objects.get(username="mia"))
    Channel.objects.create(
        recipient=recipient_of(flat),
        kind="webhook",
        sealed=b"",
        shown="x",
        made_at=NOON,
        user=resident(flat, "mia").user,
    )
    anna, address = logged_in("flat1"), f"/me/tenancies/{flat.pk}/residents/{resident(flat, 'mia').pk}/remove/"
    assert "End the access of mia?" in said(anna.post(address)) and resident(flat, "mia")
    answer = anna.post(address, {"sure": f"remove {resident(flat, 'mia').pk}"}, follow=True)
    assert "mia can no longer see this flat." in said(answer)
    assert mia.get("/me/").status_code == mia.get(f"/tenancies/{flat.pk}/statement/").status_code == 404
    assert not Channel.objects.exists() and not flat.invitations.still_open().exists(), code
    assert {each.user.username for each in flat.residents.all()} == {"flat1", "tom"}


@pytest.mark.database
def test_a_flatmate_ends_nobodys_access_but_their_own(flat):
    mia = logged_in("mia")
    for name in ("tom", "flat1"):
        number = resident(flat, name).pk
        answer = mia.post(
            f"/me/tenancies/{flat.pk}/residents/{number}/remove/", {"sure": f"remove {number}"}, follow=True
        )
        assert "Only the main tenant and the landlord can end" in said(answer)
    page = mia.get("/me/residents/").content.decode()
    assert "/leave/" in page and "/remove/" not in page
    assert "Leave this flat?" in said(mia.post("/me/residents/leave/"))
    mia.post("/me/residents/leave/", {"sure": "leave"})
    assert {each.user.username for each in flat.residents.all()} == {"flat1", "tom"}
    assert mia.get("/me/").status_code == 404


@pytest.mark.database
def test_if_the_main_tenant_leaves_the_next_is_it_and_the_last_can_not_leave(flat):
    anna, mia = logged_in("flat1"), logged_in("mia")
    assert "mia will then be the main tenant." in said(anna.post("/me/residents/leave/"))
    anna.post("/me/residents/leave/", {"sure": "leave"})
    number = resident(flat, "tom").pk
    mia.post(f"/me/residents/{number}/remove/", {"sure": f"remove {number}"})
    answer = mia.post("/me/residents/leave/", {"sure": "leave"}, follow=True)
    assert "You are the only one with access." in said(answer)
    assert [each.user.username for each in flat.residents.all()] == ["mia"]


@pytest.mark.database
def test_nobody_is_removed_from_a_flat_by_the_number_of_another_ones_resident(flat, building):
    ben = flat.unit.property.units.get(name="Flat 2").tenancies.get().residents.get()
    answer = logged_in("flat1").post(f"/me/residents/{ben.pk}/remove/", {"sure": f"remove {ben.pk}"})
    assert answer.status_code == 404 and type(ben).objects.filter(pk=ben.pk).exists()


@pytest.mark.database
def test_a_name_that_is_too_long_is_refused_and_stays_in_its_field(flat):
    anna = logged_in("flat1")
    answer = anna.post(f"/me/tenancies/{flat.pk}/residents/name/", {"name": "x" * 61}, follow=True)
    assert f'value="{"x" * 61}"' in answer.content.decode() and "at most 60 letters" in said(answer)


@pytest.mark.database
def test_of_two_who_leave_at_once_one_stays_and_who_is_gone_already_is_gone_once(flat):
    resident(flat, "tom").delete()
    # Both were asked, and both were allowed to, before either was gone.
    first, second = resident(flat, "flat1"), resident(flat, "mia")
    end_access_by(first, first.user)
    with pytest.raises(ValidationError, match="only one with access"):
        end_access_by(second, second.user)
    end_access_by(first, second.user)
    assert [each.user.username for each in flat.residents.all()] == ["mia"]
