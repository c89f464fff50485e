"""Log-in by name, e-mail and phone; who guesses waits, and who was let in before in this browser does not."""

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from prewatt.server.sign_in import phones
from tests.building import PASSWORD
from tests.server.sign_in.conftest import bare

pytestmark = pytest.mark.django_db
NUMBER = "+4915112345678"


def posted(client, name, password, address="203.0.113.7", **more):
    return client.post("/login/", {"username": name, "password": password, **more}, REMOTE_ADDR=address)


def is_in(client):
    return client.get("/account/").status_code == 200


@pytest.mark.parametrize("typed", ["flat1", "FLAT1", "anna@example.com", NUMBER, "0151 12345678"])
def test_who_has_proven_name_address_or_number_logs_in_with_it(anna, typed):
    EmailAddress.objects.create(user=anna, email="anna@example.com", verified=True, primary=True)
    phones.keep(anna, NUMBER)
    client = Client()
    answer = posted(client, typed, PASSWORD, next="/me/")
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert is_in(client)


def test_a_way_on_that_leads_elsewhere_is_not_taken(anna):
    answer = posted(Client(), "flat1", PASSWORD, next="https://evil.example/")
    assert answer["Location"] == "/"


def test_strangers_learn_no_names(anna):
    phones.keep(anna, NUMBER)
    said = set()
    for name in ("flat1", "nobody", "nobody@example.com", NUMBER, "+4915112345679"):
        said.add(bare(posted(Client(), name, "wrong")))
    assert len(said) == 1
    assert "This name and password do not match." in said.pop()


def test_who_guesses_waits_and_who_was_let_in_here_before_does_not(anna):
    own, stranger = Client(), Client()
    posted(own, "flat1", PASSWORD, "198.51.100.1")
    own.post("/logout/")
    for number in range(60):
        posted(stranger, "flat1", f"guess {number}")
    assert "Too many tries" in posted(stranger, "flat1", PASSWORD).content.decode()
    assert not is_in(stranger)
    posted(own, "flat1", PASSWORD)
    assert is_in(own)


def test_a_session_that_was_given_before_the_log_in_is_worth_nothing(anna):
    client = Client()
    session = client.session
    session["of"] = "a stranger"
    session.save()
    before = session.session_key
    posted(client, "flat1", PASSWORD)
    assert client.session.session_key != before
    stranger = Client()
    stranger.cookies[settings.SESSION_COOKIE_NAME] = before
    assert not is_in(stranger)


def test_the_set_up_pages_have_no_log_in_of_their_own(building):
    answer = Client().get("/admin/login/?next=/admin/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=%2Fadmin%2F")


def test_nobody_signs_up(building):
    assert Client().get("/signup/").status_code == 404


def test_a_new_address_of_ipv6_for_each_try_is_no_way_around(anna):
    for number in range(8):
        page = posted(Client(), "flat1", f"wrong {number}", address=f"2001:db8:1:2::{number:x}")
    assert "Too many tries" in page.content.decode()
    assert "do not match" in posted(Client(), "flat1", "wrong", address="2001:db8:1:3::1").content.decode()
