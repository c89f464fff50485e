"""Log-ins end by themselves and by their owners, what matters is asked again, and a second factor can be made a duty."""

import json
import time

import msgspec
import pytest
from allauth.account.signals import password_reset
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse

from prewatt.server.accounts.invitations import invite_again, invite_to_flat, invite_to_role
from prewatt.server.accounts.keys import make_key
from prewatt.server.accounts.memberships import put_member
from prewatt.server.core.home_secrets import cookie_name
from prewatt.server.core.server_config import SecondFactor
from prewatt.server.estate.models import Organisation
from prewatt.server.notices.models import Channel
from prewatt.server.notices.recipient_channels import address_of
from prewatt.server.sign_in.again import CALLS_THAT_MATTER, MATTERS
from prewatt.server.sign_in.devices import device_of
from prewatt.server.sign_in.second_factor import must_have
from prewatt.server.web.needs import CALLS
from tests.building import PASSWORD

pytestmark = pytest.mark.django_db
HOUR = 3600
FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0"


class Hours:
    """The machine's clock, put forward."""

    def __init__(self, monkeypatch):
        self._passed, real = 0, time.time
        monkeypatch.setattr(time, "time", lambda: real() + self._passed)

    def go(self, hours):
        self._passed += hours * HOUR


@pytest.fixture
def hours(monkeypatch):
    return Hours(monkeypatch)


@pytest.fixture
def operator(building):
    return get_user_model().objects.create_superuser("operator", password=PASSWORD)


def logged_in(name, agent=FIREFOX):
    client = Client(headers={"User-Agent": agent})
    client.post("/login/", {"username": name, "password": PASSWORD})
    return client


def is_in(client, **headers):
    return client.get("/account/", headers=headers).status_code == 200


@pytest.mark.parametrize(("name", "lasts"), [("flat1", 14 * 24), ("manager", 12)])
def test_a_log_in_lasts_as_long_as_the_table_says(building, hours, name, lasts):
    client = logged_in(name)
    assert client.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == lasts * HOUR
    hours.go(lasts - 0.1)
    assert is_in(client)
    hours.go(0.2)
    assert not is_in(client)


def test_a_tenants_long_log_in_is_none_of_a_role_that_came_later(building, hours):
    client = logged_in("flat1")
    put_member(Organisation.objects.get(), get_user_model().objects.get(username="flat1"), "cashier")
    hours.go(11)
    assert is_in(client)
    hours.go(1.1)
    assert not is_in(client)


def test_who_has_no_password_chooses_one_before_a_role(tenancy, hours):
    landlord, manager = tenancy.unit.property.organisation, get_user_model().objects.get(username="manager")
    paper, client = invite_to_flat(tenancy, manager), Client()
    client.get(f"/join/{paper}/")
    client.post("/join/door/", {"do": "phone"})
    client.get(f"/join/{invite_to_role(landlord, 'cashier', manager)}/")
    refused = client.post("/join/door/", {"do": "use"})
    assert refused.status_code == 400 and "no password" in refused.content.decode()
    hours.go(13)
    assert client.get("/me/").status_code == 200
    new = {"password1": "a quiet staircase", "password2": "a quiet staircase"}
    assert client.post("/account/password/set/", new).status_code == 302
    assert client.post("/join/door/", {"do": "use"}).status_code == 302
    assert landlord.memberships.count() == 2


def test_an_operator_who_is_away_for_half_an_hour_is_logged_out_and_an_open_page_is_nobody(operator, hours):
    client = logged_in("operator")
    for _number in range(4):
        hours.go(0.4)
        assert is_in(client)
    for _number in range(4):
        hours.go(0.1)
        assert is_in(client, **{"Sec-Fetch-Mode": "cors"})
    hours.go(0.15)
    assert not is_in(client)


def test_one_sees_where_one_is_logged_in_and_ends_it(building):
    here, there, third, stranger = logged_in("flat1"), logged_in("flat1"), logged_in("flat1"), logged_in("flat2")
    page = here.get("/account/").content.decode()
    assert page.count("Firefox, Android") >= 3
    rows = here.get("/account/").context["sessions"]
    assert [row.here for row in rows].count(True) == 1 and here.session.session_key not in page
    other = next(row.pk for row in rows if not row.here)
    assert stranger.post(f"/account/sessions/{other}/end/").status_code == 404
    here.post(f"/account/sessions/{other}/end/")
    assert sorted([is_in(there), is_in(third)]) == [False, True] and is_in(here)
    here.post("/account/sessions/end-others/")
    assert not is_in(there) and not is_in(third) and is_in(here) and is_in(stranger)


def pushed_to(client, name):
    """Have notices pushed to a browser: an address of it is sent as its page sends it."""
    keys = {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    }
    address = json.dumps({"endpoint": f"https://fcm.googleapis.com/fcm/send/{name}", "keys": keys})
    client.post("/me/notices/channels/new/", {"kind": "push", "address": address})
    assert name in pushes()


def pushes():
    """The browsers that are told."""
    return [json.loads(address_of(each))["endpoint"].rpartition("/")[2] for each in Channel.objects.filter(kind="push")]


def test_what_is_pushed_to_a_browser_ends_with_its_log_in(building):
    here, there, third, fourth = (logged_in("flat1") for _number in range(4))
    for name, client in {"here": here, "there": there, "third": third, "fourth": fourth}.items():
        pushed_to(client, name)
    other = [row.pk for row in here.get("/account/").context["sessions"] if not row.here]
    here.post(f"/account/sessions/{other[0]}/end/")
    assert len(pushes()) == 3 and "here" in pushes()
    # The password is changed: that browser goes on under another key, and is told as before.
    new = {"oldpassword": PASSWORD, "password1": "a quiet staircase", "password2": "a quiet staircase"}
    assert here.post(reverse("account_change_password"), new).status_code == 302
    assert pushes() == ["here"] and is_in(here)
    # It is forgotten and made anew by a link: who was logged in before may be anybody.
    request, anna = RequestFactory().get("/"), get_user_model().objects.get(username="flat1")
    request.session, request.user = Client().session, AnonymousUser()
    password_reset.send(get_user_model(), request=request, user=anna)
    assert pushes() == []


@pytest.mark.parametrize("door", [{"do": "phone"}, {"do": "password", "password": "a quiet staircase"}])
def test_a_paper_that_lets_somebody_in_again_ends_what_is_pushed_to_the_phone_that_is_lost(building, tenancy, door):
    lost, found = logged_in("flat1"), Client()
    pushed_to(lost, "lost")
    found.post("/join/", {"code": invite_again(tenancy.residents.get(), None)})
    assert found.post("/join/door/", door).status_code == 302
    assert pushes() == [] and not is_in(lost) and is_in(found)


def test_what_matters_is_asked_again_after_a_quarter_of_an_hour_and_then_done(building, hours):
    client, other = logged_in("flat1"), logged_in("flat1")
    hours.go(0.3)
    answer = client.post("/account/sessions/end-others/")
    assert answer["Location"].startswith("/account/again/") and is_in(other)
    asked = answer["Location"]
    client.post(asked, {"password": "wrong", "next": "/account/sessions/end-others/"})
    assert is_in(other)
    client.post(asked, {"password": PASSWORD, "next": "/account/sessions/end-others/"})
    assert not is_in(other) and is_in(client)


def test_the_api_is_no_way_around_the_question(building, hours):
    client = logged_in("manager")
    key = {"Authorization": f"Bearer {make_key(get_user_model().objects.get(username='manager'), 'till')}"}
    for route in CALLS_THAT_MATTER:
        path = f"/api/v1/{route.replace('<pk>', '999')}"
        assert client.post(path, {}, content_type="application/json").status_code in (404, 422)
    hours.go(0.3)
    for route in CALLS_THAT_MATTER:
        path = f"/api/v1/{route.replace('<pk>', '999')}"
        refused = client.post(path, {}, content_type="application/json")
        assert refused.status_code == 403 and "Log in again" in refused.json()["detail"]
        assert client.post(path, {}, content_type="application/json", headers=key).status_code in (404, 422)


def test_keys_of_a_merchant_account_never_wait_in_a_session(building, hours):
    client = logged_in("manager")
    hours.go(0.3)
    answer = client.post("/merchants/new/stripe/", {"secret_key": "sk_live_of_somebody"})
    assert answer["Location"].startswith("/account/again/")
    assert "sk_live" not in json.dumps(dict(client.session))
    assert client.get("/merchants/new/stripe/")["Location"].startswith("/account/again/")


def test_all_that_is_asked_again_exists(building):
    from tests.server.web.addresses import pages

    assert set(CALLS) >= CALLS_THAT_MATTER
    assert {name for name in MATTERS if not name.startswith("admin:")} <= {page.name for page in pages()}


@pytest.mark.parametrize(
    ("rule", "whom"), [("none", set()), ("operators", {"operator"}), ("owners", {"operator", "manager"})]
)
def test_a_second_factor_is_a_duty_of_those_whom_the_setting_names(operator, monkeypatch, rule, whom):
    config = msgspec.structs.replace(settings.CONFIG, second_factor=SecondFactor(rule))
    monkeypatch.setattr(settings, "CONFIG", config)
    users = get_user_model().objects.all()
    assert {user.username for user in users if must_have(user)} == whom
    for name in ("operator", "manager", "flat1"):
        client = logged_in(name)
        first = client.get("/")
        assert (first["Location"] == "/account/factors/") == (name in whom)
        page = client.get("/account/factors/").content.decode()
        assert ("needs one before you can go on" in page) == (name in whom)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 13) Chrome/86 Mobile Safari/537.36 MicroMessenger/8.0", "WeChat, Android"),
        ("curl/8.5", ""),
    ],
)
def test_a_browser_is_called_what_people_call_it(agent, device):
    assert device_of(agent) == device


def test_two_servers_on_one_host_name_their_cookies_apart():
    names = {cookie_name("sessionid", secret, by_https=False) for secret in ("one", "two")}
    assert len(names) == 2
    assert cookie_name("sessionid", "one", by_https=False) in names
    # The settings' own names are those of this server's secret, and Django's clients meet the very cookie.
    assert cookie_name("sessionid", settings.SECRET_KEY, by_https=False) == settings.SESSION_COOKIE_NAME
    assert settings.SECRET_KEY[:8] not in settings.SESSION_COOKIE_NAME
