"""The way in by the mini program: joined by an invitation or a password, a key for a device, and who gets none."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client

from prewatt.kernel.units import DAY, HOUR, SECOND
from prewatt.server.accounts import throttles
from prewatt.server.accounts.first_passwords import FirstPassword
from prewatt.server.accounts.invitations import invite_again, invite_to_flat, invite_to_role
from prewatt.server.accounts.keys import MOST_DEVICES, ApiKey, end_apps, make_app_key, make_key, user_of
from prewatt.server.accounts.memberships import put_member, reach_of
from prewatt.server.accounts.rights import Role
from prewatt.server.accounts.wechat_users import WeChatUser
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.notices.models import Notice, SendingAccount
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.sign_in.adapter import AccountAdapter
from tests.building import PASSWORD
from tests.racing import before
from tests.server.api.conftest import Phone
from tests.settings import ON_POSTGRESQL

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def messages(found):
    return " ".join(each["message"] for each in found["errors"])


# -- joining ---------------------------------------------------------------------------------------------------------------


def test_who_has_joined_nothing_is_told_so_and_an_invitation_lets_them_in_by_a_new_login(mini, tenancy):
    phone = Phone("mei")
    assert phone.log_in() == 404
    status, found = phone.join(invitation="abcd-efgh-jkmn-pqrs")
    assert status == 400 and "no invitation with this code" in messages(found)
    code = invite_to_flat(tenancy, None)
    status, found = phone.join(invitation=code.lower().replace("-", " "), name="  美 玲 ")
    assert status == 200 and found["key"].startswith("prewatt_") and found["language"] == "en"
    me = phone.get("/me")
    assert me["name"] == "美 玲" and [each["id"] for each in me["tenancies"]] == [tenancy.pk]
    user = WeChatUser.objects.get().user
    assert not user.has_usable_password() and user.username != "美 玲"
    first = phone.key
    assert phone.log_in() == 200 and phone.key != first
    # Whoever's answer was lost on the way asks again, and is not told to get another paper.
    assert phone.join(invitation=code)[0] == 200 and len(phone.get("/me")["tenancies"]) == 1
    # An invitation is for one, and each code of WeChat's for one call.
    status, found = Phone("other").join(invitation=code)
    assert status == 400 and "used already" in messages(found)
    once = phone.code
    assert phone.call("post", "/wechat/log-in", {"code": once})[0] == 200
    assert phone.call("post", "/wechat/log-in", {"code": once})[0] == 400


def test_who_has_joined_takes_a_second_flat_by_the_same_login(mini, anna, tenancy):
    other = Tenancy.objects.get(tenant="Ben")
    assert anna.join(invitation=invite_to_flat(other, None))[0] == 200
    assert {each["id"] for each in anna.get("/me")["tenancies"]} == {tenancy.pk, other.pk}
    assert WeChatUser.objects.count() == 1
    status, found = anna.join(invitation=invite_to_flat(other, None))
    assert status == 400 and "has access already" in messages(found)


def test_an_invitation_that_lets_somebody_in_again_joins_their_login_and_tells_them(mini, tenancy):
    resident = tenancy.residents.get()
    phone = Phone("anna")
    assert phone.join(invitation=invite_again(resident, None))[0] == 200
    assert WeChatUser.objects.get().user == resident.user
    assert "已绑定微信用户" in Notice.objects.get(event="login").title


def test_an_invitation_to_a_role_is_for_a_browser(mini, tenancy):
    code = invite_to_role(tenancy.unit.property.organisation, Role.MANAGER, None)
    status, found = Phone("x").join(invitation=code)
    assert status == 400 and "open it in a browser" in messages(found)
    assert not WeChatUser.objects.exists() and not ApiKey.objects.exists()


def test_a_login_joins_by_its_password_and_guessing_has_to_wait(mini, tenancy):
    phone = Phone("anna")
    for _try in range(5):
        status, found = phone.join(login="flat1", password="guess")
        assert status == 400 and "do not match" in messages(found)
    status, found = phone.join(login="flat1", password="guess")
    assert phone.join(login="flat1", password=PASSWORD)[0] == 429 and not WeChatUser.objects.exists()
    # Somebody else, from the same address, who lives in another flat.
    status, found = Phone("ben").join(login="flat2", password=PASSWORD)
    assert status == 200 and "已绑定微信用户" in Notice.objects.get(event="login").title


def test_a_second_factor_is_asked_for_and_taken_once(mini, tenancy):
    user, secret = get_user_model().objects.get(username="flat1"), generate_totp_secret()
    TOTP.activate(user, secret)
    phone, given = Phone("anna"), {"login": "flat1", "password": PASSWORD}
    status, found = phone.join(**given)
    assert (status, found["needs"]) == (401, "second-factor") and not ApiKey.objects.exists()
    status, found = phone.join(**given, second_factor="000000")
    assert status == 400 and found["errors"][0]["field"] == "second_factor"
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert phone.join(**given, second_factor=code)[0] == 200
    assert Phone("thief").join(**given, second_factor=code)[0] == 400


def test_a_login_that_has_no_flat_is_not_for_the_mini_program(mini):
    status, found = Phone("boss").join(login="manager", password=PASSWORD)
    assert status == 400 and "does not belong to a tenant" in messages(found)
    assert not ApiKey.objects.exists()


def test_a_password_that_was_printed_is_changed_before_it_opens_anything(mini, tenancy):
    FirstPassword.objects.create(user=get_user_model().objects.get(username="flat1"))
    status, found = Phone("anna").join(login="flat1", password=PASSWORD)
    assert status == 400 and "choose your own password" in messages(found) and not WeChatUser.objects.exists()


# -- which mini program ------------------------------------------------------------------------------------------------------


def test_the_mini_program_is_the_one_that_wechat_says_in_each_request(mini):
    given = {"code": Phone("a").code, "appid": "wx0000000000000000"}
    status, found = Phone("a").call("post", "/wechat/log-in", given)
    assert status == 400 and found["errors"][0]["field"] == "appid" and "not set up" in messages(found)
    other = Phone("a", Referer="https://servicewechat.com/wx0000000000000000/7/page-frame.html")
    assert other.log_in() == 400
    ours = Phone("a", Referer=f"https://servicewechat.com/{mini.MINI_APPID}/7/page-frame.html")
    assert ours.log_in() == 404


@pytest.mark.parametrize("nonsense", ["\x00", "\ud800", "wx\x00", "一", "x" * 6000, '"', "wx' OR 1"])
def test_a_mini_program_of_nonsense_is_none(mini, nonsense):
    status, found = Phone("a").call("post", "/wechat/log-in", {"code": Phone("a").code, "appid": nonsense})
    assert status == 400 and [each["field"] for each in found["errors"]] == ["appid"]


def test_landlords_without_a_mini_program_have_the_servers(mini, monkeypatch):
    SendingAccount.objects.all().delete()
    assert Phone("a").log_in() == 400
    own = msgspec.structs.replace(settings.CONFIG, wechat_mini=(mini.MINI_APPID, mini.MINI_SECRET))
    monkeypatch.setattr(settings, "CONFIG", own)
    assert Phone("a").log_in() == 404


def test_who_names_anothers_mini_program_first_keeps_nobody_out_of_it(mini, tenancy):
    owner = Organisation.objects.get()
    SendingAccount.objects.all().delete()
    squatter = Organisation.objects.create(name="Squatter")
    keep_account(squatter, "wechat-mini", {"appid": mini.MINI_APPID, "secret": "nonsense"})
    keep_account(owner, "wechat-mini", {"appid": mini.MINI_APPID, "secret": mini.MINI_SECRET})
    phone = Phone("anna")
    assert phone.join(login="flat1", password=PASSWORD)[0] == 200 and phone.log_in() == 200
    assert Phone("a").call("post", "/wechat/log-in", {"code": "made up"})[0] == 400
    SendingAccount.objects.filter(organisation=owner).delete()
    assert phone.call("post", "/wechat/log-in", {"code": phone.code})[0] == 503


def test_while_wechat_is_away_or_busy_nobody_is_told_that_they_have_no_login(mini, anna):
    mini.faults.append((200, {"errcode": 45011, "errmsg": "api minute-quota reach limit"}, {}))
    assert anna.call("post", "/wechat/log-in", {"code": anna.code})[0] == 503
    mini.faults.append("drop")
    mini.faults.append("drop")
    status, found = anna.call("post", "/wechat/log-in", {"code": anna.code})
    assert status == 503 and mini.MINI_SECRET not in str(found)
    mini.faults.clear()


class Seconds:
    """The machine's clock, by which tries are counted. It stands, unless it is put forward."""

    def __init__(self, monkeypatch):
        self._at = throttles.system_now()
        monkeypatch.setattr(throttles, "system_now", lambda: self._at)

    def go(self, seconds):
        self._at += int(seconds * SECOND)


@pytest.fixture
def seconds(monkeypatch):
    return Seconds(monkeypatch)


def made_up(phone, number):
    return phone.call("post", "/wechat/log-in", {"code": f"made up {number}"})


def test_who_makes_up_codes_of_wechats_has_it_asked_thirty_times_a_minute_at_most(mini, seconds):
    phone = Phone("a")
    statuses = [made_up(phone, number)[0] for number in range(22)]
    assert statuses == [400] * 21 + [429]
    asked = 0
    for number in range(240):
        seconds.go(0.25)
        asked += made_up(phone, number)[0] == 400
    assert asked == 30


def test_whoever_makes_up_codes_of_wechats_keeps_others_at_their_address_out_for_two_seconds(mini, seconds, tenancy):
    for number in range(240):
        made_up(Phone("a"), number)
        seconds.go(0.5)
    new = Phone("mei")
    made_up(Phone("a"), 0)
    status, found = made_up(Phone("a"), 0)
    assert status == 429 and "in 2 seconds" in found["detail"]
    assert new.join(invitation=(code := invite_to_flat(tenancy, None)))[0] == 429
    seconds.go(2)
    assert new.join(invitation=code)[0] == 200


def test_a_phone_that_was_let_in_before_does_not_wait_for_who_makes_up_codes_at_its_address(mini, anna, seconds):
    before = anna.key
    assert anna.call("delete", "/wechat/log-in")[0] == 204
    for number in range(22):
        made_up(Phone("a"), number)
    assert Phone("anna").log_in() == 429
    # Its app sends the key that it had, though that has ended.
    assert anna.key == before and anna.log_in() == 200
    # It has tries of its own, all the keys of a login together, and no more than others.
    statuses = [made_up(anna, number)[0] for number in range(22)]
    assert statuses == [400] * 21 + [429]


def test_a_secret_that_the_landlord_typed_wrong_makes_nobody_wait(mini, anna):
    for _try in range(25):
        mini.faults.append((200, {"errcode": 40125, "errmsg": "invalid appsecret"}, {}))
        assert Phone("anna").call("post", "/wechat/log-in", {"code": anna.code})[0] == 503
    assert Phone("anna").log_in() == 200


# -- the key -------------------------------------------------------------------------------------------------------------------


def test_the_key_of_a_phone_opens_the_flats_of_its_person_alone_whatever_role_they_have(mini, anna, tenancy):
    owner = Organisation.objects.get()
    put_member(owner, get_user_model().objects.get(username="flat1"), Role.MANAGER)
    user = user_of(anna.key)
    assert not reach_of(user).rights and not reach_of(user).properties().exists()
    assert anna.call("get", "/properties")[0] == 404
    assert anna.call("post", f"/tenancies/{tenancy.pk}/top-ups", {"amount": "5", "credit_id": "7"})[0] == 404
    assert anna.get(f"/tenancies/{tenancy.pk}/ways")


def test_the_key_is_listed_on_keys_and_ended_there(mini, anna, log_in):
    page = log_in("flat1")
    shown = page.get("/me/keys/").content.decode()
    assert "WeChat mini program" in shown and "only my own flats" in shown
    assert 'value="tenant"' not in shown
    page.post(f"/me/keys/{ApiKey.objects.get().pk}/revoke/")
    status, found = anna.call("get", "/me")
    assert status == 401 and "revoked" in found["detail"]
    assert anna.log_in() == 200


def test_the_key_ends_when_it_is_not_used_for_ninety_days(mini, anna, clock):
    for _times in range(4):
        clock.at += 80 * DAY
        assert anna.get("/me")
    clock.at += 90 * DAY + HOUR
    assert anna.call("get", "/me")[0] == 401
    # A key that somebody made for a program has its own end.
    text = make_key(get_user_model().objects.get(username="flat1"), "program", days=10)
    user_of(text)
    assert ApiKey.objects.get(name="program").ends == clock.at + 10 * DAY


def test_one_wechat_user_has_so_many_devices_and_the_one_that_rested_longest_goes(mini, anna, clock):
    phones = [anna]
    for _device in range(MOST_DEVICES):
        clock.at += 2 * HOUR
        anna.get("/me")
        phones.append(Phone("anna"))
        assert phones[-1].log_in() == 200
    answers = [each.call("get", "/me")[0] for each in phones]
    assert answers.count(401) == 1 and answers[0] == 200 and answers[1] == 401


def test_eight_phones_that_log_in_at_once_are_no_more_than_one_wechat_user_has(transactional_db, anna):
    phones = [Phone("anna") for _number in range(8)]
    begin = threading.Barrier(len(phones))

    def log_in(phone):
        begin.wait()
        try:
            return phone.log_in()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(phones)) as pool:
        assert set(pool.map(log_in, phones)) == {200}
    assert ApiKey.objects.valid().count() == MOST_DEVICES


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has one writer")
def test_a_phone_that_logs_in_while_all_log_ins_are_ended_is_out(transactional_db, anna):
    user, late = get_user_model().objects.get(username="flat1"), Phone("anna")
    ended, let_in = before(lambda: end_apps(user), late.log_in)
    assert (ended.error, let_in.error, let_in.result) == (None, None, 404)
    assert Phone("anna").join(login="flat1", password=PASSWORD)[0] == 200
    row = WeChatUser.objects.get()
    let_in, ended = before(lambda: make_app_key(row), lambda: end_apps(user))
    assert (let_in.error, ended.error, ended.result) == (None, None, 1)
    assert not ApiKey.objects.valid().exists() and not WeChatUser.objects.exists()


def test_logging_out_ends_this_key_and_unlinking_those_of_all_devices(mini, anna):
    second = Phone("anna")
    assert second.log_in() == 200
    assert anna.call("delete", "/wechat/log-in")[0] == 204
    assert anna.call("get", "/me")[0] == 401 and second.get("/me")
    assert second.call("delete", "/wechat/log-in?unlink=true")[0] == 204
    assert second.call("get", "/me")[0] == 401 and Phone("anna").log_in() == 404
    assert not WeChatUser.objects.exists()


def test_a_browser_that_is_logged_in_has_no_key_to_end(mini, log_in):
    assert log_in("flat1").delete("/api/v1/wechat/log-in").status_code == 400
    assert Client().delete("/api/v1/wechat/log-in").status_code == 401


# -- who got in by what somebody else knows no more ------------------------------------------------------------------------


def is_out(phone):
    """Whether a phone's key opens nothing, and WeChat's word brings no other one."""
    return phone.call("get", "/me")[0] == 401 and Phone(phone.who).log_in() == 404


def test_a_new_password_ends_what_somebody_with_the_old_one_has_joined_in_wechat(mini, tenancy, log_in):
    thief, owner = Phone("thief"), log_in("flat1")
    assert thief.join(login="flat1", password=PASSWORD)[0] == 200
    shown = owner.get("/account/").content.decode()
    assert "WeChat mini program" in shown and "End all others" in shown
    new = "seven lamps over a river"
    owner.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert is_out(thief) and owner.get("/account/").status_code == 200
    assert "WeChat mini program" in owner.get("/me/keys/").content.decode()
    mine = Phone("anna")
    assert mine.join(login="flat1", password=new)[0] == 200


def test_a_password_that_is_changed_while_it_is_looked_at_joins_nobody(mini, tenancy, monkeypatch):
    look = AccountAdapter.authenticate

    def look_long(self, request, **credentials):
        found = look(self, request, **credentials)
        owner = get_user_model().objects.get(username="flat1")
        owner.set_password("seven lamps over a river")
        owner.save()
        return found

    monkeypatch.setattr(AccountAdapter, "authenticate", look_long)
    status, found = Phone("thief").join(login="flat1", password=PASSWORD)
    assert status == 400 and "do not match" in messages(found)
    assert not WeChatUser.objects.exists() and not ApiKey.objects.exists()


@pytest.mark.parametrize("where", ["/account/sessions/end-others/", "/me/keys/revoke/"])
def test_who_ends_all_log_ins_or_all_keys_ends_those_by_wechat(mini, anna, log_in, where):
    other = Phone("ben")
    assert other.join(login="flat2", password=PASSWORD)[0] == 200
    assert log_in("flat1").post(where).status_code == 302
    assert is_out(anna) and other.get("/me")


def test_a_paper_that_lets_somebody_in_again_shuts_the_phone_out_that_is_lost(mini, anna, tenancy):
    resident, new = tenancy.residents.get(), Phone("anna2")
    assert new.join(invitation=invite_again(resident, None))[0] == 200
    assert is_out(anna) and new.get("/me")
    browser = Client()
    browser.post("/join/", {"code": invite_again(resident, None)})
    assert browser.post("/join/door/", {"do": "phone"}).status_code == 302
    assert is_out(new) and browser.get("/account/").status_code == 200


def test_a_paper_that_is_used_in_wechat_ends_the_log_ins_of_browsers_and_the_password_that_is_lost(
    mini, tenancy, log_in
):
    browser, phone, invited = log_in("flat1"), Phone("anna"), Phone("thief")
    invitation = invite_to_flat(tenancy, get_user_model().objects.get(username="flat1"))
    assert phone.join(invitation=invite_again(tenancy.residents.get(), None))[0] == 200
    assert browser.get("/account/").status_code == 302 and phone.get("/me")
    assert "do not match" in messages(Phone("thief").join(login="flat1", password=PASSWORD)[1])
    assert "not valid any more" in messages(invited.join(invitation=invitation)[1])


def test_a_paper_for_a_login_that_was_closed_since_then_lets_nobody_in(mini, tenancy):
    code = invite_again(tenancy.residents.get(), None)
    get_user_model().objects.filter(username="flat1").update(is_active=False)
    status, found = Phone("anna").join(invitation=code)
    assert status == 400 and "not valid any more" in messages(found) and not WeChatUser.objects.exists()
