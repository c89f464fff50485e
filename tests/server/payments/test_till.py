"""The counter: cash in three keys, a receipt with a number without a gap, and the sum of the day by the person who took it."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from prewatt.kernel.calendar import local_day, zone
from prewatt.kernel.span import Span
from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.accounts.memberships import Membership
from prewatt.server.accounts.rights import Role
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.ledger.books import Kind, account
from prewatt.server.ledger.sums import balance
from prewatt.server.metering.models import Gateway
from prewatt.server.payments.models import Receipt
from prewatt.server.payments.receipts import give_receipt, paper_of
from prewatt.server.payments.staff import record
from prewatt.server.payments.till import NOBODY, TillError, hand_over, till_of, tills
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.payments.wrong_flat import move_payment
from prewatt.server.tenancies.moving import move_in
from prewatt.server.vending.models import TopUp
from tests.building import PASSWORD, set_up
from tests.server.keypads import keypad_flat

pytestmark = pytest.mark.database


def text_of(answer):
    return " ".join(re.sub("<[^>]*>", " ", answer.content.decode()).split())


@pytest.fixture
def cashier(building):
    """A cashier of all properties, and a browser in which they are logged in."""
    user = get_user_model().objects.create_user("kim", password=PASSWORD)
    Membership.objects.create(user=user, organisation=Organisation.objects.get(), role=Role.CASHIER)
    client = Client()
    assert client.login(username="kim", password=PASSWORD)
    return user, client


def pay(client, tenancy, amount, credit_id="c1"):
    return client.post(f"/tenancies/{tenancy.pk}/take-cash/", {"amount": amount, "credit_id": credit_id})


def test_a_flats_number_an_amount_and_the_receipt_is_there(building, cashier, tenancy):
    Organisation.objects.update(address="Lindenstr. 5\n10115 Berlin", tax_id="DE 123")
    _user, client = cashier
    found = client.get("/till/?q=1")
    assert found.status_code == 302 and found.url == f"/tenancies/{tenancy.pk}/take-cash/"
    assert 'name="amount"' in client.get(found.url).content.decode()
    paid = pay(client, tenancy, "20")
    receipt = Receipt.objects.get()
    assert paid.status_code == 302 and paid.url == f"/receipts/{receipt.pk}/"
    page = text_of(client.get(paid.url))
    for words in (
        "Berg Homes Lindenstr. 5 10115 Berlin Tax number DE 123",
        "Receipt 000001",
        "Anna",
        "20.00 EUR",
        "cash",
        "kim",
    ):
        assert words in page
    code = TopUp.objects.get().code
    assert f"type this code at the meter's keypad, or on the page in the building: {code}" in page
    building.property.site_page = "http://192.168.1.5:8080/"
    building.property.save()
    page = text_of(client.get(paid.url))
    assert f"or on the page in the building (http://192.168.1.5:8080/?meter=m1): {code}" in page
    # Sent twice it is one payment and one receipt.
    assert pay(client, tenancy, "20").url == paid.url and Receipt.objects.count() == 1


def test_a_receipt_for_a_keypad_meter_says_that_the_code_is_typed_there(building, cashier):
    _user, client = cashier
    page = text_of(client.get(pay(client, keypad_flat(building.property), "20").url))
    assert f"Type this code at the meter's keypad: {TopUp.objects.get().code}" in page
    assert "by itself" not in page and "page in the building" not in page


def test_a_name_finds_too_and_several_are_listed_in_natural_order(cashier, tenancy):
    _user, client = cashier
    assert client.get("/till/?q=ann").url.startswith(f"/tenancies/{tenancy.pk}/")
    both = client.get("/till/?q=flat")
    assert both.status_code == 200 and text_of(both).index("Flat 1 Anna") < text_of(both).index("Flat 2 Ben")
    part = client.get("/till/?q=an", headers={"HX-Request": "true"})
    assert b"<html" not in part.content and "Flat 1 Anna" in text_of(part)
    assert "Nobody was found" in text_of(client.get("/till/?q=zzz"))
    # Whoever has gone and owes nothing is not there to pay.
    assert "Flat 3" not in text_of(client.get("/till/?q=flat"))


def test_a_wrong_amount_is_named_and_stays_and_a_huge_one_is_asked_about(cashier, tenancy):
    _user, client = cashier
    page = client.post(f"/tenancies/{tenancy.pk}/take-cash/", {"amount": "abc", "credit_id": "c"}, follow=True)
    assert 'name="amount"' in page.content.decode() and 'value="abc"' in page.content.decode()
    assert "Cash received, EUR: “abc” is not a number" in text_of(page) and "Amount:" not in text_of(page)
    assert "Is this the amount?" in text_of(pay(client, tenancy, "99999"))
    assert not TopUp.objects.exists() and not Receipt.objects.exists()


def test_numbers_have_no_gap_in_each_organisation_and_that_of_an_undone_payment_stays(
    building, tenancy, clock, manager
):
    set_up(
        clock,
        organisation="Tal Homes",
        name="Elm 1",
        apartments=[Apartment("A", "x1", "Zoe")],
        gateway="g2",
        manager="b",
    )
    zoe = Tenancy.objects.get(tenant="Zoe")
    staff = get_user_model().objects.get(username="manager")
    payments = [
        record(each, 5 * NANO, f"c{number}", staff) for number, each in enumerate((tenancy, zoe, tenancy, tenancy))
    ]
    assert [str(give_receipt(each)) for each in payments] == ["000001", "000001", "000002", "000003"]
    reverse_top_up(payments[2], staff, "typed twice")
    assert "This payment was undone." in text_of(manager.get(f"/receipts/{give_receipt(payments[2]).pk}/"))
    assert str(give_receipt(record(tenancy, 5 * NANO, "c9", staff))) == "000004"


def test_a_receipt_is_its_tenants_and_no_neighbours(tenancy, log_in, manager):
    record(tenancy, 5 * NANO, "c1", get_user_model().objects.get(username="manager"))
    address = f"/receipts/{Receipt.objects.get().pk}/"
    assert "Receipt 000001" in text_of(log_in("flat1").get(address))
    assert log_in("flat2").get(address).status_code == 404
    assert log_in("flat1").post(f"{address}send/").status_code == 404


def test_the_tills_of_a_day_are_the_books_cash_by_who_took_it(building, tenancy, cashier, clock):
    kim, client = cashier
    owner, boss = building.property.organisation, get_user_model().objects.get(username="manager")
    begin = clock.at - 12 * HOUR
    record(tenancy, 30 * NANO, "c1", kim)
    record(tenancy, 7 * NANO, "c2", kim, way="transfer")
    hand_over(owner, kim, 10 * NANO, "office")
    clock.at += DAY
    record(tenancy, 5 * NANO, "c3", kim)
    undone = record(tenancy, 8 * NANO, "c4", boss)
    reverse_top_up(undone, boss, "typed twice")
    move_in(building.property.units.get(name="Flat 3"), "Zoe", clock.at, deposit=100 * NANO)
    hand_over(owner, kim, 20 * NANO, "")
    span = Span(begin + DAY, begin + 2 * DAY)
    found = {each.who: each for each in tills(owner, span)}
    assert (found["kim"].opening, found["kim"].taken) == (20 * NANO, 5 * NANO)
    assert (found["kim"].handed_over, found["kim"].closing) == (20 * NANO, 5 * NANO)
    assert (found["manager"].taken, found["manager"].paid_out, found["manager"].closing) == (8 * NANO, 8 * NANO, 0)
    assert found[NOBODY].taken == 100 * NANO
    handed = 30 * NANO
    assert sum(each.closing for each in found.values()) == -balance(account(owner, Kind.CASH)) - handed
    with pytest.raises(TillError, match="less than this amount"):
        hand_over(owner, kim, 5 * NANO + 1, "")
    page = text_of(client.get("/till/day/"))
    assert "kim 20.00 5.00 0.00 20.00 5.00" in page and "manager" not in page.partition("Receipts")[0]


def test_cash_is_handed_over_on_the_page_and_who_reads_the_books_sees_all_tills(cashier, tenancy, manager):
    _user, client = cashier
    pay(client, tenancy, "20")
    given = {"amount": "15,50", "note": "to the bank"}
    owner = Organisation.objects.get().pk
    assert "out of your till" in text_of(client.post(f"/till/hand-over/?organisation={owner}", given, follow=True))
    page = text_of(manager.get("/till/day/"))
    assert "kim 0.00 20.00 0.00 15.50 4.50" in page and "to the bank" in page and "000001" in page
    refused = client.post("/till/hand-over/", {"amount": "4,51"}, follow=True)
    assert "There is less than this amount in your till." in text_of(refused)
    assert "No cash had been taken by the end of this day." in text_of(manager.get("/till/day/?day=2025-10-01"))
    assert manager.get("/till/day/?day=x").status_code == 200


def test_the_days_go_back_to_the_first_with_anything_and_no_further(cashier, tenancy, manager, clock):
    def days_back(client):
        found, page = [], client.get("/till/day/").content.decode()
        while earlier := re.search(r'href="\?organisation=\d+&amp;day=([-\d]+)"\s+rel="prev"', page):
            found.append(earlier[1])
            page = client.get(f"/till/day/?day={earlier[1]}").content.decode()
        return found

    _kim, client = cashier
    assert days_back(client) == days_back(manager) == [], "no cash was taken yet"
    first = f"{local_day(clock.at, zone(tenancy.unit.property.zone))}"
    record(tenancy, 20 * NANO, "c1", get_user_model().objects.get(username="manager"))
    clock.at += 3 * DAY
    assert len(days_back(manager)) == 3 and days_back(manager)[-1] == first
    assert days_back(client) == [], "the cashier has taken none"
    assert 'rel="prev"' not in manager.get("/till/day/?day=2001-01-01").content.decode()


def test_a_receipt_goes_to_the_tenant_by_mail(tenancy, manager, internet):
    from prewatt.server.notices.contact import Contact
    from prewatt.server.notices.contacts import keep_contact
    from prewatt.server.notices.sending_accounts import keep_account
    from tests.server.notices.test_channels import mail

    record(tenancy, 5 * NANO, "c1", get_user_model().objects.get(username="manager"))
    address = f"/receipts/{Receipt.objects.get().pk}/send/"
    assert "No e-mail address" in text_of(manager.post(address, follow=True))
    keep_account(tenancy.unit.property.organisation, "email", mail(internet))
    keep_contact(tenancy, Contact(email="anna@example.com"))
    assert "sent to an…@example.com" in text_of(manager.post(address, follow=True))
    ((_sender, to, text),) = internet.mail.mails
    assert "anna@example.com" in str(to) and "Receipt 000001" in str(text)
    internet.mail.refuses = 1
    assert "is sent" not in text_of(manager.post(address, follow=True))


def test_a_handover_that_is_sent_twice_is_one(cashier, tenancy):
    kim, client = cashier
    pay(client, tenancy, "20")
    form = client.get("/till/day/").content.decode()
    given = {"amount": "5", "note": "office", "after": re.search(r'name="after" value="(\d+)"', form)[1]}
    for _twice in range(2):
        assert "out of your till" in text_of(client.post("/till/hand-over/", given, follow=True))
    assert till_of(tenancy.unit.property.organisation, kim, 2**62) == 15 * NANO
    # Another amount is another one, and so is the same one later.
    client.post("/till/hand-over/", {**given, "amount": "6"})
    form = client.get("/till/day/").content.decode()
    client.post("/till/hand-over/", {**given, "after": re.search(r'name="after" value="(\d+)"', form)[1]})
    assert till_of(tenancy.unit.property.organisation, kim, 2**62) == 4 * NANO
    assert client.post("/till/hand-over/", {**given, "after": "9" * 40}).status_code == 302


def test_cash_that_moves_to_the_right_flat_stays_in_the_till_of_who_took_it(building, tenancy, cashier):
    kim, client = cashier
    owner, boss = building.property.organisation, get_user_model().objects.get(username="manager")
    wrong = record(Tenancy.objects.get(tenant="Ben"), 20 * NANO, "c1", kim)
    Gateway.objects.update(is_online=True)
    moved = move_payment(wrong, tenancy, boss, "typed the wrong flat")
    found = {each.who: each.closing for each in tills(owner, Span(0, 2**62))}
    assert found == {"kim": 20 * NANO} and balance(account(owner, Kind.CASH)) == -20 * NANO
    # The number of the wrong one stays, and says that it was undone; the right one has the next.
    papers = [paper_of(each) for each in Receipt.objects.all()]
    assert [(each.tenancy.tenant, each.is_undone, each.by) for each in papers] == [
        ("Ben", True, "kim"),
        ("Anna", False, "kim"),
    ]
    assert papers[1].receipt.top_up == moved and "Flat 1, Anna" in text_of(client.get("/till/day/"))


def test_a_cashier_sees_each_receipt_of_their_own_however_many_others_give(building, tenancy, cashier, monkeypatch):
    kim, client = cashier
    record(tenancy, 3 * NANO, "c1", kim)
    record(tenancy, 4 * NANO, "c2", get_user_model().objects.get(username="manager"))
    monkeypatch.setattr("prewatt.server.console.till.day_views.MOST", 1)
    page = text_of(client.get("/till/day/"))
    assert "000001" in page and "000002" not in page
