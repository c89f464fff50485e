"""Why it is dark, on the pages: what is told without being asked, the page for who asks, and what the database knows for it."""

import re

import pytest
from django.contrib.auth import get_user_model

from prewatt.kernel.orders import Open
from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.estate.models import Property
from prewatt.server.metering.models import Gateway, Meter, Silence
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.controls import control
from prewatt.server.web.home_figures import home_figures
from tests.gateway import Edge

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def new(tenancy):
    """Flat 1 on its first day: its building is online, and whom to call is known."""
    Property.objects.update(site_page="http://10.0.0.2:8080", emergency_contact="Berg\n030 1234")
    Gateway.objects.update(is_online=True)
    return tenancy


@pytest.fixture
def flat(lived, new):
    """The same after two days, with its power on."""
    Meter.objects.filter(name="m1").update(closed=True, balance=99 * NANO, is_low=False)
    return new


def words(page):
    return " ".join(re.sub("<[^>]*>", " ", page.content.decode()).split())


def test_who_is_not_in_the_dark_is_told_nothing_and_finds_the_page_that_says_where_to_look(flat, log_in):
    anna = log_in("flat1")
    home = anna.get("/me/")
    assert "Ask a neighbour" not in words(home) and f"/me/tenancies/{flat.pk}/power/" in home.content.decode()
    page = words(anna.get(f"/me/tenancies/{flat.pk}/power/"))
    for said in (
        "Why is it dark?",
        "Look at the fuses",
        "Ask a neighbour",
        "call the manager: Berg, 030",
    ):
        assert said in page
    assert page.count("The power is on") == 1, "the heading says it"


def test_who_has_paid_while_the_building_is_offline_reads_the_code_first_and_is_not_asked_to_pay(flat, log_in):
    Meter.objects.filter(name="m1").update(closed=False, balance=-NANO)
    Gateway.objects.update(is_online=False)
    anna = log_in("flat1")
    assert "Pay at least" in words(anna.get("/me/"))
    code = str(top_up(flat, 20 * NANO, "c1").command.code)
    home = anna.get("/me/")
    assert 'href="http://10.0.0.2:8080">Type this code at the meter' in home.content.decode().replace("\n", "")
    assert f'<b class="digits">{code}</b>' in home.content.decode() and "Pay at least" not in words(home)
    assert words(home).count(code) == 1
    manager = words(log_in("manager").get(f"/units/{flat.unit_id}/"))
    assert "What the tenant is told to do:" in manager and "Take a payment" not in manager


def test_what_the_manager_ordered_is_told_with_its_reason_and_to_the_manager_in_the_same_words(
    new, building, store, clock, log_in
):
    top_up(new, 20 * NANO, "c1")
    control(
        Meter.objects.get(name="m1"), Open(), get_user_model().objects.get(username="manager"), "leak in the bathroom"
    )
    edge = Edge(building.code, clock)
    edge.obey("m1")
    account = edge.accounts["m1"]
    edge.append("m1", account.relay(clock.now(), False, account.why_open(clock.now())))
    edge.deliver(store)
    said = "switched off by the manager. The order came at 12:00. The reason: leak in the bathroom."
    for name, address in (("flat1", "/me/"), ("manager", f"/units/{new.unit_id}/")):
        page = words(log_in(name).get(address))
        assert said in page and "Call the manager: Berg, 030 1234" in page


def test_a_silent_meter_and_one_that_measures_no_voltage_are_told_for_what_they_are(flat, clock):
    def cause():
        return home_figures(flat, clock.at).figures.why.cause

    meter = Meter.objects.get(name="m1")
    assert cause() == "on"
    Meter.objects.filter(pk=meter.pk).update(told_quantities={"voltage-l1": 900}, told_at=clock.at)
    assert cause() == "no-voltage"
    Meter.objects.filter(pk=meter.pk).update(told_at=clock.at - DAY)
    assert cause() == "on"
    silence = Silence.objects.create(gateway=meter.gateway, meter=meter, began_at=clock.at - HOUR)
    assert cause() == "meter-silent"
    silence.back_at = clock.at
    silence.save()
    assert cause() == "on"


def test_who_may_see_no_money_reads_why_it_is_dark_without_an_amount(flat, clock):
    Meter.objects.filter(name="m1").update(closed=False, balance=-NANO)
    top_up(flat, 20 * NANO, "c1")
    figures = home_figures(flat, clock.at).figures
    assert "20.00" in figures.sentence
    blind = figures.without_money
    said = " ".join([blind.sentence, *(each.text for each in blind.explained.steps)])
    assert "the credit is used up" in said and not re.search(r"\d\.\d\d", said)
