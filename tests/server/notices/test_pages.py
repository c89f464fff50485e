"""Each notice leads to the page that settles it: for whoever is told, on the right flat, with the log-in in between."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client

from prewatt.kernel.units import DAY, NANO
from prewatt.server.accounts.rights import Role
from prewatt.server.billing.models import Bill
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import Kind, account, book, tenant_account
from prewatt.server.ledger.models import Transfer
from prewatt.server.ledger.references import Of, Reference
from prewatt.server.notices.channels.wechat_mini import PAGES
from prewatt.server.notices.events import ALWAYS_TOLD, FOR_MANAGERS, FOR_TENANTS, Event
from prewatt.server.notices.pages import (
    FOR_OFFICE,
    FOR_TENANT,
    METER,
    OTHER,
    PAYMENT,
    SOLD,
    for_office,
    for_tenant,
    of_all_notices,
)
from prewatt.server.payments.models import Payment, TakenBack
from prewatt.server.vending.models import TopUp
from tests.building import NOON, PASSWORD
from tests.server.accounts.landlords import landlord, numbers

pytestmark = [pytest.mark.django_db, pytest.mark.database]
PAID = '<form id="pay"'


@pytest.fixture
def home(clock):
    """A landlord with a row of each kind."""
    made = landlord(clock, "target", "m")
    made.rows = numbers(made)
    Payment.objects.update(state="held", confirmed_at=NOON, paid_at=NOON)
    Bill.objects.update(due_at=NOON + DAY)
    TakenBack.objects.update(state="decide")
    owes, cash = tenant_account(made.tenancy), account(made.owner, Kind.CASH)
    book(Transfer.Kind.ADJUSTMENT, owes, cash, NANO, NOON - DAY, Reference(Of.ADJUSTMENT, 99))
    return made


def shown(user, link):
    """What somebody sees who taps a link, and the part of it that comes first."""
    client, where = Client(), urlsplit(link)
    client.force_login(user)
    answer = client.get(f"{where.path}?{where.query}")
    assert answer.status_code == 200, (link, answer.status_code)
    page = answer.content.decode()
    assert not where.fragment or f'id="{where.fragment}"' in page, link
    return page


def test_every_event_has_its_page():
    assert {event for event, _case in FOR_TENANT} == {*FOR_TENANTS, *ALWAYS_TOLD}
    assert {event for event, _case in FOR_OFFICE} == {*FOR_MANAGERS, *ALWAYS_TOLD}
    assert {(event, "") for event in FOR_TENANTS} <= set(FOR_TENANT) and {(each, "") for each in FOR_MANAGERS} <= set(
        FOR_OFFICE
    )
    pages = json.loads((Path(__file__).parents[3] / "clients/wechat/app.json").read_text())["pages"]
    assert set(PAGES) == {*FOR_TENANTS, Event.LOGIN} and set(PAGES.values()) <= set(pages)


def test_a_tenants_page_is_there_and_settles_what_was_told(home):
    rows, flat = home.rows, home.tenancy
    given = {
        (Event.TOP_UP, PAYMENT): ({"payment_id": "pay1"}, 'id="live"'),
        (Event.TOP_UP, SOLD): ({"number": 1}, "1111 1111"),
        (Event.SHARED_COST, ""): ({"share_pk": rows["shares"]}, "Garden"),
        (Event.BILL, ""): ({"pk": rows["bills"]}, "?pay=1.00#pay"),
        (Event.BILL_DUE, ""): ({"pk": rows["bills"]}, "?pay=1.00#pay"),
        (Event.OVERDUE, ""): ({"pk": rows["bills"]}, "?pay=1.00#pay"),
        (Event.REPORT, ""): ({"pk": rows["reports"]}, "<textarea"),
    }
    pays = '<details class="pay" open>'
    settles = {Event.LOW: pays, Event.EXHAUSTED: pays, Event.CUT_OFF: pays, Event.TAKEN_BACK: pays}
    for event, case in FOR_TENANT:
        if event == Event.LOGIN_CODE:
            continue
        more, has = given.get((event, case), ({}, "" if case else settles.get(event, "")))
        assert has in shown(home.tenant, for_tenant(event, flat, case, **more)), (event, case)


def test_an_offices_page_is_there_and_settles_what_was_told(home):
    rows = home.rows
    given = {
        (Event.OVERLOAD, ""): {"pk": rows["units"]},
        (Event.OVERLOAD, OTHER): {"pk": rows["properties"]},
        (Event.PRESS_BUTTON, ""): {"pk": rows["units"]},
        (Event.PRESS_BUTTON, OTHER): {"pk": rows["properties"]},
        (Event.TROUBLE, ""): {"pk": rows["alarms"]},
        (Event.TROUBLE, METER): {"pk": rows["units"]},
        (Event.TROUBLE, OTHER): {"pk": rows["properties"]},
        (Event.OFFLINE, ""): {"pk": rows["silences"]},
        (Event.BACK, ""): {"pk": rows["silences"]},
        (Event.LEAK, ""): {"pk": rows["properties"]},
        (Event.HELD, ""): {"row": "pay1"},
        (Event.HELD, OTHER): {"row": rows["unexpected-payments"]},
        (Event.OWED, ""): {"row": rows["refunds"]},
        (Event.TAKEN_BACK, ""): {"row": rows["taken-back-payments"]},
        (Event.OVERDUE, ""): {"pk": rows["bills"]},
        (Event.REPORT, ""): {"pk": rows["reports"]},
    }
    for event, case in FOR_OFFICE:
        if event != Event.LOGIN_CODE:
            page = shown(home.people[Role.OWNER], for_office(event, home.owner, case, **given.get((event, case), {})))
            assert '<form class="' in page or 'method="post"' in page, (event, case)


def test_who_has_two_flats_is_led_to_the_one_that_it_is_about_also_through_the_log_in(home):
    person, other = home.tenant, Tenancy.objects.get(tenant="Ben of target")
    other.people.add(person)
    person.set_password(PASSWORD)
    person.save()
    for flat in (home.tenancy, other):
        client, where = Client(), urlsplit(for_tenant(Event.LOW, flat))
        asked = client.get(f"{where.path}?{where.query}")
        assert asked.status_code == 302 and "?next=" in asked["Location"]
        page = client.get(asked["Location"]).content.decode()
        assert f"request-code/?next=/me/tenancies/{flat.pk}/" in page or "SMS" not in page
        came = client.post(asked["Location"], {"username": person.username, "password": PASSWORD}, follow=True)
        assert came.redirect_chain[-1][0] == f"{where.path}?{where.query}"
        assert f'<h1 class="unseen-words">{flat.unit.property.name} · {flat.unit.name}' in came.content.decode()
        assert client.get(urlsplit(of_all_notices(flat, home.owner)).path).status_code == 200


def test_the_amount_is_the_one_asked_for_or_the_last_one_or_enough(home):
    flat = home.tenancy

    def preset(query):
        page = shown(home.tenant, for_tenant(Event.LOW, flat, query=query))
        return page.partition('name="amount"')[2].partition(">")[0].partition('value="')[2].partition('"')[0]

    TopUp.objects.update(amount=30 * NANO)
    assert preset("pay=12.5") == "12.50" and preset("pay=") == "30.00" and preset("pay=<b>") == "30.00"
    TopUp.objects.update(tenancy=Tenancy.objects.get(tenant="Ben of target"))
    assert preset("pay=") == "20.00"
    assert '<details class="pay" >' in shown(home.tenant, for_tenant(Event.RESTORED, flat))
