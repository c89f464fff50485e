"""Whoever held a phone and invited themselves by it stays out when its owner shuts them out."""

import re

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from prewatt.server.accounts.invitations import (
    InvitationError,
    check_open,
    invitation_of,
    invite_again,
    invite_to_flat,
    invite_to_role,
)
from prewatt.server.accounts.keys import ApiKey, make_key
from prewatt.server.accounts.rights import Role
from prewatt.server.estate.models import Organisation, Tenancy
from tests.building import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "seven lamps over a river"
NEW_PASSWORD = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
LETS_NOBODY_IN = "1 open invitation of this login is no longer valid"


def login(name):
    return get_user_model().objects.get(username=name)


def opens(code):
    """Whether an invitation lets somebody in."""
    try:
        check_open(invitation_of(code))
    except InvitationError:
        return False
    return True


def logged_in(name):
    client = Client()
    client.post("/login/", {"username": name, "password": PASSWORD})
    return client


def end_one(client):
    (other,) = (row.pk for row in client.get("/account/").context["sessions"] if not row.here)
    return client.post(f"/account/sessions/{other}/end/", follow=True)


def end_others(client):
    return client.post("/account/sessions/end-others/", follow=True)


def change_password(client):
    return client.post(reverse("account_change_password"), NEW_PASSWORD, follow=True)


def end_all_keys(client):
    return client.post("/me/keys/revoke/", follow=True)


def end_a_key(client):
    make_key(login("flat1"), "of the phone")
    return client.post(f"/me/keys/{ApiKey.objects.get().pk}/revoke/", follow=True)


@pytest.mark.parametrize("shut_out", [end_one, end_others, change_password, end_all_keys, end_a_key])
def test_an_invitation_that_was_made_by_a_phone_ends_when_its_owner_shuts_the_phone_out(tenancy, shut_out):
    thief, owner = logged_in("flat1"), logged_in("flat1")
    thief.post("/me/residents/invite/")
    code = invite_to_flat(tenancy, login("flat1"))
    tenancy.invitations.exclude(pk=invitation_of(code).pk).delete()
    # The door stands open in another browser already.
    waiting = Client()
    waiting.post("/join/", {"code": code})
    neighbours = invite_to_flat(Tenancy.objects.get(tenant="Ben"), login("flat2"))
    page = shut_out(owner).content.decode()
    assert LETS_NOBODY_IN in page
    assert not opens(code) and opens(neighbours)
    waiting.post("/join/door/", {"do": "phone"})
    assert tenancy.people.get() == login("flat1")
    assert opens(invite_to_flat(tenancy, login("flat1")))


@pytest.mark.parametrize("door", [{"do": "phone"}, {"do": "password", "password": NEW}])
def test_a_paper_that_lets_somebody_in_again_ends_the_invitations_of_the_phone_that_is_lost(tenancy, door):
    code, paper = invite_to_flat(tenancy, login("flat1")), invite_again(tenancy.residents.get(), login("manager"))
    offices = invite_to_flat(tenancy, login("manager"))
    found = Client()
    found.post("/join/", {"code": paper})
    page = found.post("/join/door/", door, follow=True).content.decode()
    assert LETS_NOBODY_IN in page and found.get("/account/").status_code == 200
    assert not opens(code) and opens(offices)


@pytest.mark.parametrize("shut_out", [end_others, change_password])
def test_who_works_for_a_landlord_ends_invitations_to_roles_and_no_papers_of_tenants(tenancy, shut_out):
    thief, owner, manager = logged_in("manager"), logged_in("manager"), login("manager")
    thief.get("/account/")
    role = invite_to_role(Organisation.objects.get(), Role.MANAGER, manager)
    flat, again = invite_to_flat(tenancy, manager), invite_again(tenancy.residents.get(), manager)
    assert LETS_NOBODY_IN in shut_out(owner).content.decode()
    assert not opens(role) and opens(flat) and opens(again)


def test_all_keys_that_end_leave_invitations_to_roles_which_no_key_makes(building):
    role = invite_to_role(Organisation.objects.get(), Role.MANAGER, login("manager"))
    end_all_keys(logged_in("manager"))
    assert opens(role)


def test_a_login_that_was_closed_and_is_opened_again_has_no_log_in_and_no_open_invitation(tenancy):
    thief, user = logged_in("flat1"), login("flat1")
    code = invite_to_flat(tenancy, user)
    user.is_active = False
    user.save()
    user.is_active = True
    user.save()
    assert not opens(code) and thief.get("/account/").status_code == 302


def test_a_new_e_mail_address_that_waits_for_its_link_is_not_confirmed_any_more(tenancy):
    logged_in("flat1")
    owner, user = logged_in("flat1"), login("flat1")
    address = EmailAddress.objects.create(user=user, email="thief@example.com", primary=True)
    link = EmailConfirmation.create(address)
    link.send(None)
    page = end_others(owner).content.decode()
    assert "The link to confirm a new e-mail address is no longer valid" in page
    Client().post(reverse("account_confirm_email", args=[link.key]))
    assert not EmailAddress.objects.filter(verified=True).exists()


def key_made_by(client):
    """A key for all that a login may do, made on the page of keys."""
    client.post("/me/keys/", {"name": "mine", "scope": "all", "days": "365"})
    return re.search(r"prewatt_[\w-]{30,}", client.get("/me/keys/").content.decode())[0]


def invited_by(key, tenancy):
    """What the call of an invitation by a key answers."""
    path = f"/api/v1/me/tenancies/{tenancy.pk}/residents/invitations"
    return Client().post(path, {}, "application/json", headers={"Authorization": f"Bearer {key}"}).status_code


@pytest.mark.parametrize("door", [{"do": "phone"}, {"do": "password", "password": NEW}])
def test_a_paper_that_lets_somebody_in_again_ends_the_keys_that_were_made_by_the_phone_that_is_lost(tenancy, door):
    # Who has no password is asked for nothing before a key is made.
    thief = Client()
    thief.post("/join/", {"code": invite_again(tenancy.residents.get(), None)})
    thief.post("/join/door/", {"do": "phone"})
    key = key_made_by(thief)
    assert invited_by(key, tenancy) == 201
    found = Client()
    found.post("/join/", {"code": invite_again(tenancy.residents.get(), None)})
    page = found.post("/join/door/", door, follow=True).content.decode()
    assert LETS_NOBODY_IN in page
    assert invited_by(key, tenancy) == 401


@pytest.mark.parametrize("shut_out", [end_others, change_password])
def test_who_shuts_others_out_is_told_of_keys_that_go_on(tenancy, shut_out):
    owner = logged_in("flat1")
    key = key_made_by(owner)
    page = shut_out(owner).content.decode()
    assert "1 key of this login for programs is still valid" in page and invited_by(key, tenancy) == 201
