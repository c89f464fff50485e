"""The tabs of a unit's page: what each shows, to whom, and that nothing dark or costly is done unasked."""

import re

import pytest
from django.test import Client

from prewatt.kernel.entries import decode_command
from prewatt.kernel.orders import Close, LimitPower, Open, Restore
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.server.accounts.memberships import Membership
from prewatt.server.accounts.rights import Role
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.tenancies.moving import move_in, move_out
from prewatt.server.vending.controls import control
from prewatt.server.vending.models import Command, TopUp
from tests.building import PASSWORD, ZONE, set_up
from tests.reading import fields_of

TABS = {
    "": "Overview",
    "money/": "Money",
    "switch/": "Switch",
    "people/": "People",
    "papers/": "Papers",
    "journal/": "Journal",
}


def text_of(answer):
    return " ".join(re.sub("<[^>]*>", " ", answer.content.decode()).split())


def orders(meter):
    rows = Command.objects.filter(meter__name=meter, kind="control").order_by("number")
    return [decode_command(bytes(each.body)).order.action for each in rows]


@pytest.mark.parametrize("flat", ["Flat 1", "Flat 3"])
def test_each_tab_has_an_address_one_heading_and_says_where_one_is(manager, flat):
    unit = Unit.objects.get(name=flat)
    for address, title in TABS.items():
        page = manager.get(f"/units/{unit.pk}/{address}").content.decode()
        assert re.findall("<h1[^>]*>(.*?)</h1>", page, re.DOTALL) == [flat]
        tabs = re.search('<nav class="tabs".*?</nav>', page, re.DOTALL)[0]
        here = re.findall(r'<a[^>]*aria-current="page"[^>]*>\s*(\w+)', tabs)
        assert here == [title]


def test_who_sees_no_money_has_no_tab_of_it(log_in, manager):
    unit = Unit.objects.get(name="Flat 1")
    Membership.objects.filter(user__username="manager").update(role=Role.SITE_STAFF)
    page = text_of(manager.get(f"/units/{unit.pk}/"))
    assert "Switch People Journal" in page and "Money" not in page and "Papers" not in page
    assert manager.get(f"/units/{unit.pk}/papers/").status_code == 403


@pytest.mark.parametrize("order", ["open", "hold"])
def test_an_order_that_takes_the_power_says_whom_it_darkens_and_is_asked_once(manager, order):
    unit = Unit.objects.get(name="Flat 1")
    address, given = f"/units/{unit.pk}/order/", {"do": order, "reason": "leak"}
    asked = manager.post(address, given)
    assert "Take the power from Linden 5 Flat 1?" in text_of(asked) and "Anna lives here" in text_of(asked)
    assert "The building is offline" in text_of(asked) and not orders("m1")
    # Whoever goes back finds what was typed; the yes for another order counts for nothing.
    back = " ".join(manager.get(f"/units/{unit.pk}/switch/").content.decode().split())
    assert 'name="reason" value="leak"' in back
    assert "Take the power" in text_of(manager.post(address, {**given, "sure": "close"})) and not orders("m1")
    manager.post(address, {**given, "sure": order})
    assert [each.name for each in orders("m1")] == [order]


def test_who_moves_in_between_the_question_and_the_yes_is_asked_about(manager, clock):
    unit = Unit.objects.get(name="Flat 3")
    address = f"/units/{unit.pk}/order/"
    asked = manager.post(address, {"do": "open", "reason": "leak"})
    assert "Nobody lives here now" in text_of(asked)
    move_in(unit, "Zoe", clock.now())
    again = manager.post(address, fields_of(asked.content.decode(), "Yes:"))
    assert "Zoe lives here" in text_of(again) and not orders("m3")
    manager.post(address, fields_of(again.content.decode(), "Yes:"))
    assert [each.name for each in orders("m3")] == ["open"]


def test_cash_of_who_lived_there_is_not_credited_to_who_moved_in_meanwhile(manager, clock):
    unit = Unit.objects.get(name="Flat 1")
    opened = manager.get(f"/units/{unit.pk}/money/").content.decode()
    fields = {**fields_of(opened, 'class="topup"'), "amount": "10"}
    clock.at += HOUR
    move_out(Tenancy.objects.get(tenant="Anna"), clock.now() - 1)
    zoe = move_in(unit, "Zoe", clock.now())
    said = manager.post(f"/units/{unit.pk}/top-up/", fields, follow=True).content.decode()
    assert "Somebody else lives here by now: Zoe" in said and not TopUp.objects.exists()
    manager.post(f"/units/{unit.pk}/top-up/", {**fields, "tenancy": f"{zoe.pk}"})
    assert [each.tenancy for each in TopUp.objects.all()] == [zoe]


def test_what_brings_power_is_asked_about_only_if_it_lends(manager):
    unit = Unit.objects.get(name="Flat 1")
    manager.post(f"/units/{unit.pk}/order/", {"do": "emergency", "reason": "ill"})
    assert [each.name for each in orders("m1")] == ["emergency"]
    given = {"do": "restore", "hours": "3", "reason": "ill"}
    asked = text_of(manager.post(f"/units/{unit.pk}/order/", given))
    assert "Lend power to Linden 5 Flat 1?" in asked and "Anna owes what is used" in asked
    assert "without credit for 3 hours." in asked
    for bounds, said in (
        ({"hours": "1", "amount": "5"}, "for 1 hour, or until 5.00 EUR are used."),
        ({"hours": "", "amount": "5"}, "until 5.00 EUR are used."),
    ):
        assert f"without credit {said}" in text_of(manager.post(f"/units/{unit.pk}/order/", {**given, **bounds}))
    assert [each.name for each in orders("m1")] == ["emergency"]
    manager.post(f"/units/{unit.pk}/order/", {**given, "sure": "restore"})
    assert [each.name for each in orders("m1")] == ["emergency", "restore"]


def test_the_fields_of_an_order_are_those_that_it_has(manager):
    page = manager.get(f"/units/{Unit.objects.get(name='Flat 1').pk}/switch/").content.decode()
    forms = {
        re.search('name="do" value="([a-z-]+)"', each)[1]: each
        for each in page.split("<form")[1:]
        if 'name="do"' in each
    }
    fields = {name: set(re.findall('name="(hours|watts|amount|override)"', form)) for name, form in forms.items()}
    assert fields["open"] == fields["hold"] == fields["emergency"] == set()
    assert (fields["limit"], fields["restore"], fields["close"]) == (
        {"watts", "hours"},
        {"hours", "amount"},
        {"override"},
    )


def test_a_refused_order_stays_open_with_what_was_typed(manager):
    unit = Unit.objects.get(name="Flat 1")
    given = {"do": "limit", "watts": "lots", "hours": "2", "reason": "wires"}
    page = " ".join(manager.post(f"/units/{unit.pk}/order/", given, follow=True).content.decode().split())
    assert page.count('<details class="group" name="order" open>') == 1
    assert 'name="watts" value="lots" aria-invalid="true"' in page and 'name="hours" value="2"' in page


# -- vacant ------------------------------------------------------------------------------------------------------------------


def viewing(manager, unit, **changes):
    given = {"hours": "2", "watts": "2000", "reason": "viewing", "sure": "supply", **changes}
    return text_of(manager.post(f"/units/{unit.pk}/supply/", given, follow=True))


def test_a_vacant_flat_is_on_for_a_viewing_with_a_limit_and_goes_off_by_itself(manager, clock):
    unit = Unit.objects.get(name="Flat 3")
    assert "Switch it on" in text_of(manager.get(f"/units/{unit.pk}/switch/"))
    assert "at your cost?" in viewing(manager, unit, sure="") and not orders("m3")
    assert "The order" in viewing(manager, unit)
    limit, restore = orders("m3")
    assert (limit.watts, restore.amount) == (2000, 0)
    # A code carries whole minutes.
    assert 0 <= restore.until - (clock.now() + 2 * HOUR) <= 2 * MINUTE and limit.until >= clock.now() + 2 * HOUR
    viewing(manager, unit, watts="0", hours="744")
    assert isinstance(orders("m3")[-1], Restore) and len(orders("m3")) == 3
    assert "from 1 to 744" in viewing(manager, unit, hours="745")


def test_it_ends_when_the_next_tenant_comes_and_is_no_way_into_a_tenants_flat(manager, clock):
    unit = Unit.objects.get(name="Flat 3")
    Tenancy.objects.create(unit=unit, tenant="Dora", begins=clock.now() + HOUR)
    viewing(manager, unit, hours="48")
    assert orders("m3")[-1].until <= clock.now() + HOUR + 2 * MINUTE
    count = len(orders("m3"))
    clock.at += DAY
    assert "Dora lives here" in viewing(manager, unit)
    assert len(orders("m3")) == count


def test_an_order_to_be_off_is_taken_back_and_a_lock_is_said(manager, building, store, clock):
    from tests.gateway import Edge

    unit, meter = Unit.objects.get(name="Flat 3"), Meter.objects.get(name="m3")
    edge = Edge(building.code, clock)
    control(meter, Open(), "manager", "empty")
    edge.obey("m3")
    edge.deliver(store)
    viewing(manager, unit)
    assert [type(each) for each in orders("m3")] == [Open, Close, LimitPower, Restore]
    edge.obey("m3")
    assert edge.accounts["m3"].wants_closed(clock.now()) is True
    clock.at += 2 * HOUR + 3 * MINUTE
    assert edge.accounts["m3"].wants_closed(clock.now()) is False


def test_the_limit_of_a_vacant_flat_ends_when_somebody_moves_in_and_the_power_stays(manager, building, store, clock):
    from tests.gateway import Edge

    unit = Unit.objects.get(name="Flat 3")
    edge = Edge(building.code, clock)
    viewing(manager, unit, hours="48")
    edge.obey("m3")
    edge.deliver(store)
    clock.at += HOUR
    move_in(unit, "Dora", clock.at)
    assert [each.name for each in orders("m3")] == ["limit", "restore", "limit"] and orders("m3")[-1].watts == 0
    edge.obey("m3")
    assert edge.accounts["m3"].supply.limit == 0 and edge.accounts["m3"].wants_closed(clock.now()) is True


def test_what_there_is_to_do_leads_to_where_it_is_done(manager, clock):
    flat = Unit.objects.get(name="Flat 1")
    Gateway.objects.update(is_online=True)
    Meter.objects.filter(name="m1").update(closed=False, seq=9, balance=-NANO)
    page = text_of(manager.get(f"/units/{flat.pk}/"))
    assert "What to do" in page and f"/units/{flat.pk}/money/" in manager.get(f"/units/{flat.pk}/").content.decode()
    vacant = Unit.objects.get(name="Flat 3")
    assert "Move somebody in" in text_of(manager.get(f"/units/{vacant.pk}/"))


def test_what_a_former_tenant_owes_stands_with_the_money_and_is_paid_at_the_till(manager, clock):
    from prewatt.server.billing.debts import owe
    from prewatt.server.ledger.references import Of, Reference

    anna = Tenancy.objects.get(tenant="Anna")
    owe(anna, 50 * NANO, Reference(Of.TOP_UP, anna.pk, "lost"), "a payment that was lost", clock.at)
    clock.at += DAY
    Tenancy.objects.filter(pk=anna.pk).update(ends=clock.at - HOUR)
    page = manager.get(f"/units/{anna.unit_id}/money/")
    assert "Anna 50.00 EUR since 6 Oct 2025 · a payment that was lost" in text_of(page)
    assert f"/tenancies/{anna.pk}/take-cash/" in page.content.decode()
    found = manager.get("/till/?q=1")
    assert found.url == f"/tenancies/{anna.pk}/take-cash/"
    assert manager.post(found.url, {"amount": "50", "credit_id": "c1"}).url.startswith("/receipts/")
    assert "· a payment that was lost" not in text_of(manager.get(f"/units/{anna.unit_id}/money/"))


def test_nothing_leads_before_the_day_of_the_move_in(manager, clock):
    anna = Tenancy.objects.get(tenant="Anna")
    Tenancy.objects.filter(pk=anna.pk).update(begins=clock.at - 31 * DAY)
    paper = f"/tenancies/{anna.pk}/statement/"
    building = f"/properties/{anna.unit.property_id}/statements/"
    for page in (paper, building):
        assert 'rel="prev"' in manager.get(f"{page}?month=2025-10").content.decode()
        assert 'rel="prev"' not in manager.get(f"{page}?month=2025-09").content.decode()
    assert 'rel="prev"' not in manager.get(f"/units/{anna.unit_id}/").content.decode(), "there is no reading"


@pytest.mark.parametrize(("role", "text"), [(Role.OWNER, "Set it up"), (Role.MANAGER, "The owner can set it up.")])
def test_before_contacts_are_added_it_is_said_that_nothing_can_be_sent_yet(manager, role, text):
    Membership.objects.filter(user__username="manager").update(role=role)
    building = Unit.objects.first().property_id
    for page in (f"/properties/{building}/unreached-tenants/", f"/properties/{building}/contacts/"):
        shown = text_of(manager.get(page))
        assert f"Nothing can be sent by SMS yet. {text}" in shown


def test_who_opens_the_page_of_a_gateways_code_again_is_led_to_the_gateways(manager):
    gateway = Gateway.objects.get()
    before = list(Gateway.objects.values())
    answer = manager.get(f"/gateways/{gateway.pk}/code/")
    assert answer.url == f"/properties/{gateway.property_id}/gateways/"
    assert list(Gateway.objects.values()) == before, "no new code was made"


@pytest.mark.parametrize(("currency", "example"), [("KWD", "20.000"), ("VND", "20"), ("EUR", "20.00")])
def test_the_example_of_an_amount_has_the_decimals_of_its_currency(clock, db, currency, example):
    set_up(clock, currency=currency, tariff=flat_tariff("flat", currency, ZONE, 900_000))
    client = Client()
    assert client.login(username="manager", password=PASSWORD)
    page = client.get(f"/units/{Unit.objects.get(name='Flat 1').pk}/money/").content.decode()
    assert f'placeholder="{example}"' in page
