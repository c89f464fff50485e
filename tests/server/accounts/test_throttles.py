"""Who guesses waits longer and longer; who is right is not kept out by strangers; all processes count together."""

import json
import threading
import time

import pytest
from django.conf import settings
from django.db import connections
from django.db.models import F
from django.http import HttpResponse
from django.test import RequestFactory

from prewatt.server.accounts import rates, throttles
from prewatt.server.accounts.known_browsers import browser_of, remember
from prewatt.server.accounts.throttles import Throttle, failed, forget_old, give_back, passed, take, waits
from prewatt.wire.enrolling import Enrolling
from prewatt.wire.signing import SigningKey
from tests.server.payments.paying import pay_and_call_back, start_payment

pytestmark = pytest.mark.database
HERE, THERE = "192.0.2.1", "192.0.2.2"


def later(seconds):
    """As if so much time had gone by."""
    by = seconds * 1_000_000
    Throttle.objects.update(last_at=F("last_at") - by, until=F("until") - by, ends=F("ends") - by)


def guess(kind, *keys):
    """Guess until one has to wait; return how often that was possible."""
    tries = 0
    while not waits(kind, *keys):
        failed(kind, *keys)
        tries += 1
    return tries


def test_a_stranger_waits_twice_as_long_each_time_and_the_first_tries_cost_nothing(db):
    assert guess("log-in", "anna", HERE, "") == 6
    waited = []
    for _each in range(10):
        left = waits("log-in", "anna", HERE, "")
        waited.append(round(left))
        later(left)
        assert not waits("log-in", "anna", HERE, "")
        failed("log-in", "anna", HERE, "")
    assert waited == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_many_tries_at_once_are_no_more_than_one_after_the_other(db, monkeypatch):
    keys = ("anna", HERE, "")
    guess("log-in", *keys)
    later(3600 * 2)
    guess("log-in", *keys)
    later(waits("log-in", *keys))
    # Both ask whether they have to wait before one of them is counted.
    monkeypatch.setattr(throttles, "waits", lambda *_keys: 0)
    assert take("log-in", *keys)[0] == 0
    assert take("log-in", *keys)[0] > 0


def test_a_right_try_leaves_no_count_and_ends_no_wait_of_others(db):
    for _each in range(100):
        wait, marks = take("log-in", f"anna {_each}", HERE, "")
        assert not wait
        give_back(marks)
    for each in range(60):
        failed("log-in", f"bert {each}", HERE, "")
    wait, marks = take("log-in", "anna", HERE, "")
    failed("log-in", "carl", HERE, "")
    give_back(marks)
    assert not wait and waits("log-in", "anna", HERE, "")


def test_who_guesses_at_one_account_keeps_out_neither_the_same_person_elsewhere_nor_others_here(db):
    guess("log-in", "anna", HERE, "")
    assert waits("log-in", "anna", HERE, "")
    assert not waits("log-in", "anna", THERE, "")
    assert not waits("log-in", "bert", HERE, "")


def test_many_addresses_are_no_way_to_guess_and_the_own_browser_gets_in_all_the_same(db):
    tries = 0
    for each in range(1000):
        if not waits("log-in", "anna", f"203.0.113.{each}", ""):
            failed("log-in", "anna", f"203.0.113.{each}", "")
            tries += 1
    assert tries == 31
    assert waits("log-in", "anna", THERE, "") > 0
    assert not waits("log-in", "anna", THERE, "known")
    assert guess("log-in", "anna", THERE, "known") == 11


def test_who_tries_one_password_at_many_accounts_waits_too(db):
    tries = 0
    for each in range(200):
        if not waits("log-in", f"flat{each}", HERE, ""):
            failed("log-in", f"flat{each}", HERE, "")
            tries += 1
    assert tries == 61


def test_a_right_try_ends_the_own_count_alone(db):
    for _each in range(40):
        failed("log-in", "anna", HERE, "")
    passed("log-in", "anna", HERE, "")
    # The count of the account from everywhere goes on: others' tries are no reason to trust.
    assert Throttle.objects.count() == 2
    later(60)
    assert not waits("log-in", "anna", HERE, "")


def test_tries_are_forgotten_one_after_the_other_and_old_rows_go(db):
    guess("enrolment", HERE)
    later(3 * 60)
    assert guess("enrolment", HERE) == 3
    assert forget_old() == 0
    later(60 * 60)
    assert forget_old() == 1


def test_nothing_of_a_row_tells_an_account_or_an_address(db):
    failed("log-in", "anna", HERE, "")
    kept = json.dumps(list(Throttle.objects.values()))
    assert "anna" not in kept
    assert HERE not in kept


def test_tries_at_the_same_moment_are_all_counted(transactional_db):
    def work():
        for _each in range(3):
            failed("enrolment", HERE)
        connections.close_all()

    threads = [threading.Thread(target=work) for _each in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert Throttle.objects.get().wrong == 12


def test_a_browser_is_known_for_the_accounts_that_were_logged_in_there(db):
    first = RequestFactory().get("/")
    assert browser_of(first, "anna") == ""
    response = HttpResponse()
    remember(first, response, "anna")
    again = RequestFactory().get("/")
    again.COOKIES = {name: morsel.value for name, morsel in response.cookies.items()}
    assert browser_of(again, "anna")
    assert browser_of(again, "bert") == ""
    assert "anna" not in next(iter(again.COOKIES.values()))
    name = settings.BROWSER_COOKIE_NAME
    again.COOKIES[name] = again.COOKIES[name][:-2] + "xx"
    assert browser_of(again, "anna") == ""


def test_codes_of_gateways_are_slowed_down_but_the_right_one_is_taken(building, client):
    def enrol(code):
        body = Enrolling(code, SigningKey.generate().public()).body()
        return client.post("/api/gateways/enrol", body, content_type="application/json")

    answers = [enrol(f"{each:020x}") for each in range(12)]
    assert [each.status_code for each in answers] == [400] * 11 + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 5
    assert enrol(building.code).status_code == 200


def test_wrong_keys_of_the_api_are_slowed_down_but_the_right_one_is_taken(program, client):
    guesses = [client.get("/api/v1/properties", headers={"Authorization": f"Bearer {each}"}) for each in range(22)]
    assert [each.status_code for each in guesses] == [401] * 21 + [429]
    assert guesses[-1]["Retry-After"]
    assert program("get", "properties").status_code == 200


def test_a_program_that_calls_without_end_waits_until_the_next_minute(db, monkeypatch):
    monkeypatch.setattr(rates, "CALLS", 200)
    waiting = [rates.waits_for_rate("key") for _each in range(400)]
    # A minute may end meanwhile.
    assert 0 < sum(1 for each in waiting if each) <= 200 + rates.BLOCK
    assert max(waiting) <= 60
    assert not rates.waits_for_rate("another")


def test_calls_of_another_process_count(db, monkeypatch):
    monkeypatch.setattr(rates, "CALLS", 100)
    minute = int(time.time() // 60)
    monkeypatch.setattr(rates.time, "time", lambda: minute * 60 + 30)
    for _process in range(3):
        for _each in range(rates.BLOCK):
            waiting = rates.waits_for_rate("shared")
        rates._here.clear()
    assert waiting == 30


def test_forged_callbacks_are_not_written_down_without_end_but_a_right_one_is_taken(
    tenancy, merchants, providers, client
):
    provider = "alipay"
    payment = start_payment(tenancy, merchants[provider])
    unknown = [client.post(f"/callbacks/{provider}/no-{each}/").status_code for each in range(22)]
    assert unknown == [404] * 21 + [429]
    forged = client.post(f"/callbacks/{provider}/{payment.merchant.public_id}/", b"{}", content_type="text/plain")
    payment.merchant.refresh_from_db()
    assert (forged.status_code, payment.merchant.refused) == (429, 0)
    assert pay_and_call_back(providers, client, payment).status_code == 200
    assert payment.state == "paid"
