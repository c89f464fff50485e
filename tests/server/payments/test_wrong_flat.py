"""A payment for the wrong flat moves to the right one: at once, whole, with its receipt; what was used is owed."""

import json

import pytest
from django.contrib.auth import get_user_model

from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.billing.open_debts import open_debts
from prewatt.server.billing.write_offs import decide_write_off
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.payments.bank import book_line, upload
from prewatt.server.payments.books import clearing
from prewatt.server.payments.refunds import refundable_by_provider, send_back
from prewatt.server.payments.staff import record
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.payments.wrong_flat import look, move_payment
from prewatt.server.sales.giving_back import refund
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tenancies.moving import move_out, settle
from prewatt.server.vending.refusals import GivingBackError
from tests.comparing import assert_row
from tests.gateway import at
from tests.reading import unbroken
from tests.server.payments.paying import pay_and_call_back, start_payment
from tests.server.statements.test_statements import anna, edge  # noqa: F401

pytestmark = pytest.mark.database


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


@pytest.fixture
def ben(edge):  # noqa: F811
    """Online; Ben has 20.00 of his own."""
    Gateway.objects.update(is_online=True)
    return Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")


def everything_agrees(edge, store, owner):  # noqa: F811
    """The meters take up what was sent; then books and meters hold the same, and the books sum to zero."""
    for meter in ("m1", "m2"):
        edge.obey(meter)
    edge.deliver(store)
    found = {}
    for tenancy in Tenancy.objects.filter(settled_at__isnull=True):
        held = Meter.objects.get(unit=tenancy.unit_id).balance
        assert held == balance(tenant_account(tenancy)), tenancy
        found[tenancy.tenant] = held
    assert -balance(account(owner, Kind.DEBTS)) == sum(each.left for each in open_debts(owner))
    assert sum(trial_balance(owner).values()) == 0
    return found


def test_what_is_left_is_taken_and_what_was_used_is_owed(edge, store, anna, ben, owner, admin_user):  # noqa: F811
    made = record(ben, 10 * NANO, "wrong", admin_user, "R-7")
    edge.obey("m2")
    # Ben uses 24.00: his own 20.00 first, and 4.00 of what was not his.
    edge.live(store, at(2025, 10, 8), {"m2": 5000}, HOUR)
    outlook = look(made)
    assert_row(outlook, left=6 * NANO, used=4 * NANO, remains=0, offline=None)
    moved = move_payment(made, anna, admin_user, "typed the wrong flat")
    assert everything_agrees(edge, store, owner) == {"Anna": 30 * NANO, "Ben": 0}
    (debt,) = open_debts(owner)
    assert (debt.who, debt.left) == ("Ben", 4 * NANO)
    # The money lies where it lay; the receipt finds its payment.
    assert balance(account(owner, Kind.CASH)) == -50 * NANO
    made.refresh_from_db()
    assert (moved.receipt, made.receipt, made.moved_to) == ("R-7", "", moved)
    with pytest.raises(GivingBackError, match="undone already"):
        move_payment(made, anna, admin_user, "again")
    with pytest.raises(GivingBackError, match="undone already"):
        reverse_top_up(made, admin_user, "again")


def test_what_was_paid_since_stays(edge, store, anna, ben, owner, admin_user):  # noqa: F811
    made = top_up(ben, 10 * NANO, "wrong")
    top_up(ben, 5 * NANO, "own")
    reverse_top_up(top_up(ben, 3 * NANO, "typo"), admin_user, "never was")
    edge.obey("m2")
    edge.live(store, at(2025, 10, 8), {"m2": 5000}, HOUR)
    move_payment(made, anna, admin_user, "wrong flat")
    assert everything_agrees(edge, store, owner) == {"Anna": 30 * NANO, "Ben": 5 * NANO}


def test_what_was_used_is_a_gift_by_a_second_persons_word(edge, store, anna, ben, owner, admin_user):  # noqa: F811
    made = top_up(ben, 10 * NANO, "wrong")
    edge.obey("m2")
    edge.live(store, at(2025, 10, 8), {"m2": 5000}, HOUR)
    move_payment(made, anna, admin_user, "our mistake", gift=True)
    (debt,) = open_debts(owner)
    decide_write_off(debt.write_offs.get(), get_user_model().objects.get(username="manager"), agreed=True)
    assert everything_agrees(edge, store, owner) == {"Anna": 30 * NANO, "Ben": 0}
    assert balance(account(owner, Kind.WRITTEN_OFF)) == -4 * NANO


def test_while_the_building_is_offline_it_is_said_and_done_by_what_is_known(
    edge, store, anna, ben, owner, admin_user  # noqa: F811
):  # fmt: skip
    made = top_up(ben, 10 * NANO, "wrong")
    Gateway.objects.update(is_online=False)
    with pytest.raises(GivingBackError, match=r"offline.*it is 10\.00"):
        move_payment(made, anna, admin_user, "wrong flat")
    assert not made.tenancy.debts.exists()
    move_payment(made, anna, admin_user, "wrong flat", as_known=True)
    assert everything_agrees(edge, store, owner) == {"Anna": 30 * NANO, "Ben": 20 * NANO}


def test_after_a_settlement_it_comes_out_of_what_is_owed_back(edge, store, anna, ben, owner, admin_user):  # noqa: F811
    made = top_up(ben, 10 * NANO, "wrong")
    move_out(ben, at(2025, 10, 8))
    edge.obey("m2")
    edge.live(store, at(2025, 10, 8, 1), {"m2": 5500}, HOUR)
    settle(ben)
    assert balance(account(owner, Kind.REFUNDS)) == 30 * NANO - 24 * 5500 * 200_000
    move_payment(made, anna, admin_user, "wrong flat")
    assert everything_agrees(edge, store, owner)["Anna"] == 30 * NANO
    assert balance(account(owner, Kind.REFUNDS)) == 0
    assert [(each.who, each.left) for each in open_debts(owner)] == [("Ben", 24 * 5500 * 200_000 - 20 * NANO)]


def test_a_payment_by_phone_takes_its_refunds_along(tenancy, merchants, providers, client, owner, admin_user):
    Gateway.objects.update(is_online=True)
    ben = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")
    payment = start_payment(ben, merchants["wechat"])
    pay_and_call_back(providers, client, payment)
    move_payment(payment.top_up, tenancy, admin_user, "scanned the wrong code")
    payment.refresh_from_db()
    assert (payment.tenancy, payment.top_up.tenancy, payment.state) == (tenancy, tenancy, "paid")
    assert balance(clearing(merchants["wechat"])) == -20 * NANO
    back = refund(tenancy, 5 * NANO, admin_user, "moves out")
    assert refundable_by_provider(back) == 20 * NANO
    send_back(back, admin_user)
    with pytest.raises(GivingBackError, match="given back by the provider already"):
        move_payment(payment.top_up, ben, admin_user, "after all")


def test_a_payment_moves_to_a_tenant_who_has_paid_under_the_same_name(
    tenancy, merchants, providers, client, admin_user
):
    """A program names its payments once in a tenancy: two tenants' may be named alike."""
    Gateway.objects.update(is_online=True)
    ben = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")
    annas, bens = (start_payment(who, merchants["wechat"], asked="march") for who in (tenancy, ben))
    for payment in (annas, bens):
        pay_and_call_back(providers, client, payment)
    move_payment(bens.top_up, tenancy, admin_user, "scanned the wrong code")
    bens.refresh_from_db()
    assert (bens.tenancy, bens.asked) == (tenancy, bens.payment_id)
    assert balance(tenant_account(tenancy)) == 40 * NANO and balance(tenant_account(ben)) == 0
    assert start_payment(tenancy, merchants["wechat"], asked="march") == annas, (
        "asked for again it is the one of before"
    )


def test_a_line_of_a_statement_goes_along(edge, store, anna, ben, owner, admin_user):  # noqa: F811
    (line,) = upload(owner, b"date,amount,text\n2025-10-06,10.00,x\n", "EUR", admin_user).new
    moved = move_payment(book_line(line, ben, admin_user), anna, admin_user, "wrong flat")
    line.refresh_from_db()
    assert line.top_up == moved and balance(account(owner, Kind.BANK)) == -10 * NANO


@pytest.mark.parametrize("wrong", ["same flat", "ended", "no reason"])
def test_what_cannot_be_moved_changes_nothing(edge, store, anna, ben, owner, admin_user, wrong):  # noqa: F811
    made = top_up(ben, 10 * NANO, "wrong")
    if wrong == "ended":
        move_out(anna, at(2025, 10, 6, 23))
        edge.clock.at += DAY
    before = trial_balance(owner)
    with pytest.raises(GivingBackError):
        move_payment(made, ben if wrong == "same flat" else anna, admin_user, "" if wrong == "no reason" else "x")
    assert trial_balance(owner) == before


def test_the_page_says_what_it_comes_to_and_does_it(edge, store, anna, ben, owner, log_in):  # noqa: F811
    made = top_up(ben, 10 * NANO, "wrong")
    edge.obey("m2")
    edge.live(store, at(2025, 10, 8), {"m2": 5000}, HOUR)
    manager, path = log_in("manager"), f"/top-ups/{made.pk}/move/"
    assert path in manager.get(f"/units/{ben.unit_id}/money/").content.decode()
    page = manager.get(path).content.decode()
    assert "6.00 of the payment is left" in page and "Ben has used 4.00" in page and "power may go off" in page
    assert "Choose the right tenant" in manager.post(path, {"reason": "x", "used": "debt"}).content.decode()
    again = manager.post(path, {"reason": "next door", "to": anna.pk, "used": "all"})
    page = unbroken(again)
    assert again.status_code == 400 and '<em class="bad">Choose what happens' in page
    assert f'value="{anna.pk}" selected' in page and 'value="next door"' in page
    said = manager.post(path, {"reason": "wrong flat", "to": anna.pk, "used": "debt"}, follow=True)
    assert "The payment is credited to Anna" in said.content.decode()
    assert everything_agrees(edge, store, owner) == {"Anna": 30 * NANO, "Ben": 0}
    assert "undone already" in manager.post(path, {"reason": "x", "to": anna.pk}, follow=True).content.decode()
    assert log_in("flat2").get(path).status_code == 404


def test_programs_move_a_payment(edge, store, anna, ben, owner, client):  # noqa: F811
    top_up(ben, 10 * NANO, "wrong")
    client.force_login(get_user_model().objects.get(username="manager"))

    def post(**given):
        body = json.dumps({"credit_id": "wrong", "to": anna.pk, "reason": "wrong flat", **given})
        return client.post(f"/api/v1/tenancies/{ben.pk}/moved-payments", body, content_type="application/json")

    assert post(preview=True).json()["left"] == "10.000000000"
    assert post().status_code == 201
    assert post().status_code == 400
    assert post(credit_id="nothing").status_code == 404
    assert everything_agrees(edge, store, owner) == {"Anna": 30 * NANO, "Ben": 20 * NANO}
