"""A flat with a keypad meter on the pages and over the API: paid, sold, read, given back, moved out."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from prewatt.kernel.calendar import local_day
from prewatt.kernel.units import DAY, NANO, exact_instant
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.estate.wall_clock import shown
from prewatt.server.ledger.books import trial_balance
from prewatt.server.notices.for_tenants import TenantLook
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.payments.merchants import keep_merchant
from prewatt.server.payments.models import Payment
from prewatt.server.payments.reconciliation import reconcile
from prewatt.server.payments.verdicts import Verdict
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Adjustment, Code, KeypadEntry, Refund, TokenMeter, TopUp
from tests.building import PASSWORD, new_login
from tests.server.keypads import keypad_flat
from tests.server.payments.paying import call_back, start_payment


@pytest.fixture
def home(building, clock):
    return Property.objects.get()


@pytest.fixture
def kim(home):
    return keypad_flat(home)


@pytest.fixture
def keypad(kim):
    return TokenMeter.objects.get(unit=kim.unit)


def text_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_manager_records_cash_and_everybody_sees_the_code(manager, kim, keypad, client, log_in):
    said = text_of(manager.post(f"/units/{kim.unit_id}/top-up/", {"amount": "10", "credit_id": "c1"}, follow=True))
    code = Code.objects.get(token_meter=keypad)
    assert f"Its code: {code}" in said and "50.000 kWh" in said
    login, password = new_login(kim)
    client.login(username=login, password=password)
    page = text_of(client.get("/me/"))
    assert str(code) in page and "One kWh costs 0.20 EUR now" in page
    paper = text_of(client.get(f"/tenancies/{kim.pk}/codes/1/"))
    assert str(code) in paper and "Paid 10.00 EUR" in paper
    statement = text_of(client.get(f"/tenancies/{kim.pk}/statement/"))
    assert str(code) in statement and "Top-up" in statement
    other = log_in("flat1")
    assert other.get(f"/tenancies/{kim.pk}/codes/1/").status_code == 404


def test_what_energy_costs_is_said_and_no_code_is_made_beside_the_account(manager, kim, keypad):
    said = text_of(manager.post("/keypad-meters/", {"do": "units", "meter": keypad.pk, "kwh": "25.6"}, follow=True))
    assert "25.600 kWh cost Kim 5.12 EUR now. Record a payment of 5.12 EUR" in said
    assert not Code.objects.filter(token_meter=keypad).exists()


def test_paid_by_phone_and_reported_twice_it_is_one_code(home, kim, providers, client):
    merchant = keep_merchant(home.organisation, "stripe", "stripe", providers.settings("stripe"))
    payment = start_payment(kim, merchant)
    trade = providers.pay(payment)
    for _each in range(2):
        assert call_back(client, merchant, providers.callback(trade)).status_code == 200
    payment.refresh_from_db()
    assert payment.state == Payment.State.PAID and payment.top_up.code is not None
    assert KeypadEntry.objects.filter(tenancy=kim).count() == TopUp.objects.filter(tenancy=kim).count() == 1
    assert client.login(username="manager", password=PASSWORD)
    page = text_of(client.get(f"/payments/{payment.payment_id}/"))
    assert str(payment.top_up.code) in page and "Type this code at the meter" in page
    day = local_day(payment.paid_at, ZoneInfo(home.zone))
    # A provider's day begins by a clock of its own.
    (finding,) = reconcile(home.organisation, day - timedelta(days=1), day)
    assert finding.verdict in (Verdict.NO_FILE, Verdict.NO_FILE_LATE), "a code alone has no side of the meter"


def test_the_notice_of_a_payment_brings_the_code(kim, clock):
    recipient = recipient_of(kim)
    clock.at += 10**6
    bought, again = top_up(kim, 10 * NANO, "c1"), top_up(kim, NANO // 100, "c2")
    TenantLook(recipient, kim).look()
    notice = recipient.notices.get(key="top-up c1")
    assert f"50 kWh. Type this code at the meter: {bought.code}" in " ".join(notice.text.split())
    assert notice.facts["code"] == str(bought.code)
    assert again.code is None and "kept as your credit" in recipient.notices.get(key="top-up c2").text


def test_moving_out_the_manager_types_what_is_left_and_the_rest_is_owed_back(manager, kim, keypad, clock, home):
    page = f"/keypad-meters/{keypad.pk}/"
    top_up(kim, 10 * NANO, "c1")
    clock.at += DAY
    manager.post(f"/tenancies/{kim.pk}/move-out/", {"ends": shown(clock.now(), home)[:16], "sure": "move-out"})
    clock.at += 3600 * 10**6
    assert "Read the keypad meter first" in text_of(
        manager.post(f"/tenancies/{kim.pk}/settle/", {"sure": "settle"}, follow=True)
    )
    reading = {"do": "reading", "at": shown(clock.now(), home)[:16], "kwh": "1045", "left": "5"}
    manager.post(page, reading)
    manager.post(f"/tenancies/{kim.pk}/settle/", {"sure": "settle"})
    assert Refund.objects.get(tenancy=kim).amount == NANO
    lou = Tenancy.objects.create(unit=kim.unit, tenant="Lou", begins=clock.now())
    clock.at += 60 * 10**6
    assert "5.000 kWh were left on the meter at the move-in" in text_of(manager.get(page))
    assert "The next payment pays for it" in text_of(manager.post(page, {"do": "take-over"}, follow=True))
    assert "less than 0.1 kWh" in text_of(manager.post(page, {"do": "sell"}, follow=True))
    assert KeypadEntry.objects.filter(tenancy=lou).get().charge == NANO
    assert sum(trial_balance(home.organisation).values()) == 0


def test_a_code_is_given_back_on_the_pages_by_two(manager, kim, keypad, admin_client):
    entry = top_up(kim, 10 * NANO, "c1").entry
    page = f"/keypad-meters/{keypad.pk}/"
    assert "Nobody can know whether the code was typed in" in text_of(manager.get(page))
    said = manager.post(page, {"do": "give-back", "entry": entry.pk, "reason": "lost"}, follow=True)
    assert "a second person has to agree" in text_of(said)
    proposal = Adjustment.objects.get()
    decided = admin_client.post(f"/adjustments/{proposal.pk}/decide/", {"do": "agree"}, follow=True)
    assert decided.status_code == 200
    assert "given back" in text_of(manager.get(f"/units/{kim.unit_id}/"))


def test_readings_in_doubt_are_questions_on_the_page(manager, kim, keypad, clock, home):
    page = f"/keypad-meters/{keypad.pk}/"
    top_up(kim, 2 * NANO, "c1")
    first = {"do": "reading", "at": shown(clock.now() - 60 * 10**6, home)[:16], "kwh": "1000", "left": "1"}
    manager.post(page, first)
    clock.at += DAY
    more = {"do": "reading", "at": shown(clock.now(), home)[:16], "kwh": "1050"}
    assert "that more was used than was sold" in text_of(manager.post(page, more, follow=True))
    manager.post(page, more | {"sure": "on"})
    assert "somebody bypasses the meter" in text_of(manager.get("/keypad-meters/"))


def test_by_the_api_it_is_paid_quoted_read_and_given_back(program, kim, keypad, clock):
    base = f"tenancies/{kim.pk}"
    paid = program("post", f"{base}/top-ups", {"amount": "10.00", "credit_id": "c1"}).json()
    assert (paid["state"], paid["kwh"]) == ("coded", "50.000") and len(paid["code"]) == 20
    account = program("get", f"{base}/keypad").json()
    assert account["credit"] == "0.000000000" and account["codes"][0]["kwh"] == "50.000"
    assert program("get", f"{base}/keypad/quote?kwh=5").json()["to_pay"] == "1.000000000"
    assert program("get", f"{base}/keypad/quote?kwh=x").status_code == 400
    assert program("post", f"{base}/keypad/codes", {}).status_code == 400, "nothing is kept"
    reading = {"at": exact_instant(clock.now()), "kwh": "1000.0", "left_kwh": "2.0"}
    assert program("post", f"keypad-meters/{keypad.pk}/readings", reading).json()["left_kwh"] == "2.000"
    proposed = program("post", f"{base}/keypad/codes/1/give-back", {"reason": "lost"})
    assert proposed.status_code == 201 and proposed.json()["state"] == "waiting"
    flat1 = Tenancy.objects.get(tenant="Anna")
    assert program("get", f"tenancies/{flat1.pk}/keypad").status_code == 404
