"""A password that was printed ends at its first use."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from prewatt.server.accounts.first_passwords import FirstPassword
from tests.building import set_up

pytestmark = pytest.mark.django_db
NEW = "a quiet staircase"


def test_who_logs_in_with_a_first_password_sees_nothing_before_it_is_changed(db, clock):
    made = set_up(clock, password="")
    name, password, _whose = made.logins[0]
    browser = Client()
    browser.post("/login/", {"login": name, "username": name, "password": password})
    for address in ("/properties/", "/me/keys/", "/account/"):
        assert browser.get(address).url == "/account/password/"
    assert "valid only for this first log-in" in browser.get("/account/password/").content.decode()
    given = {"oldpassword": password, "password1": NEW, "password2": NEW}
    assert browser.post("/account/password/", given).url == "/", "then their work begins"
    assert browser.get("/properties/").status_code == 200
    assert not FirstPassword.objects.exists()
    assert not Client().login(username=name, password=password) and Client().login(username=name, password=NEW)


def test_a_password_that_a_person_has_typed_is_no_first_one(db):
    user = get_user_model().objects.create_user("kim", password=NEW)
    FirstPassword.objects.create(user=user)
    user.set_password("another quiet staircase")
    user.save()
    assert not FirstPassword.objects.exists()
