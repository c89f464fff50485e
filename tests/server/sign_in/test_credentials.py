"""What people log in with is theirs to change: by codes and links that reach them, and they are told of each change."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from prewatt.server.accounts.invitations import invite_again
from prewatt.server.notices.events import Event
from prewatt.server.notices.models import Notice
from prewatt.server.sign_in import phones
from prewatt.server.sign_in.models import CredentialChange
from prewatt.server.sign_in.sent_codes import digits_of
from tests.building import PASSWORD
from tests.server.sign_in.conftest import bare

pytestmark = pytest.mark.django_db
NUMBER = "+4915112345678"
NEW = "seven lamps over a river"


def logged_in(name="flat1", password=PASSWORD):
    client = Client()
    client.post("/login/", {"username": name, "password": password})
    return client


def is_in(client):
    return client.get("/account/").status_code == 200


def told(user):
    return [change.what for change in CredentialChange.objects.filter(user=user) if change.what != "new-browser"]


def notices():
    return list(Notice.objects.filter(event=Event.LOGIN).values_list("title", flat=True))


# -- phone --


def test_a_number_is_a_login_once_its_code_was_typed(anna, sent):
    client = logged_in()
    client.post("/account/phone/", {"phone": "0151 12345678"})
    assert phones.number_of(anna) == "" and NUMBER in sent.texts[-1]
    client.post("/account/phone/verify/", {"code": "000000"})
    assert phones.number_of(anna) == ""
    client.post("/account/phone/verify/", {"code": sent.code})
    assert phones.number_of(anna) == NUMBER
    assert told(anna) == ["phone"] and "the phone number was changed" in notices()[0]
    assert NUMBER.encode() not in bytes(anna.login_phone.sealed)


def test_a_code_by_sms_logs_in_once(anna, sent):
    phones.keep(anna, NUMBER)
    client, other = Client(), Client()
    answer = client.post("/login/code/", {"phone": NUMBER})
    assert answer["Location"] == "/login/code/confirm/"
    code = sent.code
    assert "flat1" in sent.texts[-1]
    assert client.post("/login/code/confirm/", {"code": code})["Location"] == "/" and is_in(client)
    assert other.post("/login/code/confirm/", {"code": code})["Location"] == "/login/code/" and not is_in(other)
    client.post("/logout/")
    assert not is_in(client)
    client.post("/login/code/confirm/", {"code": code})
    assert not is_in(client)


def test_the_database_has_no_code_that_was_sent_but_a_name_from_which_the_servers_key_makes_it(anna, sent, settings):
    phones.keep(anna, NUMBER)
    client = Client()
    client.post("/login/code/", {"phone": NUMBER})
    kept = Session.objects.get(pk=client.session.session_key).get_decoded()
    name = re.search(r"'code': '([\w-]{22})'", str(kept))[1]
    assert len(sent.code) == 6 and f"'{sent.code}'" not in str(kept)
    assert digits_of(name) == sent.code
    settings.SECRET_KEY = "another server's"
    assert digits_of(name) != sent.code


def test_a_code_is_guessed_three_times_and_good_for_five_minutes(anna, sent, monkeypatch):
    phones.keep(anna, NUMBER)
    client = Client()
    client.post("/login/code/", {"phone": NUMBER})
    code = sent.code
    for _number in range(3):
        client.post("/login/code/confirm/", {"code": "000000" if code != "000000" else "000001"})
    client.post("/login/code/confirm/", {"code": code})
    assert not is_in(client)
    client.post("/login/code/", {"phone": NUMBER})
    code, real = sent.code, time.time
    monkeypatch.setattr(time, "time", lambda: real() + 301)
    client.post("/login/code/confirm/", {"code": code})
    assert not is_in(client)


def test_a_code_is_guessed_three_times_also_by_many_requests_at_once(anna, sent):
    phones.keep(anna, NUMBER)
    client = Client()
    client.post("/login/code/", {"phone": NUMBER})
    code, row = sent.code, Session.objects.get(pk=client.session.session_key)
    for number in range(3):
        client.post("/login/code/confirm/", {"code": f"{(int(code) + 1 + number) % 1_000_000:06}"})
        # As all requests read it that began before the first wrong code was counted.
        row.save()
    client.post("/login/code/confirm/", {"code": code})
    assert not is_in(client)


def test_codes_that_are_asked_for_again_and_again_are_not_sent(anna, sent):
    phones.keep(anna, NUMBER)
    for _number in range(10):
        page = Client().post("/login/code/", {"phone": NUMBER})
    assert "Too many tries" in page.content.decode()
    assert len(sent.texts) < 6


def test_strangers_who_ask_for_codes_to_a_number_keep_nobody_out_of_their_own_browser(anna, sent):
    phones.keep(anna, NUMBER)
    client = logged_in()
    client.post("/logout/")
    for _number in range(10):
        Client().post("/login/code/", {"phone": NUMBER})
    client.post("/login/code/", {"phone": NUMBER})
    client.post("/login/code/confirm/", {"code": sent.code})
    assert is_in(client)
    for _number in range(10):
        # Who has asked for a code is asked for it, and for nothing else.
        client.post("/login/code/", {"phone": NUMBER})
        client.cookies.pop(settings.SESSION_COOKIE_NAME, None)
    assert "Too many tries" in client.post("/login/code/", {"phone": NUMBER}).content.decode()


def test_strangers_do_not_learn_whose_number_it_is(anna, sent):
    phones.keep(anna, NUMBER)
    pages = []
    for number in (NUMBER, "+4915112345679"):
        client = Client()
        answer = client.post("/login/code/", {"phone": number}, follow=True)
        pages.append(bare(answer).replace(number, ""))
    assert pages[0] == pages[1] and len(sent.texts) == 1


def test_who_forgot_the_password_gets_in_by_a_code_and_chooses_a_new_one(anna, sent):
    phones.keep(anna, NUMBER)
    old, client = logged_in(), Client()
    client.post("/login/code/", {"phone": NUMBER, "next": "/account/password/new/"})
    answer = client.post("/login/code/confirm/", {"code": sent.code, "next": "/account/password/new/"})
    assert answer["Location"] == "/account/password/new/"
    client.post("/account/password/new/", {"password1": NEW, "password2": NEW})
    assert is_in(client) and not is_in(old)
    assert is_in(logged_in(password=NEW)) and not is_in(logged_in())
    assert told(anna) == ["password"]


def test_the_old_password_is_not_left_out_without_a_code(anna):
    client = logged_in()
    assert client.get("/account/password/new/")["Location"] == "/account/password/"
    client.post("/account/password/new/", {"password1": NEW, "password2": NEW})
    assert not is_in(logged_in(password=NEW))


# -- password, e-mail --


def test_the_present_password_is_not_guessed_where_it_is_changed(anna):
    client = logged_in()
    new = {"password1": "a quiet staircase", "password2": "a quiet staircase"}
    for number in range(11):
        page = client.post("/account/password/", {"oldpassword": f"wrong {number}", **new})
        assert "not your present password" in page.content.decode()
    page = client.post("/account/password/", {"oldpassword": PASSWORD, **new})
    assert "Too many tries" in page.content.decode() and not Client().login(username="flat1", password=new["password1"])


def test_who_got_in_by_a_paper_alone_chooses_a_password_and_adds_a_number(anna, sent):
    anna.set_unusable_password()
    anna.save()
    client = Client()
    client.force_login(anna)
    client.post("/account/phone/", {"phone": NUMBER})
    client.post("/account/phone/verify/", {"code": sent.code})
    assert phones.number_of(anna) == NUMBER
    client.post("/account/password/set/", {"password1": NEW, "password2": NEW})
    assert is_in(client) and is_in(logged_in(password=NEW))


def test_a_changed_password_ends_all_other_log_ins_and_is_told(anna):
    client, other = logged_in(), logged_in()
    wrong = {"oldpassword": "not this one", "password1": NEW, "password2": NEW}
    assert "not your present password" in client.post("/account/password/", wrong).content.decode()
    client.post("/account/password/", {**wrong, "oldpassword": PASSWORD})
    assert is_in(client) and not is_in(other) and told(anna) == ["password"]
    assert "the password was changed" in notices()[0]


@pytest.mark.parametrize(
    "bad",
    [
        "flat1 is my home"[:9],
        "password1234!",
        "passwordpassword",
        "01.02.1980anna",
        "aaaaaaaaaaaa",
        "x" * 129,
        "flat1flat1flat1",
    ],
)
def test_passwords_that_are_guessed_easily_are_refused(anna, bad):
    client = logged_in()
    client.post("/account/password/", {"oldpassword": PASSWORD, "password1": bad, "password2": bad})
    assert not is_in(logged_in(password=bad))


@pytest.mark.parametrize(
    "good", ["a" * 60 + "b c d e f g", "пять ламп над рекой", "十二个字符的密码很难被猜中", " leading and trailing "]
)
def test_any_sign_will_do(anna, good):
    client = logged_in()
    client.post("/account/password/", {"oldpassword": PASSWORD, "password1": good, "password2": good})
    assert is_in(logged_in(password=good))


def test_an_address_holds_once_its_link_was_followed_and_the_old_one_is_told(anna, sent):
    EmailAddress.objects.create(user=anna, email="old@example.com", verified=True, primary=True)
    client = logged_in()
    client.post("/account/email/", {"email": "anna@example.com", "action_add": ""})
    assert not EmailAddress.objects.filter(email="anna@example.com", verified=True).exists()
    link = sent.link("/account/email/keys/")
    assert "Is this your address?" in client.get(link).content.decode()
    client.post(link)
    assert EmailAddress.objects.get(user=anna, verified=True).email == "anna@example.com"
    assert told(anna) == ["email"] and "no longer the login" in sent.mails[-1]


def test_a_link_to_a_new_password_is_good_once_and_goes_to_proven_addresses_alone(anna, sent):
    row = EmailAddress.objects.create(user=anna, email="anna@example.com", verified=False, primary=True)
    client = logged_in()
    client.post("/logout/")
    said = [
        bare(page)
        for page in (
            client.post("/password/", {"email": each}, follow=True) for each in ("anna@example.com", "no@example.com")
        )
    ]
    assert said[0] == said[1] and sent.mails == []
    row.verified = True
    row.save()
    client.post("/password/", {"email": "anna@example.com"})
    link = sent.link("/password/links/")
    page = client.get(link, follow=True)
    to = page.redirect_chain[-1][0]
    assert link.split("/")[-2] not in to, "the secret does not stay in the address"
    client.post(to, {"password1": NEW, "password2": NEW})
    assert is_in(logged_in(password=NEW)) and told(anna) == ["password"]
    assert "no longer valid" in Client().get(link, follow=True).content.decode()


# -- second factor --


def code_of(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def with_app(client):
    """Set an app up; what the last page says of its secret lies in the answer."""
    secret = client.get("/account/factors/app/").context["form"].secret
    answer = client.post("/account/factors/app/", {"code": code_of(secret)})
    answer.secret = secret
    return answer


def test_with_an_app_the_password_alone_opens_nothing_and_no_code_is_taken_twice(
    anna, django_capture_on_commit_callbacks
):
    client = logged_in()
    with django_capture_on_commit_callbacks(execute=True):
        answer = with_app(client)
    assert answer["Location"] == "/account/recovery-codes/"
    codes = client.get("/account/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10 and told(anna) == ["factor-added"]
    row = Authenticator.objects.get(user=anna, type="totp")
    assert answer.secret not in str(row.data)
    again, other = Client(), Client()
    for each in (again, other):
        assert each.post("/login/", {"username": "flat1", "password": PASSWORD})["Location"] == "/login/factor/"
        assert not is_in(each)
    code = code_of(answer.secret)
    again.post("/login/factor/", {"code": code})
    # What one process of the server remembers, another does not know.
    cache.clear()
    other.post("/login/factor/", {"code": code})
    assert is_in(again) and not is_in(other)
    assert told(anna)[0] == "code-twice" and "typed a second time" in notices()[0]
    other.post("/login/factor/", {"code": codes[0]})
    assert is_in(other)
    third = Client()
    third.post("/login/", {"username": "flat1", "password": PASSWORD})
    third.post("/login/factor/", {"code": codes[0]})
    assert not is_in(third)


def test_codes_of_the_app_are_not_guessed(anna):
    with_app(logged_in())
    client = Client()
    client.post("/login/", {"username": "flat1", "password": PASSWORD})
    for number in range(12):
        page = client.post("/login/factor/", {"code": f"{number:06}"})
    assert "Too many tries" in page.content.decode()


def test_a_paper_of_the_office_is_no_way_around_a_second_factor(anna, tenancy):
    with_app(logged_in())
    code = invite_again(tenancy.residents.get(), get_user_model().objects.get(username="manager"))
    client = Client()
    client.post("/join/", {"code": code})
    client.post("/join/door/", {"do": "phone"})
    client.post("/join/door/", {"do": "password", "password": NEW})
    assert not is_in(client)
    answer = client.post("/login/", {"username": "flat1", "password": NEW})
    assert answer["Location"] == "/login/factor/"
